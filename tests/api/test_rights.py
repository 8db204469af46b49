"""RIGHTS guards every route: whoever it does not name is refused, whoever it names is not; and what of a case they own."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.app import create_app
from api.examples import EXAMPLES
from api.rights import OWNERSHIP, RIGHTS, ROLES, SIGNED_IN, UNITS
from domain.lifecycle import MOVES
from domain.vocabulary import Act, Role
from tests.api.conftest import Stored
from tests.line import Line, settings_for, token, unit_for

SPEC: dict[str, Any] = create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi()
OPERATIONS = {f"{method.upper()} {path}": op for path, ops in SPEC["paths"].items() for method, op in ops.items()}
GUARDED = [name for name, operation in OPERATIONS.items() if "security" in operation]
FOR_EVERYBODY = {
    "GET /vocabulary", "GET /health", "GET /signin", "GET /signin/callback", "GET /public/cases", "GET /public/opinions",
    "GET /public/figures",
}  # fmt: skip
MAKING = {
    "POST /cases",
    "POST /uploads",
    "POST /knowledge",
    "POST /searches/knowledge",
    "POST /partners",
    "POST /opinions",
    "POST /trainings",
    "POST /duties",
}
"""Routes that leave something on record whoever uses them: each has tests of its own."""
NOBODYS = "TJ20990101000001"
"""The number of no case."""


async def ask(line: Line, route: str, role: Role | None) -> httpx.Response:
    """The route, with the example of its body, on a case that does not exist."""
    method, path = route.split(" ")
    content = OPERATIONS[route].get("requestBody", {}).get("content", {}).get("application/json", {})
    headers = token(role, unit_for(role)) if role else {}
    url = path.format(number=NOBODYS, upload="none", id="none", partner="none", seq=1)
    return await line.http.request(method, url, json=content.get("example"), headers=headers)


def test_the_table_names_every_route_and_no_other() -> None:
    assert RIGHTS.keys() == OPERATIONS.keys()
    assert {name for name in RIGHTS if name not in GUARDED} == {
        name for name in RIGHTS if "/tracking/" in name or name in FOR_EVERYBODY
    }


def test_every_role_owns_something_or_nothing_by_name() -> None:
    assert OWNERSHIP.keys() == set(Role)
    assert {role for roles in RIGHTS.values() for role in roles} == set(Role) - {Role.SYSTEM}


def test_who_may_do_an_act_is_what_the_lifecycle_says() -> None:
    for act, roles in ROLES.items():
        assert roles == {role for m in MOVES if m.act is act for role in m.roles} - {Role.SYSTEM}


def test_a_lead_may_what_a_clerk_may_and_a_partner_decides_on_no_report() -> None:
    for route, roles in RIGHTS.items():
        assert (Role.UNIT in roles) is (Role.UNIT_LEAD in roles), route
    assert {act for act, roles in ROLES.items() if Role.UNIT in roles and Role.PARTNER not in roles} == {
        Act.ADMIT,
        Act.REJECT,
    }


def test_who_only_looks_does_not_act() -> None:
    looks = ("GET ", "POST /searches/", "POST /cases/{number}/person", "POST /signout")
    for role in (Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR):
        assert all(route.startswith(looks) for route, roles in RIGHTS.items() if role in roles), role


@pytest.mark.parametrize("route", GUARDED)
async def test_whoever_is_not_named_is_refused_and_whoever_is_named_is_not(untouched: Line, route: str) -> None:
    assert (await ask(untouched, route, None)).status_code == 401
    for role in SIGNED_IN:
        if role in RIGHTS[route] and route in MAKING:
            continue
        response = await ask(untouched, route, role)
        assert (response.status_code != 403) is (role in RIGHTS[route]), (role, response.text)
        if response.status_code == 403:
            assert response.headers["content-type"] == "application/problem+json"


async def test_a_refusal_by_role_comes_before_everything_else(house: Line, stored: Stored) -> None:
    """Nothing is looked up, checked or put on record for whoever may not."""
    number = (await house.register())["number"]
    before = await stored()
    for body in ({}, {"colour": 1}, EXAMPLES[Act.TRANSFER]):
        assert (await house.post(f"/cases/{number}/transfer", Role.AUDITOR, body)).status_code == 403
    assert await stored() == before


# -- of which cases --------------------------------------------------------------------------------------------------------


async def test_an_analyst_reads_codes_and_neither_person_nor_text(house: Line) -> None:
    said = {
        "name": "张样例机密",
        "phone": "19900008890",
        "address": "样例机密路",
        "text": "样例机密。",
        "title": "样例机密",
    }
    number = (await house.register(**said))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", reason="样例机密理由。")
    parts = [f"/cases/{number}{part}" for part in ("", "/entries", "/why")] + ["/cases", "/assignments"]
    pages = [await house.get(page, Role.ANALYST) for page in parts]
    assert [page.status_code for page in pages] == [200] * len(parts)
    assert (pages[0].json()["person"], pages[0].json()["texts"], pages[0].json()["acts"]) == (None, [], [])
    assert not [word for word in ("样例机密", "19900008890") for page in pages if word in page.text]
    assert {entry["event"] for entry in pages[1].json()} >= {"register", "transfer"}


async def test_an_auditor_reads_everything_refused_acts_too(house: Line) -> None:
    number = (await house.register(name="张样例"))["number"]
    assert (await house.act(number, "approve", Role.AGENT)).status_code == 409
    seen = (await house.get(f"/cases/{number}", Role.AUDITOR)).json()
    whole = (await house.get(f"/cases/{number}", Role.AGENT)).json()
    assert seen == whole | {"acts": []}
    (deed,) = (await house.get(f"/cases/{number}/deeds", Role.AUDITOR)).json()
    assert (deed["act"], deed["refusal"]["kind"]) == ("approve", "NotPermitted")


async def test_a_partner_owns_what_was_referred_and_a_unit_what_was_transferred(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "refer", Role.AGENT, lead="P-LOCK", choice="chosen")
    assert (await house.get(f"/cases/{number}", Role.PARTNER, "P-LOCK")).status_code == 200
    for role in UNITS - {Role.PARTNER}:  # a sign-in of the other kind
        assert (await house.get(f"/cases/{number}", role, "P-LOCK")).status_code == 404
        assert (await house.act(number, "sign", role, "P-LOCK")).status_code == 404
    for path in ("/cases", "/assignments", "/notices"):
        for role, unit, status in (
            (Role.PARTNER, "P-LOCK", 200),
            (Role.UNIT, "P-LOCK", 403),
            (Role.PARTNER, "GAS", 403),
        ):
            assert (await house.get(path, role, unit)).status_code == status, (path, role, unit)
    assert await house.done(number, "sign", Role.PARTNER, "P-LOCK") == "assigned"
    other = (await house.register())["number"]
    await house.done(other, "transfer", Role.AGENT, lead="WATER")
    assert (await house.get(f"/cases/{other}", Role.PARTNER, "WATER")).status_code == 404


async def test_a_lead_acts_for_the_unit_and_is_on_record_as_lead(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "sign", Role.UNIT, "WATER")
    await house.done(number, "return", Role.UNIT_LEAD, "WATER", reason="不属于供水。")
    entries = (await house.get(f"/cases/{number}/entries", Role.AGENT)).json()
    assert [(e["role"], e["unit"]) for e in entries if e["event"] == "return"] == [("unit_lead", "WATER")]
