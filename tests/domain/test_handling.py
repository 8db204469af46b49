"""One unit's handling (Art. 11): each clock one instant too early, in time, too late; and the Centre's follow-up (12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import ceil

import pytest

from domain.case import CENTRE
from domain.handling import review_grounds
from domain.refusals import Lacking, NotPermitted, NotYours, TooLate
from domain.regulation import art
from domain.ruleset import rule_sets
from domain.step import Step
from domain.vocabulary import (
    Act,
    Choice,
    Clock,
    Handling,
    Mark,
    Matter,
    ReplyWay,
    Report,
    Status,
    Text,
    Urgency,
)
from tests.cases import (
    CALENDAR,
    FIRST,
    INSTANT,
    RULES,
    Story,
    around,
    assigned,
    at,
    at_callback,
    escalated,
    in_review,
    refused,
    registered,
)

WINDOW = at("11-05T00:00")
"""When a unit's day for giving back ends: it was delivered on Monday, so on Tuesday night."""
TWO_DAYS = at("11-06T00:00")
EXPIRY = at("11-11T00:00")
"""When the five working days of the handling end."""


# -- the result -----------------------------------------------------------------------------------------------------------


def test_a_unit_handles_in_time_replies_to_the_person_and_reports_to_the_centre() -> None:  # Art. 11(1)
    story = assigned()
    assert story.unit("WATER", Act.SIGN) is Status.ASSIGNED
    with refused(Lacking):
        story.unit("WATER", Act.FEEDBACK, texts=[Text.INTERNAL])
    assert story.feedback(replied=ReplyWay.VISIT) is Status.CALLBACK
    entry = story.last(Act.FEEDBACK)
    assert (entry.basis, entry.unit, entry.actor, entry.detail) == (
        "Art. 11(1)",
        "WATER",
        "WATER-1",
        {"replied": "visit"},
    )
    assert (story.assignment().handling, story.assignment().replied) == (Handling.DONE, ReplyWay.VISIT)
    assert ("person", "feedback", None) in story.told()


def test_what_the_person_reads_and_what_only_the_centre_reads_are_apart() -> None:  # Art. 11(1)
    story = assigned()
    story.feedback(texts=[Text.PUBLIC, Text.INTERNAL])
    notes = story.last(Act.FEEDBACK).notes
    assert set(notes) == {Text.PUBLIC, Text.INTERNAL}
    assert notes[Text.PUBLIC] != notes[Text.INTERNAL]


@pytest.mark.parametrize(("arrival", "in_time"), around(EXPIRY))
def test_a_result_is_in_time_before_the_due_instant_and_late_from_it_on(arrival: datetime, in_time: bool) -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(arrival)
    assert story.feedback() is (Status.CALLBACK if in_time else Status.REVIEW)
    assert story.last(Act.FEEDBACK).detail.get("late") is (None if in_time else True)
    assert (Mark.OVERDUE in story.events) is not in_time


def test_late_is_late_but_never_refused() -> None:  # Art. 12 ¶1
    story = assigned()
    story.until(at("12-31T00:00"))
    assert story.feedback() is Status.REVIEW


def test_a_result_without_having_signed_counts_as_signed_for() -> None:
    story = assigned()
    story.feedback(at=at("11-04T09:00"))
    assert story.assignment().signed_at == at("11-04T09:00")


@pytest.mark.parametrize("act", [Act.FEEDBACK, Act.REJECT])
def test_whoever_signed_before_signed_then(act: Act) -> None:
    story = assigned(report=Report.ACTION)
    story.unit("WATER", Act.SIGN)
    if act is Act.FEEDBACK:
        story.unit("WATER", Act.ADMIT)
    story.unit("WATER", act, at=at("11-04T09:00"))
    assert story.assignment().signed_at == at("11-03T10:00")


@pytest.mark.parametrize("act", [Act.SIGN, Act.FEEDBACK, Act.RETURN, Act.EXPLAIN, Act.ASK])
def test_only_the_unit_that_has_it_may_do_it(act: Act) -> None:  # Art. 11
    story = assigned()
    for stranger in ("GAS", None, "WATER.1"):
        with refused(NotYours):
            story.unit(stranger, act)  # type: ignore[arg-type]


def test_nobody_handles_what_they_have_already_reported_or_given_back() -> None:
    story = assigned("JW", "WATER", "GAS")
    story.feedback("WATER")
    story.unit("GAS", Act.RETURN)
    for unit in ("WATER", "GAS"):
        with refused(NotYours):
            story.feedback(unit)


