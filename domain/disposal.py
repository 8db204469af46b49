"""Disposal (鉴定销毁; Art. 14, 15): what may be destroyed, when, on which ground, and how a list of it is approved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.limits import SHANGHAI
from domain.refusals import NotPermitted, NotYours, Refusal
from domain.regulation import Citation, art
from domain.ruleset import RuleSet, rule_sets
from domain.vocabulary import Ground, Matter, Outcome, Report, Stage, Status


@dataclass(frozen=True)
class Kept:
    """A case's file, as far as disposal asks. `handed_over`: it stands in the queue for enforcement supervision."""

    status: Status
    outcome: Outcome | None
    matter: Matter
    report: Report | None
    rule_set: str
    sealed_at: datetime | None = None
    handed_over: bool = False

    @property
    def rules(self) -> RuleSet:
        return rule_sets()[self.rule_set]


def kept_until(sealed_at: datetime, years: int) -> datetime:
    """When a retention of so many years ends: they count from the first of January, in Tianjin, after the sealing."""
    return datetime(sealed_at.astimezone(SHANGHAI).year + 1 + years, 1, 1, tzinfo=SHANGHAI)


def latest_sealing(now: datetime) -> datetime:
    """No retention of any rule set has ended for what was sealed at this instant or later."""
    years = min(row.years for rules in rule_sets().values() for row in rules.retentions)
    return datetime(now.astimezone(SHANGHAI).year - years, 1, 1, tzinfo=SHANGHAI)


def _unsealed(kept: Kept, _: datetime) -> bool:
    return kept.status is not Status.ARCHIVED or kept.sealed_at is None


def _retained(kept: Kept, now: datetime) -> bool:
    assert kept.sealed_at is not None, "the bar before asks"
    return now < kept_until(kept.sealed_at, kept.rules.years_kept(kept.matter, kept.report))


def _recent(kept: Kept, now: datetime) -> bool:
    assert kept.sealed_at is not None, "the bar before asks"
    return now < kept.sealed_at + timedelta(days=kept.rules.numbers.erasure_days)


@dataclass(frozen=True)
class Bar:
    """What forbids disposal on a ground, and the provision that says so."""

    ground: Ground
    holds: Callable[[Kept, datetime], bool]
    why: str
    basis: Citation


BARS: tuple[Bar, ...] = (
    Bar(Ground.RETENTION, _unsealed, "the case is not archived", art(14)),
    Bar(Ground.RETENTION, _retained, "its retention has not ended", art(14)),
    Bar(Ground.REQUEST, _unsealed, "the case is not archived: its file must first be complete", art(14)),
    Bar(
        Ground.REQUEST,
        lambda kept, _: kept.outcome is Outcome.CEASED,
        "it went into a statutory procedure, which may need the file: it is kept until its retention ends",
        art(8, item=3),
    ),
    Bar(
        Ground.REQUEST,
        lambda kept, _: kept.report is Report.UNLAWFUL,
        "it reports unlawful conduct: it is kept until its retention ends",
        art(9, paragraph=2),
    ),
    Bar(
        Ground.REQUEST,
        lambda kept, _: kept.handed_over,
        "it waits for the enforcement-supervision platform",
        art(9, paragraph=3),
    ),
    Bar(Ground.REQUEST, _recent, "it was sealed so recently that its result may still be contested", art(14)),
)
"""Asked in this order; the first that holds refuses."""


def barred(ground: Ground, kept: Kept, now: datetime) -> Refusal | None:
    """Why a file may not be destroyed on this ground now; None: it may."""
    for bar in BARS:
        if bar.ground is ground and bar.holds(kept, now):
            return NotPermitted(bar.why, bar.basis)
    return None


BASIS: Mapping[Ground, Citation] = {Ground.RETENTION: art(14), Ground.REQUEST: art(15)}
"""What the register says that a file was destroyed by."""


def ground_of(kept: Kept, asked: bool, now: datetime) -> Ground | None:
    """On which ground a file may go on a list; its retention's end comes first. `asked`: the person asked for it."""
    grounds = (Ground.RETENTION, Ground.REQUEST) if asked else (Ground.RETENTION,)
    return next((ground for ground in grounds if barred(ground, kept, now) is None), None)


STAGES: Mapping[Stage, Stage] = {Stage.APPRAISED: Stage.PROPOSED, Stage.APPROVED: Stage.APPRAISED}
"""What an officer makes of a list -> what it must be before."""


def advance(stage: Stage, target: Stage, before: tuple[str, ...], actor: str) -> None:
    """A list's next stage, by an officer who did none of the earlier ones (`before`); otherwise a Refusal."""
    if STAGES[target] is not stage:
        raise NotPermitted(f"the list is {stage}, not {STAGES[target]}", art(14))
    if actor in before:
        raise NotYours("whoever proposed or appraised a list does not take its next step", art(14))
