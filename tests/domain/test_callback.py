"""Callback and rating (Art. 13): at civil hours, a set number of times; the person's word closes, or it is redone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.refusals import Lacking, NotPermitted
from domain.regulation import art
from domain.ruleset import rule_sets
from domain.vocabulary import Act, Clock, Mark, Outcome, Rating, Reach, Role, Status, Text
from tests.cases import (
    INSTANT,
    RULES,
    Story,
    answered,
    around,
    assigned,
    at,
    at_callback,
    refused,
    supervised,
)


def reported(when: str, **facts: Any) -> Story:
    """At the callback, since the unit reported at this instant."""
    story = assigned(**facts)
    story.unit("WATER", Act.SIGN)
    story.until(at(when))
    story.feedback()
    return story


# -- ratings --------------------------------------------------------------------------------------------------------------


def test_after_an_answer_the_person_is_asked_for_a_rating_at_once() -> None:  # Art. 13
    story = answered()
    assert story.due(Clock.RATING) == at("11-04T10:00")  # a short window, from the answer on
    assert story.person(Act.RATE, rating=Rating.EXCELLENT) is Status.CLOSED
    assert story.case.outcome is Outcome.ANSWERED
    assert story.last(Act.RATE).detail == {"rating": "excellent"}


def test_nobody_rates_and_the_answer_stands() -> None:  # Art. 13
    story = answered()
    story.until(at("11-04T10:00") - INSTANT)
    assert story.case.status is Status.ANSWERED
    story.until(at("11-04T10:00"))
    assert (story.case.status, story.case.outcome) == (Status.CLOSED, Outcome.ANSWERED)
    assert story.last(Mark.LAPSED).detail["clock"] == "rating"


@pytest.mark.parametrize("given", [{"rating": Rating.POOR}, {"rating": Rating.BAD}])
def test_whoever_is_not_content_with_an_answer_is_heard_again(given: dict[str, Rating]) -> None:  # Art. 13
    story = answered()
    assert story.person(Act.RATE, **given) is Status.RETURNED
    assert story.new() == [Act.RATE, Mark.REDONE]
    assert {entry.basis for entry in story.steps[-1].entries} == {"Art. 13"}
    assert story.case.outcome is None
    assert story.due(Clock.REDISPATCH) == at("11-03T14:00")


def test_an_answer_is_given_again_a_set_number_of_times_then_a_supervisor_takes_it() -> None:  # Art. 13
    story = answered()
    assert story.person(Act.RATE, rating=Rating.POOR) is Status.RETURNED
    story.agent(Act.ANSWER)
    assert story.person(Act.RATE, rating=Rating.POOR) is Status.SUPERVISED
    assert story.supervisor(Act.CONCLUDE) is Status.CLOSED
    assert story.case.outcome is Outcome.UNRESOLVED
    story.until(story.due(Clock.DISPUTE))
    story.seal()
    assert story.new() == [Mark.SEALED]


def test_a_refusal_counts_at_hours_at_which_one_may_call() -> None:  # Art. 13
    story = reported("11-04T03:00")
    with refused(NotPermitted):
        story.call(Reach.REFUSED)


def test_not_resolved_weighs_more_than_a_friendly_grade() -> None:  # Art. 13
    assert answered().person(Act.RATE, rating=Rating.GOOD, resolved=False) is Status.RETURNED
    story = at_callback()
    assert story.call(Reach.REACHED, resolved=False, rating=Rating.EXCELLENT) is Status.ASSIGNED


@pytest.mark.parametrize("rating", Rating, ids=str)
def test_there_are_five_grades_and_the_upper_three_are_content(rating: Rating) -> None:  # Art. 13
    content = rating in (Rating.EXCELLENT, Rating.GOOD, Rating.FAIR)
    assert (at_callback().call(Reach.REACHED, resolved=True, rating=rating) is Status.CLOSED) is content
    assert (at_callback().person(Act.RATE, rating=rating, resolved=True) is Status.CLOSED) is content
    assert len(Rating) == 5


def test_a_rating_is_one_of_the_grades() -> None:  # Art. 13
    for story in (answered(), at_callback()):
        with refused(Lacking, art(13)):
            story.person(Act.RATE, resolved=True)


# -- the callback ---------------------------------------------------------------------------------------------------------


def test_what_units_handled_is_called_back_within_a_limit_and_the_outcome_is_on_record() -> None:  # Art. 13
    story = at_callback()
    assert story.due(Clock.CALLBACK) == at("11-07T00:00")
    assert story.case.desk == f"{story.case.number}-callback-1"
    assert story.content(texts=[Text.COMMENT]) is Status.CLOSED
    assert story.case.outcome is Outcome.RESOLVED
    entry = story.last(Act.ATTEMPT)
    assert (entry.basis, entry.role, entry.detail) == (
        "Art. 13",
        Role.CALLER,
        {"reach": "reached", "resolved": True, "rating": "good"},
    )
    assert Text.COMMENT in entry.notes
    assert (story.case.desk, story.case.call_at) == (story.case.number, None)


def test_a_callback_that_is_not_made_is_marked_overdue_and_still_made() -> None:  # Art. 13
    story = at_callback()
    story.until(at("11-20T10:00"))
    assert [e.event for e in story.entries if e.detail.get("clock") == "callback"] == [Mark.WARNED, Mark.OVERDUE]
    assert story.last(Mark.OVERDUE).at == at("11-07T00:00")
    assert story.case.overdue
    assert story.content() is Status.CLOSED


@pytest.mark.parametrize(
    ("reach", "given"), [(None, {}), (Reach.REACHED, {"rating": Rating.GOOD}), (Reach.REACHED, {"resolved": True})]
)
def test_a_call_says_what_came_of_it(reach: Reach | None, given: dict[str, object]) -> None:  # Art. 13
    story = at_callback()
    with refused(Lacking, art(13)):
        story.call(reach, **given)


def test_whoever_refuses_to_be_asked_is_not_asked_again() -> None:  # Art. 13
    story = at_callback()
    assert story.call(Reach.REFUSED) is Status.CLOSED
    assert story.case.outcome is Outcome.UNCONFIRMED
    assert Mark.UNREACHABLE not in story.events


# -- when one may call ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "call_from", "call_at"),
    [
        ("11-04T15:00", None, "11-04T15:00"),
        ("11-04T09:00", None, "11-04T09:00"),
        ("11-04T08:59", None, "11-04T09:00"),
        ("11-04T19:59", None, "11-04T19:59"),
        ("11-04T20:00", None, "11-05T09:00"),
        ("11-04T03:00", None, "11-04T09:00"),
        ("11-04T15:00", "18:30", "11-04T18:30"),
        ("11-04T19:00", "18:30", "11-04T19:00"),
        ("11-04T21:00", "18:30", "11-05T18:30"),
        ("11-04T08:00", "07:00", "11-04T09:00"),  # earlier than civil hours: civil hours
        ("11-04T08:00", "21:30", "11-04T09:00"),  # later than civil hours: they cannot be waited for
        ("11-04T08:00", "20:00", "11-04T09:00"),
        ("11-09T15:00", None, "11-09T15:00"),  # a Sunday: hours are kept, not working days
    ],
)
def test_the_first_call_is_at_civil_hours_and_not_before_the_hour_that_the_person_prefers(
    when: str, call_from: str | None, call_at: str
) -> None:  # Art. 13
    assert reported(when, call_from=call_from).case.call_at == at(call_at)


@pytest.mark.parametrize(("arrival", "too_early"), [(n, n < at("11-04T19:00")) for n, _ in around(at("11-04T19:00"))])
def test_the_next_attempt_counts_after_the_spacing(arrival: datetime, too_early: bool) -> None:  # Art. 13
    story = reported("11-04T15:00")
    assert story.call(Reach.NO_ANSWER) is Status.CALLBACK
    assert (story.case.attempts, story.case.call_at) == (1, at("11-04T19:00"))
    if too_early:
        with refused(NotPermitted):
            story.call(Reach.NO_ANSWER, at=arrival)
        assert story.case.attempts == 1
    else:
        story.call(Reach.NO_ANSWER, at=arrival)
        assert (story.case.attempts, story.case.call_at) == (2, at("11-05T09:00"))


@pytest.mark.parametrize("when", ["11-04T20:00", "11-04T23:30", "11-05T03:00", "11-05T08:59:59"])
def test_letting_it_ring_at_night_counts_for_nothing(when: str) -> None:  # Art. 13
    story = reported("11-04T15:00")
    with refused(NotPermitted):
        story.call(Reach.NO_ANSWER, at=at(when))
    assert story.case.attempts == 0


def test_nor_before_the_hour_that_the_person_prefers() -> None:  # Art. 13
    story = reported("11-04T15:00", call_from="18:30")
    story.call(Reach.NO_ANSWER, at=at("11-04T18:30"))
    with refused(NotPermitted):
        story.call(Reach.NO_ANSWER, at=at("11-05T12:00"))
    story.call(Reach.NO_ANSWER, at=at("11-05T18:30"))
    assert story.case.attempts == 2


def test_whoever_is_reached_is_heard_at_any_hour() -> None:  # Art. 13
    story = reported("11-04T22:00")
    assert story.content() is Status.CLOSED


def test_nobody_answers_a_set_number_of_times_and_the_person_is_told() -> None:  # Art. 13
    story = at_callback()
    for n in range(1, 4):
        assert story.case.call_at is not None
        story.until(story.case.call_at)
        status = story.call(Reach.NO_ANSWER)
        assert status is (Status.CLOSED if n == 3 else Status.CALLBACK)
        assert story.last(Act.ATTEMPT).detail["attempts"] == n
    assert (story.case.outcome, story.new()) == (Outcome.UNCONFIRMED, [Act.ATTEMPT, Mark.UNREACHABLE])
    assert {entry.basis for entry in story.steps[-1].entries} == {"Art. 13"}
    assert ("person", "unreachable", None) in story.told()
    assert story.due(Clock.DISPUTE)  # and may still come forward


@pytest.mark.parametrize("rules", [RULES, "demo"])
def test_the_number_of_attempts_is_the_rule_sets(rules: str) -> None:
    story = at_callback(rule_set=rules)
    while story.case.status is Status.CALLBACK:
        assert story.case.call_at is not None
        story.until(story.case.call_at)
        story.call(Reach.NO_ANSWER)
    assert story.case.attempts == rule_sets()[rules].numbers.callback_attempts


# -- without a number -----------------------------------------------------------------------------------------------------


def test_without_a_number_the_tracking_page_asks() -> None:  # Art. 13
    story = at_callback(reachable=False)
    assert [running.clock for running in story.file.clocks] == [Clock.TRACKING]
    assert (story.due(Clock.TRACKING), story.case.call_at) == (at("11-11T00:00"), None)
    with refused(Lacking, art(13)):
        story.person(Act.RATE, rating=Rating.GOOD)  # whether it is resolved, nobody says for them
    assert story.person(Act.RATE, rating=Rating.GOOD, resolved=True) is Status.CLOSED
    assert story.case.outcome is Outcome.RESOLVED


def test_and_if_nobody_answers_there_the_waiver_is_on_record() -> None:  # Art. 13
    story = at_callback(reachable=False)
    story.until(at("11-11T00:00") - INSTANT)
    assert story.case.status is Status.CALLBACK
    story.until(at("11-11T00:00"))
    assert (story.case.status, story.case.outcome) == (Status.CLOSED, Outcome.UNCONFIRMED)
    assert [(e.event, e.basis) for e in story.entries[-2:]] == [(Mark.LAPSED, "house"), (Mark.WAIVED, "Art. 13")]


@pytest.mark.parametrize("reach", [Reach.NO_ANSWER, Reach.REFUSED])
def test_nobody_is_called_who_left_no_number_so_no_call_shortens_the_window(reach: Reach) -> None:  # Art. 13
    story = at_callback(reachable=False)
    with refused(NotPermitted, art(13)):
        story.call(reach)
    assert (story.case.status, story.case.attempts) == (Status.CALLBACK, 0)


def test_whoever_has_a_number_may_rate_on_the_tracking_page_as_well() -> None:  # Art. 13
    story = at_callback()
    assert story.person(Act.RATE, rating=Rating.POOR, resolved=False) is Status.ASSIGNED


# -- done again -----------------------------------------------------------------------------------------------------------


def test_what_the_person_finds_wanting_is_done_again_by_the_same_units() -> None:  # Art. 13
    story = assigned("JW", "WATER")
    story.feedback("WATER")
    story.feedback("JW")
    story.agent(Act.APPROVE)
    assert story.not_content() is Status.ASSIGNED
    assert story.new() == [Act.ATTEMPT, Mark.REDONE]
    assert {entry.basis for entry in story.steps[-1].entries} == {"Art. 13"}
    assert (story.case.redos, story.case.round, story.case.units) == (1, 2, ("JW", "WATER"))
    assert (story.case.desk, story.case.call_at) == (story.case.number, None)
    assert {unit for audience, template, unit in story.told() if template == "redone"} == {"JW", "WATER"}


def test_the_units_have_all_their_clocks_anew() -> None:  # Art. 11, 13
    story = reported("11-10T15:00")
    story.not_content(at=at("11-11T10:00"))
    assert story.due(Clock.HANDLING, "WATER") == at("11-19T00:00")
    assert story.due(Clock.RETURN, "WATER") == at("11-13T00:00")


def test_redone_often_enough_it_comes_under_supervision() -> None:  # Art. 12 ¶1, 13
    story = supervised()
    assert (story.case.status, story.case.redos) == (Status.SUPERVISED, 1)
    assert story.due(Clock.SUPERVISION) == at("11-11T00:00")
    assert [running.clock for running in story.file.clocks] == [Clock.SUPERVISION]
    assert (story.case.hands, story.case.desk) == ("centre", story.case.number)
    story.until(at("11-11T00:00"))
    assert story.events[-2:] == [Mark.WARNED, Mark.OVERDUE]


def test_how_often_is_the_rule_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = rule_sets()[RULES]
    monkeypatch.setitem(rule_sets(), RULES, replace(rules, numbers=replace(rules.numbers, redos=0)))
    assert at_callback().not_content() is Status.SUPERVISED
    monkeypatch.setitem(rule_sets(), RULES, replace(rules, numbers=replace(rules.numbers, redos=2)))
    assert supervised().case.status is Status.ASSIGNED


def test_a_supervisor_sends_it_out_once_more_or_concludes_with_a_reason() -> None:  # Art. 12 ¶1
    assert supervised().supervisor(Act.TRANSFER, lead="GAS") is Status.ASSIGNED
    story = supervised()
    with refused(Lacking):
        story.supervisor(Act.CONCLUDE, texts=[])
    with refused(NotPermitted):
        story.agent(Act.CONCLUDE)
    assert story.supervisor(Act.CONCLUDE) is Status.CLOSED
    assert story.case.outcome is Outcome.UNRESOLVED


def test_the_second_callback_is_a_desk_of_its_own_with_fresh_attempts() -> None:
    story = at_callback()
    story.call(Reach.NO_ANSWER)
    story.not_content(at=story.now + timedelta(hours=1))
    story.feedback()
    story.agent(Act.APPROVE)
    assert (story.case.callbacks, story.case.attempts) == (2, 0)
    assert [running.clock for running in story.file.clocks] == [Clock.CALLBACK]
    assert story.case.desk == f"{story.case.number}-callback-2"
