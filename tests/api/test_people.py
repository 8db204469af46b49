"""Who asked, by the API: masked, found by the phone, and said to be gone when the key is (Art. 15)."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.vocabulary import Role
from tests.conftest import owning
from tests.line import Line

SAID = {"name": "张样例", "phone": "19900008890", "address": "和平区样例路12号"}
GONE = {"readable": False, "name": None, "phone": None, "address": None}


async def test_without_its_key_a_person_is_said_to_be_unreadable(house: Line, record: AsyncEngine) -> None:
    number = (await house.register(**SAID))["number"]
    masked = {"readable": True, "name": "张＊＊", "phone": "199****8890", "address": "和平区样例路＊＊"}
    assert (await house.get(f"/cases/{number}", Role.AGENT)).json()["person"] == masked
    async with owning(record) as conn:
        await conn.execute(text("DELETE FROM vault.case_keys WHERE case_number = :number"), {"number": number})
    seen = await house.get(f"/cases/{number}", Role.AGENT)
    assert (seen.status_code, seen.json()["person"]) == (200, GONE)


async def test_the_earlier_cases_of_whoever_calls(house: Line) -> None:
    phone = "19900007701"
    numbers = [(await house.register(phone=said))["number"] for said in (phone, "+86 199-0000-7701")]
    await house.register(phone="19900007702")
    for role in (Role.AGENT, Role.SUPERVISOR):
        found = (await house.post("/searches/phone", role, {"phone": "199 0000 7701"})).json()
        assert [case["number"] for case in found["items"]] == numbers[::-1]
    assert (await house.post("/searches/phone", Role.UNIT, {"phone": phone}, "WATER")).status_code == 403


async def test_the_digest_of_an_intake_is_keyed(house: Line, record: AsyncEngine) -> None:
    """Whoever has the database cannot try phones against it; equal contents are still known again."""
    body = {"title": "样例", "text": "样例。", "phone": "19900007703"}
    first = await house.post("/cases", Role.CHANNEL, body, Idempotency_Key="same-7703")
    again = await house.post("/cases", Role.CHANNEL, body, Idempotency_Key="same-7703")
    other = await house.post("/cases", Role.CHANNEL, body | {"phone": "19900007704"}, Idempotency_Key="same-7703")
    assert (first.json()["number"], other.status_code) == (again.json()["number"], 422)


async def test_the_full_identity_is_told_by_a_purpose_and_each_reading_is_on_record(house: Line) -> None:
    made = await house.register(**SAID)
    path, code = f"/cases/{made['number']}", {"Tracking-Code": made["tracking_code"]}
    told = await house.post(f"{path}/person", Role.AGENT, {"purpose": "contact"})
    assert (told.json(), told.headers["cache-control"]) == (SAID, "no-store")
    assert (await house.post(f"{path}/person", Role.AGENT, {"purpose": "audit"})).status_code == 403
    assert (await house.post(f"{path}/person", Role.UNIT, {"purpose": "visit"}, "WATER")).status_code == 404
    (seen,) = (await house.get(f"{path}/disclosures", Role.AUDITOR)).json()
    assert (seen["actor"], seen["role"], seen["purpose"]) == ("agent-1", "agent", "contact")
    mine = (await house.http.get(f"/tracking/{made['number']}/disclosures", headers=code)).json()
    assert mine == [seen | {"actor": None}]


async def test_who_is_protected_is_told_to_no_unit_and_nothing_is_on_record(house: Line) -> None:
    number = (await house.register(**SAID, matter="issue", report="unlawful"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    assert (await house.post(f"/cases/{number}/person", Role.UNIT, {"purpose": "contact"}, "WATER")).status_code == 404
    refused = await house.post(f"/cases/{number}/person", Role.AGENT, {"purpose": "contact"})
    assert (refused.status_code, refused.json()["provision"]) == (403, "Art. 9 ¶2")
    assert (await house.get(f"/cases/{number}/disclosures", Role.SUPERVISOR)).json() == []
    assert (await house.post(f"/cases/{number}/person", Role.SUPERVISOR, {"purpose": "verify"})).status_code == 200
