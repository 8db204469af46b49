"""Who takes it: the four ways (Art. 10), reports (9 ¶2), nobody's own cause (7(4)), the office's designation (12 ¶2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from domain.refusals import Lacking, NotPermitted, NotYours, OwnCause, TooLate
from domain.regulation import art
from domain.vocabulary import (
    Act,
    Choice,
    Clock,
    Exclusion,
    Handling,
    Mark,
    Matter,
    Part,
    Report,
    Role,
    Status,
    Text,
    Urgency,
)
from tests.cases import (
    FIRST,
    INSTANT,
    Story,
    answered,
    assigned,
    at,
    at_callback,
    escalated,
    in_review,
    refused,
    registered,
    returned,
    supervised,
)


def complaint(respondent: str = "HP", **facts: Any) -> Story:
    """A complaint about the staff of this office."""
    return registered(matter=Matter.STAFF, respondent=respondent, **facts)


# -- the four ways ------------------------------------------------------------------------------------------------------


def test_what_the_centre_can_answer_it_answers_and_asks_for_a_rating_at_once() -> None:  # Art. 10(1)
    story = registered(matter=Matter.CONSULTATION)
    with refused(Lacking):
        story.agent(Act.ANSWER, texts=[])
    assert story.agent(Act.ANSWER) is Status.ANSWERED
    assert [running.clock for running in story.file.clocks] == [Clock.RATING]
    assert story.told() == [("person", "answer", None)]
    assert story.last(Act.ANSWER).basis == "Art. 10(1)"


def test_an_answer_from_the_knowledge_base_names_entry_and_version_and_no_other_answer_says_anything() -> None:
    for given in ({"entry": 12}, {"version": 3}):
        with refused(Lacking, art(10, item=1)):
            registered().agent(Act.ANSWER, **given)
    story = registered()
    story.agent(Act.ANSWER, entry=12, version=3)
    assert story.last(Act.ANSWER).detail == {"entry": 12, "version": 3}
    plain = registered()
    plain.agent(Act.ANSWER)
    assert plain.last(Act.ANSWER).detail == {}


def test_what_is_an_authoritys_business_is_transferred_with_a_limit() -> None:  # Art. 10(2)
    story = registered()
    with refused(Lacking, art(10, item=2)):
        story.agent(Act.TRANSFER)
    assert story.transfer() is Status.ASSIGNED
    mine = story.assignment()
    assert (mine.part, mine.handling, mine.delivered_at) == (Part.LEAD, Handling.DELIVERED, at("11-03T10:00"))
    assert story.due(Clock.HANDLING, "WATER") == at("11-11T00:00")
    assert story.file.clock(Clock.TRIAGE, "centre") is None
    assert (story.case.hands, story.case.units, story.case.due_at) == ("WATER", ("WATER",), at("11-05T00:00"))
    assert story.told() == [("person", "transfer", None), ("unit", "transfer", "WATER")]


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        ({}, "11-11T00:00"),
        ({"matter": Matter.SUGGESTION}, "11-18T00:00"),
        ({"urgency": Urgency.URGENT}, "11-05T00:00"),
        ({"urgency": Urgency.CRITICAL}, "11-04T10:00"),
        ({"matter": Matter.SUGGESTION, "urgency": Urgency.URGENT}, "11-05T00:00"),  # the urgency is the stronger
    ],
)
def test_the_limit_depends_on_matter_and_urgency(facts: dict[str, Any], due: str) -> None:  # Art. 10(2)
    assert assigned(**facts).due(Clock.HANDLING, "WATER") == at(due)


@pytest.mark.parametrize(("term", "due"), [("2wd", "11-06T00:00"), ("36h", "11-04T22:00"), ("20wd", "12-02T00:00")])
def test_the_centre_may_set_another_limit_with_the_transfer(term: str, due: str) -> None:  # Art. 10(2)
    story = registered()
    story.transfer(term=term)
    assert story.due(Clock.HANDLING, "WATER") == at(due)
    assert story.due(Clock.SIGN, "WATER") == at("11-05T00:00")


@pytest.mark.parametrize("term", ["0wd", "0h", "5", "five", "1.5h", "10000wd", "-1wd"])
def test_a_limit_that_is_none_is_refused(term: str) -> None:  # Art. 10(2)
    with refused(Lacking, art(10, item=2)):
        registered().transfer(term=term)


@pytest.mark.parametrize("choice", Choice, ids=str)
def test_a_partner_is_recommended_or_chosen_and_bound_like_a_unit(choice: Choice) -> None:  # Art. 10(3), 11
    story = registered()
    with refused(Lacking, art(10, item=3)):
        story.agent(Act.REFER, lead="P-LOCK")
    with refused(Lacking, art(10, item=3)):
        story.agent(Act.REFER, choice=choice)
    assert story.agent(Act.REFER, lead="P-LOCK", choice=choice, **FIRST) is Status.ASSIGNED
    assert (story.assignment("P-LOCK").part, story.assignment("P-LOCK").choice) == (Part.PARTNER, choice)
    assert {running.clock for running in story.file.clocks} == {Clock.SIGN, Clock.RETURN, Clock.HANDLING}
    assert story.last(Act.REFER).detail.items() >= ({"choice": choice} | FIRST).items()
    assert story.feedback("P-LOCK") is Status.CALLBACK


def test_whom_the_centre_recommends_it_takes_from_a_list_best_first() -> None:  # Art. 10(3), 24
    story = registered()
    with refused(Lacking, art(10, item=3)):
        story.agent(Act.REFER, lead="P-LOCK", choice=Choice.RECOMMENDED)
    with refused(Lacking):
        story.agent(Act.REFER, lead="P-LOCK", choice=Choice.RECOMMENDED, offer="list-1", place=2)
    assert (
        story.agent(Act.REFER, lead="P-LOCK", choice=Choice.RECOMMENDED, offer="list-1", place=2, texts=(Text.REASON,))
        is Status.ASSIGNED
    )


def test_a_partner_may_give_back_and_does_it_over_if_the_person_is_not_content() -> None:  # Art. 10(3), 11(3), 13
    story = registered()
    story.agent(Act.REFER, lead="P-LOCK", choice=Choice.CHOSEN)
    story.feedback("P-LOCK")
    assert story.not_content() is Status.ASSIGNED
    assert (story.assignment("P-LOCK").part, story.assignment("P-LOCK").choice) == (Part.PARTNER, Choice.CHOSEN)
    assert story.unit("P-LOCK", Act.RETURN) is Status.RETURNED


# -- reports --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", Report, ids=str)
def test_a_report_goes_to_the_competent_unit_and_nowhere_else(report: Report) -> None:  # Art. 9 ¶2
    story = registered(report=report)
    with refused(NotPermitted, art(9, paragraph=2)):
        story.agent(Act.ANSWER)
    with refused(NotPermitted, art(9, paragraph=2)):
        story.agent(Act.REFER, lead="P-LOCK", choice=Choice.CHOSEN)
    assert story.transfer("GA", "JT") is Status.ASSIGNED
    assert story.due(Clock.ADMISSION, "GA") == at("11-11T00:00")
    assert story.file.clock(Clock.ADMISSION, "JT") is None  # the lead decides
    assert assigned().file.clock(Clock.ADMISSION, "WATER") is None


def test_a_case_that_turns_out_to_be_a_report_gets_the_clock_of_the_decision() -> None:  # Art. 9 ¶2
    story = assigned("GA", "JT")
    story.agent(Act.CORRECT, report=Report.UNLAWFUL)
    assert story.file.clock(Clock.ADMISSION, "GA")
    assert story.file.clock(Clock.ADMISSION, "JT") is None
    story.unit("GA", Act.ADMIT)
    story.agent(Act.CORRECT, report=Report.ACTION)
    assert story.file.clock(Clock.ADMISSION, "GA") is None  # it has decided


# -- nobody's own cause -------------------------------------------------------------------------------------------------


def by_transfer(story: Story, unit: str) -> None:
    story.transfer(unit)


def as_assisting(story: Story, unit: str) -> None:
    story.transfer("GA", unit)


def by_referral(story: Story, unit: str) -> None:
    story.agent(Act.REFER, lead=unit, choice=Choice.CHOSEN)


def by_designation(story: Story, unit: str) -> None:
    story.agent(Act.ESCALATE)
    story.office(Act.DESIGNATE, lead=unit)


def by_designation_as_assisting(story: Story, unit: str) -> None:
    story.agent(Act.ESCALATE)
    story.office(Act.DESIGNATE, lead="GA", assisting=(unit,))


def by_revision(story: Story, unit: str) -> None:
    story.agent(Act.ESCALATE)
    story.office(Act.DESIGNATE, lead="GA")
    story.office(Act.REVISE, lead=unit)


def after_a_return(story: Story, unit: str) -> None:
    story.transfer("GA")
    story.unit("GA", Act.RETURN)
    story.transfer(unit)


def from_review(story: Story, unit: str) -> None:
    story.transfer("GA")
    story.feedback("GA")
    story.transfer(unit)


WAYS = [
    by_transfer,
    as_assisting,
    by_referral,
    by_designation,
    by_designation_as_assisting,
    by_revision,
    after_a_return,
    from_review,
]


@pytest.mark.parametrize("unit", ["HP", "HP.XB", "HP.XB.1"])
@pytest.mark.parametrize("way", WAYS)
def test_a_complaint_about_staff_never_goes_to_the_office_complained_of_nor_below_it(
    way: Callable[[Story, str], None], unit: str
) -> None:  # Art. 7(4)
    story = complaint("HP")
    with refused(OwnCause, art(7, item=4)):
        way(story, unit)
    assert unit not in story.case.units


@pytest.mark.parametrize("unit", ["HP", "HP1", "HPX.XB", "GA"])
def test_it_may_go_to_the_office_above_it_and_to_any_other(unit: str) -> None:  # Art. 7(4)
    assert complaint("HP.XB").transfer(unit) is Status.ASSIGNED


def test_the_office_complained_of_must_be_named_before_anybody_handles_the_complaint() -> None:  # Art. 7(4)
    story = registered(matter=Matter.STAFF)
    with refused(Lacking, art(7, item=4)):
        story.transfer("GA")
    assert story.transfer("GA", respondent="HP") is Status.ASSIGNED
    assert story.case.respondent == "HP"


def test_the_transfer_that_names_the_office_complained_of_is_judged_by_it() -> None:  # Art. 7(4)
    story = registered(matter=Matter.STAFF)
    with refused(OwnCause, art(7, item=4)):
        story.transfer("HP.XB", respondent="HP")


def test_the_record_shows_whom_a_transfer_named_as_complained_of_and_who_it_was_before() -> None:  # Art. 7(4), 14
    story = registered(respondent="HP")
    story.transfer("GA", respondent="HD")
    detail = story.last(Act.TRANSFER).detail
    assert (detail["respondent"], detail["old_respondent"]) == ("HD", "HP")


def test_whom_a_complaint_about_staff_is_about_a_supervisor_corrects_with_the_reason() -> None:  # Art. 7(4)
    story = complaint("HP")
    with refused(NotPermitted, art(7, item=4)):
        story.transfer("HP", respondent="HD")
    for facts in ({"respondent": "HD"}, {"matter": Matter.ISSUE}):
        with refused(NotPermitted, art(7, item=4)):
            story.agent(Act.CORRECT, **facts)
        with refused(Lacking):
            story.supervisor(Act.CORRECT, **facts)
    assert story.supervisor(Act.CORRECT, respondent="HD", texts=[Text.REASON]) is Status.REGISTERED
    assert story.transfer("HP") is Status.ASSIGNED


def test_a_case_is_not_turned_into_a_complaint_about_the_unit_that_handles_it() -> None:  # Art. 7(4)
    story = assigned("HP.XB")
    with refused(OwnCause, art(7, item=4)):
        story.agent(Act.CORRECT, matter=Matter.STAFF, respondent="HP")
    with refused(Lacking, art(7, item=4)):
        story.agent(Act.CORRECT, matter=Matter.STAFF)
    story.agent(Act.RECALL)
    assert story.agent(Act.CORRECT, matter=Matter.STAFF, respondent="HP") is Status.RETURNED


def test_nor_into_one_about_the_unit_that_handled_it_and_might_have_to_do_it_again() -> None:  # Art. 7(4), 13
    for story in (at_callback(), in_review()):
        with refused(OwnCause, art(7, item=4)):
            story.agent(Act.CORRECT, matter=Matter.STAFF, respondent="WATER")
    story = at_callback()
    story.supervisor(Act.OVERRIDE)
    story.agent(Act.CORRECT, matter=Matter.STAFF, respondent="WATER")
    with refused(OwnCause, art(7, item=4)):
        story.transfer("WATER")


def test_it_is_the_complaint_about_staff_that_goes_elsewhere_not_every_case_with_that_office() -> None:  # Art. 7(4)
    assert registered(matter=Matter.ISSUE, respondent="HP").transfer("HP") is Status.ASSIGNED


# -- several units --------------------------------------------------------------------------------------------------------


def test_lead_and_assisting_units_handle_in_parallel_each_with_its_own_clocks() -> None:  # Art. 10(2), 11
    story = assigned("JW", "WATER", "GAS")
    assert [(a.unit, a.part) for a in story.file.active()] == [
        ("JW", Part.LEAD),
        ("WATER", Part.ASSISTING),
        ("GAS", Part.ASSISTING),
    ]
    for unit in ("JW", "WATER", "GAS"):
        assert {c.clock for c in story.file.clocks if c.owner == unit} == {Clock.SIGN, Clock.RETURN, Clock.HANDLING}
    assert {unit for audience, _, unit in story.told() if audience == "unit"} == {"JW", "WATER", "GAS"}
    assert story.last(Act.TRANSFER).detail == {"lead": "JW", "assisting": "WATER,GAS"}


def test_the_case_stays_in_the_leads_hands_whoever_signs_first() -> None:
    story = assigned("JW", "WATER")
    for unit in ("JW", "WATER"):
        story.unit(unit, Act.SIGN)
        assert (story.case.hands, story.case.units) == ("JW", ("JW", "WATER"))


@pytest.mark.parametrize("assisting", [("JW",), ("WATER", "WATER")])
def test_a_unit_is_named_once(assisting: tuple[str, ...]) -> None:
    with refused(Lacking):
        registered().transfer("JW", *assisting)


# -- recall, reassignment, claims -----------------------------------------------------------------------------------------


def test_the_centre_takes_an_assignment_back_at_any_time() -> None:  # Art. 11(3), house
    story = assigned("JW", "WATER")
    story.until(at("11-20T09:00"))
    assert story.agent(Act.RECALL) is Status.RETURNED
    assert [a.handling for a in story.file.assignments] == [Handling.RECALLED] * 2
    assert [running.clock for running in story.file.clocks] == [Clock.REDISPATCH]
    assert {unit for audience, _, unit in story.told() if audience == "unit"} == {"JW", "WATER"}
    assert (story.case.hands, story.case.units, story.case.overdue) == ("centre", (), False)


def test_the_centre_assigns_anew_without_waiting_for_the_case_to_come_back() -> None:
    story = assigned("JW", "WATER")
    assert story.transfer("GAS") is Status.ASSIGNED
    assert story.new()[:2] == [Act.TRANSFER, Mark.REASSIGNED]
    assert story.last(Act.TRANSFER).detail == {"lead": "GAS"}
    assert (story.case.round, story.case.units) == (2, ("GAS",))
    recalled = {a.unit: a.handling for a in story.steps[-1].assignments if a.round == 1}
    assert recalled == {"JW": Handling.RECALLED, "WATER": Handling.RECALLED}
    assert {running.owner for running in story.file.clocks} == {"GAS"}
    with refused(NotYours):
        story.feedback("JW")


def test_what_came_back_has_its_own_limit_for_going_out_again() -> None:  # Art. 9 ¶2, 10(2)
    story = returned()
    assert story.due(Clock.REDISPATCH) == at("11-03T14:00")
    story.until(at("11-03T14:00"))
    assert story.events[-2:] == [Mark.WARNED, Mark.OVERDUE]
    assert story.last(Mark.OVERDUE).detail["clock"] == "redispatch"
    story.transfer("GAS")
    assert story.file.clock(Clock.REDISPATCH, "centre") is None


def test_what_one_agent_claimed_no_other_agent_works_on() -> None:
    story = registered()
    story.agent(Act.CLAIM, actor="wang")
    assert story.case.holder == "wang"
    for act in (Act.CLAIM, Act.RELEASE, Act.ANSWER):
        with refused(NotYours):
            story.agent(act, actor="li")
    assert story.agent(Act.URGE, actor="li") is Status.REGISTERED  # for the person, anybody may
    assert story.agent(Act.ANSWER, actor="wang") is Status.ANSWERED
    assert story.case.holder is None  # and the claim ends with the step


def test_a_claim_is_released_or_taken_over_by_a_supervisor() -> None:
    story = registered()
    story.agent(Act.CLAIM, actor="wang")
    story.supervisor(Act.CLAIM, actor="zhao")
    assert story.case.holder == "zhao"
    story.supervisor(Act.RELEASE, actor="zhao")
    assert story.case.holder is None
    assert story.agent(Act.CLAIM, actor="li") is Status.REGISTERED


def test_a_claim_lasts_through_what_leaves_the_case_where_it_is() -> None:
    story = registered()
    story.agent(Act.CLAIM, actor="wang")
    story.person(Act.SUPPLEMENT)
    story.until(at("11-03T14:00"))
    assert story.case.holder == "wang"


@pytest.mark.parametrize("make", [answered, assigned, escalated, in_review, at_callback, supervised])
def test_a_supervisor_takes_a_case_back_from_wherever_it_is_with_a_reason(make: Callable[[], Story]) -> None:
    story = make()
    with refused(Lacking):
        story.supervisor(Act.OVERRIDE, texts=[])
    assert story.supervisor(Act.OVERRIDE) is Status.RETURNED
    assert (story.case.hands, story.case.desk, story.case.call_at) == ("centre", story.case.number, None)
    assert [running.clock for running in story.file.clocks] == [Clock.REDISPATCH]
    assert Text.REASON in story.last(Act.OVERRIDE).notes


# -- corrections --------------------------------------------------------------------------------------------------------


def test_a_correction_is_on_record_with_what_it_was_before() -> None:
    story = registered()
    story.agent(Act.CORRECT, matter=Matter.ISSUE, urgency=Urgency.URGENT)
    assert story.last(Act.CORRECT).detail == {
        "matter": "issue",
        "old_matter": "help",
        "urgency": "urgent",
        "old_urgency": "normal",
    }
    assert (story.case.matter, story.case.urgency) == (Matter.ISSUE, Urgency.URGENT)
    with refused(Lacking):
        story.agent(Act.CORRECT)


def test_clocks_follow_a_correction_each_with_old_new_and_reason() -> None:
    story = assigned()
    story.now = at("11-04T09:00")
    story.agent(Act.CORRECT, urgency=Urgency.URGENT)
    assert story.due(Clock.HANDLING, "WATER") == at("11-06T00:00")  # 1wd, from the correction
    assert story.due(Clock.SIGN, "WATER") == at("11-04T09:30")
    moved = {entry.detail["clock"]: entry.detail for entry in story.all(Mark.DUE_MOVED)}
    assert set(moved) == {"handling", "sign"}
    assert datetimes(moved["handling"]) == (at("11-11T00:00"), at("11-06T00:00"))
    assert moved["handling"]["why"] == "corrected"
    assert ("unit", "due_moved", "WATER") in story.told()


def test_a_longer_limit_counts_from_the_delivery_a_shorter_one_from_the_correction() -> None:
    story = assigned(urgency=Urgency.URGENT)
    story.now = at("11-04T09:00")
    story.agent(Act.CORRECT, urgency=Urgency.NORMAL)
    assert story.due(Clock.HANDLING, "WATER") == at("11-11T00:00")
    story.agent(Act.CORRECT, urgency=Urgency.CRITICAL)
    assert story.due(Clock.HANDLING, "WATER") == at("11-05T09:00")


def test_correcting_to_and_fro_gains_nobody_time() -> None:
    story = assigned()
    before = {c.id: c.due for c in story.file.clocks}
    story.now = at("11-04T09:00")
    for urgency in (Urgency.URGENT, Urgency.CRITICAL, Urgency.NORMAL):
        story.agent(Act.CORRECT, urgency=urgency)
    assert {c.id: c.due for c in story.file.clocks} == before


def test_more_urgent_is_never_later() -> None:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    story.until(at("11-10T15:00"))  # the last day
    story.agent(Act.CORRECT, urgency=Urgency.URGENT)
    assert story.due(Clock.HANDLING, "WATER") == at("11-11T00:00")
    assert Mark.DUE_MOVED not in story.events


def test_a_breach_is_not_washed_away_by_making_the_case_more_urgent() -> None:
    story = assigned()
    story.until(at("11-13T09:00"))
    assert story.case.overdue
    story.agent(Act.CORRECT, urgency=Urgency.URGENT)
    assert story.case.overdue
    assert story.due(Clock.HANDLING, "WATER") == at("11-11T00:00")
    assert Mark.BREACH_WITHDRAWN not in story.events


def test_the_limit_that_the_centre_set_stays_when_the_correction_concerns_no_limit() -> None:  # Art. 10(2)
    story = registered()
    story.transfer("GA", term="2wd")
    story.agent(Act.CORRECT, respondent="HP")
    story.agent(Act.CORRECT, infringement=True)
    story.agent(Act.CORRECT, matter=Matter.ISSUE)
    assert story.due(Clock.HANDLING, "GA") == at("11-06T00:00")
    story.transfer("GA", term="20wd")
    story.agent(Act.CORRECT, respondent="HD")
    assert story.due(Clock.HANDLING, "GA") == at("12-02T00:00")


def test_the_limit_that_the_centre_set_is_shortened_by_a_correction_and_never_lengthened() -> None:  # Art. 10(2)
    story = registered()
    story.transfer("GA", term="2wd")
    story.agent(Act.CORRECT, matter=Matter.SUGGESTION)
    assert story.due(Clock.HANDLING, "GA") == at("11-06T00:00")
    story.agent(Act.CORRECT, urgency=Urgency.CRITICAL)
    assert story.due(Clock.HANDLING, "GA") == at("11-04T10:00")


def test_the_window_for_giving_back_is_the_laws_and_follows_no_correction() -> None:  # Art. 11(3)
    story = assigned()
    story.unit("WATER", Act.DECLARE_COMPLEX)
    story.agent(Act.CORRECT, urgency=Urgency.CRITICAL, matter=Matter.SUGGESTION)
    assert story.due(Clock.RETURN, "WATER") == at("11-06T00:00")


def test_a_day_that_was_granted_stays_whatever_is_corrected() -> None:
    story = assigned()
    story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, 20))
    story.agent(Act.GRANT, unit="WATER")
    story.agent(Act.CORRECT, urgency=Urgency.URGENT)
    assert story.due(Clock.HANDLING, "WATER") == at("11-21T00:00")


def test_the_centres_own_clock_follows_a_correction_too() -> None:  # Art. 9 ¶2, 10(2)
    story = registered()
    story.now = at("11-03T10:05")
    story.agent(Act.CORRECT, urgency=Urgency.CRITICAL)
    assert story.due(Clock.TRIAGE) == at("11-03T10:20")
    assert story.rungs(Clock.TRIAGE) == {
        Mark.WARNED: at("11-03T10:12:30"),  # too short for the usual warning: half-way
        Mark.OVERDUE: at("11-03T10:20"),
    }
    story.agent(Act.CORRECT, urgency=Urgency.NORMAL)
    assert story.due(Clock.TRIAGE) == at("11-03T14:00")  # and gains no time by going to and fro


# -- the approval office ----------------------------------------------------------------------------------------------


def test_where_duty_is_unclear_the_centre_asks_the_approval_office() -> None:  # Art. 12 ¶2
    story = registered()
    with refused(Lacking):
        story.agent(Act.ESCALATE, texts=[])
    assert story.agent(Act.ESCALATE) is Status.ESCALATED
    assert (story.case.hands, story.case.desk) == ("office", f"{story.case.number}-designation-1")
    assert story.due(Clock.DESIGNATION, "office") == at("11-06T00:00")
    assert [running.clock for running in story.file.clocks] == [Clock.DESIGNATION]
    assert story.told() == [("office", "escalate", None)]


def test_the_office_is_reminded_and_its_delay_marked() -> None:  # Art. 12 ¶2
    story = escalated()
    story.until(at("11-05T00:00"))
    assert (story.new(), story.told()) == ([Mark.URGED], [("office", "urged", None)])
    story.until(at("11-06T00:00"))
    assert (story.new(), story.told()) == ([Mark.OVERDUE], [("office", "overdue", None), ("centre", "overdue", None)])
    assert story.case.overdue
    story.until(at("11-07T00:00"))
    assert story.new() == [Mark.NOTICED]
    assert story.office(Act.DESIGNATE, lead="JW") is Status.ASSIGNED  # late, and not refused


def test_the_office_designates_lead_and_assisting_units_with_a_written_reason() -> None:  # Art. 12 ¶2
    story = escalated()
    with refused(Lacking, art(12, paragraph=2)):
        story.office(Act.DESIGNATE)
    with refused(Lacking):
        story.office(Act.DESIGNATE, lead="JW", texts=[])
    assert story.office(Act.DESIGNATE, lead="JW", assisting=("WATER",)) is Status.ASSIGNED
    assert [(a.unit, a.part, a.designated) for a in story.file.active()] == [
        ("JW", Part.LEAD, True),
        ("WATER", Part.ASSISTING, True),
    ]
    assert (story.case.desk, story.case.hands) == (story.case.number, "JW")
    entry = story.last(Act.DESIGNATE)
    assert (entry.basis, entry.detail) == ("Art. 12 ¶2", {"lead": "JW", "assisting": "WATER"})
    assert Text.REASON in entry.notes


def test_a_designated_unit_cannot_give_back() -> None:  # Art. 12 ¶2, house
    story = escalated()
    story.office(Act.DESIGNATE, lead="JW", assisting=("WATER",))
    assert not any(running.clock is Clock.RETURN for running in story.file.clocks)
    for unit in ("JW", "WATER"):
        with refused(NotPermitted):
            story.unit(unit, Act.RETURN)
        with refused(NotPermitted):
            story.unit(unit, Act.DECLARE_COMPLEX)


def test_nor_when_it_has_to_do_it_again() -> None:  # Art. 12 ¶2, 13
    story = escalated()
    story.office(Act.DESIGNATE, lead="JW")
    story.feedback("JW")
    story.not_content()
    with refused(NotPermitted):
        story.unit("JW", Act.RETURN)


def test_whom_the_office_designated_nobody_replaces_in_passing() -> None:  # Art. 12 ¶2
    story = escalated()
    story.office(Act.DESIGNATE, lead="JW")
    for act in (story.agent, story.supervisor):
        with refused(NotPermitted, art(12, paragraph=2)):
            act(Act.RECALL)
        with refused(NotPermitted, art(12, paragraph=2)):
            act(Act.TRANSFER, lead="GAS")
    assert story.supervisor(Act.OVERRIDE) is Status.RETURNED  # with the reason


def test_who_has_it_does_not_get_it_again_with_new_clocks() -> None:  # Art. 10(2), 11(3)
    story = assigned("WATER", "GAS")
    with refused(NotPermitted):
        story.transfer("GAS", "WATER")
    assert story.transfer("GAS") is Status.ASSIGNED


def test_another_limit_than_the_rule_sets_has_its_reason_and_an_end() -> None:  # Art. 10(2)
    story = registered()
    with refused(Lacking):
        story.transfer(term="1s", texts=[])
    with refused(Lacking, art(10, item=2)):
        story.transfer(term="9999wd")
    assert story.transfer(term="5wd", texts=[]) is Status.ASSIGNED  # the usual one needs none


def test_the_office_may_revise_its_own_designation_and_nobody_elses_transfer() -> None:  # Art. 12 ¶2
    story = escalated()
    story.office(Act.DESIGNATE, lead="JW", assisting=("GAS",))
    assert story.office(Act.REVISE, lead="WATER") is Status.ASSIGNED
    assert (story.case.units, story.case.round) == (("WATER",), 2)
    assert story.assignment("WATER").designated
    assert {a.unit: a.handling for a in story.steps[-1].assignments if a.round == 1} == {
        "JW": Handling.RECALLED,
        "GAS": Handling.RECALLED,
    }
    with refused(NotPermitted, art(12, paragraph=2)):
        assigned().office(Act.REVISE, lead="JW")


def test_given_back_the_configured_number_of_times_the_office_decides() -> None:  # Art. 12 ¶2
    story = registered()
    for n, unit in enumerate(("WATER", "GAS"), 1):
        story.transfer(unit)
        assert story.unit(unit, Act.RETURN) is Status.RETURNED
        assert (story.case.returns, story.last(Act.RETURN).detail["returns"]) == (n, n)
    story.transfer("HEAT")
    assert story.unit("HEAT", Act.RETURN) is Status.ESCALATED
    assert story.due(Clock.DESIGNATION, "office")


def test_disputed_once_the_office_decides_at_once_and_all_units_give_it_up() -> None:  # Art. 12 ¶2
    story = assigned("JW", "WATER")
    assert story.unit("WATER", Act.RETURN, disputed=True) is Status.ESCALATED
    handlings = {a.unit: a.handling for a in story.file.assignments}
    assert handlings == {"JW": Handling.RECALLED, "WATER": Handling.RETURNED}
    assert [running.owner for running in story.file.clocks] == ["office"]


def test_what_the_office_designated_comes_back_into_the_case_and_is_called_back_like_any_other() -> None:
    # Art. 12 ¶2, 13
    story = escalated()
    story.office(Act.DESIGNATE, lead="JW")
    story.feedback("JW")
    assert story.content() is Status.CLOSED
    assert story.seal() is Status.ARCHIVED


def test_each_time_before_the_office_is_counted() -> None:
    story = escalated()
    story.supervisor(Act.OVERRIDE)
    assert story.case.desk == story.case.number
    story.agent(Act.ESCALATE)
    assert (story.case.designations, story.case.desk) == (2, f"{story.case.number}-designation-2")


def test_the_window_is_over_at_the_due_instant_whatever_the_unit_declares() -> None:  # Art. 11(3)
    story = assigned()
    story.until(at("11-05T00:00") - INSTANT)
    with refused(TooLate, art(11, item=3)):
        story.unit("WATER", Act.RETURN, at=at("11-05T00:00"))


def test_the_person_may_change_their_mind_before_the_office_too() -> None:
    story = escalated()
    assert story.act(Act.WITHDRAW, Role.REQUESTER) is Status.CLOSED
    assert story.case.desk == story.case.number
    assert story.file.clocks == ()


def test_a_decline_is_possible_before_the_centre_has_transferred_and_not_while_units_handle() -> None:
    with refused(NotPermitted):
        assigned().agent(Act.DECLINE, exclusion=Exclusion.CIVIL)


def datetimes(detail: dict[str, str | int | bool | None]) -> tuple[object, object]:
    """The old and the new due instant of an entry."""
    return datetime.fromisoformat(str(detail["old"])), datetime.fromisoformat(str(detail["new"]))


# -- a report is recognised late (Art. 9 ¶2) ------------------------------------------------------------------------------


def referred() -> Story:
    story = registered()
    story.agent(Act.REFER, lead="P-LOCK", choice=Choice.RECOMMENDED, **FIRST)
    return story


@pytest.mark.parametrize("make", [answered, at_callback, supervised, referred])
def test_what_turns_out_to_be_a_report_goes_to_the_competent_unit_before_it_is_called_one(
    make: Callable[[], Story],
) -> None:  # Art. 9 ¶2
    story = make()
    with refused(NotPermitted, art(9, paragraph=2)):
        story.agent(Act.CORRECT, report=Report.UNLAWFUL)
    story.supervisor(Act.OVERRIDE)
    story.agent(Act.CORRECT, report=Report.UNLAWFUL)
    story.transfer()
    assert story.clock(Clock.ADMISSION, "WATER")
