"""NOTICES: what is entered is told to those whom it concerns, and to nobody else; in words that hold no personal ones."""

from __future__ import annotations

import pytest

from domain.messages import MESSAGES, message
from domain.notices import NOTICES
from domain.vocabulary import Act, Audience, Clock, Exclusion, Mark
from tests.cases import Story, assigned, at, at_callback, escalated, in_review, registered


def test_every_notice_for_a_person_has_its_message_and_every_message_a_notice() -> None:
    assert {event for event, audiences in NOTICES.items() if Audience.PERSON in audiences} == set(MESSAGES)


def test_a_message_holds_the_number_and_no_slot_that_nobody_fills() -> None:
    for event in MESSAGES:
        text = message(event.value, "TJ20251103000001", {})
        assert "TJ20251103000001" in text
        assert "{" not in text


def test_where_to_turn_instead_is_said_in_words_or_by_the_name_that_was_given() -> None:  # Art. 10(4)
    assert "110" in message("decline", "TJ1", {"turn_to": Exclusion.EMERGENCY.value})
    assert "COURT-HP" in message("decline", "TJ1", {"turn_to": "COURT-HP"})


def test_whoever_left_no_number_gets_no_message() -> None:
    story = registered(reachable=False)
    story.transfer()
    assert {m.audience for m in story.messages} == {Audience.UNIT}


def test_whoever_left_one_is_told_every_turn_of_the_case() -> None:
    story = registered()
    story.transfer()
    story.unit("WATER", Act.ASK)
    story.feedback()
    told = [m.template for m in story.messages if m.audience is Audience.PERSON]
    assert told == ["register", "transfer", "ask", "feedback"]


def overdue_at_the_centre() -> Story:
    story = registered()
    story.until(at("11-04T00:00"))
    return story


def overdue_at_a_unit() -> Story:
    story = assigned("JW", "WATER")
    story.feedback("JW")
    story.until(at("11-30T00:00"))
    return story


def overdue_at_the_office() -> Story:
    story = escalated()
    story.until(at("11-30T00:00"))
    return story


def overdue_review() -> Story:
    story = in_review()
    story.until(at("11-30T00:00"))
    return story


def overdue_callback() -> Story:
    story = at_callback()
    story.until(at("11-30T00:00"))
    return story


@pytest.mark.parametrize(
    ("story", "told"),
    [
        (overdue_at_the_centre(), {("centre", None)}),
        (overdue_at_a_unit(), {("unit", "WATER")}),
        (overdue_at_the_office(), {("office", None)}),
        (overdue_review(), {("centre", None)}),
        (overdue_callback(), {("centre", None)}),
    ],
    ids=["triage", "handling", "designation", "review", "callback"],
)
def test_a_clock_is_told_to_whoever_is_held_to_it(story: Story, told: set[tuple[str, str | None]]) -> None:
    # Art. 12 ¶1
    marks = (Mark.WARNED, Mark.URGED, Mark.OVERDUE, Mark.NOTICED, Mark.BULLETINED)
    struck = [step for step in story.steps if step.entries and step.entries[0].event in marks]
    assert struck
    for step in struck:
        breach = step.entries[0].event in (Mark.OVERDUE, Mark.NOTICED, Mark.BULLETINED)
        centre = {("centre", None)} if breach else set()  # which follows up
        assert {(m.audience.value, m.unit) for m in step.notices} == told | centre


def test_a_notice_of_a_clock_says_which_and_when() -> None:
    story = overdue_at_the_centre()
    (notice,) = story.steps[-1].notices
    assert notice.params == {"clock": "triage", "due": story.due(Clock.TRIAGE).isoformat()}


def test_a_window_that_ends_is_told_to_nobody() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(at("11-05T00:00"))
    assert story.new() == [Mark.LAPSED]
    assert story.told() == []


def test_a_unit_that_loses_the_case_and_the_one_that_gets_it_both_hear_of_it() -> None:
    story = assigned("JW")
    story.transfer("WATER")
    assert {unit for audience, _, unit in story.told() if audience == "unit"} == {"JW", "WATER"}


def test_the_centre_hears_what_units_tell_it() -> None:  # Art. 11(2), 11(3)
    for act in (Act.EXPLAIN, Act.REQUEST_EXTENSION, Act.RETURN):
        assert Audience.CENTRE in NOTICES[act]


def test_a_notice_bears_the_instant_of_its_entry() -> None:
    story = registered()
    story.transfer(at=at("11-03T10:05"))
    assert {m.at for m in story.steps[-1].notices} == {at("11-03T10:05")}


def test_no_notice_carries_a_note() -> None:  # Art. 15
    story = assigned()
    story.unit("WATER", Act.ASK)
    story.feedback()
    story.not_content()
    values = {str(value) for m in story.messages for value in m.params.values()}
    assert not any("note-" in value for value in values)
