"""MOVES: what is not listed is refused, what is listed can be done and ends where the table says; nothing sleeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from domain import acts
from domain.lifecycle import BY_TRIPLE, FINAL, HANDLER, MOVES, OPEN, acts_open_to, mermaid, move
from domain.refusals import Lacking, NotPermitted
from domain.regulation import PROVISIONS
from domain.ruleset import rule_sets
from domain.vocabulary import (
    Act,
    Choice,
    Exclusion,
    Mark,
    Matter,
    Procedure,
    Rating,
    Reach,
    ReplyWay,
    Report,
    Role,
    Status,
    Urgency,
)
from tests.cases import (
    AT,
    RULES,
    TEXTS,
    Story,
    answered,
    assigned,
    at_callback,
    declined,
    escalated,
    incomplete,
    refused,
    registered,
)

S, A, R = Status, Act, Role
YEAR = timedelta(days=366)
LENIENT = "no-review"
Given = dict[str, Any]

CODES: dict[Act, Given] = {
    A.CORRECT: {"urgency": Urgency.URGENT},
    A.TRANSFER: {"lead": "JW"},
    A.REFER: {"lead": "P-LOCK", "choice": Choice.CHOSEN},
    A.DECLINE: {"exclusion": Exclusion.CIVIL},
    A.CEASE: {"procedure": Procedure.LITIGATION},
    A.GRANT: {"unit": "WATER"},
    A.DENY: {"unit": "WATER"},
    A.SUPPLY: {"unit": "WATER", "replied": ReplyWay.VISIT},
    A.JOIN: {"joint": "J20251103-0a1b2c3d"},
    A.REQUEST_EXTENSION: {"until": date(2025, 11, 14)},
    A.FEEDBACK: {"replied": ReplyWay.PHONE},
    A.DESIGNATE: {"lead": "JW"},
    A.REVISE: {"lead": "JW"},
    A.ATTEMPT: {"reach": Reach.NO_ANSWER},
    A.RATE: {"rating": Rating.GOOD},
}
"""What an act needs besides its texts."""


@pytest.fixture(autouse=True)
def _lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule set by which no result is reviewed, beside those that ship."""
    monkeypatch.setitem(rule_sets(), LENIENT, replace(rule_sets()[RULES], code=LENIENT, review=frozenset()))


def asked_for_extension() -> Story:
    story = assigned()
    story.unit("WATER", A.REQUEST_EXTENSION, until=date(2025, 11, 14))
    return story


def designated() -> Story:
    story = escalated()
    story.office(A.DESIGNATE, lead="WATER")
    return story


def lead_has_reported(**facts: Any) -> Story:
    story = assigned("JW", "WATER", **facts)
    story.feedback("JW")
    return story


def second_callback() -> Story:
    story = at_callback()
    story.not_content()
    story.feedback()
    story.agent(A.APPROVE)
    return story


def second_answer() -> Story:
    story = answered()
    story.person(A.RATE, rating=Rating.POOR)
    story.agent(A.ANSWER)
    return story


def several_have_reported() -> Story:
    story = lead_has_reported()
    story.feedback("WATER")
    return story


def joined(make: Callable[[], Story]) -> Story:
    story = make()
    story.agent(A.JOIN, **CODES[A.JOIN])
    return story


POOR: Given = {"rating": Rating.POOR, "resolved": False}
CONTENT: Given = {"reach": Reach.REACHED, "resolved": True, "rating": Rating.GOOD}
NOT_CONTENT: Given = {"reach": Reach.REACHED, "resolved": False, "rating": Rating.BAD}

