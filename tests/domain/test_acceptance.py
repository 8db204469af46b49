"""What the hotline takes in and what it does not (Art. 7, 8); registered first (9); declined with patience (10(4))."""

from __future__ import annotations

import pytest

from domain.acceptance import ACCEPTED, ELSEWHERE
from domain.messages import message
from domain.refusals import Lacking, NotPermitted
from domain.regulation import art
from domain.vocabulary import Act, Channel, Clock, Exclusion, Mark, Matter, Outcome, Report, Status, Text, Urgency
from tests.cases import at, refused, registered, returned


def taken_in(matter: Matter, item: int) -> None:
    """Accepted on this item of Art. 7, registered, and the Centre has its limit."""
    assert ACCEPTED[matter] == art(7, item=item)
    story = registered(matter=matter)
    assert (story.case.status, story.last(Act.REGISTER).detail["matter"]) == (Status.REGISTERED, matter)
    assert story.due(Clock.TRIAGE) == at("11-03T14:00")


def test_questions_on_policy_law_and_public_services_are_accepted() -> None:  # Art. 7(1)
    taken_in(Matter.CONSULTATION, 1)


def test_sudden_problems_of_daily_life_and_help_that_is_not_urgent_are_accepted() -> None:  # Art. 7(2)
    taken_in(Matter.HELP, 2)


def test_hot_and_difficult_issues_of_social_life_are_accepted() -> None:  # Art. 7(3)
    taken_in(Matter.ISSUE, 3)


def test_complaints_about_an_authoritys_staff_are_accepted() -> None:  # Art. 7(4)
    taken_in(Matter.STAFF, 4)


def test_opinions_and_suggestions_on_the_city_are_accepted() -> None:  # Art. 7(5)
    taken_in(Matter.SUGGESTION, 5)


def test_there_are_these_five_matters_and_no_other() -> None:  # Art. 7
    assert set(ACCEPTED) == set(Matter)
    assert sorted(ACCEPTED.values()) == [art(7, item=n) for n in range(1, 6)]


def turned_down(exclusion: Exclusion, item: int, *where: str) -> None:
    """Declined on this item of Art. 8, with the address where the person should turn instead."""
    elsewhere = ELSEWHERE[exclusion]
    assert elsewhere.basis == art(8, item=item)
    assert all(word in elsewhere.zh for word in where)
    story = registered()
    assert story.agent(Act.DECLINE, exclusion=exclusion) is Status.CLOSED
    entry = story.last(Act.DECLINE)
    assert (story.case.outcome, story.case.exclusion) == (Outcome.DECLINED, exclusion)
    assert (entry.basis, entry.detail["exclusion"]) == (f"Art. 8({item})", exclusion)
    (told,) = (m for m in story.steps[-1].notices if m.audience == "person")
    assert elsewhere.zh in message(told.template, story.case.number, {k: str(v) for k, v in told.params.items()})


def test_danger_to_life_or_property_belongs_to_110_119_and_120() -> None:  # Art. 8(1)
    turned_down(Exclusion.EMERGENCY, 1, "110", "119", "120")


def test_civil_disputes_outside_administrative_power_are_not_accepted() -> None:  # Art. 8(2)
    turned_down(Exclusion.CIVIL, 2, "调解", "法院")


def test_what_is_in_a_statutory_procedure_is_not_accepted() -> None:  # Art. 8(3)
    turned_down(Exclusion.PROCEDURE, 3, "法定程序")


def test_what_the_army_or_armed_police_governs_is_not_accepted() -> None:  # Art. 8(4)
    turned_down(Exclusion.MILITARY, 4, "军队", "武警")


def test_there_are_these_four_exclusions_and_no_other() -> None:  # Art. 8
    assert set(ELSEWHERE) == set(Exclusion)
    assert sorted(e.basis for e in ELSEWHERE.values()) == [art(8, item=n) for n in range(1, 5)]
    assert all(e.zh.strip() and e.en.strip() for e in ELSEWHERE.values())


def test_an_emergency_is_answered_at_once_and_is_on_record() -> None:  # Art. 8(1)
    story = registered(exclusion=Exclusion.EMERGENCY)
    assert story.file.clocks == ()  # nobody is given hours for it
    assert story.turn_away() is Status.CLOSED
    entry = story.last(Act.DECLINE)
    assert (entry.at, entry.basis, entry.role) == (story.case.registered_at, "Art. 8(1)", "system")
    assert entry.detail == {"exclusion": Exclusion.EMERGENCY, "turn_to": Exclusion.EMERGENCY}
    assert story.case.outcome is Outcome.DECLINED
    assert ("person", "decline", None) in story.told()


