"""Disposal by its tables: when a file may go, on which ground, what forbids it, and by whose hands (Art. 14, 15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.disposal import BARS, BASIS, STAGES, Kept, advance, barred, ground_of, kept_until, latest_sealing
from domain.refusals import NotPermitted, NotYours
from domain.regulation import art
from domain.ruleset import read_rule_set, rule_sets
from domain.vocabulary import Ground, Matter, Outcome, Report, Stage, Status
from tests.cases import INSTANT, RULES, at
from tests.domain.test_ruleset import TEXT

SEALED = at("2025-11-03T10:00")
FILE = Kept(Status.ARCHIVED, Outcome.RESOLVED, Matter.HELP, None, RULES, SEALED)
YEAR = timedelta(days=366)

FORBIDDEN: list[tuple[Ground, dict[str, Any], timedelta, str]] = [
    (Ground.RETENTION, {"status": Status.CLOSED, "sealed_at": None}, 40 * YEAR, "Art. 14"),
    (Ground.RETENTION, {}, 9 * YEAR, "Art. 14"),
    (Ground.REQUEST, {"status": Status.CLOSED, "sealed_at": None}, YEAR, "Art. 14"),
    (Ground.REQUEST, {"outcome": Outcome.CEASED}, YEAR, "Art. 8(3)"),
    (Ground.REQUEST, {"report": Report.UNLAWFUL}, YEAR, "Art. 9 ¶2"),
    (Ground.REQUEST, {"handed_over": True}, YEAR, "Art. 9 ¶3"),
    (Ground.REQUEST, {}, timedelta(days=183) - INSTANT, "Art. 14"),
]


@pytest.mark.parametrize(("ground", "facts", "later", "basis"), FORBIDDEN)
def test_what_forbids_disposal_names_its_provision(  # Art. 14, 15
    ground: Ground, facts: dict[str, Any], later: timedelta, basis: str
) -> None:
    refusal = barred(ground, replace(FILE, **facts), SEALED + later)
    assert isinstance(refusal, NotPermitted)
    assert str(refusal.basis) == basis


def test_every_bar_is_tried() -> None:
    tried = [
        next(bar for bar in BARS if bar.ground is ground and bar.holds(replace(FILE, **facts), SEALED + later))
        for ground, facts, later, _ in FORBIDDEN
    ]
    assert tuple(tried) == BARS


@pytest.mark.parametrize(
    ("facts", "ends"),
    [({}, "2036-01-01T00:00"), ({"matter": Matter.STAFF}, "2056-01-01T00:00"),
     ({"report": Report.UNLAWFUL}, "2056-01-01T00:00"), ({"report": Report.ACTION}, "2036-01-01T00:00")],
)  # fmt: skip
def test_retention_counts_from_the_first_of_january_after_the_sealing(
    facts: dict[str, Any], ends: str
) -> None:  # Art. 14
    file = replace(FILE, **facts)
    assert barred(Ground.RETENTION, file, at(ends) - INSTANT) is not None
    assert barred(Ground.RETENTION, file, at(ends)) is None


def test_the_year_of_the_sealing_is_that_of_tianjin() -> None:  # Art. 14
    assert kept_until(at("2025-12-31T23:59"), 10) == at("2036-01-01T00:00")
    assert kept_until(at("2026-01-01T00:00"), 10) == at("2037-01-01T00:00")


def test_what_was_sealed_too_late_for_every_rule_set_is_not_looked_at() -> None:
    shortest = min(row.years for rules in rule_sets().values() for row in rules.retentions)
    for now in (at("2026-01-01T00:00"), at("2026-06-01T00:00"), at("2036-12-31T23:59")):
        latest = latest_sealing(now)
        assert kept_until(latest - INSTANT, shortest) <= now < kept_until(latest, shortest)


def test_the_person_may_ask_earlier_and_nobody_else() -> None:  # Art. 15
    soon, end = SEALED + timedelta(days=183), kept_until(SEALED, 10)
    assert ground_of(FILE, asked=True, now=soon) is Ground.REQUEST
    assert ground_of(FILE, asked=False, now=soon) is None
    assert {ground_of(FILE, asked, end) for asked in (True, False)} == {Ground.RETENTION}
    assert {Ground.RETENTION: art(14), Ground.REQUEST: art(15)} == BASIS


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("target", STAGES)
def test_a_list_goes_from_stage_to_stage_and_no_other_way(stage: Stage, target: Stage) -> None:  # Art. 14
    if STAGES[target] is stage:
        advance(stage, target, ("one",), "two")
        with pytest.raises(NotYours):
            advance(stage, target, ("one", "two"), "two")
        return
    with pytest.raises(NotPermitted):
        advance(stage, target, (), "two")


def test_a_retention_with_a_key_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown keys: mater"):
        read_rule_set(TEXT.replace('{ matter = "staff", years', '{ mater = "staff", years'))