WAYS: dict[tuple[Status, Act, Status], tuple[Callable[[], Story], Given]] = {
    (S.ASSIGNED, A.GRANT, S.ASSIGNED): (asked_for_extension, {}),
    (S.ASSIGNED, A.DENY, S.ASSIGNED): (asked_for_extension, {}),
    (S.ASSIGNED, A.ADMIT, S.ASSIGNED): (lambda: assigned(report=Report.ACTION), {}),
    (S.ASSIGNED, A.REJECT, S.ASSIGNED): (lambda: assigned("WATER", "JW", report=Report.ACTION), {}),
    (S.ASSIGNED, A.REJECT, S.REVIEW): (lambda: assigned(report=Report.ACTION), {}),
    (S.ASSIGNED, A.RETURN, S.ASSIGNED): (lambda: assigned("JW", "WATER"), {}),
    (S.ASSIGNED, A.RETURN, S.ESCALATED): (assigned, {"disputed": True}),
    (S.ASSIGNED, A.RETURN, S.REVIEW): (lead_has_reported, {}),
    (S.ASSIGNED, A.RETURN, S.CALLBACK): (lambda: lead_has_reported(rule_set=LENIENT), {}),
    (S.ASSIGNED, A.FEEDBACK, S.ASSIGNED): (lambda: assigned("WATER", "JW"), {}),
    (S.ASSIGNED, A.FEEDBACK, S.REVIEW): (lambda: assigned(matter=Matter.STAFF, respondent="HP"), {}),
    (S.ASSIGNED, A.REVISE, S.ASSIGNED): (designated, {}),
    (S.ANSWERED, A.RATE, S.RETURNED): (answered, POOR),
    (S.ANSWERED, A.RATE, S.SUPERVISED): (second_answer, POOR),
    (S.CALLBACK, A.ATTEMPT, S.CLOSED): (at_callback, CONTENT),
    (S.CALLBACK, A.ATTEMPT, S.ASSIGNED): (at_callback, NOT_CONTENT),
    (S.CALLBACK, A.ATTEMPT, S.SUPERVISED): (second_callback, NOT_CONTENT),
    (S.CALLBACK, A.RATE, S.CLOSED): (at_callback, {"rating": Rating.GOOD, "resolved": True}),
    (S.CALLBACK, A.RATE, S.ASSIGNED): (at_callback, POOR),
    (S.CALLBACK, A.RATE, S.SUPERVISED): (second_callback, POOR),
    (S.CLOSED, A.SUPPLY, S.CLOSED): (incomplete, {}),
    (S.REVIEW, A.JOIN, S.REVIEW): (several_have_reported, {}),
    **{(origin, A.DETACH, origin): (partial(joined, AT[origin]), {}) for origin in OPEN},
    (S.REVIEW, A.DETACH, S.REVIEW): (partial(joined, several_have_reported), {}),
}
"""How a step is taken to its target where the usual case of that status would not do, or would go elsewhere."""

BY_CLOCK = {A.LAPSE}
DONE_BY_SOMEBODY = [
    (m.origin, m.act, role, target)
    for m in MOVES
    for role in m.roles
    for target in m.targets
    if m.act not in BY_CLOCK and (m.act, role) != (A.DECLINE, R.SYSTEM)
]


def on_the_way(origin: Status, act: Act, target: Status) -> tuple[Story, Given]:
    """A case and what the act needs to lead from there to this target."""
    make, given = WAYS.get((origin, act, target), (AT[origin], {}))
    return make(), CODES.get(act, {}) | given


def by(role: Role, given: Given) -> Given:
    return given | ({"unit": "WATER"} if role in HANDLER else {})


def ticking(story: Story) -> bool:
    """Does a clock run whose end will be marked?"""
    return any(rung.mark in (Mark.OVERDUE, Mark.LAPSED) for c in story.file.clocks for rung in c.rungs)


# -- what is not listed is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role, ids=str)
@pytest.mark.parametrize("origin", Status, ids=str)
def test_an_act_that_the_table_does_not_list_is_refused_and_changes_nothing(origin: Status, role: Role) -> None:
    story = AT[origin]()
    assert story.case.status is origin
    before = repr(story.file)
    for act in Act:
        if (origin, act, role) in BY_TRIPLE:
            continue
        deed = story.deed(act, role, **by(role, CODES.get(act, {})))
        with refused(NotPermitted):
            acts.decide(story.file, deed, story.calendar)
        assert repr(story.file) == before


def test_a_refusal_names_where_the_act_is_possible() -> None:
    with pytest.raises(NotPermitted, match="unit may not feedback while the case is closed; it may at: assigned"):
        move(S.CLOSED, A.FEEDBACK, R.UNIT)
    with pytest.raises(NotPermitted, match=r"^requester may not transfer while the case is registered$"):
        move(S.REGISTERED, A.TRANSFER, R.REQUESTER)  # nor anywhere else


# -- what is listed can be done, and ends where the table says ------------------------------------------------------


