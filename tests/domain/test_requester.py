"""What the person says while the case is open; and a belief that nobody can clear (Art. 9 ¶3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.refusals import Lacking, NotYours
from domain.regulation import art
from domain.vocabulary import Act, Mark, Matter, Role, Status, Text, Urgency
from tests.cases import (
    Story,
    answered,
    assigned,
    at_callback,
    escalated,
    in_review,
    refused,
    registered,
    returned,
    supervised,
)

OPEN = [registered, answered, assigned, returned, escalated, in_review, at_callback, supervised]


@pytest.mark.parametrize("make", OPEN)
def test_that_somebody_believes_enforcement_infringed_their_rights_is_queued_whenever_they_say_so(
    make: Callable[[], Story],
) -> None:  # Art. 9 ¶3
    story = make()
    status = story.case.status
    assert story.person(Act.SUPPLEMENT, infringement=True) is status
    assert story.new() == [Act.SUPPLEMENT, Mark.HANDED_OVER]
    assert (story.last(Mark.HANDED_OVER).basis, story.steps[-1].handover) == ("Art. 9 ¶3", True)
    assert story.case.infringement


def test_it_is_queued_once_however_often_it_is_said() -> None:  # Art. 9 ¶3
    story = registered(infringement=True)
    story.person(Act.SUPPLEMENT, infringement=True)
    story.agent(Act.CORRECT, infringement=True, matter=Matter.ISSUE)
    assert [step.handover for step in story.steps] == [True, False, False]
    assert len(story.all(Mark.HANDED_OVER)) == 1


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR])
@pytest.mark.parametrize("said", [True, False])
def test_nobody_at_the_centre_can_clear_it(role: Role, said: bool) -> None:  # Art. 9 ¶3
    story = registered(infringement=said)
    with refused(NotYours, art(9, paragraph=3)):
        story.act(Act.CORRECT, role, infringement=False, urgency=Urgency.URGENT)
    assert story.case.infringement is said


def test_nor_does_anything_else_clear_it() -> None:  # Art. 9 ¶3
    story = registered(infringement=True)
    story.person(Act.SUPPLEMENT, infringement=False)
    story.agent(Act.CORRECT, matter=Matter.ISSUE)
    story.transfer()
    story.feedback()
    story.content()
    story.seal()
    assert story.case.infringement


def test_an_agent_may_enter_what_the_person_said_on_the_telephone() -> None:  # Art. 9 ¶3
    story = registered()
    story.agent(Act.CORRECT, infringement=True)
    assert (story.new(), story.steps[-1].handover) == ([Act.CORRECT, Mark.HANDED_OVER], True)


def test_a_supplement_says_something() -> None:
    story = assigned("JW", "WATER")
    with refused(Lacking):
        story.person(Act.SUPPLEMENT, texts=[])
    assert story.person(Act.SUPPLEMENT) is Status.ASSIGNED
    assert Text.REQUEST in story.last(Act.SUPPLEMENT).notes
    assert story.told() == [("unit", "supplement", "JW"), ("unit", "supplement", "WATER")]


@pytest.mark.parametrize("make", OPEN)
def test_urging_is_recorded_and_shown_to_the_units_and_changes_no_clock(make: Callable[[], Story]) -> None:
    # Art. 12 ¶1
    story = make()
    clocks, status = story.file.clocks, story.case.status
    assert story.person(Act.URGE) is status
    assert story.file.clocks == clocks
    assert (story.case.urges, story.last(Act.URGE).detail) == (1, {"urges": 1})
    assert {unit for _, template, unit in story.told() if template == "urge"} == set(story.case.units)


@pytest.mark.parametrize("role", [Role.REQUESTER, Role.CHANNEL, Role.AGENT, Role.SUPERVISOR])
def test_a_channel_or_an_agent_speaks_for_the_person(role: Role) -> None:
    story = registered()
    story.agent(Act.CLAIM, actor="wang")
    assert story.act(Act.SUPPLEMENT, role, actor="li") is Status.REGISTERED
    assert story.act(Act.WITHDRAW, role, actor="li") is Status.CLOSED
