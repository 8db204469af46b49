"""Joint cases: what is done once for all, which cases may be parts, and what a part keeps for itself (Art. 9 ¶2, 13, 15)."""

from __future__ import annotations

import pytest

from domain.acts import DUTIES
from domain.joint import CARRIED
from domain.lifecycle import MOVES
from domain.refusals import NotPermitted
from domain.regulation import art
from domain.vocabulary import Act, Exclusion, Matter, Report, Role, Status
from tests.cases import Story, assigned, refused, registered

JOINT = "J20251103-0a1b2c3d"
OF_A_PERSON = {Act.ATTEMPT, Act.RATE, Act.SUPPLEMENT, Act.URGE, Act.WITHDRAW, Act.DISPUTE, Act.ASK}
"""What one person says, or is asked: Art. 13 asks each for themselves."""


def joined(**facts: object) -> Story:
    story = registered(**facts)
    story.act(Act.JOIN, Role.AGENT, joint=JOINT)
    return story


def test_no_persons_own_word_is_given_for_all() -> None:  # Art. 13
    assert not OF_A_PERSON & CARRIED
    assert DUTIES.keys() > CARRIED
    assert {move.act for move in MOVES} >= CARRIED


def test_a_part_stands_where_it_stood_and_says_of_what_it_is_a_part() -> None:
    story = assigned("WATER")
    clocks = story.file.clocks
    story.act(Act.JOIN, Role.AGENT, joint=JOINT)
    assert (story.case.status, story.case.joint, story.file.clocks) == (Status.ASSIGNED, JOINT, clocks)
    assert story.entries[-1].detail == {"joint": JOINT}


@pytest.mark.parametrize("facts", [{"report": Report.UNLAWFUL}, {"matter": Matter.STAFF}])
def test_who_is_shielded_is_handled_alone(facts: dict[str, object]) -> None:  # Art. 9 ¶2, 15
    story = registered(**facts)
    with refused(NotPermitted, art(9, paragraph=2)):
        story.act(Act.JOIN, Role.AGENT, joint=JOINT)


def test_a_correction_to_such_a_matter_takes_it_out() -> None:  # Art. 9 ¶2, 15
    story = joined()
    story.act(Act.CORRECT, Role.AGENT, matter=Matter.STAFF, respondent="HP.XB")
    assert story.case.joint is None
    assert story.entries[-1].detail["left"] == JOINT


def test_one_case_is_part_of_one_joint_case() -> None:
    story = joined()
    with refused(NotPermitted):
        story.act(Act.JOIN, Role.AGENT, joint="another")
    story.act(Act.DETACH, Role.AGENT)
    assert story.case.joint is None
    with refused(NotPermitted):
        story.act(Act.DETACH, Role.AGENT)
    story.act(Act.JOIN, Role.AGENT, joint="another")
    assert story.case.joint == "another"


def test_what_is_done_for_all_is_on_record_as_such_and_reaches_no_stranger() -> None:
    story = joined()
    story.act(Act.TRANSFER, Role.AGENT, lead="WATER", joint=JOINT)
    assert story.entries[-1].detail["joint"] == JOINT
    story.act(Act.DETACH, Role.AGENT)
    with refused(NotPermitted):
        story.act(Act.SIGN, Role.UNIT, unit="WATER", joint=JOINT)
    story.act(Act.SIGN, Role.UNIT, unit="WATER")


def test_whoever_disputes_is_handled_alone() -> None:  # Art. 13
    """The joint case may be closed already."""
    story = joined()
    story.act(Act.DECLINE, Role.AGENT, exclusion=Exclusion.CIVIL)
    story.act(Act.DISPUTE, Role.REQUESTER)
    assert (story.case.status, story.case.joint) == (Status.RETURNED, None)
    assert story.entries[-1].detail["left"] == JOINT
