"""SEARCH_ATTRIBUTES: what operators filter lists by in Temporal's UI. Codes only, never a person's words (Art. 15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.case import Case

KEYS: dict[SearchAttributeKey[Any], Callable[[Case], Any]] = {
    SearchAttributeKey.for_keyword("CaseStatus"): lambda case: case.status.value,
    SearchAttributeKey.for_keyword("Hands"): lambda case: case.hands,
    SearchAttributeKey.for_keyword("District"): lambda case: case.district,
    SearchAttributeKey.for_keyword("Matter"): lambda case: case.matter.value,
    SearchAttributeKey.for_keyword("Channel"): lambda case: case.channel.value,
    SearchAttributeKey.for_keyword("RuleSet"): lambda case: case.rule_set,
    SearchAttributeKey.for_keyword_list("Units"): lambda case: list(case.units) or None,
    SearchAttributeKey.for_datetime("DueAt"): lambda case: case.due_at,
    SearchAttributeKey.for_bool("Overdue"): lambda case: case.overdue,
    SearchAttributeKey.for_int("Returns"): lambda case: case.returns,
}
"""Each key with the fact that it shows; None: not set."""

SEARCH_ATTRIBUTES: dict[str, str] = {
    key.name: "".join(part.capitalize() for part in key.indexed_value_type.name.split("_")) for key in KEYS
}
"""Name -> Temporal's type name, as the server's set-up takes it."""


async def ensure(client: Client) -> None:
    """Register with the namespace what it lacks; a server that does not let us has it done by its own set-up."""
    service, namespace = client.operator_service, client.namespace
    listed = await service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    missing = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in KEYS}
    missing = {name: kind for name, kind in missing.items() if name not in listed.custom_attributes}
    if missing:
        await service.add_search_attributes(AddSearchAttributesRequest(namespace=namespace, search_attributes=missing))


def values(case: Case) -> dict[SearchAttributeKey[Any], Any]:
    """What each attribute should hold now."""
    return {key: fact(case) for key, fact in KEYS.items()}


def typed(case: Case) -> TypedSearchAttributes:
    """All attributes at the start of a workflow."""
    return TypedSearchAttributes([SearchAttributePair(k, v) for k, v in values(case).items() if v is not None])
