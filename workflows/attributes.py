"""SEARCH_ATTRIBUTES: what operators filter lists by in Temporal's UI. Codes only, never a person's words (Art. 15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def values(case: Case) -> dict[SearchAttributeKey[Any], Any]:
    """What each attribute should hold now."""
    return {key: fact(case) for key, fact in KEYS.items()}


def typed(case: Case) -> TypedSearchAttributes:
    """All attributes at the start of a workflow."""
    return TypedSearchAttributes([SearchAttributePair(k, v) for k, v in values(case).items() if v is not None])
