"""Every limit that somebody must keep, an instant too early, at it, and after: what is marked, and what arrived in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from domain.case import CENTRE, OFFICE
from domain.ruleset import rule_sets
from domain.vocabulary import Act, Clock, Mark, ReplyWay, Report
from tests.cases import (
    INSTANT,
    RULES,
    Story,
    around,
    assigned,
    at_callback,
    escalated,
    in_review,
    incomplete,
    registered,
    returned,
    supervised,
)


def reported() -> Story:
    return assigned(report=Report.UNLAWFUL)


def asked() -> Story:
    story = assigned()
    story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, 14))
    return story


Do = Callable[[Story, datetime], object]

LIMITS: dict[Clock, tuple[Callable[[], Story], str, Do]] = {
    Clock.TRIAGE: (registered, CENTRE, lambda s, at: s.transfer(at=at)),
    Clock.REDISPATCH: (returned, CENTRE, lambda s, at: s.transfer("HEAT", at=at)),
    Clock.SIGN: (assigned, "WATER", lambda s, at: s.unit("WATER", Act.SIGN, at=at)),
    Clock.ADMISSION: (reported, "WATER", lambda s, at: s.unit("WATER", Act.ADMIT, at=at)),
    Clock.HANDLING: (assigned, "WATER", lambda s, at: s.feedback(at=at)),
    Clock.EXTENSION: (asked, CENTRE, lambda s, at: s.agent(Act.DENY, unit="WATER", at=at)),
    Clock.DESIGNATION: (escalated, OFFICE, lambda s, at: s.office(Act.DESIGNATE, lead="WATER", at=at)),
    Clock.REVIEW: (in_review, CENTRE, lambda s, at: s.agent(Act.APPROVE, at=at)),
    Clock.CALLBACK: (at_callback, CENTRE, lambda s, at: s.content(at=at)),
    Clock.SUPERVISION: (supervised, CENTRE, lambda s, at: s.supervisor(Act.CONCLUDE, at=at)),
    Clock.ARCHIVE: (incomplete, CENTRE, lambda s, at: s.agent(Act.SUPPLY, unit="WATER", replied=ReplyWay.PHONE, at=at)),
}
"""Each limit: how a case comes under it, who is held to it, and what keeps it."""


def running(clock: Clock) -> tuple[Story, datetime]:
    """A case under this limit, and when it ends."""
    make, owner, _ = LIMITS[clock]
    story = make()
    return story, next(c.due for c in story.file.clocks if (c.clock, c.owner) == (clock, owner))


def of(clock: Clock, story: Story, mark: Mark) -> int:
    """How often this was marked of this clock."""
    return sum(entry.detail["clock"] == clock for entry in story.all(mark))


def test_every_limit_is_tried() -> None:
    ladders = rule_sets()[RULES]
    kept = {clock for clock in Clock if any(row.mark is Mark.OVERDUE for row in ladders.ladder(clock))}
    assert set(LIMITS) == kept


@pytest.mark.parametrize("clock", LIMITS, ids=str)
def test_a_limit_is_overdue_at_its_instant_and_not_one_before(clock: Clock) -> None:
    story, due = running(clock)
    story.until(due - INSTANT)
    assert of(clock, story, Mark.OVERDUE) == 0
    story.until(due)
    assert of(clock, story, Mark.OVERDUE) == 1


@pytest.mark.parametrize("clock", LIMITS, ids=str)
def test_what_keeps_a_limit_counts_from_its_arrival_however_late_it_is_applied(clock: Clock) -> None:
    *_, keep = LIMITS[clock]
    for arrived, in_time in around(running(clock)[1]):
        story, due = running(clock)
        story.until(due + timedelta(seconds=1))
        keep(story, arrived)
        assert of(clock, story, Mark.OVERDUE) == 1
        assert of(clock, story, Mark.BREACH_WITHDRAWN) == in_time


@pytest.mark.parametrize("clock", LIMITS, ids=str)
def test_what_keeps_a_limit_an_instant_before_it_ends_leaves_nothing_to_mark(clock: Clock) -> None:
    *_, keep = LIMITS[clock]
    story, due = running(clock)
    story.until(due - INSTANT)
    keep(story, due - INSTANT)
    story.until(due)
    assert of(clock, story, Mark.OVERDUE) == 0