@pytest.mark.parametrize("channel", Channel, ids=str)
def test_a_request_is_registered_from_whatever_channel_it_comes(channel: Channel) -> None:  # Art. 9 ¶1
    story = registered(channel=channel)
    (entry,) = story.entries
    assert (entry.seq, entry.event, entry.basis, entry.at) == (1, Act.REGISTER, "Art. 9 ¶1", story.case.registered_at)
    assert entry.detail["channel"] == channel
    assert (story.case.version, story.case.entries, story.case.hands) == (1, 1, "centre")


@pytest.mark.parametrize("report", Report, ids=str)
def test_a_report_is_registered_before_anything_else_happens_to_it(report: Report) -> None:  # Art. 9 ¶2
    story = registered(report=report)
    assert [(e.event, e.basis) for e in story.entries] == [(Act.REGISTER, "Art. 9 ¶2")]
    assert story.entries[0].detail["report"] == report
    assert ("person", "register", None) in story.told()


def test_the_belief_that_enforcement_infringed_rights_is_queued_when_the_request_comes_in() -> None:  # Art. 9 ¶3
    story = registered(infringement=True)
    assert story.steps[0].handover
    assert [(e.event, e.basis) for e in story.entries] == [
        (Act.REGISTER, "Art. 9 ¶1"),
        (Mark.HANDED_OVER, "Art. 9 ¶3"),
    ]
    assert not registered().steps[0].handover


def test_an_emergency_with_such_a_belief_is_queued_all_the_same() -> None:  # Art. 9 ¶3
    assert registered(infringement=True, exclusion=Exclusion.EMERGENCY).steps[0].handover


def test_declining_names_the_exclusion_and_tells_the_person_patiently_why() -> None:  # Art. 10(4)
    story = registered()
    with refused(Lacking, art(8)):
        story.agent(Act.DECLINE)
    with refused(Lacking, art(10, item=4)):
        story.agent(Act.DECLINE, exclusion=Exclusion.CIVIL, texts=[])
    assert story.agent(Act.DECLINE, exclusion=Exclusion.CIVIL) is Status.CLOSED
    assert Text.PUBLIC in story.last(Act.DECLINE).notes


def test_another_address_than_the_usual_one_may_be_named() -> None:  # Art. 10(4)
    story = registered()
    story.agent(Act.DECLINE, exclusion=Exclusion.PROCEDURE, turn_to="COURT-HP")
    assert story.last(Act.DECLINE).detail["turn_to"] == "COURT-HP"
    (told,) = (m for m in story.steps[-1].notices if m.audience == "person")
    assert "COURT-HP" in message(told.template, story.case.number, {k: str(v) for k, v in told.params.items()})


def test_what_came_back_from_a_unit_may_turn_out_not_to_be_accepted() -> None:  # Art. 10(4)
    story = returned()
    with refused(NotPermitted):  # what was transferred, an agent alone does not close (Art. 13)
        story.agent(Act.DECLINE, exclusion=Exclusion.MILITARY)
    assert story.supervisor(Act.DECLINE, exclusion=Exclusion.MILITARY) is Status.CLOSED


@pytest.mark.parametrize(("urgency", "due"), [("normal", "14:00"), ("urgent", "10:30"), ("critical", "10:15")])
def test_the_centre_has_its_own_limit_from_registration_on(urgency: str, due: str) -> None:  # Art. 9 ¶2, 10(2)
    story = registered(urgency=Urgency(urgency))
    assert story.due(Clock.TRIAGE) == at(f"11-03T{due}") == story.case.due_at


def test_a_request_that_nobody_touches_is_marked_overdue_at_the_centre() -> None:  # Art. 9 ¶2, 10(2)
    story = registered()
    story.until(at("11-03T13:44:59"))
    assert story.events == [Act.REGISTER]
    story.until(at("11-03T13:45"))
    assert story.new() == [Mark.WARNED]
    story.until(at("11-03T14:00"))
    assert story.new() == [Mark.OVERDUE]
    assert story.case.overdue
    assert story.told() == [("centre", "overdue", None)]
    story.transfer()
    assert not story.case.overdue
    assert story.all(Mark.BREACH_WITHDRAWN) == []


def test_what_the_centre_did_in_time_and_is_applied_late_withdraws_its_breach() -> None:
    story = registered()
    story.until(at("11-03T14:00"))
    story.transfer(at=at("11-03T13:59:59"))
    entry = story.last(Mark.BREACH_WITHDRAWN)
    assert (entry.detail["clock"], entry.detail["owner"], entry.detail["why"]) == (
        "triage",
        "centre",
        "arrived_in_time",
    )