@pytest.mark.parametrize(("origin", "act", "role", "target"), DONE_BY_SOMEBODY)
def test_every_listed_step_can_be_taken_to_each_of_its_targets(
    origin: Status, act: Act, role: Role, target: Status
) -> None:
    story, given = on_the_way(origin, act, target)
    assert story.case.status is origin
    assert story.act(act, role, **by(role, given)) is target
    entry = story.steps[-1].entries[0]
    assert (entry.event, entry.role, entry.status) == (act, role, target)
    found = move(origin, act, role)
    if found.basis and act is not A.DECLINE:  # a decline names the exclusion instead
        assert entry.basis == str(found.basis)
    assert ticking(story) or target is S.CLOSED


@pytest.mark.parametrize("act", TEXTS, ids=str)
def test_an_act_that_needs_a_text_is_refused_without_it(act: Act) -> None:
    m = next(m for m in MOVES if m.act is act)
    story, given = on_the_way(m.origin, act, m.targets[0])
    with pytest.raises(Lacking):
        story.act(act, m.roles[0], texts=[], **by(m.roles[0], given))
    assert story.act(act, m.roles[0], **by(m.roles[0], given)) is m.targets[0]


def test_every_way_that_is_written_down_is_one_of_the_table() -> None:
    assert {(m.origin, m.act, target) for m in MOVES for target in m.targets} >= set(WAYS)


def lapses() -> Iterator[tuple[str, Story, Status]]:
    yield "rating", answered(), S.CLOSED
    yield "tracking", at_callback(reachable=False), S.CLOSED
    yield "dispute", declined(), S.CLOSED


@pytest.mark.parametrize(("clock", "story", "target"), list(lapses()), ids=lambda v: v if isinstance(v, str) else "")
def test_a_window_that_ends_moves_the_case_as_the_table_says(clock: str, story: Story, target: Status) -> None:
    origin = story.case.status
    (window,) = (c for c in story.file.clocks if c.clock == clock)
    story.until(window.due)
    assert target in move(origin, A.LAPSE, R.SYSTEM).targets
    assert story.case.status is target
    assert (story.last(Mark.LAPSED).detail["clock"], story.last(Mark.LAPSED).role) == (clock, R.SYSTEM)


def test_the_archive_seals_or_lists_as_the_table_says() -> None:
    story = declined()
    story.until(story.now + YEAR)
    assert story.seal() is S.ARCHIVED
    assert incomplete().case.status is S.CLOSED
    assert move(S.CLOSED, A.LAPSE, R.SYSTEM).targets == (S.CLOSED, S.ARCHIVED)


def test_an_emergency_is_turned_away_as_the_table_says() -> None:
    story = registered(exclusion=Exclusion.EMERGENCY)
    assert story.turn_away() in move(S.REGISTERED, A.DECLINE, R.SYSTEM).targets


def test_nobody_lets_a_window_lapse_by_a_deed() -> None:
    for story in (answered(), at_callback(), declined()):
        with refused(NotPermitted):
            story.act(A.LAPSE, R.SYSTEM)


def test_every_act_of_the_table_has_its_duty() -> None:
    assert set(acts.DUTIES) == {m.act for m in MOVES} - BY_CLOCK


# -- what holds for the table as a whole ----------------------------------------------------------------------------


def test_no_step_is_listed_twice() -> None:
    triples = [(m.origin, m.act, role) for m in MOVES for role in m.roles]
    assert sorted(triples) == sorted(set(triples))
    assert all(len(set(m.targets)) == len(m.targets) for m in MOVES)


def test_only_the_archive_is_final() -> None:
    assert {S.ARCHIVED} == FINAL
    assert set(OPEN) == set(Status) - {S.CLOSED, S.ARCHIVED}


def reached_from(origin: Status) -> set[Status]:
    found = {origin}
    while more := {target for m in MOVES if m.origin in found for target in m.targets} - found:
        found |= more
    return found


def test_every_status_is_reached_from_registration() -> None:
    assert reached_from(S.REGISTERED) == set(Status)


@pytest.mark.parametrize("status", Status, ids=str)
def test_from_everywhere_a_case_can_come_to_the_archive(status: Status) -> None:
    assert S.ARCHIVED in reached_from(status)


def test_every_provision_that_a_step_rests_on_exists_and_the_four_ways_are_there() -> None:
    assert {m.basis for m in MOVES if m.basis} <= set(PROVISIONS)
    ways = {str(m.basis) for m in MOVES if m.origin is S.REGISTERED and m.basis and m.basis.article == 10}
    assert ways == {"Art. 10(1)", "Art. 10(2)", "Art. 10(3)", "Art. 10(4)"}


