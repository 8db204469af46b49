"""How a case ends: by its own exits, open to dispute for a while (house), and everything stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from domain.refusals import Lacking, NotPermitted, TooLate
from domain.regulation import art
from domain.ruleset import rule_sets
from domain.vocabulary import Act, Clock, Exclusion, Handling, Mark, Outcome, Procedure, Rating, Reach, Role, Status
from tests.cases import (
    RULES,
    Story,
    answered,
    around,
    assigned,
    at,
    at_callback,
    declined,
    escalated,
    in_review,
    incomplete,
    refused,
    registered,
    returned,
    supervised,
)

OPEN = [registered, answered, assigned, returned, escalated, in_review, at_callback, supervised]


@pytest.mark.parametrize("procedure", Procedure, ids=str)
def test_litigation_arbitration_reconsideration_or_petition_review_begins_meanwhile(procedure: Procedure) -> None:
    story = assigned("JW", "WATER")  # Art. 8(3)
    with refused(Lacking, art(8, item=3)):
        story.agent(Act.CEASE)
    with refused(Lacking):
        story.agent(Act.CEASE, procedure=procedure, texts=[])
    assert story.agent(Act.CEASE, procedure=procedure) is Status.CLOSED
    assert story.case.outcome is Outcome.CEASED
    assert (story.last(Act.CEASE).basis, story.last(Act.CEASE).detail) == ("Art. 8(3)", {"procedure": procedure})
    assert story.told() == [("person", "cease", None), ("unit", "cease", "JW"), ("unit", "cease", "WATER")]


@pytest.mark.parametrize("make", OPEN)
def test_it_may_begin_wherever_the_case_is(make: Callable[[], Story]) -> None:  # Art. 8(3)
    assert make().agent(Act.CEASE, procedure=Procedure.LITIGATION) is Status.CLOSED


@pytest.mark.parametrize("make", OPEN)
def test_the_person_withdraws_wherever_it_is_and_everything_stops(make: Callable[[], Story]) -> None:
    story = make()
    assert story.person(Act.WITHDRAW) is Status.CLOSED
    assert (story.case.outcome, story.file.clocks, story.file.active()) == (Outcome.WITHDRAWN, (), ())
    assert (story.case.desk, story.case.hands, story.case.call_at) == (story.case.number, "centre", None)
    assert not story.case.overdue


@pytest.mark.parametrize("role", [Role.CHANNEL, Role.AGENT, Role.SUPERVISOR], ids=str)
def test_a_withdrawal_that_somebody_relays_has_its_reason_and_may_be_disputed(role: Role) -> None:  # Art. 13
    story = assigned()
    with refused(Lacking):
        story.act(Act.WITHDRAW, role, texts=[])
    assert story.act(Act.WITHDRAW, role) is Status.CLOSED
    assert ("person", "withdraw", None) in story.told()
    assert story.person(Act.DISPUTE) is Status.RETURNED


def test_the_units_hear_of_it_and_their_handling_ends_as_recalled() -> None:
    story = assigned("JW", "WATER")
    story.person(Act.WITHDRAW)
    assert [a.handling for a in story.file.assignments] == [Handling.RECALLED] * 2
    assert story.told() == [("unit", "withdraw", "JW"), ("unit", "withdraw", "WATER"), ("person", "withdraw", None)]
    with refused(NotPermitted):
        story.feedback("JW")


def test_a_withdrawal_that_arrived_before_expiry_withdraws_the_breach_that_was_marked_meanwhile() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(at("11-11T06:00"))
    story.person(Act.WITHDRAW, at=at("11-10T23:00"))
    assert story.last(Mark.BREACH_WITHDRAWN).detail["clock"] == "handling"


# -- the dispute window ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arrival", "in_time"), around(at("11-11T00:00")))
def test_the_person_disputes_the_closure_within_a_window(arrival: datetime, in_time: bool) -> None:
    story = declined()
    assert story.due(Clock.DISPUTE) == at("11-11T00:00")
    with refused(Lacking):
        story.person(Act.DISPUTE, texts=[])
    if in_time:
        story.until(arrival)
        assert story.person(Act.DISPUTE) is Status.RETURNED
        assert (story.case.outcome, story.due(Clock.REDISPATCH) > arrival) == (None, True)
        assert story.told() == [("centre", "dispute", None)]
    else:
        with refused(TooLate):
            story.person(Act.DISPUTE, at=arrival)
        assert story.case.outcome is Outcome.DECLINED


def test_after_the_window_the_case_is_ready_for_the_archive() -> None:
    story = declined()
    story.until(at("11-11T00:00"))
    assert (story.case.status, story.file.clocks, story.new()) == (Status.CLOSED, (), [Mark.LAPSED])
    with refused(TooLate):
        story.person(Act.DISPUTE)
    assert story.seal() is Status.ARCHIVED


def test_the_window_does_not_end_while_a_dispute_that_arrived_in_time_waits_to_be_applied() -> None:
    story = declined()
    story.now = at("11-11T00:00")
    window = story.clock(Clock.DISPUTE)
    (rung,) = window.rungs
    assert story.strike(window, rung, awaited=True) is Status.CLOSED
    assert story.new() == []
    assert story.rungs(Clock.DISPUTE) == {Mark.LAPSED: at("11-11T00:00:30")}
    assert story.due(Clock.DISPUTE) == at("11-11T00:00")  # the due instant does not move
    assert story.person(Act.DISPUTE, at=at("11-10T23:59:59")) is Status.RETURNED


def disputable() -> dict[Outcome, Story]:
    """A case closed in each way."""
    stories = {outcome: at_callback() for outcome in (Outcome.RESOLVED, Outcome.UNCONFIRMED)}
    stories[Outcome.RESOLVED].content()
    stories[Outcome.UNCONFIRMED].call(Reach.REFUSED)
    stories[Outcome.ANSWERED] = answered()
    stories[Outcome.ANSWERED].person(Act.RATE, rating=Rating.FAIR)
    stories[Outcome.UNRESOLVED] = supervised()
    stories[Outcome.UNRESOLVED].supervisor(Act.CONCLUDE)
    stories[Outcome.DECLINED] = declined()
    stories[Outcome.CEASED] = registered()
    stories[Outcome.CEASED].agent(Act.CEASE, procedure=Procedure.PETITION)
    stories[Outcome.WITHDRAWN] = registered()
    stories[Outcome.WITHDRAWN].person(Act.WITHDRAW)
    return stories


def test_what_the_person_settled_themselves_is_not_disputed_everything_else_may_be() -> None:
    stories = disputable()
    assert set(stories) == set(Outcome)
    assert {outcome for outcome, story in stories.items() if story.file.clocks} == rule_sets()[RULES].disputable
    assert set(Outcome) - rule_sets()[RULES].disputable == {Outcome.RESOLVED, Outcome.WITHDRAWN}
    for outcome, story in stories.items():
        assert (story.case.outcome, story.case.status) == (outcome, Status.CLOSED)
        if story.file.clocks:
            assert story.person(Act.DISPUTE) is Status.RETURNED
        else:
            with refused(TooLate):
                story.person(Act.DISPUTE)


def test_a_file_that_the_archive_found_wanting_is_not_disputed_any_more() -> None:
    with refused(TooLate):
        incomplete().person(Act.DISPUTE)


def test_a_disputed_case_goes_on_with_its_counts() -> None:
    story = at_callback()
    story.not_content()
    story.feedback()
    story.agent(Act.APPROVE)
    story.call(Reach.REFUSED)
    story.person(Act.DISPUTE)
    assert (story.case.redos, story.case.round) == (1, 2)
    story.transfer("GAS")
    story.feedback("GAS")
    story.agent(Act.APPROVE)
    assert story.not_content() is Status.SUPERVISED


def test_it_may_turn_out_not_to_be_the_hotlines_business_after_all() -> None:  # Art. 8, 10(4)
    story = answered()
    story.person(Act.RATE, rating=Rating.GOOD)
    story.person(Act.DISPUTE, at=story.now + timedelta(hours=1))
    assert story.supervisor(Act.DECLINE, exclusion=Exclusion.CIVIL) is Status.CLOSED