def test_signing_is_done_once_and_stops_its_own_clock_alone() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    assert {running.clock for running in story.file.clocks} == {Clock.RETURN, Clock.HANDLING}
    assert (story.assignment().handling, story.assignment().signed_at) == (Handling.SIGNED, story.now)
    with refused(NotPermitted):
        story.unit("WATER", Act.SIGN)


def test_a_unit_that_does_not_sign_is_marked_overdue() -> None:  # Art. 12 ¶1
    story = assigned()
    story.until(at("11-05T00:00"))
    overdue = story.last(Mark.OVERDUE)
    assert (overdue.unit, overdue.detail["clock"]) == ("WATER", "sign")
    story.unit("WATER", Act.SIGN)
    assert not story.case.overdue


def test_the_unit_may_ask_the_person_and_the_clock_runs() -> None:
    story = assigned()
    before = story.file.clocks
    with refused(Lacking):
        story.unit("WATER", Act.ASK, texts=[])
    assert story.unit("WATER", Act.ASK) is Status.ASSIGNED
    assert story.told() == [("person", "ask", None)]
    assert story.file.clocks == before
    story.person(Act.SUPPLEMENT)
    assert story.told() == [("unit", "supplement", "WATER")]


# -- the duty to explain --------------------------------------------------------------------------------------------------


def test_whoever_cannot_keep_the_limit_explains_beforehand_to_the_centre() -> None:  # Art. 11(2)
    story = assigned()
    with refused(Lacking):
        story.unit("WATER", Act.EXPLAIN, texts=[])
    assert story.unit("WATER", Act.EXPLAIN) is Status.ASSIGNED
    entry = story.last(Act.EXPLAIN)
    assert (entry.basis, entry.unit, Text.REASON in entry.notes) == ("Art. 11(2)", "WATER", True)
    assert story.told() == [("centre", "explain", None)]


def test_an_explanation_moves_no_due_instant_and_may_be_given_again() -> None:  # Art. 11(2)
    story = assigned()
    before = story.file.clocks
    story.unit("WATER", Act.EXPLAIN)
    story.unit("WATER", Act.EXPLAIN)
    assert story.file.clocks == before
    assert len(story.all(Act.EXPLAIN)) == 2


@pytest.mark.parametrize(("arrival", "in_time"), around(EXPIRY))
def test_an_explanation_from_the_due_instant_on_is_recorded_too_but_as_a_breach(
    arrival: datetime, in_time: bool
) -> None:  # Art. 11(2)
    story = assigned()
    story.until(arrival)
    assert story.unit("WATER", Act.EXPLAIN) is Status.ASSIGNED
    assert story.new() == [Act.EXPLAIN] + ([] if in_time else [Mark.BREACH])
    assert story.last(Act.EXPLAIN).detail.get("late") is (None if in_time else True)
    if not in_time:
        breach = story.last(Mark.BREACH)
        assert (breach.basis, breach.unit, breach.detail["why"]) == ("Art. 11(2)", "WATER", "explained_after_expiry")


def test_an_explanation_that_arrived_in_time_and_is_applied_late_is_no_breach() -> None:  # Art. 11(2)
    story = assigned()
    story.until(EXPIRY + timedelta(hours=3))
    story.unit("WATER", Act.EXPLAIN, at=EXPIRY - INSTANT)
    assert story.new() == [Act.EXPLAIN]


# -- giving back ----------------------------------------------------------------------------------------------------------


def test_what_is_not_its_business_a_unit_gives_back_with_the_reason() -> None:  # Art. 11(3)
    story = assigned()
    with refused(Lacking):
        story.unit("WATER", Act.RETURN, texts=[])
    assert story.unit("WATER", Act.RETURN) is Status.RETURNED
    entry = story.last(Act.RETURN)
    assert (entry.basis, entry.detail, Text.REASON in entry.notes) == ("Art. 11(3)", {"returns": 1}, True)
    assert story.told() == [("centre", "return", None)]


@pytest.mark.parametrize(("arrival", "in_time"), around(WINDOW))
def test_it_has_one_working_day_from_delivery(arrival: datetime, in_time: bool) -> None:  # Art. 11(3)
    story = assigned()
    assert story.due(Clock.RETURN, "WATER") == WINDOW
    story.until(arrival)
    if in_time:
        assert story.unit("WATER", Act.RETURN) is Status.RETURNED
    else:
        with refused(TooLate, art(11, item=3)):
            story.unit("WATER", Act.RETURN)
        assert story.case.status is Status.ASSIGNED


