"""Limits as terms and due instants: working days by the calendar, hours and minutes by the wall clock.

The instant is computed once, outside the workflow, and kept with its derivation: a deadline is a fact. The law's own
terms are those for giving a request back, 1 and 2 working days (Art. 11(3)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendar import ONE_DAY, Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = time(0)
LONGEST = 9_999
INSTANT = timedelta(microseconds=1)


class TermUnit(StrEnum):
    """What a term is counted in."""

    WORKING_DAYS = "wd"
    HOURS = "h"
    MINUTES = "min"
    SECONDS = "s"


UNITS = {
    TermUnit.WORKING_DAYS: ("个工作日", "working day", timedelta(days=1)),
    TermUnit.HOURS: ("小时", "hour", timedelta(hours=1)),
    TermUnit.MINUTES: ("分钟", "minute", timedelta(minutes=1)),
    TermUnit.SECONDS: ("秒", "second", timedelta(seconds=1)),
}
"""Two labels and a length; that of a working day is the least it can last."""
TERM = re.compile(r"(0|[1-9]\d{0,3})(wd|h|min|s)", re.ASCII)


@dataclass(frozen=True)
class Term:
    """A length of time as rules and acts name it: 1wd, 24h, 30min, 45s."""

    value: int
    unit: TermUnit

    def __post_init__(self) -> None:
        if not 0 <= self.value <= LONGEST:
            raise ValueError(f"a term runs from 0 to {LONGEST}, not {self.value}")

    @classmethod
    def parse(cls, text: str) -> Term:
        """Read what `str` writes; anything else is a ValueError."""
        match = TERM.fullmatch(text)
        if match is None:
            raise ValueError(f"not a term: {text!r}; a number and wd, h, min or s, such as 1wd or 30min")
        return cls(int(match[1]), TermUnit(match[2]))

    def __str__(self) -> str:
        return f"{self.value}{self.unit}"

    @property
    def zh(self) -> str:
        return f"{self.value}{UNITS[self.unit][0]}"

    @property
    def en(self) -> str:
        return f"{self.value} {UNITS[self.unit][1]}{'' if self.value == 1 else 's'}"

    @property
    def in_working_days(self) -> bool:
        return self.unit is TermUnit.WORKING_DAYS

    @property
    def length(self) -> timedelta:
        """How long it lasts on the wall clock; working days have no such length (ValueError)."""
        if self.in_working_days:
            raise ValueError(f"{self} has no length without a calendar")
        return self.value * UNITS[self.unit][2]

    def shorter_than(self, other: Term) -> bool:
        """Compare by size: a working day counts as 24 hours and a bit, for it begins after the day of receipt."""
        return self._rank < other._rank

    @property
    def _rank(self) -> tuple[timedelta, bool]:
        return self.value * UNITS[self.unit][2], self.in_working_days


@dataclass(frozen=True)
class Skipped:
    """A day within the span of a term that did not count, and why (国庆节, 星期六)."""

    day: date
    reason: str


@dataclass(frozen=True)
class Due:
    """A due instant and how it was found. In time means before `due`. `counted` and `skipped` cover every day of a
    working-day term from the day after `start` to `last_day`; an hour or minute term has neither."""

    start: datetime
    """UTC: when it arrived."""
    term: Term
    due: datetime
    """UTC, exclusive."""
    last_day: date | None
    counted: tuple[date, ...]
    skipped: tuple[Skipped, ...]
    provisional: bool
    """A coming holiday notice can still move it."""
    calendar_version: int

    def to_json(self) -> dict[str, Any]:
        """JSON values only: days as 2025-09-28, instants in local time (+08:00)."""
        return {
            "start": self.start.astimezone(SHANGHAI).isoformat(),
            "term": str(self.term),
            "due": self.due.astimezone(SHANGHAI).isoformat(),
            "last_day": self.last_day.isoformat() if self.last_day else None,
            "counted": [day.isoformat() for day in self.counted],
            "skipped": [{"day": row.day.isoformat(), "reason": row.reason} for row in self.skipped],
            "provisional": self.provisional,
            "calendar_version": self.calendar_version,
        }


def due(start: datetime, term: Term, calendar: Calendar, day_ends: time | None = None) -> Due:
    """When a term that starts now ends.

    Working days count from the day after receipt, in Shanghai; the last one ends at `day_ends` (None: 24:00). Other
    terms run on the wall clock. A naive start, no working day at all, or a day that ends at 00:00 is a ValueError.
    """
    received = _local(start)
    if not term.in_working_days:
        instant = received.astimezone(UTC)
        return Due(instant, term, instant + term.length, None, (), (), False, calendar.version)
    if term.value == 0:
        raise ValueError("0wd is no term: a working-day term counts from the day after receipt")
    counted: list[date] = []
    skipped: list[Skipped] = []
    for day in _days(received.date() + ONE_DAY):
        if reason := calendar.why_skipped(day):
            skipped.append(Skipped(day, reason))
            continue
        counted.append(day)
        if len(counted) == term.value:
            break
    return Due(
        start=received.astimezone(UTC),
        term=term,
        due=end_of(counted[-1], day_ends),
        last_day=counted[-1],
        counted=tuple(counted),
        skipped=tuple(skipped),
        provisional=any(map(calendar.provisional, (*counted, *(row.day for row in skipped)))),
        calendar_version=calendar.version,
    )


def before(due_at: datetime, term: Term, calendar: Calendar) -> datetime:
    """The instant (UTC) at which this term remains until `due_at`: for warnings.

    Working days: 00:00 of the day that, with itself and the last one, leaves so many. The last day of a limit ending
    with Friday is Friday, so 1wd before is Friday 00:00, 2wd before is Thursday 00:00. 0wd is `due_at` itself.
    """
    local = _local(due_at)
    if not term.in_working_days:
        return local.astimezone(UTC) - term.length
    if term.value == 0:
        return local.astimezone(UTC)
    return _start(_working_day(_days(_last_day(local), -ONE_DAY), term.value, calendar))


def after(due_at: datetime, term: Term, calendar: Calendar) -> datetime:
    """The instant (UTC) at which this term has passed since `due_at`: for notices and the bulletin list.

    Working days: so many after the last day of the limit, at the hour at which that day ended; the same instant as
    that of a limit longer by this term. 0wd is `due_at` itself.
    """
    local = _local(due_at)
    if not term.in_working_days:
        return local.astimezone(UTC) + term.length
    if term.value == 0:
        return local.astimezone(UTC)
    last = _last_day(local)
    later = _working_day(_days(last + ONE_DAY), term.value, calendar)
    return local.astimezone(UTC) + (later - last)


def end_of(day: date, hour: time | None = None) -> datetime:
    """The exclusive instant (UTC) at which a day ends: at this local hour; None is 24:00, and 00:00 a ValueError."""
    if hour == MIDNIGHT:
        raise ValueError("a day cannot end at 00:00; 24:00 is None")
    return _start(day + ONE_DAY) if hour is None else _start(day, hour)


def next_civil(instant: datetime, opens: time, closes: time | None, calendar: Calendar | None = None) -> datetime:
    """The first instant (UTC), from this one on, at which persons may be called (Art. 13).

    Local hours from `opens` up to, not including, `closes` (None: 24:00); with a calendar on working days only. Hours
    that end before they begin are a ValueError.
    """
    if closes is not None and closes <= opens:
        raise ValueError(f"no civil hours lie between {opens:%H:%M} and {closes:%H:%M}")
    local = _local(instant)
    days = (day for day in _days(local.date()) if calendar is None or calendar.works(day))
    day = next(day for day in days if local < end_of(day, closes))
    return max(local.astimezone(UTC), _start(day, opens))


def _local(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"an instant needs its offset: {instant.isoformat()} is naive")
    return instant.astimezone(SHANGHAI)


def _start(day: date, hour: time = MIDNIGHT) -> datetime:
    """This local hour of this day, in UTC."""
    return datetime.combine(day, hour, SHANGHAI).astimezone(UTC)


def _last_day(due_at: datetime) -> date:
    """The local day that an exclusive instant ends: at 00:00 the day before."""
    return (due_at - INSTANT).date()


def _days(day: date, step: timedelta = ONE_DAY) -> Iterator[date]:
    """This day and all that follow; with a step backwards, all before."""
    while True:
        yield day
        day += step


def _working_day(days: Iterator[date], number: int, calendar: Calendar) -> date:
    """The first, second … of these days that works."""
    return next(islice(filter(calendar.works, days), number - 1, None))
