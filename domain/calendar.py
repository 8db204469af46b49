"""Which days work: Monday to Friday, but for what a holiday notice of the State Council moves.

A notice for a year comes out in the last weeks of the year before and may still move that year's last days. So a
calendar knows how far it is published, and everything later is provisional: "not announced yet" is a state, no error.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

WEEKDAYS = tuple(f"星期{numeral}" for numeral in "一二三四五六日")
ONE_DAY = timedelta(days=1)
LAST_WEEK = timedelta(days=7)
FIRST, LAST = 2000, 2099
"""The years that a notice may be for; so are the days that the API takes."""
LONGEST = timedelta(days=31)
"""More days in one piece were never off."""
NAME = 100
"""Characters that a title or a name may have."""
QUOTED = re.compile(r"""\(?(['"]).*\1[,)]*""")
"""What the parser quotes of a file: keys and characters."""
KINDS = {str: "a text", int: "a number", float: "a fraction", bool: "true or false", list: "a list", dict: "a table"}


def _works_anyway(day: date) -> bool:
    """Monday to Friday: what holds where no notice speaks."""
    return day.weekday() < 5


@dataclass(frozen=True)
class Day:
    """One day that a notice names: off, or a working weekend (调休), each under the name of its holiday.

    The name is empty only where a later notice gives the day back to the ordinary week.
    """

    day: date
    works: bool
    name: str


@dataclass(frozen=True)
class Calendar:
    """All published days, compiled; `version` names the state of the table that a due date was derived from."""

    version: int
    days: Mapping[date, Day]
    published_through: date
    """The last day that a published notice covers: 31 December of its year."""

    def works(self, day: date) -> bool:
        """Is this a working day, as far as anything is published?"""
        named = self.days.get(day)
        return named.works if named else _works_anyway(day)

    def why_skipped(self, day: date) -> str | None:
        """Why the day does not count, in Chinese: the holiday (国庆节) or the weekday (星期六). None: it works."""
        if self.works(day):
            return None
        named = self.days.get(day)
        return named.name if named and named.name else WEEKDAYS[day.weekday()]

    def provisional(self, day: date) -> bool:
        """Can a coming notice still move this day? So after the last published year, and in that year's last week."""
        # The notice for 2019, of 2018-12-04, made Saturday 2018-12-29 a working day.
        return day > self.published_through - LAST_WEEK


@dataclass(frozen=True)
class Notice:
    """One holiday notice as it was published: a year's, or one that changes some of its days."""

    year: int
    title: str
    published: date | None
    """The day it was signed, where known."""
    days: tuple[Day, ...]


def compile_calendar(notices: Iterable[Notice], version: int) -> Calendar:
    """Lay notices over each other in the order given: the later one wins, day by day.

    A year without a notice between two that have one is a ValueError: its days would pass for ordinary ones.
    """
    laid = tuple(notices)
    years = {notice.year for notice in laid}
    if not years:
        raise ValueError("a calendar needs at least one notice")
    if gaps := sorted(set(range(min(years), max(years))) - years):
        raise ValueError(f"no notice for {', '.join(map(str, gaps))}")
    days = {day.day: day for notice in laid for day in notice.days}
    return Calendar(version, days, published_through=date(max(years), 12, 31))


@cache
def seeded_notices() -> tuple[Notice, ...]:
    """The notices for 2004 to 2026, oldest first, as they stand after all changes (`domain/calendars/`).

    The days were taken once from chinesecalendar 1.11; where the text of a notice says otherwise, the notice won, and
    a comment in the file says so.
    """
    folder = resources.files("domain") / "calendars"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(read_notice(file.read_text(encoding="utf-8")) for file in files)


def read_notice(text: str) -> Notice:
    """Parse the file of one notice (TOML); a ValueError says where and what is wrong, in days and names of holidays.

        [notice]
        year = 2025
        title = "国务院办公厅关于2025年部分节假日安排的通知"
        published = 2024-11-12                      # where known
        ordinary = [2025-05-06]                     # only in a change: days given back to the ordinary week

        [[holiday]]
        name = "国庆节"
        off = [[2025-10-01, 2025-10-08]]            # a day, or the first and last of several
        works = [2025-09-28, 2025-10-11]            # weekends that work instead

    Days belong to the notice's year or to the December before it.
    """
    file = _table(_toml(text), "the file", required={"notice"}, allowed={"holiday"})
    head = _table(file["notice"], "[notice]", required={"year", "title"}, allowed={"published", "ordinary"})
    year, title = head["year"], _name(head["title"], "title")
    if type(year) is not int:
        raise ValueError(f"[notice] year must be a number, not {_kind(year)}")
    if not FIRST <= year <= LAST:
        raise ValueError(f"[notice] year must be one from {FIRST} to {LAST}")
    published = _day(head["published"], "published") if "published" in head else None
    days = [Day(day, _works_anyway(day), "") for day in _days(head.get("ordinary", []), "ordinary")]
    for holiday in _list(file.get("holiday", []), "holiday"):
        days += _holiday(holiday)
    _refuse_odd(days, year)
    return Notice(year, title, published, tuple(days))


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(QUOTED.sub("…", str(error))) from None
    except (ValueError, RecursionError):
        raise ValueError("the file holds a number that is too long, or lists nested too deeply") from None


def _holiday(raw: Any) -> Iterator[Day]:
    """The days of one [[holiday]]: those off, then the weekends that work for them."""
    table = _table(raw, "[[holiday]]", required={"name"}, allowed={"off", "works"})
    name = _name(table["name"], "name")
    for day in _days(table.get("off", []), f"{name}: off"):
        yield Day(day, False, name)
    for day in _days(table.get("works", []), f"{name}: works"):
        if _works_anyway(day):
            raise ValueError(f"{name}: works: {day} ({WEEKDAYS[day.weekday()]}) works anyway")
        yield Day(day, True, name)


def _refuse_odd(days: list[Day], year: int) -> None:
    """A notice without days, a day of another year, a day named twice: ValueError."""
    if not days:
        raise ValueError("the notice names no day")
    seen: set[date] = set()
    for day in (row.day for row in days):
        if day.year != year and (day.year, day.month) != (year - 1, 12):
            raise ValueError(f"{day} does not belong to the notice for {year}")
        if day in seen:
            raise ValueError(f"{day} is named twice")
        seen.add(day)


def _days(raw: Any, where: str) -> Iterator[date]:
    """Each day of a list whose items are a day or a [first, last] pair."""
    for item in _list(raw, where):
        if isinstance(item, list) and len(item) != 2:
            raise ValueError(f"{where}: [first, last] expected, not {len(item)} days")
        first, last = (_day(end, where) for end in (item if isinstance(item, list) else (item, item)))
        if last < first:
            raise ValueError(f"{where}: {last} comes before {first}")
        if last - first > LONGEST:
            raise ValueError(f"{where}: from {first} to {last} are too many days for one holiday")
        yield from (first + n * ONE_DAY for n in range((last - first).days + 1))


def _day(raw: Any, where: str) -> date:
    if type(raw) is not date:  # a datetime is a date too
        raise ValueError(f"{where}: a day such as 2025-10-01, without quotes, expected, not {_kind(raw)}")
    return raw


def _name(raw: Any, where: str) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError(f"{where}: a text expected, not {_kind(raw)}")
    if len(raw) > NAME or not raw.isprintable():
        raise ValueError(f"{where}: one line of at most {NAME} characters expected")
    return raw


def _kind(raw: Any) -> str:
    return KINDS.get(type(raw), "a day or an hour")


def _list(raw: Any, where: str) -> list[Any]:
    if type(raw) is not list:
        raise ValueError(f"{where}: a list expected, not {_kind(raw)}")
    return raw


def _table(raw: Any, where: str, required: set[str], allowed: set[str]) -> dict[str, Any]:
    """A table with these keys and no others; a misspelt key would be a holiday lost."""
    if type(raw) is not dict:
        raise ValueError(f"{where}: a table expected, not {_kind(raw)}")
    if missing := required - raw.keys():
        raise ValueError(f"{where} lacks {', '.join(sorted(missing))}")
    if unknown := raw.keys() - required - allowed:
        named = sorted(key if key.isascii() and key.isalpha() and len(key) <= NAME else "…" for key in unknown)
        raise ValueError(f"{where} has unknown keys: {', '.join(named)}")
    return raw
