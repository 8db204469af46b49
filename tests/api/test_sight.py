"""What of a case somebody sees: a unit its part while it lasts, the office complained of nothing; the person is sheltered."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from api.access import Caller
from api.examples import EXAMPLES
from api.rights import ROLES
from api.sight import Extent, sight
from domain.lifecycle import MOVES
from domain.vocabulary import Act, Role
from tests.api.conftest import Stored
from tests.line import Line, token

PARTS = ("", "/entries", "/deeds", "/why", "/archive")
REQUEST = "样例路12号门前的路灯不亮。"
FOR_THE_PERSON = sorted({m.act for m in MOVES if Role.CHANNEL in m.roles})


async def read(house: Line, path: str, unit: str, **params: Any) -> Any:
    response = await house.get(path, Role.UNIT, unit, **params)
    assert response.status_code == 200, response.text
    return response.json()


async def events(house: Line, number: str, unit: str) -> list[str]:
    return [entry["event"] for entry in await read(house, f"/cases/{number}/entries", unit)]


async def texts(house: Line, number: str, unit: str) -> set[str]:
    return {note["text"] for note in (await read(house, f"/cases/{number}", unit))["texts"]}


async def numbers(house: Line, path: str, unit: str, **params: Any) -> set[str]:
    items = (await read(house, path, unit, limit=200, **params))["items"]
    return {item.get("number") or item["case_number"] for item in items}


# -- a unit's part -------------------------------------------------------------------------------------------------------


async def given_back(house: Line) -> str:
    """Explained and given back by WATER, then handled by GAS, with texts before and after."""
    number: str = (await house.register(name="张样例"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", reason="请供水办理。")
    await house.done(number, "explain", Role.UNIT, "WATER", reason="供水的理由。")
    await house.done(number, "return", Role.UNIT, "WATER", reason="不属于供水。")
    await house.done(number, "supplement", Role.AGENT, request="后来的补充。")
    await house.done(number, "transfer", Role.AGENT, lead="GAS", reason="请燃气办理。")
    await house.done(number, "explain", Role.UNIT, "GAS", reason="燃气的理由。")
    return number


async def test_a_unit_that_gave_a_case_back_sees_its_own_part_up_to_there(house: Line) -> None:  # Art. 15
    number = await given_back(house)
    assert (await house.act(number, "explain", Role.UNIT, "WATER", reason="迟到的理由。")).status_code == 403
    case = await read(house, f"/cases/{number}", "WATER")
    assert case.keys() == {"number", "registered_at", "assignments", "texts"}
    assert [(part["unit"], part["handling"]) for part in case["assignments"]] == [("WATER", "returned")]
    assert await texts(house, number, "WATER") == {"供水的理由。", "不属于供水。"}
    assert await events(house, number, "WATER") == ["explain", "return"]
    assert [deed["act"] for deed in await read(house, f"/cases/{number}/deeds", "WATER")] == ["explain", "return"]
    assert {clock["owner"] for clock in await read(house, f"/cases/{number}/why", "WATER")} == {"WATER"}
    archive = await house.get(f"/cases/{number}/archive", Role.UNIT, "WATER")
    assert (archive.status_code, archive.json()["detail"]) == (404, "not archived")
    assert number not in await numbers(house, "/cases", "WATER")
    assert number in await numbers(house, "/assignments", "WATER", active=False)


async def test_the_unit_that_has_it_now_reads_the_request_and_the_texts_for_it(house: Line) -> None:
    number = await given_back(house)
    assert await texts(house, number, "GAS") == {
        REQUEST, "请供水办理。", "请燃气办理。", "后来的补充。", "燃气的理由。",
    }  # fmt: skip
    assert (await read(house, f"/cases/{number}", "GAS"))["person"]["name"] == "张＊＊"
    assert number in await numbers(house, "/cases", "GAS")


async def test_a_unit_from_which_it_was_recalled_sees_no_request_and_no_person(house: Line) -> None:
    number = (await house.register(name="张样例"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "recall", Role.AGENT)
    page = await house.get(f"/cases/{number}", Role.UNIT, "WATER")
    assert (page.status_code, page.json()["texts"]) == (200, [])
    assert not [words for words in ("张样例", "19900000001", REQUEST) if words in page.text]
    assert await events(house, number, "WATER") == []


async def test_a_unit_whose_part_has_ended_is_refused_by_the_table_and_one_that_never_had_any_is_404(
    house: Line,
) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "recall", Role.AGENT)
    ended = await house.act(number, "sign", Role.UNIT, "WATER")
    assert (ended.status_code, ended.json()["title"]) == (409, "NotPermitted")
    assert (await house.act(number, "sign", Role.UNIT, "GAS")).status_code == 404


async def test_a_unit_that_gets_it_again_sees_it_again(house: Line) -> None:
    number = await given_back(house)
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    assert {REQUEST, "后来的补充。", "供水的理由。"} <= await texts(house, number, "WATER")
    assert await events(house, number, "GAS") == ["explain"]


async def test_a_unit_that_reported_its_result_goes_on_seeing_the_case(house: Line) -> None:
    number = (await house.register(name="张样例"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", replied="phone")
    await house.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    assert (await read(house, f"/cases/{number}", "WATER"))["person"]["name"] == "张＊＊"
    assert await texts(house, number, "WATER") == {REQUEST, "已修好。"}
    assert number in await numbers(house, "/cases", "WATER")


async def test_an_assisting_unit_sees_the_request_and_its_part_only(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", assisting=["GAS"], reason="只给主办单位。")
    await house.done(number, "explain", Role.UNIT, "WATER", reason="供水的理由。")
    await house.done(number, "explain", Role.UNIT, "GAS", reason="燃气的理由。")
    await house.done(number, "supplement", Role.AGENT, request="就在路口东侧。")
    assert await texts(house, number, "GAS") == {REQUEST, "燃气的理由。", "就在路口东侧。"}
    assert await events(house, number, "GAS") == ["register", "explain", "supplement"]
    assert await events(house, number, "WATER") == ["register", "transfer", "explain", "supplement"]


# -- the office complained of --------------------------------------------------------------------------------------------


async def complained_of_later(house: Line, respondent: str = "HP") -> str:
    """HP.XB had it in hand; then it turned out to be a complaint about that office."""
    number: str = (await house.register(matter="issue", name="张样例"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="HP.XB")
    await house.done(number, "explain", Role.UNIT, "HP.XB", reason="街道的理由。")
    assert number in await numbers(house, "/cases", "HP.XB")
    await house.done(number, "recall", Role.AGENT)
    await house.done(number, "correct", Role.AGENT, matter="staff", respondent=respondent)
    return number


@pytest.mark.parametrize("respondent", ["HP.XB", "HP"], ids=["itself", "the office above it"])
async def test_the_office_complained_of_sees_nothing_whatever_it_once_had_in_hand(
    house: Line, stored: Stored, respondent: str
) -> None:  # Art. 7(4), 15
    number = await complained_of_later(house, respondent)
    before = await stored()
    for part in PARTS:
        seen = await house.get(f"/cases/{number}{part}", Role.UNIT, "HP.XB")
        nothing = await house.get(f"/cases/TJ20990101000001{part}", Role.UNIT, "HP.XB")
        assert (seen.status_code, seen.text) == (404, nothing.text), part
    for act in (act for act, roles in ROLES.items() if Role.UNIT in roles):
        path = f"/cases/{number}/{act.value.replace('_', '-')}"
        assert (await house.post(path, Role.UNIT, EXAMPLES[act], "HP.XB")).status_code == 404, act
    for path, params in (("/cases", {}), ("/assignments", {"active": False}), ("/notices", {})):
        assert number not in await numbers(house, path, "HP.XB", **params), path
    theirs: dict[str, Any] = {"unit": "HP.XB", "active": False, "limit": 200}
    centre = await house.http.get("/assignments", params=theirs, headers=token(Role.AGENT))
    assert number in {item["case_number"] for item in centre.json()["items"]}
    assert await stored() == before


async def test_the_office_above_the_one_complained_of_handles_it_and_sees_it(house: Line) -> None:  # Art. 7(4)
    number = await complained_of_later(house, "HP.XB")
    await house.done(number, "transfer", Role.AGENT, lead="HP")
    assert REQUEST in await texts(house, number, "HP")


def test_only_a_code_below_is_below() -> None:
    case = {"matter": "staff", "respondent": "HB", "round": 1, "designations": 0, "client": "channel"}
    for unit, sees in (("HB", False), ("HB.X", False), ("HB.X.Y", False), ("HB1", True), ("HBX.HB", True)):
        part = {"unit": unit, "round": 1, "handling": "signed", "part": "lead"}
        found = sight(Caller("a", Role.UNIT, unit), case, [part])
        assert (found is not None) is sees, unit
        assert found is None or found.extent is Extent.LEADING


# -- who complains or reports --------------------------------------------------------------------------------------------

CORRECTIONS: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"matter": "staff", "respondent": "HP.XB"}, [{"matter": "issue"}]),
    ({"matter": "issue", "report": "unlawful"}, [{"report": "action"}]),
    ({"matter": "issue"}, [{"report": "unlawful"}, {"report": "action"}]),
    ({"matter": "issue"}, [{"matter": "staff", "respondent": "HP.XB"}, {"matter": "help"}, {"urgency": "urgent"}]),
]


@pytest.mark.parametrize(("facts", "corrections"), CORRECTIONS)
async def test_no_correction_unmasks_who_once_complained_about_staff_or_reported(
    house: Line, facts: dict[str, str], corrections: list[dict[str, str]]
) -> None:  # Art. 15
    number = (await house.register(name="张样例机密", **facts))["number"]
    for correction in corrections:
        await house.done(number, "correct", Role.SUPERVISOR, reason="经核实更正。", **correction)
    await house.done(number, "transfer", Role.AGENT, lead="GA")
    page = await house.get(f"/cases/{number}", Role.UNIT, "GA")
    assert (page.status_code, page.json()["person"]) == (200, None)
    assert "张样例机密" not in page.text
    assert (await house.get(f"/cases/{number}", Role.AGENT)).json()["person"]["name"] == "张＊＊＊＊"


async def test_a_correction_of_anything_else_leaves_the_person_to_the_unit(house: Line) -> None:
    number = (await house.register(matter="issue", name="张样例"))["number"]
    await house.done(number, "correct", Role.AGENT, matter="help", report="action")
    await house.done(number, "transfer", Role.AGENT, lead="GA")
    assert (await read(house, f"/cases/{number}", "GA"))["person"]["name"] == "张＊＊"


# -- channels ------------------------------------------------------------------------------------------------------------


async def by_another_channel(house: Line, number: str, act: Act, code: str | None = None) -> httpx.Response:
    headers = {"Tracking-Code": code} if code is not None else {}
    return await house.http.post(
        f"/cases/{number}/{act}", json=EXAMPLES[act], headers=token(Role.CHANNEL, subject="channel-2") | headers
    )


async def test_a_channel_acts_for_a_person_only_on_what_it_registered_or_with_their_code(
    house: Line, stored: Stored
) -> None:
    one, other = await house.register(), await house.register()
    number, before = one["number"], await stored()
    for act in FOR_THE_PERSON:
        for code in (None, other["tracking_code"], "A" * 16):
            refused = await by_another_channel(house, number, act, code)
            assert (refused.status_code, refused.json()["title"]) == (404, "NoSuchCase"), act
        url = f"/cases/{number}/{act}?Tracking-Code={one['tracking_code']}"
        in_url = await house.http.post(url, json=EXAMPLES[act], headers=token(Role.CHANNEL, subject="channel-2"))
        assert in_url.status_code == 422, act  # no path has it as a parameter
        assert one["tracking_code"] not in in_url.text
    assert await stored() == before
    assert (await by_another_channel(house, number, Act.URGE, one["tracking_code"])).status_code == 200
    assert await house.done(number, "urge", Role.CHANNEL) == "registered"  # the one that registered it
    deeds = (await house.get(f"/cases/{number}/deeds", Role.AGENT)).json()
    assert [deed["actor"] for deed in deeds] == ["channel-2", "channel-1"]


async def test_the_code_opens_a_case_to_channels_and_lets_nobody_else_do_more(house: Line) -> None:
    given = await house.register()
    code = {"Tracking-Code": given["tracking_code"]}
    for role, unit in ((Role.UNIT, "GAS"), (Role.OFFICE, None)):
        seen = await house.http.get(f"/cases/{given['number']}", headers=token(role, unit) | code)
        assert seen.status_code == 404
    signed = await house.http.post(f"/cases/{given['number']}/sign", json={}, headers=token(Role.UNIT, "GAS") | code)
    assert signed.status_code == 404


# -- what an archive lacks -----------------------------------------------------------------------------------------------


async def test_of_what_an_archive_lacks_a_unit_reads_its_own_part(house: Line) -> None:  # Art. 14, 15
    number = (await house.register(matter="issue"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", assisting=["GAS", "HEAT"])
    for unit, told in (("WATER", {}), ("GAS", {}), ("HEAT", {"replied": "phone"})):
        await house.done(number, "feedback", Role.UNIT, unit, public="已办。", **told)
    await house.done(number, "approve", Role.AGENT)
    await house.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")

    async def lacks(role: Role, unit: str | None = None) -> list[str | None]:
        rows = (await house.get(f"/cases/{number}/entries", role, unit)).json()
        return [row["detail"].get("lacks") for row in rows if row["event"] == "incomplete"]

    async with asyncio.timeout(20):
        while not await lacks(Role.AGENT):
            await asyncio.sleep(0.02)
    (whole,) = await lacks(Role.AGENT)
    assert whole is not None
    assert sorted(whole.split(";")) == ["GAS: feedback:replied", "WATER: feedback:replied"]
    assert await lacks(Role.UNIT, "WATER") == ["WATER: feedback:replied"]
    assert await lacks(Role.UNIT, "GAS") == ["GAS: feedback:replied"]
    assert await lacks(Role.UNIT, "HEAT") == []
    for unit in ("WATER", "GAS"):
        supplied = await house.post(f"/cases/{number}/supply", Role.AGENT, {"unit": unit, "replied": "visit"})
        assert supplied.status_code == 200, supplied.text
    await house.until(number, "archived")
    rows = {row["seq"]: row["event"] for row in (await house.get(f"/cases/{number}/entries", Role.AGENT)).json()}
    for unit in ("WATER", "GAS"):  # no hash either of what is read in part
        sealed = await read(house, f"/cases/{number}/archive", unit)
        assert "incomplete" not in {rows[int(seq)] for seq in sealed["entries"]}
