"""Who asked, by the API: masked, found by the phone, and said to be gone when the key is (Art. 15)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.vocabulary import Role
from tests.conftest import owning
from tests.line import Line

SAID = {"name": "张样例", "phone": "19900008890", "address": "和平区样例路12号", "id_number": "120000190001010006"}
GONE = {"readable": False, "name": None, "phone": None, "address": None, "id_number": None}


async def test_without_its_key_a_person_is_said_to_be_unreadable(house: Line, record: AsyncEngine) -> None:
    number = (await house.register(**SAID))["number"]
    masked = {
        "readable": True,
        "name": "张＊＊",
        "phone": "199****8890",
        "address": "和平区样例路＊＊",
        "id_number": "120000**********06",
    }
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


async def test_a_text_that_cannot_be_masked_is_not_shown(house: Line, record: AsyncEngine) -> None:
    """Art. 9 ¶2, 15: where the key is not to be had, nobody knows what of the words is the person's own."""
    name, place = "欧阳样例甲", "样例里九号院"
    words = {"title": f"{name}的投诉", "text": f"本人{name}，家住{place}。", "name": name, "address": place}
    number = (await house.register(matter="staff", respondent="HP", **words))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="POWER")
    assert (await house.get(f"/cases/{number}", Role.UNIT, "POWER")).json()["texts"], "masked while it can be"
    async with owning(record) as conn:
        strange = "UPDATE vault.case_keys SET master = 'unknown' WHERE case_number = :number"
        await conn.execute(text(strange), {"number": number})
    seen = await house.get(f"/cases/{number}", Role.UNIT, "POWER")
    assert (seen.status_code, seen.json()["texts"]) == (200, [])
    assert not [word for word in (name, place) if word in seen.text]


@pytest.mark.parametrize("facts", [{"matter": "staff", "respondent": "HP"}, {"matter": "issue", "report": "unlawful"}])
async def test_nobody_learns_by_a_telephone_who_complained_or_reported(house: Line, facts: dict[str, str]) -> None:
    """Art. 9 ¶2, 15: to identify them needs a supervisor and a reason, on record."""
    phone = "19900008801"
    await house.register(phone=phone, **facts)
    for role in (Role.AGENT, Role.SUPERVISOR):
        assert (await house.post("/searches/phone", role, {"phone": phone})).json()["items"] == []


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


async def shielded(house: Line, **facts: Any) -> dict[str, Any]:
    """A report of unlawful conduct that names its author in the text, in WATER's hands."""
    text = "我是张样例，电话 199-0000-8890，住和平区样例路12号。样例商行排放污水。"
    made: dict[str, Any] = await house.register(**SAID, title="张样例举报", text=text, report="unlawful", **facts)
    await house.done(made["number"], "transfer", Role.AGENT, lead="WATER", reason="张样例反映排污，请办理。")
    return made


async def test_who_reports_is_identified_by_a_supervisor_who_says_why(house: Line) -> None:  # Art. 9 ¶2
    number = (await shielded(house))["number"]
    path = f"/cases/{number}/person"
    assert (await house.post(path, Role.UNIT, {"purpose": "contact"}, "WATER")).status_code == 404
    for role in (Role.AGENT, Role.SUPERVISOR):
        refused = await house.post(path, role, {"purpose": "contact"})
        assert (refused.status_code, refused.json()["provision"]) == (403, "Art. 9 ¶2")
    assert (await house.post(path, Role.SUPERVISOR, {"purpose": "identify"})).status_code == 422
    assert (await house.get(f"/cases/{number}/disclosures", Role.SUPERVISOR)).json() == []
    why = {"purpose": "identify", "reason": "样例：核对举报人的补充材料。"}
    assert (await house.post(path, Role.SUPERVISOR, why)).json() == SAID
    (seen,) = (await house.get(f"/cases/{number}/disclosures", Role.AUDITOR)).json()
    assert (seen["purpose"], seen["reason"]) == ("identify", why["reason"])


@pytest.mark.parametrize(("role", "purpose"), [(Role.CALLER, "callback"), (Role.AUDITOR, "audit")])
async def test_whoever_calls_back_or_audits_reads_also_who_is_shielded(house: Line, role: Role, purpose: str) -> None:
    number = (await shielded(house))["number"]
    assert (await house.post(f"/cases/{number}/person", role, {"purpose": purpose})).json() == SAID


