"""Each clock of a case: an instant before a rung of its ladder nothing is marked, at the instant it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.case import CENTRE, OFFICE, Entry
from domain.vocabulary import Clock, Mark
from tests.town import PROMPT, Request, Town

MOMENT = timedelta(seconds=20)
"""The virtual clock runs on in real time, so what is looked at before an instant is looked at this much before."""


async def triage(town: Town) -> Request:
    return await town.register()


async def transferred(town: Town) -> Request:
    return await town.transferred()


async def reported(town: Town) -> Request:
    return await town.transferred(report="unlawful")


async def returned(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "return")
    return request


async def extension_asked(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "request_extension", until=town.day(21).isoformat())
    return request


async def escalated(town: Town) -> Request:
    request = await town.register()
    await request.agent("escalate")
    return request


async def in_review(town: Town) -> Request:
    request = await town.transferred("WATER", "HEAT")
    for unit in ("WATER", "HEAT"):
        await request.unit(unit, "feedback", replied="phone")
    return request


async def answered(town: Town) -> Request:
    request = await town.register(matter="consultation")
    await request.agent("answer")
    return request


async def reported_back(town: Town, *, reachable: bool = True) -> Request:
    request = await town.transferred(reachable=reachable)
    await request.unit("WATER", "feedback", replied="phone")
    return request


async def unreachable(town: Town) -> Request:
    return await reported_back(town, reachable=False)


async def supervised(town: Town) -> Request:
    request = await reported_back(town)
    await request.caller(reach="reached", resolved=False, rating="bad")
    await request.unit("WATER", "feedback", replied="phone")
    await request.agent("approve")
    await request.caller(reach="reached", resolved=False, rating="bad")
    return request


async def declined(town: Town) -> Request:
    request = await town.register()
    await request.agent("decline", exclusion="civil")
    return request


async def incomplete(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "feedback")  # how it replied, it does not say
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until(lambda file: file.clock(Clock.ARCHIVE, CENTRE) is not None)
    return request


Arrange = Callable[[Town], Awaitable[Request]]

CLOCKS: dict[Clock, tuple[Arrange, str, str, str]] = {
    Clock.TRIAGE: (triage, CENTRE, "warned overdue", "registered"),
    Clock.REDISPATCH: (returned, CENTRE, "warned overdue", "returned"),
    Clock.SIGN: (transferred, "WATER", "overdue", "assigned"),
    Clock.RETURN: (transferred, "WATER", "lapsed", "assigned"),  # Art. 11(3)
    Clock.ADMISSION: (reported, "WATER", "warned overdue", "assigned"),  # Art. 9 ¶2
    Clock.HANDLING: (transferred, "WATER", "warned urged overdue noticed bulletined", "assigned"),  # Art. 12 ¶1
    Clock.EXTENSION: (extension_asked, CENTRE, "warned overdue", "assigned"),
    Clock.DESIGNATION: (escalated, OFFICE, "urged overdue noticed", "escalated"),  # Art. 12 ¶2
    Clock.REVIEW: (in_review, CENTRE, "warned overdue", "review"),
    Clock.RATING: (answered, CENTRE, "lapsed", "closed"),  # Art. 13
    Clock.CALLBACK: (reported_back, CENTRE, "warned overdue", "callback"),  # Art. 13
    Clock.TRACKING: (unreachable, CENTRE, "lapsed", "closed"),  # Art. 13
    Clock.SUPERVISION: (supervised, CENTRE, "warned overdue", "supervised"),
    Clock.DISPUTE: (declined, CENTRE, "lapsed", "archived"),
    Clock.ARCHIVE: (incomplete, CENTRE, "warned overdue", "closed"),  # Art. 14
}
"""How a case comes where a clock runs, who is held to it, what its ladder marks, and where the case stands in the end."""


def test_every_clock_is_tried() -> None:
    assert set(CLOCKS) == set(Clock)


@pytest.mark.parametrize("clock", CLOCKS, ids=str)
async def test_a_clock_marks_at_its_instants_and_never_before(clock: Clock, town: Town) -> None:
    arrange, owner, marks, ends = CLOCKS[clock]
    request = await arrange(town)
    running = await request.clock(clock, owner)
    assert [rung.mark for rung in running.rungs] == marks.split()
    standing = (await request.case()).status

    async def marked() -> list[Entry]:
        return [e for e in await request.entries() if e.event in set(Mark) and e.detail.get("clock") == clock]

    before = len(await marked())
    for done, rung in enumerate(running.rungs):
        await request.forward_to(rung.at - MOMENT)
        assert len(await marked()) == before + done
        await request.forward_to(rung.at)
        *_, entry = found = await marked()
        assert len(found) == before + done + 1
        assert entry.event is rung.mark
        assert rung.at <= entry.at < rung.at + PROMPT
        assert entry.detail == {"clock": clock, "owner": owner, "due": running.due.isoformat()}
        if rung.mark is not Mark.LAPSED:  # overdue never ends anything, and moves no due instant
            after = await request.clock(clock, owner)
            assert (after.due, after.passed) == (running.due, rung.at >= running.due)
            assert (await request.case()).status is standing
    assert (await request.until(ends)).case.status == ends


@pytest.mark.parametrize(
    "clock", [Clock.TRIAGE, Clock.SIGN, Clock.HANDLING, Clock.DESIGNATION, Clock.CALLBACK], ids=str
)
async def test_a_case_past_somebodys_limit_is_overdue_until_the_act_that_was_due(clock: Clock, town: Town) -> None:
    arrange, owner, _, _ = CLOCKS[clock]
    request = await arrange(town)
    assert not (await request.case()).overdue
    await request.expire(clock, owner)
    assert (await request.case()).overdue
    match clock:
        case Clock.TRIAGE:
            await request.agent("answer")
        case Clock.SIGN:
            await request.unit("WATER", "sign")
        case Clock.HANDLING:
            await request.unit("WATER", "feedback", replied="phone")
        case Clock.DESIGNATION:
            await request.office("designate", lead="JW")
        case _:
            await request.caller(reach="reached", resolved=True, rating="good")
    assert not (await request.case()).overdue


@pytest.mark.parametrize(
    ("clock", "act"),
    [
        (Clock.SIGN, "sign"),
        (Clock.RETURN, "return"),
        (Clock.HANDLING, "feedback"),
        (Clock.ADMISSION, "admit"),
    ],
    ids=str,
)
async def test_what_is_done_in_time_is_never_marked(clock: Clock, act: str, town: Town) -> None:
    request = await (reported(town) if clock is Clock.ADMISSION else transferred(town))
    due = (await request.clock(clock, "WATER")).due
    await request.forward_to(due - MOMENT)
    await request.unit("WATER", act, **({"replied": "phone"} if act == "feedback" else {}))
    await request.forward_to(due + MOMENT)
    assert [e.event for e in await request.entries() if e.detail.get("clock") == clock and e.at >= due] == []
