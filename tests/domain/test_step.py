"""A step keeps the file consistent: clocks armed, moved and stopped on record; entries numbered; what lists show."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest

from domain.case import Entry, RunningClock
from domain.limits import Term
from domain.regulation import art
from domain.ruleset import rule_sets
from domain.step import UNWATCHED, Step
from domain.vocabulary import Act, Clock, Handling, Mark, Matter, Part, Role, Status
from tests.cases import CALENDAR, INSTANT, RULES, Story, assigned, at, registered


def step_on(story: Story, now: str = "11-04T09:00", story_deed: Act | None = None) -> Step:
    """A step on a case as it stands, at this instant; by a deed, or by a clock."""
    deed = story.deed(story_deed, Role.AGENT, at=at(now)) if story_deed else None
    return Step(story.file, rule_sets()[RULES], CALENDAR, at(now), deed)


# -- clocks -----------------------------------------------------------------------------------------------------------------


def test_a_clock_is_armed_with_its_start_its_term_its_due_instant_and_why_it_is_due_then() -> None:
    step = step_on(registered())
    step.arm(Clock.REVIEW, "centre")
    row = step.clocks["review/centre/1"]
    assert (row.state, row.basis, row.clock.term) == ("running", "house", "1wd")
    assert (row.clock.start, row.clock.due) == (at("11-04T09:00"), at("11-06T00:00"))
    assert row.derivation is not None
    assert (row.derivation["counted"], row.derivation["due"]) == (["2025-11-05"], "2025-11-06T00:00:00+08:00")
    assert [(r.mark, r.at) for r in row.clock.rungs] == [
        (Mark.WARNED, at("11-05T22:00")),
        (Mark.OVERDUE, at("11-06T00:00")),
    ]
    assert (row.clock.due.tzinfo, step.lines) == (UTC, [])


def test_the_window_for_giving_back_rests_on_the_law() -> None:  # Art. 11(3)
    story = assigned()
    (row,) = (r for r in story.steps[-1].clocks if r.clock.clock is Clock.RETURN)
    assert row.basis == str(art(11, item=3))


def test_a_rung_that_lies_behind_is_left_out_unless_it_marks_the_end() -> None:
    step = step_on(registered())
    step.arm(Clock.HANDLING, "WATER", term=Term.parse("1h"))
    assert [r.mark for r in step.file.clocks[-1].rungs] == [Mark.URGED, Mark.OVERDUE, Mark.NOTICED, Mark.BULLETINED]
    step.arm(Clock.HANDLING, "GAS", start=at("11-03T09:00"), term=Term.parse("1h"))
    assert step.file.clocks[-1].rungs[0] == step.file.clocks[-1].rungs[0].__class__(Mark.OVERDUE, step.at)


def test_armed_again_it_moves_on_record_or_stays_without_a_word() -> None:
    step = step_on(assigned())
    step.arm(Clock.HANDLING, "WATER", start=at("11-03T10:00"))
    assert step.lines == []
    step.arm(Clock.HANDLING, "WATER", term=Term.parse("2wd"), why="because")
    (line,) = step.lines
    assert (line.event, line.unit, line.detail["why"]) == (Mark.DUE_MOVED, "WATER", "because")
    moved = step.file.clock(Clock.HANDLING, "WATER")
    assert moved is not None
    assert (moved.start, moved.due, moved.term) == (at("11-04T09:00"), at("11-07T00:00"), "2wd")
    assert moved.due == step.derive(moved).due


def test_a_day_that_a_person_set_is_not_derived() -> None:
    step = step_on(assigned())
    running = step.file.clock(Clock.HANDLING, "WATER")
    assert running is not None
    step.move_due(running, at("11-20T00:00"), "extension_granted")
    moved = step.file.clock(Clock.HANDLING, "WATER")
    assert moved is not None
    assert (moved.term, moved.start) == (None, running.start)
    with pytest.raises(AssertionError):
        step.derive(moved)


def overdue_story() -> Story:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(at("11-12T12:00"))  # overdue since the 11th, noticed on the 12th
    return story


@pytest.mark.parametrize(("to", "ahead"), [("11-13T00:00", True), ("11-12T12:00", False), ("11-12T00:00", False)])
def test_a_breach_is_withdrawn_when_the_new_due_instant_lies_ahead_and_only_then(to: str, ahead: bool) -> None:
    story = overdue_story()
    step = step_on(story, "11-12T12:00")
    step.move_due(story.clock(Clock.HANDLING, "WATER"), at(to), "because")
    events = [line.event for line in step.lines]
    assert events == ([Mark.BREACH_WITHDRAWN] if ahead else []) + [Mark.DUE_MOVED]
    moved = step.file.clock(Clock.HANDLING, "WATER")
    assert moved is not None
    assert moved.passed is not ahead
    assert (Mark.OVERDUE in {r.mark for r in moved.rungs}) is ahead
    assert all(r.at > at("11-12T12:00") for r in moved.rungs)


def test_a_limit_that_is_set_into_the_past_passes_as_it_is_set_and_not_late() -> None:
    step = step_on(assigned())
    running = step.file.clock(Clock.HANDLING, "WATER")
    assert running is not None
    step.move_due(running, step.at - timedelta(days=1), "because")
    moved = step.file.clock(Clock.HANDLING, "WATER")
    assert moved is not None
    overdue = next(rung for rung in moved.rungs if rung.mark is Mark.OVERDUE)
    assert overdue.at == step.at
    step.mark(moved, overdue)
    assert "late_s" not in {name for name, value in step.lines[-1].detail.items() if value is not None}


def test_stopping_takes_exactly_the_clocks_that_match() -> None:
    story = assigned("JW", "WATER")
    story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, 20))
    step = step_on(story)
    step.stop(Clock.SIGN, "JW")
    assert {c.id for c in story.file.clocks} - {c.id for c in step.file.clocks} == {"sign/JW/1"}
    step.stop(owner="JW")
    assert {c.owner for c in step.file.clocks} == {"WATER", "centre"}
    step.stop(about="WATER")
    assert {c.owner for c in step.file.clocks} == {"WATER"}
    step.stop()
    assert step.file.clocks == ()
    assert {row.state for row in step.clocks.values()} == {"stopped"}
    assert {row.stopped_at for row in step.clocks.values()} == {at("11-04T09:00")}


@pytest.mark.parametrize(("now", "withdrawn"), [("11-10T23:59:59.999999", True), ("11-11T00:00", False)])
def test_stopped_by_a_deed_that_arrived_before_the_due_instant_the_breach_is_withdrawn(
    now: str, withdrawn: bool
) -> None:
    step = step_on(overdue_story(), now, Act.RECALL)
    step.stop(owner="WATER")
    assert (Mark.BREACH_WITHDRAWN in [line.event for line in step.lines]) is withdrawn


def test_stopped_by_a_clock_it_never_is() -> None:
    step = step_on(overdue_story(), "11-10T12:00")
    step.stop(owner="WATER")
    assert step.lines == []


def test_striking_takes_one_rung_and_leaves_the_due_instant() -> None:
    story = assigned()
    running = story.clock(Clock.HANDLING, "WATER")
    step = step_on(story, "11-11T00:00")
    for n, rung in enumerate(running.rungs):
        step.strike(story.clock(Clock.HANDLING, "WATER") if n == 0 else _of(step), rung)
        assert rung not in _of(step).rungs
        assert (_of(step).due, _of(step).start) == (running.due, running.start)
        assert _of(step).passed is (rung.at >= running.due)
    assert _of(step).rungs == ()


def _of(step: Step) -> RunningClock:
    found = step.file.clock(Clock.HANDLING, "WATER")
    assert found is not None
    return found


def test_a_clocks_name_tells_it_from_every_other() -> None:
    story = assigned("JW", "WATER")
    for unit in ("JW", "WATER"):
        story.unit(unit, Act.REQUEST_EXTENSION, until=date(2025, 11, 20))
    ids = [running.id for running in story.file.clocks]
    assert len(set(ids)) == len(ids)
    assert {"extension/centre/2/JW", "extension/centre/3/WATER", "handling/JW/1"} <= set(ids)


# -- what lists and search attributes show ------------------------------------------------------------------------------------


def test_the_case_shows_the_next_limit_that_somebody_must_keep_and_no_mere_window() -> None:
    story = assigned()
    assert story.case.due_at == min(c.due for c in story.file.clocks if c.clock not in UNWATCHED)
    story.unit("WATER", Act.SIGN)
    assert story.case.due_at == story.due(Clock.HANDLING, "WATER")
    assert {Clock.RETURN, Clock.DISPUTE, Clock.RATING, Clock.TRACKING} == UNWATCHED


def test_overdue_is_what_a_running_limit_has_passed() -> None:
    story = assigned()
    story.until(at("11-05T00:00") - INSTANT)
    assert not story.case.overdue
    story.until(at("11-05T00:00"))
    assert story.case.overdue  # not signed for
    story.unit("WATER", Act.SIGN)
    assert not story.case.overdue


def test_an_assignment_keeps_its_place() -> None:
    story = assigned("JW", "WATER", "GAS")
    step = step_on(story)
    step.put(story.assignment("JW"))
    assert [a.unit for a in step.file.assignments] == ["JW", "WATER", "GAS"]
    step.end(story.assignment("WATER"), Handling.DONE)
    assert [(a.unit, a.handling) for a in step.file.assignments] == [
        ("JW", Handling.DELIVERED),
        ("WATER", Handling.DONE),
        ("GAS", Handling.DELIVERED),
    ]
    assert {running.owner for running in step.file.clocks} == {"JW", "GAS"}


def test_the_result_brings_the_assignments_that_changed_and_the_file_those_of_the_round() -> None:
    story = assigned("JW", "WATER")
    story.unit("JW", Act.SIGN)
    assert [(a.unit, a.handling) for a in story.steps[-1].assignments] == [("JW", Handling.SIGNED)]
    story.transfer("GAS")
    assert {(a.unit, a.round, a.handling) for a in story.steps[-1].assignments} == {
        ("JW", 1, Handling.RECALLED),
        ("WATER", 1, Handling.RECALLED),
        ("GAS", 2, Handling.DELIVERED),
    }
    assert [(a.unit, a.part) for a in story.file.assignments] == [("GAS", Part.LEAD)]


def test_a_step_counts_once_and_its_entries_follow_on() -> None:
    story = registered()
    story.agent(Act.CORRECT, infringement=True)
    assert (story.case.version, story.case.entries) == (2, 3)
    assert [entry.seq for entry in story.steps[-1].entries] == [2, 3]


def test_an_entry_leaves_out_what_is_not_so() -> None:
    story = assigned()
    assert "assisting" not in story.last(Act.TRANSFER).detail
    story.feedback()
    assert "late" not in story.last(Act.FEEDBACK).detail


def test_what_follows_by_itself_is_the_systems_and_no_note_goes_with_it() -> None:
    story = overdue_story()
    story.unit("WATER", Act.EXPLAIN)
    breach: Entry = story.last(Mark.BREACH)
    assert (breach.role, breach.actor, breach.deed, breach.notes) == (Role.SYSTEM, "system", None, {})


def test_a_matter_of_staff_stands_in_nobodys_hands_before_it_is_sent_out() -> None:
    story = registered(matter=Matter.STAFF)
    assert (story.case.hands, story.case.units, story.case.status) == ("centre", (), Status.REGISTERED)
    assert story.case.due_at == story.case.registered_at + timedelta(hours=4)


def test_a_clock_that_runs_again_is_another_row_and_each_says_why_it_was_due_then() -> None:
    story = assigned()
    for day in (20, 25):
        story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, day))
        story.agent(Act.GRANT, unit="WATER")
    rows = {row.clock.id: row for step in story.steps for row in step.clocks}
    assert len([row for row in rows.values() if row.clock.clock is Clock.EXTENSION]) == 2
    handling = [row for step in story.steps for row in step.clocks if row.clock.clock is Clock.HANDLING]
    derivation = handling[-1].derivation
    assert derivation is not None
    assert (derivation["named"], derivation["due"]) == ("extension_granted", handling[-1].clock.due.isoformat())


def test_time_that_was_given_stays_when_a_notice_or_a_correction_derives_the_clock_anew() -> None:
    story = assigned()
    story.now = at("11-05T10:00")
    story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, 20))
    story.until(at("11-07T03:00"))  # three hours beyond the Centre's limit
    story.agent(Act.DENY, unit="WATER")
    assert story.due(Clock.HANDLING, "WATER") == at("11-11T03:00")
    story.holidays("off = [2025-11-10]")
    assert story.due(Clock.HANDLING, "WATER") == at("11-12T03:00")
    assert story.clock(Clock.HANDLING, "WATER").given == 3 * 3600


def test_what_is_still_to_come_on_a_ladder_follows_a_notice_though_the_limit_is_past() -> None:
    story = assigned()
    story.until(at("11-11T00:00"))
    assert story.rungs(Clock.HANDLING, "WATER")[Mark.NOTICED] == at("11-12T00:00")
    story.holidays("off = [2025-11-11, 2025-11-12]")
    assert story.rungs(Clock.HANDLING, "WATER")[Mark.NOTICED] == at("11-14T00:00")


def test_the_next_limit_is_shown_and_one_that_is_past_does_not_hide_it() -> None:
    story = assigned()
    story.until(at("11-05T00:00"))
    assert story.case.overdue  # not signed for
    assert story.case.due_at == story.due(Clock.HANDLING, "WATER")
