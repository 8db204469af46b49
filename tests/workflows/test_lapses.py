"""Windows that end without a word: what then becomes of the case; and a deed that arrived in time is waited for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.acts import LAPSES, LOOK_AGAIN
from domain.case import Deed
from domain.refusals import NotPermitted, TooLate
from domain.vocabulary import Clock, Outcome, Status
from tests.town import Request, Town

INSTANT = timedelta(microseconds=1)


async def rating_open(town: Town) -> Request:
    request = await town.register(matter="consultation")
    await request.agent("answer")
    return request


async def tracking_open(town: Town) -> Request:
    request = await town.transferred(reachable=False)
    await request.unit("WATER", "feedback", replied="letter")
    return request


async def dispute_open(town: Town) -> Request:
    request = await town.register()
    await request.agent("decline", exclusion="military")
    return request


WINDOWS = {
    Clock.RATING: (rating_open, "rate", Status.RETURNED),
    Clock.TRACKING: (tracking_open, "rate", Status.ASSIGNED),
    Clock.DISPUTE: (dispute_open, "dispute", Status.RETURNED),
}
"""How each window opens, what the person may do in it, and where their displeasure leads."""


async def word(request: Request, clock: Clock, at: datetime) -> Deed:
    """The person's displeased word arrives at this instant, and nobody hands it over."""
    grade = {} if clock is Clock.DISPUTE else {"rating": "bad", "resolved": False}
    return await request.receive(WINDOWS[clock][1], "requester", at=at, **grade)


def test_every_window_that_lapses_is_tried() -> None:
    assert set(WINDOWS) == set(LAPSES)


async def test_an_answer_that_nobody_rates_stands(town: Town) -> None:
    """Art. 13."""
    request = await rating_open(town)
    await request.expire("rating")
    case = await request.case()
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.ANSWERED)
    with pytest.raises(NotPermitted):
        await request.person("rate", rating="bad")
    await request.expire("dispute")
    await request.until("archived")


async def test_a_person_without_a_telephone_who_rates_nothing_waives_the_callback_on_record(town: Town) -> None:
    """Art. 13: only a word, a rating window or a waiver closes a transferred case."""
    request = await tracking_open(town)
    due = await request.expire("tracking")
    case = await request.case()
    assert (case.status, case.outcome, case.desk) == (Status.CLOSED, Outcome.UNCONFIRMED, request.number)
    waived = await request.last("waived")
    assert (waived.role, waived.basis, waived.status) == ("system", "Art. 13", "closed")
    assert waived.at >= due


async def test_a_closure_that_nobody_disputes_is_archived(town: Town) -> None:
    """Art. 14."""
    request = await dispute_open(town)
    due = (await request.clock("dispute")).due
    await request.forward_to(due - timedelta(seconds=20))
    assert (await request.case()).status is Status.CLOSED
    await request.expire("dispute")
    await request.until("archived")
    with pytest.raises(NotPermitted):
        await request.person("dispute")


@pytest.mark.parametrize("clock", WINDOWS, ids=str)
async def test_a_window_waits_for_a_word_that_arrived_in_time_and_is_not_applied_yet(clock: Clock, town: Town) -> None:
    arrange, _, leads_to = WINDOWS[clock]
    request = await arrange(town)
    before = await request.case()
    running = await request.clock(clock)
    deed = await word(request, clock, running.due - INSTANT)
    await request.forward_to(running.due)
    for _ in range(3):  # it looks again, and again
        waiting = await request.clock(clock)
        assert (waiting.due, waiting.passed) == (running.due, False)
        assert running.due < waiting.rungs[0].at
        assert (await request.case()).status is before.status
        await request.forward_to(waiting.rungs[0].at)
    assert "lapsed" not in await request.events()
    assert await request.hand_over(deed) == leads_to
    await request.forward(LOOK_AGAIN * 2)
    assert "lapsed" not in await request.events()


@pytest.mark.parametrize("clock", WINDOWS, ids=str)
async def test_a_word_that_arrived_at_the_end_of_the_window_keeps_nothing_open(clock: Clock, town: Town) -> None:
    request = await WINDOWS[clock][0](town)
    running = await request.clock(clock)
    deed = await word(request, clock, running.due)
    await request.forward_to(running.due)
    assert "lapsed" in await request.events()
    with pytest.raises((NotPermitted, TooLate)):
        await request.hand_over(deed)
    assert (await request.deeds())[deed.id] in ("NotPermitted", "TooLate")


async def test_any_deed_that_arrived_in_time_is_waited_for(town: Town) -> None:
    """A withdrawal that waits for its desk must find the case open as well."""
    request = await rating_open(town)
    running = await request.clock("rating")
    deed = await request.receive("withdraw", "requester", at=running.due - INSTANT)
    await request.forward_to(running.due)
    assert (await request.case()).status is Status.ANSWERED
    assert await request.hand_over(deed) == "closed"
    assert (await request.case()).outcome is Outcome.WITHDRAWN


async def test_a_deed_that_is_refused_meanwhile_lets_the_window_end(town: Town) -> None:
    request = await rating_open(town)
    running = await request.clock("rating")
    deed = await request.receive("dispute", "requester", at=running.due - INSTANT)
    await request.forward_to(running.due)
    assert (await request.case()).status is Status.ANSWERED
    with pytest.raises(NotPermitted):
        await request.hand_over(deed)
    await request.forward(LOOK_AGAIN)
    lapsed = await request.last("lapsed")
    assert running.due + LOOK_AGAIN <= lapsed.at
    assert lapsed.detail["due"] == running.due.isoformat()
