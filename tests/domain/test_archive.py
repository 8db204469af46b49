"""The archive (Art. 14): clear and complete; what is missing is listed, supplied, then sealed; a manifest that shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.archive import CENTRE_FILE, NEEDS_TEXT, UNIT_FILE, Lack, lacks, manifest
from domain.case import Entry
from domain.refusals import Lacking
from domain.regulation import art
from domain.vocabulary import (
    Act,
    Clock,
    Exclusion,
    Mark,
    Outcome,
    Procedure,
    Rating,
    Reach,
    ReplyWay,
    Report,
    Role,
    Status,
    Text,
)
from tests.cases import (
    TEXTS,
    Story,
    answered,
    assigned,
    at,
    at_callback,
    declined,
    escalated,
    in_review,
    incomplete,
    refused,
    registered,
    supervised,
)

YEAR = timedelta(days=366)


# -- every way to an end is complete as it stands -------------------------------------------------------------------------


def rated() -> Story:
    story = answered()
    story.person(Act.RATE, rating=Rating.GOOD)
    return story


def not_rated() -> Story:
    story = answered()
    story.until(at("11-04T10:00"))
    return story


def resolved() -> Story:
    story = at_callback()
    story.content()
    return story


def resolved_by_designated() -> Story:
    story = escalated()
    story.office(Act.DESIGNATE, lead="JW", assisting=("WATER",))
    story.feedback("WATER")
    story.feedback("JW")
    story.agent(Act.APPROVE)
    story.person(Act.RATE, rating=Rating.GOOD, resolved=True)
    return story


def rejected_and_content() -> Story:
    """The competent unit does not accept the report, and the person accepts that."""
    story = assigned(report=Report.UNLAWFUL)
    story.unit("WATER", Act.REJECT)
    story.agent(Act.APPROVE)
    story.content()
    return story


def rejected_and_refused() -> Story:
    story = assigned(report=Report.UNLAWFUL)
    story.unit("WATER", Act.REJECT)
    story.agent(Act.APPROVE)
    story.call(Reach.REFUSED)
    return story


def waived() -> Story:
    story = at_callback(reachable=False)
    story.until(at("11-11T00:00"))
    return story


def concluded() -> Story:
    story = supervised()
    story.supervisor(Act.CONCLUDE)
    return story


def withdrawn() -> Story:
    story = assigned("JW", "WATER")
    story.person(Act.WITHDRAW)
    return story


def ceased() -> Story:
    story = in_review()
    story.agent(Act.CEASE, procedure=Procedure.LITIGATION)
    return story


def turned_away() -> Story:
    story = registered(exclusion=Exclusion.EMERGENCY)
    story.turn_away()
    return story


def after_a_dispute() -> Story:
    story = waived()
    story.person(Act.DISPUTE)
    story.transfer("JW")
    story.unit("JW", Act.RETURN)
    story.agent(Act.ANSWER)
    story.until(story.now + timedelta(days=2))
    return story


ENDS: list[tuple[Callable[[], Story], Outcome]] = [
    (rated, Outcome.ANSWERED),
    (not_rated, Outcome.ANSWERED),
    (after_a_dispute, Outcome.ANSWERED),
    (resolved, Outcome.RESOLVED),
    (resolved_by_designated, Outcome.RESOLVED),
    (rejected_and_content, Outcome.RESOLVED),
    (rejected_and_refused, Outcome.UNCONFIRMED),
    (waived, Outcome.UNCONFIRMED),
    (concluded, Outcome.UNRESOLVED),
    (declined, Outcome.DECLINED),
    (turned_away, Outcome.DECLINED),
    (ceased, Outcome.CEASED),
    (withdrawn, Outcome.WITHDRAWN),
]


@pytest.mark.parametrize(("make", "outcome"), ENDS)
def test_a_case_that_came_to_its_end_is_clear_and_complete_and_sealed(
    make: Callable[[], Story], outcome: Outcome
) -> None:  # Art. 14
    story = make()
    assert (story.case.status, story.case.outcome) == (Status.CLOSED, outcome)
    story.until(story.now + YEAR)
    assert list(lacks(outcome, story.entries)) == []
    assert story.seal() is Status.ARCHIVED
    sealed = story.last(Mark.SEALED)
    assert (sealed.basis, sealed.status, sealed.detail) == ("Art. 14", Status.ARCHIVED, {"entries": sealed.seq - 1})
    assert (story.case.outcome, story.file.clocks, story.case.units) == (outcome, (), ())


def test_there_is_such_an_end_for_every_outcome_and_a_row_of_the_table() -> None:  # Art. 14
    assert {outcome for _, outcome in ENDS} == set(Outcome) == set(CENTRE_FILE)


# -- the completeness table -----------------------------------------------------------------------------------------------


def without(entries: list[Entry], *events: Act | Mark) -> list[Entry]:
    return [entry for entry in entries if entry.event not in events]


@pytest.mark.parametrize(("make", "outcome"), [ENDS[n] for n in (0, 3, 6, 7, 8, 9, 11, 12)])
def test_whatever_the_centres_file_must_hold_is_missed_when_it_is_not_there(
    make: Callable[[], Story], outcome: Outcome
) -> None:  # Art. 14
    entries = make().entries
    for group in CENTRE_FILE[outcome]:
        (lack, *_) = lacks(outcome, without(entries, *group))
        assert lack == Lack("centre", "|".join(group))


def test_one_entry_of_a_group_is_enough() -> None:  # Art. 14
    entries = waived().entries
    assert list(lacks(Outcome.UNCONFIRMED, entries)) == []
    assert [lack.what for lack in lacks(Outcome.UNCONFIRMED, without(entries, Mark.WAIVED))] == ["attempt|waived"]


def bare(event: Act | Mark, unit: str | None = None, **detail: Any) -> Entry:
    """An entry without any text."""
    return Entry(
        seq=9, at=at("11-03T10:00"), event=event, actor="x", role=Role.AGENT, status=Status.CLOSED, unit=unit,
        detail=detail,
    )  # fmt: skip


@pytest.mark.parametrize(("event", "text"), NEEDS_TEXT.items())
def test_what_the_centre_and_the_office_wrote_is_in_the_file(event: Act, text: Text) -> None:  # Art. 14
    whole = withdrawn().entries
    missing = bare(event)
    assert list(lacks(Outcome.WITHDRAWN, [*whole, missing])) == [Lack("centre", f"{event}:{text}")]
    assert list(lacks(Outcome.WITHDRAWN, [*whole, replace(missing, notes={text: "note"})])) == []
    supplied = replace(bare(Act.SUPPLY), notes={text: "note"})
    assert list(lacks(Outcome.WITHDRAWN, [*whole, missing, supplied])) == []


@pytest.mark.parametrize(("event", "text"), UNIT_FILE.items())
def test_each_units_part_holds_how_it_ended(event: Act, text: Text) -> None:  # Art. 14
    whole = withdrawn().entries
    missing = bare(event, "GAS", replied="phone")
    assert list(lacks(Outcome.WITHDRAWN, [*whole, missing])) == [Lack("GAS", f"{event}:{text}")]
    by_another = replace(bare(Act.SUPPLY, "WATER"), notes={text: "note"})
    assert list(lacks(Outcome.WITHDRAWN, [*whole, missing, by_another])) == [Lack("GAS", f"{event}:{text}")]
    by_itself = replace(bare(Act.SUPPLY, "GAS"), notes={text: "note"})
    assert list(lacks(Outcome.WITHDRAWN, [*whole, missing, by_itself])) == []


def test_what_the_archive_would_miss_its_act_must_bring_beforehand() -> None:  # Art. 14
    for event, text in [*UNIT_FILE.items(), *NEEDS_TEXT.items()]:
        assert isinstance(event, Act)
        assert text in TEXTS[event]


# -- listed, supplied, sealed ---------------------------------------------------------------------------------------------


def test_what_is_missing_is_listed_and_nothing_is_sealed() -> None:  # Art. 14
    story = incomplete()
    assert story.case.status is Status.CLOSED
    entry = story.last(Mark.INCOMPLETE)
    assert (entry.basis, entry.detail["lacks"]) == ("Art. 14", "WATER: feedback:replied")
    assert Mark.SEALED not in story.events
    assert story.due(Clock.ARCHIVE) == at("11-11T00:00")
    assert story.told() == [("centre", "incomplete", None)]


def test_everything_that_is_missing_is_listed_by_part() -> None:  # Art. 14
    story = assigned("JW", "WATER")
    story.feedback("WATER", replied=None)
    story.feedback("JW", replied=None)
    story.agent(Act.APPROVE)
    story.content()
    story.seal()
    assert set(str(story.last(Mark.INCOMPLETE).detail["lacks"]).split(";")) == {
        "JW: feedback:replied",
        "WATER: feedback:replied",
    }


def test_the_unit_supplies_it_and_the_file_is_sealed() -> None:  # Art. 11(1), 14
    story = incomplete()
    assert story.unit("WATER", Act.SUPPLY, replied=ReplyWay.LETTER) is Status.CLOSED
    assert (story.last(Act.SUPPLY).unit, story.last(Act.SUPPLY).detail) == ("WATER", {"replied": "letter"})
    assert story.file.clocks == ()
    assert story.seal() is Status.ARCHIVED


def test_the_centre_supplies_it_for_the_unit() -> None:  # Art. 14
    story = incomplete()
    story.agent(Act.SUPPLY, unit="WATER", replied=ReplyWay.RELAY)
    assert story.seal() is Status.ARCHIVED


def test_what_another_unit_supplies_does_not_help() -> None:  # Art. 14
    story = assigned("JW", "WATER")
    story.feedback("WATER", replied=None)
    story.feedback("JW")
    story.agent(Act.APPROVE)
    story.content()
    story.seal()
    story.unit("JW", Act.SUPPLY, replied=ReplyWay.LETTER)
    assert story.seal() is Status.CLOSED
    assert story.last(Mark.INCOMPLETE).detail["lacks"] == "WATER: feedback:replied"


def test_nothing_is_supplied_to_a_file_that_lacks_nothing_nor_nothing_to_one_that_does() -> None:  # Art. 14
    with refused(Lacking, art(14)):
        declined().agent(Act.SUPPLY, replied=ReplyWay.PHONE)
    with refused(Lacking, art(14)):
        incomplete().agent(Act.SUPPLY, unit="WATER")


def test_a_file_that_stays_incomplete_is_marked_overdue() -> None:  # Art. 14
    story = incomplete()
    story.until(at("11-11T00:00"))
    assert story.events[-2:] == [Mark.WARNED, Mark.OVERDUE]
    assert story.case.overdue
    assert story.case.status is Status.CLOSED


def test_what_is_supplied_and_does_not_help_wins_no_time() -> None:  # Art. 14
    story = incomplete()
    story.until(at("11-11T00:00"))
    story.agent(Act.SUPPLY, texts=[Text.REASON])
    assert story.seal() is Status.CLOSED
    assert story.due(Clock.ARCHIVE) == at("11-11T00:00")


# -- the manifest ---------------------------------------------------------------------------------------------------------


def sealed_entries() -> list[Entry]:
    story = resolved_by_designated()
    story.seal()
    return story.entries


def test_the_manifest_has_the_hash_of_each_entry_and_each_text() -> None:  # Art. 14
    entries = sealed_entries()
    texts = {note for entry in entries for note in entry.notes.values()}
    made = manifest(entries, texts)
    assert made["entries"] == {str(entry.seq): entry.chain for entry in entries}
    assert made["texts"] == sorted(texts) != []


def test_a_units_part_is_its_own_entries_and_the_centres_is_the_whole() -> None:  # Art. 14
    entries = sealed_entries()
    parts = manifest(entries, [])["parts"]
    assert parts["centre"] == [entry.seq for entry in entries]
    assert set(parts) == {"centre", "JW", "WATER"}
    assert parts["JW"] == [entry.seq for entry in entries if entry.unit == "JW"] != []