async def test_a_unit_reads_the_texts_of_who_is_shielded_masked_and_cannot_try_guesses(house: Line) -> None:
    number = (await shielded(house))["number"]
    await house.done(number, "explain", Role.UNIT, "WATER", reason="样例：待勘察，电话 022-12345678。")
    seen = await house.get(f"/cases/{number}", Role.UNIT, "WATER")
    assert not [word for word in (*SAID.values(), "199-0000-8890") if word in seen.text]
    own: list[dict[str, str]] = []
    others: list[dict[str, str]] = []
    for note in seen.json()["texts"]:
        (others if note["salt"] is None else own).append(note)
    assert [note["text"] for note in own] == ["样例：待勘察，电话 022-12345678。"]
    assert sorted(note["text"][-5:] for note in others) == ["排放污水。", "，请办理。"]
    whole = (await house.get(f"/cases/{number}", Role.AGENT)).json()["texts"]
    assert all(note["salt"] and "＊" not in note["text"] for note in whole)


async def test_a_unit_does_not_find_by_a_name_whose_report_it_has(house: Line) -> None:
    made = await shielded(house)
    named = {"words": "张样例举报"}

    async def found() -> list[bool]:
        pages = [(await house.post("/searches/texts", role, named, unit)).json()["items"] for role, unit in WHO]
        return [made["number"] in [case["number"] for case in page] for page in pages]

    assert await found() == [True, False]
    await consent(house, made, True)
    assert await found() == [True, True]


WHO = ((Role.SUPERVISOR, None), (Role.UNIT, "WATER"))


async def consent(house: Line, made: dict[str, Any], given: bool) -> None:
    code = {"Tracking-Code": made["tracking_code"]}
    said = await house.http.post(f"/tracking/{made['number']}/consent", json={"consent": given}, headers=code)
    assert (said.status_code, said.json()) == (200, {"consent": given})


async def test_whoever_consents_is_named_to_the_unit_until_they_withdraw_it(house: Line) -> None:
    made = await shielded(house)
    path = f"/cases/{made['number']}"

    async def named() -> bool:
        seen = await house.get(path, Role.UNIT, "WATER")
        told = await house.post(f"{path}/person", Role.UNIT, {"purpose": "contact"}, "WATER")
        assert (told.status_code == 200) is (seen.json()["person"] is not None) is ("199-0000-8890" in seen.text)
        return told.status_code == 200

    assert not await named()
    for given in (True, True, False):
        await consent(house, made, given)
        assert await named() is given
    assert (await house.post(f"{path}/consent", Role.SUPERVISOR, {"consent": True})).status_code == 200
    assert await named()
    mine = (await house.get(f"{path}/disclosures", Role.AUDITOR)).json()
    said = [(each["role"], each["purpose"]) for each in mine if each["purpose"] != "contact"]
    assert said == [("requester", "consent"), ("requester", "withdrawn"), ("supervisor", "consent")]


async def test_who_consents_at_intake_is_named_and_it_is_on_record(house: Line) -> None:
    number = (await shielded(house, consent=True))["number"]
    assert (await house.get(f"/cases/{number}", Role.UNIT, "WATER")).json()["person"]["name"] == "张＊＊"
    (said,) = (await house.get(f"/cases/{number}/disclosures", Role.SUPERVISOR)).json()
    assert (said["role"], said["purpose"]) == ("channel", "consent")


async def test_no_correction_takes_the_shelter_away(house: Line) -> None:  # Art. 15
    number = (await house.register(**SAID, matter="staff", respondent="HEAT"))["number"]
    await house.done(number, "correct", Role.SUPERVISOR, matter="issue", reason="样例：不是投诉工作人员。")
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    assert (await house.get(f"/cases/{number}", Role.UNIT, "WATER")).json()["person"] is None
    assert (await house.post(f"/cases/{number}/person", Role.AGENT, {"purpose": "contact"})).status_code == 403


async def test_who_registered_a_complaint_does_not_lift_its_shield_by_the_code(house: Line) -> None:  # Art. 9 ¶2, 15
    said = {"title": "样例", "text": "样例。", "matter": "staff", "respondent": "WATER", "phone": "13800000000"}
    made = (await house.post("/cases", Role.AGENT, said)).json()
    code = {"Tracking-Code": made["tracking_code"]}
    path = f"/tracking/{made['number']}/consent"
    refused = await house.http.post(path, json={"consent": True}, headers=code)
    assert (refused.status_code, refused.json()["provision"]) == (409, "Art. 15")
    assert (await house.http.post(path, json={"consent": False}, headers=code)).status_code == 200
    by_call = await house.post(f"/cases/{made['number']}/consent", Role.SUPERVISOR, {"consent": True})
    assert by_call.status_code == 200


async def test_another_code_consents_to_nothing(house: Line) -> None:
    made = await shielded(house)
    wrong = {"Tracking-Code": "AAAAAAAAAAAAAAAA"}
    answer = await house.http.post(f"/tracking/{made['number']}/consent", json={"consent": True}, headers=wrong)
    assert answer.status_code == 404
    assert (await house.get(f"/cases/{made['number']}", Role.UNIT, "WATER")).json()["person"] is None
