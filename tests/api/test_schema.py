"""Whatever fits the OpenAPI description, or nearly does, is answered as it says, to every role: never a 5xx, never an echo."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.rights import RIGHTS
from domain.vocabulary import Role
from tests.line import Line, settings_for, token, unit_for


@schemathesis.serializer("application/partial-upload")
def part(_: Any, value: Any) -> bytes:
    """A part of an upload is bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


SCHEMA = schemathesis.openapi.from_dict(create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi())
OPERATIONS: dict[str, APIOperation[Any, Any, Any, Any]] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
FEW = settings(max_examples=4, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture
async def number(house: Line) -> str:
    found: str = (await house.register())["number"]
    return found


def test_every_route_is_described() -> None:
    assert OPERATIONS.keys() == RIGHTS.keys()


@pytest.mark.parametrize("route", sorted(RIGHTS))
async def test_every_answer_is_one_that_is_described(route: str, house: Line, number: str) -> None:
    await asyncio.to_thread(fuzz, route, str(house.http.base_url), number)


def fuzz(route: str, url: str, number: str) -> None:
    for role in (*sorted(RIGHTS[route] - {Role.REQUESTER}), None):
        asked(OPERATIONS[route], url, token(role, unit_for(role)) if role else {}, number)


def asked(operation: Any, url: str, headers: dict[str, str], number: str) -> None:
    """A few requests that fit the description and a few that nearly do, half of them about a case that exists."""

    @FEW
    @given(case=st.one_of([operation.as_strategy(generation_mode=mode) for mode in MODES]), real=st.booleans())
    def ask(case: Case[Any], real: bool) -> None:
        if real and "number" in case.path_parameters:
            case.path_parameters["number"] = number
        case.validate_response(case.call(base_url=url, headers=headers, timeout=30), checks=CHECKS)

    ask()