@pytest.mark.parametrize(("arrival", "in_time"), around(WINDOW))
def test_complex_is_declared_with_the_ground_before_the_day_ends(arrival: datetime, in_time: bool) -> None:
    # Art. 11(3)
    story = assigned()
    story.until(arrival)
    with refused(Lacking):
        story.unit("WATER", Act.DECLARE_COMPLEX, texts=[])
    if in_time:
        story.unit("WATER", Act.DECLARE_COMPLEX)
        assert story.due(Clock.RETURN, "WATER") == TWO_DAYS
        moved = story.last(Mark.DUE_MOVED)
        assert (moved.detail["clock"], moved.detail["why"]) == ("return", "declared_complex")
    else:
        with refused(TooLate, art(11, item=3)):
            story.unit("WATER", Act.DECLARE_COMPLEX)


@pytest.mark.parametrize(("arrival", "in_time"), around(TWO_DAYS))
def test_a_complex_matter_has_two_working_days_from_delivery(arrival: datetime, in_time: bool) -> None:  # Art. 11(3)
    story = assigned()
    story.now = at("11-04T23:00")
    story.unit("WATER", Act.DECLARE_COMPLEX)
    story.until(arrival)
    if in_time:
        assert story.unit("WATER", Act.RETURN) is Status.RETURNED
    else:
        with refused(TooLate, art(11, item=3)):
            story.unit("WATER", Act.RETURN)


def test_the_window_counts_from_delivery_and_not_from_signing() -> None:  # Art. 11(3)
    story = assigned()
    story.unit("WATER", Act.SIGN, at=at("11-04T20:00"))
    assert story.due(Clock.RETURN, "WATER") == WINDOW
    with refused(TooLate, art(11, item=3)):
        story.unit("WATER", Act.RETURN, at=WINDOW)


def test_complex_is_declared_once() -> None:  # Art. 11(3)
    story = assigned()
    story.unit("WATER", Act.DECLARE_COMPLEX)
    with refused(NotPermitted):
        story.unit("WATER", Act.DECLARE_COMPLEX)


def test_the_window_that_ends_is_marked_and_is_no_breach() -> None:  # Art. 11(3)
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(WINDOW)
    lapsed = story.last(Mark.LAPSED)
    assert (lapsed.basis, lapsed.detail["clock"], lapsed.at) == ("Art. 11(3)", "return", WINDOW)
    assert not story.case.overdue
    assert story.case.status is Status.ASSIGNED


def test_a_return_that_arrived_in_time_counts_although_the_window_was_already_marked_as_over() -> None:  # Art. 11(3)
    story = assigned()
    story.until(WINDOW + timedelta(hours=6))  # a server slept
    assert story.unit("WATER", Act.RETURN, at=WINDOW - INSTANT) is Status.RETURNED
    withdrawn = {entry.detail["clock"] for entry in story.all(Mark.BREACH_WITHDRAWN)}
    assert withdrawn == {"return", "sign"}


def test_an_assisting_unit_may_give_its_part_back_and_the_others_go_on() -> None:  # Art. 11(3)
    story = assigned("JW", "WATER")
    assert story.unit("WATER", Act.RETURN) is Status.ASSIGNED
    assert story.case.units == ("JW",)
    assert story.feedback("JW") is Status.REVIEW


def test_when_the_lead_has_reported_and_the_last_assisting_unit_gives_back_there_is_one_result() -> None:
    # Art. 11(1), 11(3)
    story = assigned("JW", "WATER")
    story.feedback("JW")
    assert story.unit("WATER", Act.RETURN) is Status.REVIEW
    assert story.agent(Act.APPROVE) is Status.CALLBACK


def test_when_the_lead_gives_back_the_assisting_units_are_recalled() -> None:  # Art. 11(3)
    story = assigned("JW", "WATER")
    assert story.unit("JW", Act.RETURN) is Status.RETURNED
    assert {a.unit: a.handling for a in story.file.assignments} == {
        "JW": Handling.RETURNED,
        "WATER": Handling.RECALLED,
    }


# -- the extension --------------------------------------------------------------------------------------------------------

UNTIL = date(2025, 11, 14)
EXTENDED = at("11-15T00:00")


def asked(when: str = "11-05T09:00", until: date = UNTIL) -> Story:
    """An extension was asked for; the Centre's own limit for deciding runs (one working day)."""
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(at(when))
    story.unit("WATER", Act.REQUEST_EXTENSION, until=until)
    return story


