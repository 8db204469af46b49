"""What speaks against an older system's case, and what its file says (Art. 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import compile_calendar, seeded_notices
from domain.chain import broken
from domain.legacy import INSTANTS, NEEDS, NEVER, Legacy, faults, rules_of, tell
from domain.ruleset import rule_sets
from domain.vocabulary import Channel, Mark, Matter, Outcome, Rating, Status, Text

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
BEGAN = datetime(2016, 3, 7, 2, tzinfo=UTC)
RULES = rule_sets()["TJ-2015-18"]
NOTICES = seeded_notices()
CALENDAR = compile_calendar(NOTICES, len(NOTICES))
TEXTS = {Text.REQUEST: "a", Text.PUBLIC: "b"}
FULL: dict[str, Any] = {
    **{name: BEGAN + timedelta(hours=n) for n, name in enumerate(INSTANTS)},
    "unit": "WATER",
    "rating": Rating.GOOD,
}
NEVERS = [(standing, name) for standing, names in NEVER.items() for name in names]
NEEDED = [(standing, name) for standing, names in NEEDS.items() for name in names]


def older(standing: Status | Outcome, registered_at: datetime = BEGAN) -> Legacy:
    """An invented case of this standing, with all that it may have."""
    told = {name: value for name, value in FULL.items() if name not in NEVER.get(standing, ())}
    said: dict[str, Any] = {
        "source": "sample",
        "own": "A-1",
        "digest": "d",
        "channel": Channel.PHONE,
        "matter": Matter.HELP,
    }
    return Legacy(**{**said, **told, "standing": standing, "registered_at": registered_at})


@pytest.mark.parametrize("standing", NEEDS)
def test_a_case_with_all_that_its_standing_needs_is_taken_and_its_chain_holds(standing: Status | Outcome) -> None:
    legacy = older(standing)
    assert list(faults(legacy, NOW)) == []
    found = tell(legacy, "TJ1", TEXTS, RULES, CALENDAR, NOW)
    case = found.file.case
    assert broken("TJ1", found.entries, case.entries, case.chain) is None
    assert found.entries[0].at == BEGAN
    assert [entry.at for entry in found.entries] == sorted(entry.at for entry in found.entries)
    assert (case.status is Status.ARCHIVED) == isinstance(standing, Outcome)
    assert bool(found.file.clocks) != isinstance(standing, Outcome)


@pytest.mark.parametrize(("standing", "name"), NEEDED)
def test_without_what_a_standing_needs_it_is_no_more_than_a_guess(standing: Status | Outcome, name: str) -> None:
    gone: dict[str, Any] = {name: None}
    told = [fault.name for fault in faults(replace(older(standing), **gone), NOW)]
    assert name in told


@pytest.mark.parametrize(("standing", "name"), NEVERS)
def test_what_contradicts_a_standing_is_said(standing: Status | Outcome, name: str) -> None:
    told = [fault.name for fault in faults(replace(older(standing), **{name: FULL[name]}), NOW)]
    assert name in told


@pytest.mark.parametrize("name", INSTANTS)
def test_nothing_that_is_imported_lies_in_the_future(name: str) -> None:
    late: dict[str, Any] = {name: NOW + timedelta(seconds=1)}
    legacy = replace(older(Outcome.RESOLVED), **late)
    assert (name, "lies in the future") in [(fault.name, fault.reason) for fault in faults(legacy, NOW)]


@pytest.mark.parametrize(
    ("day", "before"),
    [(datetime(2015, 6, 30, 15, 59, tzinfo=UTC), True), (datetime(2015, 6, 30, 16, tzinfo=UTC), False)],
)
def test_the_day_before_the_first_rule_set_took_effect_is_marked_the_day_itself_is_not(
    day: datetime, before: bool
) -> None:
    legacy = replace(older(Outcome.DECLINED), registered_at=day)
    assert rules_of(legacy.day, RULES) == (RULES, before)
    events = [entry.event for entry in tell(legacy, "TJ1", TEXTS, RULES, CALENDAR, NOW).entries]
    assert (Mark.BEFORE_RULES in events) == before


def test_what_ended_before_the_import_is_named_once_and_marked_against_nobody() -> None:
    found = tell(older(Status.ASSIGNED), "TJ1", TEXTS, RULES, CALENDAR, NOW)
    assert [entry.event.value for entry in found.entries] == ["register", "transfer", "imported"]
    assert "handling/WATER" in str(found.entries[-1].detail["ended"])
    assert found.file.case.overdue
    assert all(rung.at > NOW for clock in found.file.clocks for rung in clock.rungs)
    assert found.notices == ()
