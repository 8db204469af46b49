"""The catalogue of duties (职责清单): which unit which matter is for, by what ground, from when until when (Art. 6, 10(2))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from domain.refusals import Lacking, NotPermitted, NotYours
from domain.regulation import art
from domain.routing import above
from domain.vocabulary import Listing, Matter

BASIS = art(10, item=2)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What a row of the catalogue says. No topic, no district: any. No last day: until it is changed."""

    unit: str
    matter: Matter
    topic: str | None
    district: str | None
    ground: str
    valid_from: date
    valid_until: date | None


def require_days(duty: Duty) -> None:
    """It does not end before it begins; otherwise a Lacking."""
    if duty.valid_until and duty.valid_until < duty.valid_from:
        raise Lacking("`valid_until`: no day before `valid_from`", BASIS)


def require_own(proposer: str | None, unit: str) -> None:
    """A unit proposes for itself only; the Centre, which is none, for any. Otherwise a NotYours."""
    if proposer not in (None, unit):
        raise NotYours("a unit proposes what its own duty is", art(6))


def changed(duty: Duty, instead: str | None, ground: str, today: date) -> Duty:
    """What is proposed when cases speak against it: from today on another unit's; of none that is known, it ends today."""
    if instead:
        return replace(duty, unit=instead, ground=ground, valid_from=today)
    return replace(duty, ground=ground, valid_until=today)


STEPS: Mapping[Listing, Listing] = {
    Listing.ACCEPTED: Listing.PROPOSED,
    Listing.REFUSED: Listing.PROPOSED,
}
"""What a reviewer makes of a version -> what it must be before. `REPLACED` is what a later proposal makes of one."""


def review(stage: Listing, target: Listing, proposer: str, actor: str) -> None:
    """A version's next stage; nobody accepts what they proposed themselves. Otherwise a Refusal."""
    if STEPS[target] is not stage:
        raise NotPermitted(f"it is {stage}, not {STEPS[target]}", BASIS)
    if target is Listing.ACCEPTED and actor == proposer:
        raise NotYours("whoever proposed a duty does not accept it", BASIS)


def eligible(unit: str, matter: Matter, respondent: str | None) -> bool:
    """May it be proposed? Never the office complained of, nor one below it (Art. 7(4))."""
    return matter is not Matter.STAFF or (respondent is not None and respondent not in above(unit))