def test_an_extension_is_asked_for_with_a_day_and_the_reason_and_both_clocks_run() -> None:  # Art. 11(2), house
    story = assigned()
    with refused(Lacking):
        story.unit("WATER", Act.REQUEST_EXTENSION)
    with refused(Lacking):
        story.unit("WATER", Act.REQUEST_EXTENSION, until=UNTIL, texts=[])
    story = asked()
    assert story.assignment().extension == UNTIL
    assert story.due(Clock.HANDLING, "WATER") == EXPIRY
    assert story.due(Clock.EXTENSION, "centre", "WATER") == at("11-07T00:00")
    assert story.last(Act.REQUEST_EXTENSION).detail == {"until": "2025-11-14"}
    assert story.told() == [("centre", "request_extension", None)]


@pytest.mark.parametrize(("arrival", "in_time"), around(EXPIRY))
def test_an_extension_is_asked_for_before_expiry(arrival: datetime, in_time: bool) -> None:  # Art. 11(2)
    story = assigned()
    story.until(arrival)
    if in_time:
        assert story.unit("WATER", Act.REQUEST_EXTENSION, until=UNTIL) is Status.ASSIGNED
    else:
        with refused(TooLate):
            story.unit("WATER", Act.REQUEST_EXTENSION, until=UNTIL)


@pytest.mark.parametrize("until", [date(2025, 11, 10), date(2025, 11, 3), date(1, 1, 1)])
def test_the_day_asked_for_lies_after_the_present_one(until: date) -> None:
    with refused(Lacking):
        assigned().unit("WATER", Act.REQUEST_EXTENSION, until=until)


@pytest.mark.parametrize("until", [date(9999, 12, 31), date(9998, 12, 31), date(2027, 1, 1)])
def test_a_day_out_of_all_reason_is_refused(until: date) -> None:
    with refused(Lacking):
        assigned().unit("WATER", Act.REQUEST_EXTENSION, until=until)
    with refused(Lacking):
        asked().agent(Act.GRANT, unit="WATER", until=until)
    assert assigned().unit("WATER", Act.REQUEST_EXTENSION, until=date(2026, 12, 31)) is Status.ASSIGNED


def test_one_extension_is_asked_for_at_a_time() -> None:
    story = asked()
    with refused(NotPermitted):
        story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, 20))


def test_the_centre_grants_the_proposed_day() -> None:
    story = asked()
    assert story.agent(Act.GRANT, unit="WATER") is Status.ASSIGNED
    assert story.due(Clock.HANDLING, "WATER") == EXTENDED
    assert story.file.clock(Clock.EXTENSION, "centre", "WATER") is None
    assert story.assignment().extension is None
    moved = story.last(Mark.DUE_MOVED).detail
    assert (moved["old"], moved["new"], moved["why"]) == (
        EXPIRY.astimezone(story.due(Clock.HANDLING, "WATER").tzinfo).isoformat(),
        story.due(Clock.HANDLING, "WATER").isoformat(),
        "extension_granted",
    )
    assert {audience for audience, template, _ in story.told() if template == "grant"} == {"unit", "person"}


def test_the_ladder_moves_with_the_day_granted() -> None:  # Art. 12 ¶1
    story = asked()
    story.agent(Act.GRANT, unit="WATER")
    assert story.rungs(Clock.HANDLING, "WATER") == {
        Mark.WARNED: at("11-13T00:00"),
        Mark.URGED: at("11-14T00:00"),
        Mark.OVERDUE: EXTENDED,
        Mark.NOTICED: at("11-18T00:00"),
        Mark.BULLETINED: at("11-22T00:00"),
    }


def test_the_centre_grants_another_day_that_it_names() -> None:
    story = asked()
    with refused(Lacking):
        story.agent(Act.GRANT, unit="WATER", until=date(2025, 11, 10))
    story.agent(Act.GRANT, unit="WATER", until=date(2025, 11, 12))
    assert story.due(Clock.HANDLING, "WATER") == at("11-13T00:00")
    assert story.last(Act.GRANT).detail["until"] == story.due(Clock.HANDLING, "WATER").isoformat()


def test_a_grant_that_was_asked_for_in_time_takes_the_breach_away_that_was_marked_meanwhile() -> None:
    story = asked("11-10T22:00")
    story.until(at("11-11T09:00"))
    assert story.case.overdue
    story.agent(Act.GRANT, unit="WATER")
    withdrawn = story.last(Mark.BREACH_WITHDRAWN)
    assert (withdrawn.unit, withdrawn.detail["clock"], withdrawn.detail["why"]) == (
        "WATER",
        "handling",
        "extension_granted",
    )
    assert not story.case.overdue
    assert story.feedback(at=EXTENDED - INSTANT) is Status.CALLBACK


