"""Which partner is recommended (择优推荐): an explainable order, every factor and weight shown (Art. 10(3), 24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

from domain.ruleset import Ranking
from domain.vocabulary import Factor

CONFIDENCE = 1.96
"""Standard deviations: 95 % two-sided."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is on record of a partner, of the days that a ranking looks back. Pairs: how many of how many."""

    code: str
    rated: tuple[int, int] = (0, 0)
    """Satisfied with the result, of those who were asked."""
    honest: tuple[int, int] = (0, 0)
    punctual: tuple[int, int] = (0, 0)
    """Punctual by the person's word, and reports within their limit."""
    open: int = 0
    referred: int = 0
    local: bool = False
    """It named this district, not the whole city."""


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """One factor, from 0 to 1, and its weight. `of`: how many observations it rests on; None: it rests on none."""

    factor: Factor
    value: float
    weight: float
    of: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A partner's place on a list, from 1, and what it comes from. `turn`: first because newcomers have their turn."""

    code: str
    place: int
    score: float
    turn: bool
    factors: tuple[Weighed, ...]


def rank(records: Iterable[Record], scheme: Ranking, lists: int) -> list[Ranked]:
    """The order in which partners are recommended. `lists`: how many lists there were of this service before.

    By score; every so-manieth list begins with the newcomer that has had the fewest referrals, so that none starves.
    """
    found = sorted(((weigh(record, scheme), record) for record in records), key=lambda each: _order(*each))
    newcomers = [each for each in found if each[1].rated[1] < scheme.newcomer]
    turn = min(newcomers, key=lambda each: (each[1].referred, each[1].code)) if newcomers else None
    if turn is None or lists % scheme.turn != scheme.turn - 1:
        turn = None
    else:
        found.remove(turn)
        found.insert(0, turn)
    return [
        Ranked(code=each[1].code, place=n, score=_score(each[0]), turn=each is turn, factors=each[0])
        for n, each in enumerate(found, 1)
    ]


def weigh(record: Record, scheme: Ranking) -> tuple[Weighed, ...]:
    """Every factor of a record, with its weight."""
    values: Mapping[Factor, tuple[float, int | None]] = {
        Factor.QUALITY: (lower_bound(*record.rated), record.rated[1]),
        Factor.HONESTY: (lower_bound(*record.honest), record.honest[1]),
        Factor.PUNCTUALITY: (lower_bound(*record.punctual), record.punctual[1]),
        Factor.DISTRICT: (float(record.local), None),
        Factor.LOAD: (max(0.0, 1 - record.open / scheme.capacity), None),
    }
    return tuple(
        Weighed(factor=factor, value=round(value, 4), weight=scheme.weights[factor], of=of)
        for factor, (value, of) in values.items()
    )


def lower_bound(good: int, of: int) -> float:
    """The least share that so many good ones speak for: the lower end of Wilson's interval (1927); 0 of nothing is 0."""
    if of == 0:
        return 0.0
    share, z2 = good / of, CONFIDENCE**2
    middle, half = share + z2 / (2 * of), CONFIDENCE * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, (middle - half) / (1 + z2 / of))


def _score(factors: tuple[Weighed, ...]) -> float:
    return round(sum(each.value * each.weight for each in factors), 4)


def _order(factors: tuple[Weighed, ...], record: Record) -> tuple[float, int, str]:
    return -_score(factors), record.referred, record.code
