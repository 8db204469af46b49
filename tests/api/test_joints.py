"""Joint cases over HTTP: handled once, told to everybody, each person called for themselves (Art. 11, 13, 15)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.joint_acts import SHAPES
from api.rights import RIGHTS, path_of
from domain.vocabulary import Role
from tests.line import Line, token, unit_for

REASON = "样例：同一处水管。"
RESULT = {"public": "样例：水管已修复。", "replied": "phone"}


async def opened(line: Line, *numbers: str, **headers: str) -> str:
    response = await line.post("/joints", Role.AGENT, {"title": "样例小区停水", "cases": numbers}, **headers)
    assert response.status_code == 201, response.text
    await reached(line, response.json()["id"])
    return str(response.json()["id"])


async def cases(line: Line, count: int = 3) -> list[str]:
    return [(await line.register())["number"] for _ in range(count)]


async def reached(line: Line, id: str) -> dict[str, Any]:
    """The joint case, once all that was done has reached all."""
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = (await line.get(f"/joints/{id}", Role.SUPERVISOR)).json()
            if all(act["done_at"] for act in found["acts"]):
                return found
            await asyncio.sleep(0.02)


async def done(line: Line, id: str, act: str, role: Role, unit: str | None = None, **body: Any) -> dict[str, Any]:
    """What was done for all parts, and reached them."""
    response = await line.post(f"/joints/{id}/{act}", role, body, unit)
    assert response.status_code == 202, response.text
    return dict((await reached(line, id))["acts"][-1])


async def content(line: Line, number: str, content: bool = True) -> str:
    rating = "good" if content else "poor"
    return await line.done(number, "attempt", Role.CALLER, reach="reached", resolved=content, rating=rating)


async def test_a_unit_handles_once_and_each_person_is_asked(house: Line) -> None:  # Art. 11(1), 11(2), 13
    numbers = await cases(house)
    id = await opened(house, *numbers)
    for act, role, unit, body in (
        ("transfer", Role.AGENT, None, {"lead": "WATER"}),
        ("sign", Role.UNIT, "WATER", {}),
        ("explain", Role.UNIT, "WATER", {"reason": REASON}),
        ("feedback", Role.UNIT, "WATER", RESULT),
    ):
        told = await done(house, id, act, role, unit, **body)
        assert (told["carried"], told["passed"]) == (3, 0), act
    for number in numbers:
        seen = (await house.get(f"/cases/{number}", Role.AGENT)).json()
        assert (seen["status"], seen["joint"]) == ("callback", id)
        assert {RESULT["public"], REASON} <= {note["text"] for note in seen["texts"]}
        entries = (await house.get(f"/cases/{number}/entries", Role.AUDITOR)).json()
        assert {entry["event"]: entry["detail"].get("joint") for entry in entries[2:6]} == dict.fromkeys(
            ("transfer", "sign", "explain", "feedback"), id
        )

    assert await content(house, numbers[0]) == "closed"
    assert await content(house, numbers[1], content=False) == "assigned"  # the one who is not content, and nobody else
    refused = await house.post(f"/joints/{id}/close", Role.AGENT)
    assert (refused.status_code, "1 assigned, 1 callback" in refused.json()["detail"]) == (409, True)
    assert (await done(house, id, "feedback", Role.UNIT, "WATER", **RESULT))["carried"] == 1
    assert (await done(house, id, "approve", Role.AGENT))["carried"] == 1  # what was done again is looked at first
    for number in numbers[1:]:
        assert await content(house, number) == "closed"
    assert (await house.post(f"/joints/{id}/close", Role.AGENT)).status_code == 200
    assert (await house.post(f"/joints/{id}/sign", Role.UNIT, {}, "WATER")).status_code == 409


async def test_what_joins_later_gets_what_is_done_later(house: Line) -> None:
    first, second = await cases(house, 2)
    id = await opened(house, first)
    assert (await done(house, id, "transfer", Role.AGENT, lead="WATER"))["carried"] == 1
    await house.done(second, "transfer", Role.AGENT, lead="WATER")
    assert (await house.post(f"/joints/{id}/join", Role.AGENT, {"cases": [second]})).status_code == 202
    await reached(house, id)
    listed = (await house.get("/cases", Role.AGENT, joint=id)).json()["items"]
    assert {case["number"] for case in listed} == {first, second}
    assert (await done(house, id, "feedback", Role.UNIT, "WATER", **RESULT))["carried"] == 2


async def test_a_part_that_is_detached_goes_on_alone(house: Line) -> None:
    numbers = await cases(house, 2)
    id = await opened(house, *numbers)
    await done(house, id, "transfer", Role.AGENT, lead="WATER")
    await house.done(numbers[0], "detach", Role.AGENT, reason=REASON)
    assert (await done(house, id, "feedback", Role.UNIT, "WATER", **RESULT))["carried"] == 1
    assert await house.status(numbers[0]) == "assigned"
    assert await house.done(numbers[0], "feedback", Role.UNIT, "WATER", **RESULT) == "callback"


async def test_who_is_shielded_stays_out(house: Line) -> None:  # Art. 9 ¶2, 15
    numbers = [(await house.register(matter="staff"))["number"], *await cases(house, 1)]
    id = await opened(house, *numbers)
    (join,) = (await reached(house, id))["acts"]
    assert (join["carried"], join["passed"]) == (1, 1)
    refused = await house.act(numbers[0], "join", Role.AGENT, joint=id)
    assert (refused.status_code, refused.json()["provision"]) == (409, "Art. 9 ¶2")


async def test_the_same_key_opens_one_joint_case_and_an_act_is_done_once(house: Line) -> None:
    number = (await cases(house, 1))[0]
    body = {"title": "样例小区停水", "cases": [number]}
    asked = [house.post("/joints", Role.AGENT, body, Idempotency_Key=number) for _ in range(3)]
    answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [201] * 3
    (id,) = {answer.json()["id"] for answer in answers}
    again = await house.post("/joints", Role.AGENT, body | {"title": "另一件"}, Idempotency_Key=number)
    assert (again.status_code, again.json()["title"]) == (422, "KeyReused")
    for _ in range(2):
        body = {"lead": "WATER"}
        await house.post(f"/joints/{id}/transfer", Role.AGENT, body, Idempotency_Key=f"{number}-transfer")
    assert [act["act"] for act in (await reached(house, id))["acts"]] == ["join", "transfer"]


async def test_what_no_part_takes_is_refused_at_once(house: Line) -> None:
    id = await opened(house, *await cases(house, 1))
    refused = await house.post(f"/joints/{id}/feedback", Role.UNIT, RESULT, "WATER")
    assert refused.status_code == 404, "a unit without a part sees no joint case"
    refused = await house.post(f"/joints/{id}/approve", Role.AGENT)
    assert (refused.status_code, refused.json()["title"]) == (409, "NotPermitted")


async def test_a_unit_sees_joint_cases_of_its_own_parts_only(house: Line) -> None:  # Art. 15
    numbers = await cases(house, 2)
    id = await opened(house, *numbers)
    await house.done(numbers[0], "transfer", Role.AGENT, lead="WATER")
    seen = (await house.get(f"/joints/{id}", Role.UNIT, "WATER")).json()
    assert (seen["standing"], seen["acts"]) == ({"assigned": 1}, [])
    assert (await house.get(f"/joints/{id}", Role.UNIT, "GAS")).status_code == 404
    listed = (await house.get("/joints", Role.UNIT, "WATER", open=True)).json()["items"]
    assert id in {joint["id"] for joint in listed}
    await house.done(numbers[0], "return", Role.UNIT, "WATER", reason=REASON)
    assert (await house.get(f"/joints/{id}", Role.UNIT, "WATER")).status_code == 404, "its part has ended"
    assert id not in {joint["id"] for joint in (await house.get("/joints", Role.UNIT, "WATER")).json()["items"]}
    assert (await house.get(f"/joints/{id}", Role.ANALYST)).status_code == 403


async def test_a_unit_acts_on_its_part_however_many_others_come_before_it(
    house: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.joint_acts.ASKED", 1)
    numbers = await cases(house, 3)
    id = await opened(house, *numbers)
    for number in numbers:
        await house.done(number, "transfer", Role.AGENT, lead="WATER" if number == max(numbers) else "POWER")
    told = await done(house, id, "sign", Role.UNIT, "WATER")
    assert (told["carried"], told["passed"]) == (1, 2)


@pytest.mark.parametrize("act", SHAPES)
async def test_each_act_is_for_those_who_may_do_it_on_one_case(house: Line, act: Any) -> None:
    route = f"POST /joints/{{id}}/{path_of(act)}"
    assert RIGHTS[route] == RIGHTS[route.replace("/joints/{id}", "/cases/{number}")]
    for role in set(Role) - RIGHTS[route] - {Role.SYSTEM, Role.REQUESTER}:
        answer = await house.http.post(f"/joints/none/{path_of(act)}", json={}, headers=token(role, unit_for(role)))
        assert answer.status_code == 403, role


async def test_no_case_and_no_joint_case_of_this_name(house: Line) -> None:
    unknown = {"title": "样例", "cases": ["TJ20990101000001"]}
    assert (await house.post("/joints", Role.AGENT, unknown)).json()["title"] == "Unknown"
    number = (await cases(house, 1))[0]
    assert (await house.act(number, "join", Role.AGENT, joint="none")).json()["title"] == "Unknown"
    assert (await house.get("/joints/none", Role.AGENT)).status_code == 404


async def test_its_texts_are_with_the_cases_only(house: Line, record: AsyncEngine) -> None:  # Art. 15
    id = await opened(house, *await cases(house, 1))
    await done(house, id, "transfer", Role.AGENT, lead="WATER")
    await done(house, id, "feedback", Role.UNIT, "WATER", **RESULT)
    async with record.connect() as conn:
        kept = await conn.execute(text("SELECT texts FROM joint_acts WHERE joint = :id"), {"id": id})
    assert set(kept.scalars()) == {None}


async def test_a_text_for_everybody_names_nobody(house: Line) -> None:  # Art. 15
    id = await opened(house, *await cases(house, 2))
    await done(house, id, "transfer", Role.AGENT, lead="WATER")
    named = {"public": "样例：周样例女士（13877776666）处已查。", "replied": "phone"}
    refused = await house.post(f"/joints/{id}/feedback", Role.UNIT, named, "WATER")
    assert (refused.status_code, refused.json()["provision"]) == (422, "Art. 15")
    assert "13877776666" not in refused.text


async def test_a_correction_makes_no_complaint_about_staff_a_part(house: Line) -> None:  # Art. 9 ¶2, 15
    number = (await house.register(matter="staff", respondent="WATER"))["number"]
    await house.done(number, "correct", Role.SUPERVISOR, matter="help", reason=REASON)
    id = await opened(house, number, *await cases(house, 1))
    assert (await reached(house, id))["acts"][0]["passed"] == 1
    refused = await house.act(number, "join", Role.AGENT, joint=id)
    assert (refused.status_code, refused.json()["provision"]) == (409, "Art. 9 ¶2")


async def test_a_title_names_nobody_but_may_say_which_house(house: Line) -> None:  # Art. 15
    numbers = await cases(house, 1)
    for title in ("样例：李样例女士家停水", "样例停水，电话13912340001"):
        refused = await house.post("/joints", Role.AGENT, {"title": title, "cases": numbers})
        assert (refused.status_code, refused.json()["provision"]) == (422, "Art. 15"), title
    taken = await house.post("/joints", Role.AGENT, {"title": "样例小区3号楼停水", "cases": numbers})
    assert taken.status_code == 201


async def test_the_office_designates_once_for_all_that_was_escalated(house: Line) -> None:  # Art. 12 ¶2
    numbers = await cases(house, 2)
    id = await opened(house, *numbers)
    await done(house, id, "escalate", Role.AGENT, reason="样例：职责不清。")
    told = await done(house, id, "designate", Role.OFFICE, lead="WATER", reason="样例：由供水单位牵头。")
    assert (told["carried"], told["passed"]) == (2, 0)
    for number in numbers:
        seen = (await house.get(f"/cases/{number}", Role.OFFICE)).json()
        assert (seen["status"], seen["units"]) == ("assigned", ["WATER"])
    assert (await house.get(f"/joints/{id}", Role.OFFICE)).json()["standing"] == {"assigned": 2}