def test_a_day_that_has_passed_by_the_time_the_centre_grants_it_is_no_extension() -> None:
    story = asked()
    story.until(at("11-18T09:00"))  # the Centre slept
    with refused(Lacking):
        story.agent(Act.GRANT, unit="WATER")
    story.agent(Act.GRANT, unit="WATER", until=date(2025, 11, 20))
    assert not story.case.overdue


def test_the_centre_denies_with_a_reason_and_the_due_instant_stays() -> None:
    story = asked()
    with refused(Lacking):
        story.agent(Act.DENY, unit="WATER", texts=[])
    story.agent(Act.DENY, unit="WATER")
    assert story.due(Clock.HANDLING, "WATER") == EXPIRY
    assert story.assignment().extension is None
    assert Mark.DUE_MOVED not in story.events
    assert story.told() == [("unit", "deny", "WATER")]


DECISION = at("11-07T00:00")


@pytest.mark.parametrize(("arrival", "in_time"), around(DECISION))
def test_time_that_the_centre_took_beyond_its_own_limit_is_given_back(arrival: datetime, in_time: bool) -> None:
    story = asked()
    story.until(arrival)
    assert (Mark.OVERDUE in story.events) is not in_time
    story.agent(Act.DENY, unit="WATER")
    late = timedelta(seconds=ceil(max(arrival - DECISION, timedelta(0)).total_seconds()))
    assert story.due(Clock.HANDLING, "WATER") == EXPIRY + late
    assert (Mark.DUE_MOVED in story.events) is (late > timedelta(0))


def test_a_unit_is_not_overdue_for_what_the_centre_slept_away() -> None:
    story = asked()
    story.until(at("11-12T15:00"))  # five and a half days beyond its limit: nothing is marked against the unit
    assert [entry.unit for entry in story.all(Mark.OVERDUE)] == [None]
    assert not {Mark.URGED, Mark.NOTICED, Mark.BULLETINED} & set(story.events)
    story.agent(Act.DENY, unit="WATER")
    assert story.due(Clock.HANDLING, "WATER") == at("11-16T15:00")
    assert story.last(Mark.DUE_MOVED).detail["why"] == "centre_decided_late"
    assert not story.case.overdue
    story.until(at("11-16T15:00"))
    assert story.last(Mark.OVERDUE).unit == "WATER"


def test_an_extension_granted_late_is_never_worse_for_the_unit_than_one_refused() -> None:
    story = asked()
    story.until(at("11-12T15:00"))
    story.agent(Act.GRANT, unit="WATER", until=date(2025, 11, 12))
    assert story.due(Clock.HANDLING, "WATER") == at("11-16T15:00")
    later = asked()
    later.until(at("11-12T15:00"))
    later.agent(Act.GRANT, unit="WATER", until=date(2025, 11, 19))
    assert later.due(Clock.HANDLING, "WATER") == at("11-20T00:00")
    later.until(at("11-20T00:00"))
    assert later.last(Mark.OVERDUE).unit == "WATER"


def test_a_decision_that_arrived_in_time_and_was_applied_late_leaves_the_ladder_as_it_was() -> None:
    story = asked()
    story.until(at("11-07T09:00"))
    assert story.file.clock(Clock.HANDLING, "WATER").rungs == ()  # type: ignore[union-attr]
    story.agent(Act.DENY, unit="WATER", at=at("11-06T23:00"))
    assert story.due(Clock.HANDLING, "WATER") == EXPIRY
    story.until(EXPIRY)
    assert story.last(Mark.OVERDUE).unit == "WATER"


def test_nor_when_it_reports_before_the_centre_has_decided_at_all() -> None:
    story = asked()
    story.until(at("11-12T15:00"))
    assert story.feedback() is Status.CALLBACK
    assert story.last(Act.FEEDBACK).detail.get("late") is None
    assert [entry.unit for entry in story.all(Mark.OVERDUE)] == [None]


def test_and_what_it_explains_meanwhile_is_explained_in_time() -> None:  # Art. 11(2)
    story = asked()
    story.until(at("11-12T15:00"))
    story.unit("WATER", Act.EXPLAIN)
    assert story.new() == [Act.EXPLAIN]
    assert story.due(Clock.HANDLING, "WATER") == EXPIRY


def test_but_it_is_late_where_its_own_time_was_over_before_the_centres() -> None:
    story = asked("11-10T22:00")  # the Centre has until the end of the 11th
    story.until(at("11-13T09:00"))
    assert story.feedback() is Status.REVIEW
    assert story.last(Act.FEEDBACK).detail["late"] is True
    assert Mark.BREACH_WITHDRAWN not in [entry.event for entry in story.entries if entry.unit == "WATER"]


