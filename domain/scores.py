"""What a partner's work was worth in a quarter (服务质量和诚信考评), from callbacks and limits kept (Art. 24)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from domain.limits import SHANGHAI
from domain.ranking import lower_bound

QUARTER = re.compile(r"(20\d\d)Q([1-4])", re.ASCII)


@dataclass(frozen=True)
class Quarter:
    """Three months of a year, in Shanghai: 2026Q1."""

    year: int
    nth: int

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read what `str` writes; anything else is a ValueError."""
        if match := QUARTER.fullmatch(text):
            return cls(int(match[1]), int(match[2]))
        raise ValueError("a quarter is written 2026Q1")

    @classmethod
    def of(cls, day: date) -> Quarter:
        return cls(day.year, (day.month + 2) // 3)

    def __str__(self) -> str:
        return f"{self.year}Q{self.nth}"

    @property
    def before(self) -> Quarter:
        return Quarter(self.year, self.nth - 1) if self.nth > 1 else Quarter(self.year - 1, 4)

    @property
    def begins(self) -> datetime:
        """UTC."""
        return datetime.combine(date(self.year, 3 * self.nth - 2, 1), time(0), SHANGHAI).astimezone(UTC)

    @property
    def ends(self) -> datetime:
        """UTC, exclusive."""
        after = Quarter(self.year, self.nth + 1) if self.nth < 4 else Quarter(self.year + 1, 1)
        return after.begins

    def over(self, now: datetime) -> bool:
        return self.ends <= now


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of one partner and one time: what was referred, what came of it, what persons said; excluded ratings are left out."""

    referred: int = 0
    declined: int = 0
    ended: int = 0
    in_time: int = 0
    rated: int = 0
    satisfied: int = 0
    asked_honest: int = 0
    honest: int = 0
    asked_punctual: int = 0
    punctual: int = 0


@dataclass(frozen=True, kw_only=True)
class Score:
    """A share, the least share that it speaks for, and how many it rests on. None: nobody was asked."""

    fact: str
    share: float | None
    at_least: float
    of: int


def scores(counts: Counts) -> tuple[Score, ...]:
    """The four measures of Art. 24: quality, honesty, punctuality by persons, and limits kept."""
    return (
        _score("satisfied", counts.satisfied, counts.rated),
        _score("honest_price", counts.honest, counts.asked_honest),
        _score("punctual", counts.punctual, counts.asked_punctual),
        _score("in_time", counts.in_time, counts.ended),
    )


@dataclass(frozen=True, kw_only=True)
class CreditRecord:
    """What the credit system is told of a partner's quarter: a fact, and its value (Art. 24)."""

    partner: str
    entity: str
    fact: str
    period: str
    value: float

    @property
    def id(self) -> str:
        """The key of what is told first; what is told anew of the same has `-2`, `-3` … behind it."""
        return f"{self.entity}-{self.period}-{self.fact}"


def credit_records(partner: str, entity: str, quarter: Quarter, counts: Counts) -> list[CreditRecord]:
    """One record for each measure that rests on anything, and how many ratings all rest on."""
    told = {score.fact: score.share for score in scores(counts) if score.share is not None}
    if counts.rated:
        told["ratings"] = float(counts.rated)
    about = {"partner": partner, "entity": entity, "period": str(quarter)}
    return [CreditRecord(**about, fact=fact, value=value) for fact, value in told.items()]


def _score(fact: str, good: int, of: int) -> Score:
    return Score(fact=fact, share=round(good / of, 4) if of else None, at_least=round(lower_bound(good, of), 4), of=of)
