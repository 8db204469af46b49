"""The reference path through the real stack: intake, transfer, sign-for, feedback, callback, archive."""

from __future__ import annotations

from domain.vocabulary import Role
from tests.line import Line


async def test_a_case_goes_from_intake_to_archive(line: Line) -> None:
    number = (await line.register())["number"]
    assert await line.done(number, "transfer", Role.AGENT, lead="WATER") == "assigned"
    assert await line.done(number, "sign", Role.UNIT, "WATER") == "assigned"
    assert await line.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", replied="phone") == "callback"
    closed = await line.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    assert closed == "closed"
    assert await line.until(number, "archived") == "archived"
    entries = (await line.get(f"/cases/{number}/entries", Role.AGENT)).json()
    assert [entry["event"] for entry in entries] == ["register", "transfer", "sign", "feedback", "attempt", "sealed"]
