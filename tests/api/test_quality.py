"""Training and sampled checks over HTTP (Art. 5(5)): drawn by lot, marked by another officer, read by whom it concerns."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from domain.limits import SHANGHAI
from domain.vocabulary import Role
from tests.line import Line

TODAY = str(datetime.now(SHANGHAI).date())
LOT = {"what": "feedback", "first": TODAY, "last": TODAY, "count": 500}


async def reported(house: Line, unit: str) -> str:
    """A case on which this unit has reported."""
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead=unit)
    await house.done(number, "feedback", Role.UNIT, unit, public="样例。", replied="phone")
    return str(number)


async def drawn(house: Line, **lot: Any) -> list[dict[str, Any]]:
    made = await house.post("/checks", Role.SUPERVISOR, LOT | lot)
    assert made.status_code == 201, made.text
    found: list[dict[str, Any]] = made.json()
    return found


async def test_a_sample_is_drawn_once_and_never_the_same_entry_again(house: Line) -> None:  # Art. 5(5)
    numbers = {await reported(house, "HEAT") for _ in range(3)}
    first = await drawn(house, unit="HEAT", count=2)
    assert len(first) == 2
    assert await drawn(house, unit="HEAT", count=2) == first, "the same again is the same one"
    at_once = await asyncio.gather(*(drawn(house, unit="HEAT", count=1) for _ in range(8)))
    assert [len(each) for each in at_once] == [1] * 8, "and so it is when asked for many times at once"
    first += at_once[0]
    rest = await drawn(house, unit="HEAT", count=100)
    assert {each["case_number"] for each in first + rest} == numbers
    assert len(first + rest) == 3


async def test_a_supervisor_marks_what_was_drawn_and_the_unit_reads_it(house: Line) -> None:  # Art. 5(5), 17
    number = await reported(house, "GAS")
    (one,) = [each for each in await drawn(house, unit="GAS") if each["case_number"] == number]
    path = f"/cases/{number}/checks/{one['seq']}"
    bare = await house.post(path, Role.SUPERVISOR, {"missed": ["complete"]})
    assert (bare.status_code, bare.json()["provision"]) == (422, "Art. 5(5)")
    marks = {"met": ["courteous"], "missed": ["complete"], "remark": "样例：第二问未答。"}
    done = await house.post(path, Role.SUPERVISOR, marks)
    assert (done.status_code, done.json()["missed"]) == (200, ["complete"])
    assert (await house.post(path, Role.SUPERVISOR, marks)).status_code == 409
    theirs = (await house.get("/checks", Role.UNIT, "GAS")).json()["items"]
    assert number in {each["case_number"] for each in theirs}
    assert {each["unit"] for each in theirs} == {"GAS"}
    assert (await house.get("/checks", Role.UNIT, "JT")).json()["items"] == []
    assert (await house.post(f"/cases/{number}/checks/1", Role.SUPERVISOR, marks)).status_code == 404


async def test_what_is_still_to_be_checked_is_listed(house: Line) -> None:
    number = await reported(house, "POWER")
    await drawn(house, unit="POWER")
    for open, there in (("true", True), ("false", False)):
        found = (await house.get("/checks", Role.AUDITOR, open=open, limit=200)).json()["items"]
        assert (number in {each["case_number"] for each in found}) is there


async def test_a_training_is_entered_once(house: Line) -> None:  # Art. 5(5)
    given = {"topic": "样例：答复规范", "held_on": TODAY, "hours": 4, "people": 30, "units": ["JW"]}
    first, again = [(await house.post("/trainings", Role.SUPERVISOR, given)).json() for _ in range(2)]
    assert first == again
    found = (await house.get("/trainings", Role.AUDITOR)).json()["items"]
    assert [each["id"] for each in found].count(first["id"]) == 1
    unknown = await house.post("/trainings", Role.SUPERVISOR, given | {"units": ["NOBODY"]})
    assert (unknown.status_code, unknown.json()["title"]) == (422, "Unknown")


async def test_days_in_the_wrong_order_are_refused(house: Line) -> None:
    wrong = await house.post("/checks", Role.SUPERVISOR, LOT | {"last": "2020-01-01"})
    assert wrong.status_code == 422