def test_the_centre_is_overdue_with_its_decision_and_no_unit_is_told() -> None:
    story = asked()
    story.until(DECISION)
    entry = story.last(Mark.OVERDUE)
    assert (entry.unit, entry.detail["clock"], entry.detail["owner"]) == (None, "extension", "centre")
    assert {(m.audience, m.unit) for m in story.messages if m.template == "overdue" and m.at == DECISION} == {
        ("centre", None)
    }


@pytest.mark.parametrize("act", [Act.GRANT, Act.DENY])
def test_there_is_no_decision_where_nothing_was_asked_for(act: Act) -> None:
    with refused(NotPermitted):
        assigned().agent(act, unit="WATER")
    with refused(NotYours):
        asked().agent(act, unit="GAS")
    with refused(NotYours):
        asked().agent(act)


def test_the_decision_lapses_when_the_handling_ends() -> None:
    story = asked()
    story.feedback()
    assert [running.clock for running in story.file.clocks] == [Clock.CALLBACK]


def test_each_unit_has_its_own_extension() -> None:
    story = assigned("JW", "WATER")
    for unit in ("JW", "WATER"):
        story.unit(unit, Act.REQUEST_EXTENSION, until=UNTIL)
    story.agent(Act.GRANT, unit="WATER")
    assert story.due(Clock.HANDLING, "WATER") == EXTENDED
    assert story.due(Clock.HANDLING, "JW") == EXPIRY
    assert story.file.clock(Clock.EXTENSION, "centre", "JW")


def test_after_a_decision_it_may_ask_again() -> None:
    story = asked()
    story.agent(Act.DENY, unit="WATER")
    assert story.unit("WATER", Act.REQUEST_EXTENSION, until=UNTIL) is Status.ASSIGNED


# -- the decision on a report ---------------------------------------------------------------------------------------------

ADMISSION = at("11-11T00:00")


def test_the_competent_unit_decides_within_its_limit_and_the_reporter_is_told_it_accepts() -> None:  # Art. 9 ¶2
    story = assigned(report=Report.UNLAWFUL)
    assert story.due(Clock.ADMISSION, "WATER") == ADMISSION
    assert story.unit("WATER", Act.ADMIT) is Status.ASSIGNED
    assert story.assignment().admitted is True
    assert story.file.clock(Clock.ADMISSION, "WATER") is None
    assert (story.last(Act.ADMIT).basis, story.told()) == ("Art. 9 ¶2", [("person", "admit", None)])


def test_or_that_it_does_not_with_the_reason_and_the_centre_looks_at_it() -> None:  # Art. 9 ¶2
    story = assigned(report=Report.UNLAWFUL)
    with refused(Lacking):
        story.unit("WATER", Act.REJECT, texts=[])
    assert story.unit("WATER", Act.REJECT) is Status.REVIEW
    assert (story.assignment().handling, story.assignment().admitted) == (Handling.DONE, False)
    assert story.assignment().signed_at == story.now
    assert story.told() == [("person", "reject", None)]
    assert story.transfer("GAS") is Status.ASSIGNED  # another unit may be the competent one


@pytest.mark.parametrize(("arrival", "in_time"), around(ADMISSION))
def test_a_decision_at_the_due_instant_is_overdue_and_still_taken(arrival: datetime, in_time: bool) -> None:
    # Art. 9 ¶2
    story = assigned(report=Report.ACTION)
    story.until(arrival)
    overdue = [e.detail["clock"] for e in story.all(Mark.OVERDUE)]
    assert ("admission" in overdue) is not in_time
    assert story.unit("WATER", Act.ADMIT) is Status.ASSIGNED


def test_it_decides_once_and_only_where_there_is_a_report() -> None:  # Art. 9 ¶2
    story = assigned(report=Report.ACTION)
    story.unit("WATER", Act.ADMIT)
    for act in (Act.ADMIT, Act.REJECT):
        with refused(NotPermitted, art(9, paragraph=2)):
            story.unit("WATER", act)
        with refused(NotPermitted, art(9, paragraph=2)):
            assigned().unit("WATER", act)


def test_the_lead_rejects_while_an_assisting_unit_still_handles() -> None:  # Art. 9 ¶2
    story = assigned("GA", "WATER", report=Report.UNLAWFUL)
    assert story.unit("GA", Act.REJECT) is Status.ASSIGNED
    assert story.case.units == ("WATER",)
    assert story.feedback("WATER") is Status.REVIEW


