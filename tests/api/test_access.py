"""Who may call, and what of a case they see: tokens, roles, units, the office; who complained is not shown to the unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from api.access import ALGORITHM, AUDIENCE, Caller, issue
from api.examples import EXAMPLES
from api.rights import ROLES
from domain.masking import masked_address, masked_name, masked_phone
from domain.vocabulary import Act, Role
from tests.api.conftest import Stored
from tests.line import SECRET, Line, token

NAME, PHONE, ADDRESS = "张样例机密", "19900008890", "样例路99号"


def signed(secret: bytes = SECRET, algorithm: str = ALGORITHM, **claims: Any) -> str:
    """A token with these claims laid over those of an agent; None leaves one out."""
    usual = {"sub": "agent-1", "role": "agent", "unit": None, "aud": AUDIENCE, "exp": int(in_an_hour().timestamp())}
    laid = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode({"alg": algorithm}, laid, OctKey.import_key(secret), algorithms=[algorithm])


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


BAD: dict[str, str | None] = {
    "none": None,
    "empty": "Bearer",
    "no bearer": f"Basic {signed()}",
    "garbage": "Bearer garbage",
    "half": f"Bearer {signed()[:-10]}",
    "three dots": "Bearer a.b.c",
    "unsigned": f"Bearer {signed().rsplit('.', 1)[0]}.",
    "another's secret": f"Bearer {signed(b'another secret, also 32 bytes long')}",
    "another algorithm": f"Bearer {signed(algorithm='HS384')}",
    "expired": f"Bearer {issue(SECRET, Caller('agent-1', Role.AGENT), datetime.now(UTC) - timedelta(hours=13))}",
    "never expires": f"Bearer {signed(exp=None)}",
    "for another house": f"Bearer {signed(aud='hotline-12345')}",
    "for nobody": f"Bearer {signed(aud=None)}",
    "of nobody": f"Bearer {signed(sub=None)}",
    "no role": f"Bearer {signed(role=None)}",
    "an unknown role": f"Bearer {signed(role='mayor')}",
    "a unit without its code": f"Bearer {signed(role='unit')}",
    "an agent with a unit": f"Bearer {signed(unit='WATER')}",
    "the workflow itself": f"Bearer {signed(role='system')}",
    "a requester, who comes by tracking code": f"Bearer {signed(role='requester')}",
    "a name for a code": f"Bearer {signed(sub=NAME)}",
    "a subject of two words": f"Bearer {signed(sub='agent 1')}",
    "a subject with a line break": "Bearer " + signed(sub="agent-1\n"),
    "a subject without end": f"Bearer {signed(sub='a' * 41)}",
    "an empty subject": f"Bearer {signed(sub='')}",
    "a number for a subject": f"Bearer {signed(sub=1)}",
    "a unit that is no code": f"Bearer {signed(role='unit', unit='样例 单位')}",
}


@pytest.mark.parametrize("what", BAD)
async def test_a_bad_token_is_no_token(untouched: Line, what: str) -> None:
    header = BAD[what]
    response = await untouched.http.get("/cases", headers={"Authorization": header} if header is not None else {})
    assert response.status_code == 401, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("subject", [NAME, "agent 1", "", "a" * 41, "requester:TJ1"])
def test_no_token_is_issued_for_a_subject_that_is_no_code(subject: str) -> None:
    """It would go into deeds, Temporal and logs (Art. 15)."""
    with pytest.raises(ValueError, match="codes") as raised:
        issue(SECRET, Caller(subject, Role.AGENT), datetime.now(UTC))
    assert not subject or subject not in str(raised.value)


PARTS = ("", "/entries", "/deeds", "/why")


async def test_a_unit_sees_and_touches_only_its_own_cases(house: Line, stored: Stored) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    before = await stored()
    for part in PARTS:
        assert (await house.get(f"/cases/{number}{part}", Role.UNIT, "WATER")).status_code == 200
        other = await house.get(f"/cases/{number}{part}", Role.UNIT, "GAS")
        nothing = await house.get(f"/cases/TJ20990101000001{part}", Role.UNIT, "GAS")
        assert (other.status_code, other.text) == (404, nothing.text), part
    for act, roles in ROLES.items():
        if Role.UNIT in roles:
            path = f"/cases/{number}/{act.value.replace('_', '-')}"
            response = await house.post(path, Role.UNIT, EXAMPLES[act], "GAS")
            assert response.status_code == 404, (act, response.text)
    listed = (await house.get("/cases", Role.UNIT, "GAS", limit=200)).json()["items"]
    assert number not in {case["number"] for case in listed}
    assert await stored() == before


async def test_a_unit_sees_its_own_part_and_the_centres_but_not_another_units(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", assisting=["GAS"])
    await house.done(number, "explain", Role.UNIT, "GAS", reason="燃气的理由")
    await house.done(number, "explain", Role.UNIT, "WATER", reason="供水的理由")
    await house.done(number, "feedback", Role.UNIT, "GAS", public="燃气的答复", internal="燃气的内部说明")
    seen = (await house.get(f"/cases/{number}", Role.UNIT, "WATER")).json()
    assert [a["unit"] for a in seen["assignments"]] == ["WATER"]
    assert {clock["owner"] for clock in seen["clocks"]} == {"WATER"}
    assert {note["text"] for note in seen["texts"]} == {"样例路12号门前的路灯不亮。", "供水的理由"}
    whole = (await house.get(f"/cases/{number}", Role.AGENT)).json()
    assert {note["text"] for note in whole["texts"]} >= {"燃气的理由", "燃气的答复", "燃气的内部说明"}
    assert {a["unit"] for a in whole["assignments"]} == {"WATER", "GAS"}
    entries = (await house.get(f"/cases/{number}/entries", Role.UNIT, "WATER")).json()
    assert {entry["unit"] for entry in entries} == {None, "WATER"}
    deeds = (await house.get(f"/cases/{number}/deeds", Role.UNIT, "WATER")).json()
    assert [deed["act"] for deed in deeds] == ["explain"]
    why = (await house.get(f"/cases/{number}/why", Role.UNIT, "WATER")).json()
    assert {clock["owner"] for clock in why} == {"WATER"}
    listed = await house.get("/assignments", Role.UNIT, "WATER", active=False, limit=200)
    assert {item["unit"] for item in listed.json()["items"]} == {"WATER"}


@pytest.mark.parametrize("path", ["/assignments", "/cases"])
async def test_a_unit_that_asks_for_anothers_list_is_told_that_it_is_not_its_own(untouched: Line, path: str) -> None:
    for unit, status in (("WATER", 200), ("GAS", 403), ("NOBODY", 403)):
        response = await untouched.http.get(path, params={"unit": unit}, headers=token(Role.UNIT, "WATER"))
        assert response.status_code == status, response.text


async def test_who_is_refused_by_role_hears_for_whom_it_is(untouched: Line) -> None:
    refused = [
        await untouched.get("/handovers", Role.CALLER),
        await untouched.post("/cases/TJ20990101000001/transfer", Role.CALLER, EXAMPLES[Act.TRANSFER]),
    ]
    assert {answer.json()["detail"] for answer in refused} == {
        "not for the role caller; for: agent, analyst, auditor, supervisor",
        "not for the role caller; for: agent, supervisor",
    }


async def test_a_unit_never_reads_an_internal_note(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", internal="只给中心看。")
    texts = (await house.get(f"/cases/{number}", Role.UNIT, "WATER")).json()["texts"]
    assert {note["kind"] for note in texts} == {"request", "public"}
    centre = (await house.get(f"/cases/{number}", Role.AGENT)).json()["texts"]
    assert "只给中心看。" in {note["text"] for note in centre}


async def test_the_office_sees_and_touches_only_what_was_escalated(house: Line, stored: Stored) -> None:
    number = (await house.register())["number"]
    before = await stored()
    for part in PARTS:
        assert (await house.get(f"/cases/{number}{part}", Role.OFFICE)).status_code == 404
    for act in (Act.DESIGNATE, Act.REVISE):
        assert (await house.act(number, act.value, Role.OFFICE, **EXAMPLES[act])).status_code == 404
    assert await stored() == before
    await house.done(number, "escalate", Role.AGENT, reason="职责不清。")
    for part in PARTS:
        assert (await house.get(f"/cases/{number}{part}", Role.OFFICE)).status_code == 200
    for path in ("/cases", "/designations"):
        listed = (await house.get(path, Role.OFFICE, limit=200)).json()["items"]
        assert {case["status"] for case in listed} == {"escalated"}
        assert number in {case["number"] for case in listed}
    assert (await house.get(f"/cases/{number}", Role.OFFICE)).json()["person"] is None
    assert await house.done(number, "designate", Role.OFFICE, lead="JW", reason="按职责。") == "assigned"
    assert (await house.get(f"/cases/{number}", Role.OFFICE)).status_code == 200  # it may revise


@pytest.mark.parametrize(
    ("facts", "unit", "shown"),
    [
        ({"matter": "help"}, "HP", True),
        ({"matter": "issue", "report": "action"}, "HP", True),
        ({"matter": "issue", "report": "unlawful"}, "HP", False),
        ({"matter": "staff", "respondent": "HP.XB"}, "HP", False),
        ({"matter": "staff", "respondent": "HP.XB", "report": "unlawful"}, "GA", False),
    ],
    ids=["help", "request for action", "report of unlawful conduct", "complaint about staff", "both"],
)
async def test_who_complains_about_staff_or_reports_is_not_shown_to_the_unit(
    house: Line, facts: dict[str, str], unit: str, shown: bool
) -> None:  # Art. 15
    number = (await house.register(name=NAME, phone=PHONE, address=ADDRESS, **facts))["number"]
    await house.done(number, "transfer", Role.AGENT, lead=unit)
    person = {
        "readable": True,
        "name": masked_name(NAME),
        "phone": masked_phone(PHONE),
        "address": masked_address(ADDRESS),
        "id_number": None,
    }
    assert (await house.get(f"/cases/{number}", Role.AGENT)).json()["person"] == person
    assert (await house.get(f"/cases/{number}", Role.UNIT, unit)).json()["person"] == (person if shown else None)
    pages = [await house.get(f"/cases/{number}{part}", Role.UNIT, unit) for part in PARTS]
    pages += [await house.get(path, Role.UNIT, unit, limit=200) for path in ("/cases", "/assignments", "/notices")]
    said = "".join(page.text for page in pages[0 if not shown else 1 :])
    assert not [word for word in (NAME, PHONE, ADDRESS) if word in said]


async def test_a_caller_back_sees_whom_to_call(house: Line) -> None:
    number = (await house.register(phone=PHONE))["number"]
    assert (await house.get(f"/cases/{number}", Role.CALLER)).json()["person"]["phone"] == masked_phone(PHONE)


async def test_the_role_never_comes_from_the_request(untouched: Line) -> None:
    response = await untouched.http.get("/handovers", headers=token(Role.UNIT, "WATER") | {"Role": "agent"})
    assert response.status_code == 403