def test_only_a_callback_a_rating_or_a_waiver_closes_a_transferred_case_but_for_four_other_exits() -> None:  # Art. 13
    with_units = {S.ASSIGNED, S.RETURNED, S.ESCALATED, S.REVIEW, S.CALLBACK, S.SUPERVISED}
    closing = {m.act for m in MOVES if m.origin in with_units and S.CLOSED in m.targets}
    persons_word, others = {A.ATTEMPT, A.RATE, A.LAPSE}, {A.WITHDRAW, A.CEASE, A.CONCLUDE, A.DECLINE}
    assert closing == persons_word | others
    assert {m.roles for m in MOVES if m.act is A.DECLINE and m.origin in with_units} == {(R.SUPERVISOR,)}
    assert not {role for m in MOVES if m.act is A.RATE for role in m.roles} & {R.AGENT, R.SUPERVISOR, R.UNIT}
    assert {m.origin for m in MOVES if m.act is A.CONCLUDE} == {S.SUPERVISED}


def test_a_unit_closes_nothing() -> None:  # Art. 13
    closes = [m for m in MOVES if R.UNIT in m.roles and {S.CLOSED, S.ARCHIVED} & set(m.targets)]
    assert [(m.origin, m.act) for m in closes] == [(S.CLOSED, A.SUPPLY)]  # closed before


def test_the_office_designates_and_does_nothing_else() -> None:  # Art. 12 ¶2
    assert {m.act for m in MOVES if R.OFFICE in m.roles} == {A.DESIGNATE, A.REVISE}
    assert {m.roles for m in MOVES if m.act in (A.DESIGNATE, A.REVISE)} == {(R.OFFICE,)}


def test_the_person_may_supplement_urge_and_withdraw_as_long_as_the_case_is_open() -> None:
    for status in OPEN:
        assert {A.SUPPLEMENT, A.URGE, A.WITHDRAW} <= set(acts_open_to(status, R.REQUESTER))
    assert acts_open_to(S.CLOSED, R.REQUESTER) == [A.DISPUTE]
    assert acts_open_to(S.ARCHIVED, R.REQUESTER) == []


def test_litigation_may_begin_at_any_time_before_the_case_is_closed() -> None:  # Art. 8(3)
    assert {m.origin for m in MOVES if m.act is A.CEASE} == set(OPEN)


# -- nothing sleeps for ever ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [s for s in Status if s is not S.ARCHIVED], ids=str)
@pytest.mark.parametrize("rules", [RULES, "demo"])
def test_where_a_case_waits_a_clock_runs_and_its_end_is_marked_or_moves_it_on(status: Status, rules: str) -> None:
    story = AT[status](rule_set=rules)
    assert story.case.status is status
    assert ticking(story)
    story.until(story.now + YEAR)
    assert not any(running.rungs for running in story.file.clocks)
    if story.case.status is status is not S.CLOSED:
        assert story.last(Mark.OVERDUE).status is status
        assert story.case.overdue
    else:
        assert story.last(Mark.LAPSED).status is S.CLOSED


def test_a_closed_case_that_nobody_may_dispute_is_ready_for_the_archive_at_once() -> None:
    for story in (at_callback(), assigned()):
        story.content() if story.case.status is S.CALLBACK else story.person(A.WITHDRAW)
        assert (story.case.status, story.file.clocks) == (S.CLOSED, ())
        assert story.seal() is S.ARCHIVED


# -- the diagram --------------------------------------------------------------------------------------------------------


def test_the_diagram_shows_every_move_that_leads_elsewhere() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): \S+ (\w+) \((.+)\)$", mermaid(), re.MULTILINE)
    listed = [
        (m.origin.value, target.value, m.act.value, str(m.basis or "house"))
        for m in MOVES
        for target in m.targets
        if target is not m.origin
    ]
    assert drawn == listed
    assert mermaid().splitlines()[0] == "stateDiagram-v2"
    assert "    archived --> [*]" in mermaid()


def test_buttons_are_those_of_the_table() -> None:
    assert acts_open_to(S.ESCALATED, R.OFFICE) == [A.DESIGNATE]
    assert acts_open_to(S.ANSWERED, R.SYSTEM) == [A.LAPSE, A.RECOMPUTE]
    assert acts_open_to(S.REGISTERED, R.UNIT) == []


def test_a_matter_of_every_kind_takes_the_same_table() -> None:  # Art. 7
    for matter in Matter:
        story = registered(matter=matter, respondent="HP")
        assert story.transfer() is S.ASSIGNED
