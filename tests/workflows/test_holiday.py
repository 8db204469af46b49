"""Limits across an invented holiday with make-up days (样例节), on the virtual clock: marked on the right days.

Mo   Tu   We   Th   Fr   Sa   Su
 0    1    2    3    4    5*   6      * works for the holiday
 7    8   (9) (10) (11) (12)  13*     (off)
14   15   16   17   18   19   20
21   22   23   24   25   26   27
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from domain.vocabulary import Mark
from tests.town import PROMPT, Request, Town, local

OFF, WORKS = (9, 10, 11, 12), (5, 13)
LADDER = ("warned", "urged", "overdue", "noticed", "bulletined")


@pytest.fixture
async def town(own_town: Town) -> Town:
    return own_town


@pytest.fixture
async def festive(town: Town) -> Town:
    """A town with the holiday published ahead."""
    await town.publish(*map(town.day, OFF), works=map(town.day, WORKS))
    return town


async def handled_from(town: Town, day: int, hour: int = 16) -> Request:
    """A case that went to a unit on this day, and was signed for."""
    request = await town.transferred(at=local(town.day(day), hour))
    await request.unit("WATER", "sign")
    return request


async def marks(request: Request, clock: str) -> list[tuple[str, datetime]]:
    """What a clock marked, in the order of the file, with the instant of each."""
    found = [e for e in await request.entries() if e.event in set(Mark) and e.detail.get("clock") == clock]
    return [(e.event.value, e.at) for e in found if e.event is not Mark.DUE_MOVED]


async def test_a_handling_across_the_holiday_is_pressed_for_on_its_days_and_never_moved(festive: Town) -> None:
    """Art. 12 ¶1. From Thursday 3: five working days are 4, 5 (a Saturday that works), 7, 8 and 13 (a Sunday)."""
    request = await handled_from(festive, 3)
    due = local(festive.day(14))  # the end of Sunday 13
    assert (await request.clock("handling", "WATER")).due == due
    instants = {
        "warned": local(festive.day(8)),  # Tuesday 8 and Sunday 13 remain
        "urged": local(festive.day(13)),  # Sunday 13 remains
        "overdue": due,
        "noticed": local(festive.day(15)),  # Monday 14 has passed
        "bulletined": local(festive.day(19)),  # Monday 14 to Friday 18 have passed
    }
    await request.forward_to(instants["bulletined"])
    found = await marks(request, "handling")
    assert [event for event, _ in found] == list(LADDER)
    for event, at in found:
        assert instants[event] <= at < instants[event] + PROMPT
        assert (await request.last(event)).detail["due"] == due.isoformat()
    file = await request.file()
    assert (await request.clock("handling", "WATER")).due == due
    assert (file.case.status, file.case.overdue, [a.unit for a in file.active()]) == ("assigned", True, ["WATER"])
    assert await request.unit("WATER", "feedback", replied="phone") == "review"  # late is late, but never refused


async def test_what_was_received_before_the_holiday_may_be_given_back_after_it(festive: Town) -> None:
    """Art. 11(3): from Tuesday 8 the one working day is Sunday 13."""
    request = await handled_from(festive, 8)
    window = await request.clock("return", "WATER")
    assert window.due == local(festive.day(14))
    await request.forward_to(window.due - timedelta(minutes=1))
    assert await marks(request, "return") == []
    assert await request.unit("WATER", "return") == "returned"


async def test_a_complex_matter_has_one_working_day_more_across_the_holiday(festive: Town) -> None:
    """Art. 11(3): from Tuesday 8 the two working days are Sunday 13 and Monday 14."""
    request = await handled_from(festive, 8)
    await request.forward_to(local(festive.day(13), 23))
    await request.unit("WATER", "declare_complex")
    due = await request.expire("return", "WATER")
    assert due == local(festive.day(15))
    ((event, at),) = await marks(request, "return")
    assert event == "lapsed"
    assert due <= at < due + PROMPT


async def test_hours_run_through_the_holiday_on_the_wall_clock(festive: Town) -> None:
    request = await festive.register(local(festive.day(9), 1))
    await request.expire("triage")
    warned, overdue = await marks(request, "triage")
    assert local(festive.day(9), 4, 45) <= warned[1] < local(festive.day(9), 4, 45) + PROMPT
    assert local(festive.day(9), 5) <= overdue[1] < local(festive.day(9), 5) + PROMPT


async def test_several_cases_at_once_are_each_overdue_at_the_end_of_their_own_fifth_working_day(festive: Town) -> None:
    ends = {0: 6, 1: 8, 2: 9, 3: 14, 4: 15, 7: 17, 8: 18}

    async def overdue(day: int, end: int) -> None:
        request = await handled_from(festive, day, 9)
        due = await request.expire("handling", "WATER")
        entry = await request.last("overdue")
        assert due == local(festive.day(end))
        assert due <= entry.at < due + PROMPT

    await asyncio.gather(*(overdue(day, end) for day, end in ends.items()))


async def test_a_holiday_announced_meanwhile_moves_what_is_due_later_and_the_ladder_with_it(town: Town) -> None:
    request = await handled_from(town, 3)
    assert (await request.clock("handling", "WATER")).due == local(town.day(11))
    await request.forward_to(local(town.day(4), 12))
    await town.announce(await request.now(), *map(town.day, OFF), works=map(town.day, WORKS))
    (deed,) = await request.waiting()
    await request.hand_over(deed)
    due = local(town.day(14))
    moved = await request.last("due_moved")
    assert moved.detail["why"] == "holiday_notice"
    assert (moved.detail["old"], moved.detail["new"]) == (local(town.day(11)).isoformat(), due.isoformat())
    await request.forward_to(due)
    assert [(event, at.date()) for event, at in await marks(request, "handling")] == [
        ("warned", local(town.day(8)).date()),
        ("urged", local(town.day(13)).date()),
        ("overdue", due.date()),
    ]


async def test_a_make_up_day_announced_meanwhile_takes_nothing_back_that_was_announced(town: Town) -> None:
    request = await handled_from(town, 3)
    due = (await request.clock("handling", "WATER")).due
    await town.announce(await request.now(), town.day(20), works=[town.day(5)])
    (deed,) = await request.waiting()
    await request.hand_over(deed)
    assert (await request.clock("handling", "WATER")).due == due
    assert "due_moved" not in await request.events()


async def test_the_office_and_the_callback_count_their_working_days_across_the_holiday(festive: Town) -> None:
    """Children hold a case with clocks of their own: 2 working days to designate (Art. 12 ¶2), 3 to call back (Art. 13)."""
    request = await festive.register(local(festive.day(7), 9))
    await request.agent("escalate")
    due = await request.expire("designation", "office")
    assert due == local(festive.day(14))  # Tuesday 8, Sunday 13
    assert local(festive.day(13)) <= (await request.last("urged")).at < local(festive.day(13)) + PROMPT
    assert due <= (await request.last("overdue")).at < due + PROMPT
    other = await handled_from(festive, 7)
    await other.unit("WATER", "feedback", replied="phone")
    assert await other.expire("callback") == local(festive.day(15))  # Tuesday 8, Sunday 13, Monday 14