# -- follow-up ------------------------------------------------------------------------------------------------------------


def test_the_centre_follows_every_transferred_case_up_a_ladder() -> None:  # Art. 12 ¶1
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(at("12-31T00:00"))
    ladder = [(e.event, e.at, e.basis) for e in story.entries if e.detail.get("clock") == "handling"]
    assert ladder == [
        (Mark.WARNED, at("11-07T00:00"), "house"),
        (Mark.URGED, at("11-10T00:00"), "house"),
        (Mark.OVERDUE, EXPIRY, "house"),
        (Mark.NOTICED, at("11-12T00:00"), "house"),
        (Mark.BULLETINED, at("11-18T00:00"), "house"),
    ]
    for step in story.steps[3:]:
        entry = step.entries[0]
        assert (entry.role, entry.unit, entry.detail["due"]) == ("system", "WATER", entry.detail["due"])
        if entry.event is not Mark.LAPSED:
            assert ("unit", entry.event.value, "WATER") in [(m.audience, m.template, m.unit) for m in step.notices]


def test_overdue_ends_no_handling_and_moves_no_due_instant() -> None:  # Art. 12 ¶1
    story = assigned()
    before = {running.id: (running.start, running.due) for running in story.file.clocks}
    story.until(at("12-31T00:00"))
    assert {running.id: (running.start, running.due) for running in story.file.clocks} == before
    assert story.case.status is Status.ASSIGNED
    assert story.assignment().active
    assert story.case.overdue
    assert all(running.passed for running in story.file.clocks)
    assert Mark.DUE_MOVED not in story.events


def test_urging_moves_no_due_instant_either() -> None:  # Art. 12 ¶1
    story = assigned()
    before = story.file.clocks
    story.person(Act.URGE)
    story.person(Act.URGE)
    assert (story.file.clocks, story.case.urges) == (before, 2)
    assert story.told() == [("unit", "urge", "WATER")]


def test_a_result_that_arrived_in_time_and_is_applied_late_withdraws_the_breach() -> None:  # Art. 12 ¶1
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(EXPIRY + timedelta(hours=8))
    assert story.case.overdue
    assert story.feedback(at=EXPIRY - INSTANT) is Status.CALLBACK  # and no ground for a review
    withdrawn = story.last(Mark.BREACH_WITHDRAWN)
    assert (withdrawn.unit, withdrawn.detail["clock"], withdrawn.detail["why"]) == (
        "WATER",
        "handling",
        "arrived_in_time",
    )
    assert story.last(Act.FEEDBACK).detail.get("late") is None


def test_one_that_arrived_at_the_due_instant_does_not() -> None:  # Art. 12 ¶1
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(EXPIRY)
    assert story.feedback(at=EXPIRY) is Status.REVIEW
    assert Mark.BREACH_WITHDRAWN not in story.events


# -- review of the result -------------------------------------------------------------------------------------------------


def late_result() -> Story:
    story = assigned()
    story.until(EXPIRY)
    story.feedback()
    return story


def redone_result() -> Story:
    story = at_callback()
    story.not_content()
    story.feedback()
    return story


def staff_result() -> Story:
    story = registered(matter=Matter.STAFF, respondent="HP")
    story.transfer()
    story.feedback()
    return story


def several_results() -> Story:
    story = assigned("WATER", "GAS")
    story.feedback("GAS")
    story.feedback("WATER")
    return story


GROUNDS: dict[str, Callable[[], Story]] = {
    "overdue": late_result,
    "redone": redone_result,
    "staff": staff_result,
    "report": in_review,
    "several": several_results,
}


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_centre_looks_at_the_result_on_each_ground_that_the_rule_set_names(ground: str) -> None:  # Art. 12 ¶1
    assert ground in rule_sets()[RULES].review
    story = GROUNDS[ground]()
    assert story.case.status is Status.REVIEW
    assert story.due(Clock.REVIEW)
    assert story.agent(Act.APPROVE) is Status.CALLBACK


@pytest.mark.parametrize("ground", GROUNDS)
def test_and_on_no_other(ground: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = rule_sets()[RULES]
    monkeypatch.setitem(rule_sets(), RULES, replace(rules, review=rules.review - {ground}))
    assert GROUNDS[ground]().case.status is Status.CALLBACK
    assert rule_sets()["demo"].review == rules.review == frozenset(GROUNDS)


def test_an_assisting_unit_that_gives_back_last_is_no_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rule_sets(), RULES, replace(rule_sets()[RULES], review=frozenset({"overdue"})))
    story = assigned("JW", "WATER")
    story.feedback("JW")
    assert story.unit("WATER", Act.RETURN) is Status.CALLBACK


