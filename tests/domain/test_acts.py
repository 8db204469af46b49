"""The three ways in which a case takes a step: a deed is decided, a clock strikes, a holiday notice recomputes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from domain import acts
from domain.refusals import NotPermitted, NotYours, Refusal
from domain.vocabulary import Act, Clock, Mark, Matter, Rating, Role, Status, Urgency
from tests.cases import (
    INSTANT,
    Story,
    answered,
    archived,
    assigned,
    at,
    at_callback,
    declined,
    escalated,
    refused,
    registered,
)

FRIDAY_OFF = "off = [2025-11-07]\nworks = [2025-11-08]"


# -- deeds ------------------------------------------------------------------------------------------------------------------


def test_arrival_is_the_instant_that_counts_and_the_entry_bears_it() -> None:
    story = registered()
    story.now = at("11-04T08:00")
    story.transfer(at=at("11-03T11:30"))
    assert {entry.at for entry in story.steps[-1].entries} == {at("11-03T11:30")}
    assert story.last(Act.TRANSFER).deed == "deed-2"


def test_an_entry_says_who_did_it_in_which_role_with_which_notes_and_what_followed_by_itself() -> None:
    story = answered()
    story.person(Act.RATE, rating=Rating.POOR, actor="tracking")
    rated, redone = story.steps[-1].entries
    assert (rated.actor, rated.role, rated.deed, rated.status) == (
        "tracking",
        Role.REQUESTER,
        "deed-3",
        Status.RETURNED,
    )
    assert (redone.actor, redone.role, redone.deed, redone.notes) == ("system", Role.SYSTEM, None, {})


def test_a_refusal_leaves_the_file_as_it_is() -> None:
    story = assigned()
    before = story.file
    for act, role in ((Act.FEEDBACK, Role.AGENT), (Act.DENY, Role.AGENT), (Act.RATE, Role.REQUESTER)):
        with pytest.raises(Refusal):
            story.act(act, role)
    assert story.file is before


def test_the_claim_of_an_agent_binds_agents_alone() -> None:
    story = registered()
    story.agent(Act.CLAIM, actor="wang")
    with refused(NotYours):
        story.transfer(actor="li")
    assert story.supervisor(Act.TRANSFER, lead="WATER") is Status.ASSIGNED


# -- clocks -----------------------------------------------------------------------------------------------------------------


def test_a_mark_is_entered_at_its_instant_with_its_clock_and_due_and_taken_off_the_ladder() -> None:
    story = registered()
    running = story.clock(Clock.TRIAGE)
    warned, overdue = running.rungs
    assert (warned.mark, warned.at) == (Mark.WARNED, at("11-03T13:45"))
    story.until(warned.at)
    entry = story.last(Mark.WARNED)
    assert (entry.at, entry.role, entry.basis) == (warned.at, Role.SYSTEM, "house")
    assert entry.detail == {"clock": "triage", "owner": "centre", "due": running.due.isoformat()}
    assert story.clock(Clock.TRIAGE).rungs == (overdue,)
    assert (story.clock(Clock.TRIAGE).passed, story.case.overdue) == (False, False)


def test_a_mark_that_is_struck_late_bears_the_instant_at_which_it_was_struck() -> None:
    story = registered()
    story.now = at("11-03T18:00")
    running = story.clock(Clock.TRIAGE)
    story.strike(running, running.rungs[1])
    assert story.last(Mark.OVERDUE).at == at("11-03T18:00")
    assert story.due(Clock.TRIAGE) == at("11-03T14:00")


@pytest.mark.parametrize(("seconds", "late"), [(0, None), (5, None), (6, 6), (7200, 7200)])
def test_a_mark_that_comes_late_says_by_how_much_for_that_is_the_platforms(seconds: int, late: int | None) -> None:
    story = registered()
    running = story.clock(Clock.TRIAGE)
    story.now = running.due + timedelta(seconds=seconds)
    story.strike(running, running.rungs[1])
    detail = story.last(Mark.OVERDUE).detail
    assert detail.get("late_s") == late
    assert detail.get("instant") == (running.due.isoformat() if late else None)


@pytest.mark.parametrize("marked", [True, False], ids=["marked by then", "not marked yet"])
@pytest.mark.parametrize(("after", "breaches"), [(-INSTANT, 0), (timedelta(0), 1)], ids=["in time", "too late"])
def test_whether_a_breach_is_on_record_arrival_decides_and_not_the_platform(
    marked: bool, after: timedelta, breaches: int
) -> None:
    story = assigned()
    due = story.due(Clock.SIGN, "WATER")
    story.now = due + timedelta(hours=3)
    if marked:
        running = story.clock(Clock.SIGN, "WATER")
        story.strike(running, next(rung for rung in running.rungs if rung.mark is Mark.OVERDUE))
    story.unit("WATER", Act.SIGN, at=due + after)
    assert len(story.all(Mark.OVERDUE)) - len(story.all(Mark.BREACH_WITHDRAWN)) == breaches
    if marked:
        assert story.last(Mark.OVERDUE).detail["late_s"] == 3 * 3600


@pytest.mark.parametrize("mark", [Mark.NOTICED, Mark.BULLETINED])
def test_nobody_is_put_on_a_list_who_reported_before_and_whose_report_the_platform_still_owes(mark: Mark) -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(story.rungs(Clock.HANDLING, "WATER")[mark] - INSTANT)
    running = story.clock(Clock.HANDLING, "WATER")
    rung = running.rungs[0]
    assert (rung.mark, acts.in_time(running, rung)) == (mark, rung.at)
    story.now = rung.at + timedelta(hours=1)
    story.strike(running, rung, awaited=True)
    assert story.new() == []
    story.feedback(at=rung.at - INSTANT)
    assert mark not in story.events
    assert story.assignment().late


WINDOWS = {"rating": answered, "tracking": lambda: at_callback(reachable=False), "dispute": declined}


@pytest.mark.parametrize("clock", WINDOWS)
def test_a_window_waits_for_a_deed_that_arrived_in_time_and_then_ends_all_the_same(clock: str) -> None:
    story = WINDOWS[clock]()
    status, running = story.case.status, story.clock(Clock(clock))
    story.now = running.due
    for _ in range(3):
        (rung,) = story.clock(Clock(clock)).rungs
        story.strike(story.clock(Clock(clock)), rung, awaited=True)
        assert (story.case.status, story.new(), story.due(Clock(clock))) == (status, [], running.due)
        assert story.rungs(Clock(clock)) == {Mark.LAPSED: story.now + timedelta(seconds=30)}
        story.now += timedelta(seconds=30)
    story.until(story.now)
    assert story.case.status is Status.CLOSED
    assert Mark.LAPSED in story.new()


def test_an_overdue_mark_does_not_wait_for_it_is_withdrawn_if_need_be() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    running = story.clock(Clock.HANDLING, "WATER")
    rung = next(r for r in running.rungs if r.mark is Mark.OVERDUE)
    story.now = rung.at
    story.strike(running, rung, awaited=True)
    assert story.new() == [Mark.OVERDUE]
    story.feedback(at=rung.at - INSTANT)
    assert Mark.BREACH_WITHDRAWN in story.new()


def test_the_rating_lapses_only_while_the_answer_stands() -> None:
    story = answered()
    running = story.clock(Clock.RATING)
    story.person(Act.RATE, rating=Rating.POOR)
    assert story.file.clock(Clock.RATING, "centre") is None
    story.until(running.due)
    assert story.case.status is Status.RETURNED


# -- a new holiday notice ---------------------------------------------------------------------------------------------------


def test_a_holiday_announced_later_moves_the_limits_that_it_touches_each_with_old_new_and_reason() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.holidays("off = [2025-11-04, 2025-11-07]")
    assert story.due(Clock.RETURN, "WATER") == at("11-06T00:00")
    assert story.due(Clock.HANDLING, "WATER") == at("11-13T00:00")
    assert story.new() == [Act.RECOMPUTE, Mark.DUE_MOVED, Mark.DUE_MOVED]
    moved = {str(e.detail["clock"]): e.detail for e in story.all(Mark.DUE_MOVED)}
    assert set(moved) == {"return", "handling"}
    for clock, was in (("return", "11-05T00:00"), ("handling", "11-11T00:00")):
        assert datetime.fromisoformat(str(moved[clock]["old"])) == at(was)
        assert datetime.fromisoformat(str(moved[clock]["new"])) == story.due(Clock(clock), "WATER")
        assert (moved[clock]["why"], moved[clock]["owner"]) == ("holiday_notice", "WATER")


def test_never_to_less_than_was_announced() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    before = {running.id: running.due for running in story.file.clocks}
    story.holidays("works = [2025-11-08, 2025-11-09]")  # by itself it would end two days sooner
    assert {running.id: running.due for running in story.file.clocks} == before
    assert story.new() == [Act.RECOMPUTE]
    (row,) = [row for row in story.steps[-1].clocks if row.clock.clock is Clock.HANDLING]
    assert row.derivation is not None  # it says what is known now, and stands at what was announced
    assert (row.derivation["calendar_version"], row.derivation["due"]) == (
        story.calendar.version,
        row.clock.due.isoformat(),
    )
    assert not row.derivation["provisional"]


def test_what_a_notice_gives_and_takes_may_leave_the_limit_where_it_is_and_says_so() -> None:
    story = assigned()
    story.holidays(FRIDAY_OFF)
    assert story.due(Clock.HANDLING, "WATER") == at("11-11T00:00")
    (row,) = (r for r in story.steps[-1].clocks if r.clock.clock is Clock.HANDLING)
    assert row.derivation is not None
    assert (row.derivation["calendar_version"], row.derivation["skipped"][0]["reason"]) == (2, "样例节")


def test_the_ladder_moves_with_the_limit() -> None:
    story = assigned()
    story.until(at("11-04T12:00"))
    story.holidays("off = [2025-11-07, 2025-11-10]")
    assert story.rungs(Clock.HANDLING, "WATER") == {
        Mark.WARNED: at("11-11T00:00"),
        Mark.URGED: at("11-12T00:00"),
        Mark.OVERDUE: at("11-13T00:00"),
        Mark.NOTICED: at("11-14T00:00"),
        Mark.BULLETINED: at("11-20T00:00"),
    }


def test_a_breach_that_the_notice_proves_wrong_is_withdrawn() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(at("11-11T09:00"))
    assert story.case.overdue
    story.holidays("off = [2025-11-10]")
    assert story.due(Clock.HANDLING, "WATER") == at("11-12T00:00")
    assert story.last(Mark.BREACH_WITHDRAWN).detail["why"] == "holiday_notice"
    assert not story.case.overdue


def test_a_day_that_a_person_set_and_hours_on_the_wall_clock_follow_no_notice() -> None:
    story = assigned(urgency=Urgency.CRITICAL)
    story.holidays("off = [2025-11-04]")
    assert story.due(Clock.HANDLING, "WATER") == at("11-04T10:00")
    assert story.due(Clock.RETURN, "WATER") == at("11-06T00:00")
    story = assigned()
    story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, 14))
    story.agent(Act.GRANT, unit="WATER")
    story.holidays("off = [2025-11-14]")
    assert story.due(Clock.HANDLING, "WATER") == at("11-15T00:00")


def test_a_limit_that_a_correction_counted_from_another_day_is_recomputed_from_that_day() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.now = at("11-06T09:00")
    story.agent(Act.CORRECT, urgency=Urgency.URGENT)
    assert story.due(Clock.HANDLING, "WATER") == at("11-08T00:00")  # the whole of Friday
    story.holidays("off = [2025-11-07]")
    assert story.due(Clock.HANDLING, "WATER") == at("11-11T00:00")  # the whole of Monday


def test_two_days_to_give_back_stay_two_days() -> None:  # Art. 11(3)
    story = assigned()
    story.unit("WATER", Act.DECLARE_COMPLEX)
    story.holidays("off = [2025-11-05]")
    assert story.due(Clock.RETURN, "WATER") == at("11-07T00:00")


def test_the_office_and_the_centre_are_given_the_days_too() -> None:
    story = escalated()
    story.holidays("off = [2025-11-04]")
    assert story.due(Clock.DESIGNATION, "office") == at("11-07T00:00")
    story = at_callback(matter=Matter.ISSUE)
    story.holidays("off = [2025-11-04]")
    assert story.due(Clock.CALLBACK) == at("11-08T00:00")


def test_a_dispute_window_grows_and_an_archive_is_left_alone() -> None:
    story = declined()
    story.holidays("off = [2025-11-04]")
    assert story.due(Clock.DISPUTE) == at("11-12T00:00")
    with refused(NotPermitted):
        archived().holidays("off = [2025-11-04]")


def test_nobody_but_the_system_recomputes() -> None:
    for role in set(Role) - {Role.SYSTEM}:
        with refused(NotPermitted):
            registered().act(Act.RECOMPUTE, role)


def test_a_second_notice_counts_from_what_the_first_left() -> None:
    story = assigned()
    story.holidays("off = [2025-11-07]")
    first = story.due(Clock.HANDLING, "WATER")
    story.holidays("off = [2025-11-07, 2025-11-11]")
    assert (first, story.due(Clock.HANDLING, "WATER")) == (at("11-12T00:00"), at("11-13T00:00"))
    assert [(e.detail["clock"], e.detail["why"]) for e in story.all(Mark.DUE_MOVED)] == [
        ("handling", "holiday_notice"),
        ("handling", "holiday_notice"),
    ]


def test_every_duty_is_one_that_can_be_told_apart_by_its_name() -> None:
    assert all(Act(act) is act for act in acts.DUTIES)
    assert len({duty.__name__ for duty in acts.DUTIES.values()}) == len(acts.DUTIES)


def test_what_a_story_leaves_is_numbered_without_a_gap() -> None:
    story: Story = archived()
    assert [entry.seq for entry in story.entries] == list(range(1, story.case.entries + 1))