def test_a_rule_set_may_have_every_result_looked_at() -> None:
    story = at_callback()
    assert review_grounds(Step(story.file, rule_sets()[RULES], CALENDAR, story.now)) == {"always"}


def test_the_centre_sends_a_result_back_with_the_reason_and_it_is_done_again() -> None:  # Art. 12 ¶1
    story = in_review()
    with refused(Lacking):
        story.agent(Act.SEND_BACK, texts=[])
    assert story.agent(Act.SEND_BACK) is Status.ASSIGNED
    assert (story.case.round, story.case.redos, story.assignment().active) == (2, 0, True)
    assert story.file.clock(Clock.ADMISSION, "WATER")


def test_the_review_has_a_limit_a_warning_and_an_overdue_entry() -> None:  # Art. 12 ¶1
    story = in_review()
    assert story.due(Clock.REVIEW) == at("11-05T00:00")
    story.until(at("11-04T22:00"))
    assert story.new() == [Mark.WARNED]
    story.until(at("11-05T00:00"))
    assert (story.new(), story.told()) == ([Mark.OVERDUE], [("centre", "overdue", None)])


def test_several_units_make_one_result_when_the_last_of_them_has_reported() -> None:  # Art. 11(1)
    story = assigned("JW", "WATER", "GAS")
    assert story.feedback("JW") is Status.ASSIGNED
    assert story.case.hands == "WATER"
    assert story.feedback("GAS") is Status.ASSIGNED
    assert story.feedback("WATER") is Status.REVIEW
    assert [running.clock for running in story.file.clocks] == [Clock.REVIEW]


def test_each_round_is_handled_by_the_units_that_reported_in_the_one_before() -> None:  # Art. 13
    story = assigned("JW", "WATER", "GAS")
    story.unit("GAS", Act.RETURN)
    story.feedback("WATER")
    story.feedback("JW")
    story.agent(Act.SEND_BACK)
    assert story.case.units == ("JW", "WATER")
    assert story.case.hands == "JW"


def test_a_holiday_notice_that_gives_the_centre_more_time_brings_the_units_ladder_back() -> None:  # Art. 12 ¶1
    story = asked()
    story.until(story.due(Clock.EXTENSION, CENTRE, "WATER"))
    assert story.rungs(Clock.HANDLING, "WATER") == {}
    story.holidays("off = [2025-11-06, 2025-11-07]")
    assert not story.clock(Clock.EXTENSION, CENTRE, "WATER").passed
    assert Mark.OVERDUE in story.rungs(Clock.HANDLING, "WATER")


def test_a_partners_handling_and_a_designated_ones_keep_what_they_are_when_redone() -> None:
    story = registered()
    story.agent(Act.REFER, lead="P-LOCK", choice=Choice.RECOMMENDED, **FIRST)
    story.feedback("P-LOCK")
    story.not_content()
    assert story.assignment("P-LOCK").choice is Choice.RECOMMENDED
    story = escalated()
    story.office(Act.DESIGNATE, lead="JW")
    story.feedback("JW")
    story.not_content()
    assert story.assignment("JW").designated


@pytest.mark.parametrize(("urgency", "due"), [("urgent", "11-03T10:30"), ("critical", "11-03T10:15")])
def test_the_more_urgent_the_sooner_it_is_signed_for(urgency: str, due: str) -> None:
    assert assigned(urgency=Urgency(urgency)).due(Clock.SIGN, "WATER") == at(due)


def test_no_result_of_a_report_before_the_decision_on_accepting_it() -> None:  # Art. 9 ¶2
    story = assigned(report=Report.UNLAWFUL)
    with refused(NotPermitted, art(9, paragraph=2)):
        story.feedback()
    story.unit("WATER", Act.ADMIT)
    assert story.feedback() is Status.REVIEW


def test_a_result_is_looked_at_where_any_of_the_units_was_late() -> None:  # Art. 12 ¶1
    story = assigned("JW", "WATER", rule_set=RULES)
    story.until(at("11-12T10:00"))
    story.feedback("JW")
    assert [part.late for part in story.file.assignments if part.unit == "JW"] == [True]


def test_what_the_centre_slept_away_is_no_breach_of_a_unit_whose_part_then_ends() -> None:
    story = asked()
    story.until(at("11-12T15:00"))
    story.agent(Act.RECALL)
    assert [entry.unit for entry in story.all(Mark.OVERDUE)] == [None]
