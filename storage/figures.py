"""The counts of a quarter for everybody (公开数据); destruction of words changes none (Art. 14, 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.case import CENTRE
from domain.figures import Counting, OfUnit, Table, share, tables
from domain.scores import Quarter
from domain.vocabulary import Audience
from storage.ways import HANDLED, RATED, REGISTERED, SEALED, Way

FRESH = timedelta(minutes=10)
"""For how long everybody is shown what was counted before: anybody may ask, and counting costs."""
CITY = ""
"""In the place of a unit, where none is told apart."""
NAMES = text("SELECT code, zh FROM units ORDER BY code")

Counts = dict[str, dict[str, int]]
"""By unit, by key."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What everybody may know of a quarter."""

    quarter: str
    least: int
    tables: tuple[Table, ...]
    units: tuple[OfUnit, ...]


async def of_quarter(conn: AsyncConnection, quarter: Quarter, least: int) -> Figures:
    """All figures of a quarter, without what is below `least`; the same record gives the same ones."""
    span = {"since": quarter.begins, "until": quarter.ends}
    city = [await _counted(conn, ways, span) for ways in (REGISTERED, SEALED)]
    handled, rated = [await _counted(conn, ways, span) for ways in (HANDLED, RATED)]
    names = {row.code: row.zh for row in await conn.execute(NAMES)} | {CENTRE: Audience.CENTRE.zh}
    units = (_of_unit(code, zh, handled.get(code, []), rated.get(code, []), least) for code, zh in names.items())
    return Figures(
        quarter=str(quarter),
        least=least,
        tables=tuple(each for found in city for each in tables(found.get(CITY, []), least)),
        units=tuple(each for each in units if each.tables),
    )


async def _counted(
    conn: AsyncConnection, ways: tuple[Way, ...], span: dict[str, datetime]
) -> dict[str, list[Counting]]:
    """By unit; in the order of `ways`."""
    found: list[Counts] = []
    for way in ways:
        counts: Counts = {}
        for row in (await conn.execute(text(way.query), span)).mappings():
            counts.setdefault(row.get("unit", CITY), {})[row["key"]] = row["many"]
        found.append(counts)
    units = {CITY} | set[str]().union(*found)
    return {
        unit: [
            Counting(name=way.name, meaning=way.meaning, counts=counts.get(unit, {}), labels=way.labels)
            for way, counts in zip(ways, found, strict=True)
        ]
        for unit in units
    }


def _of_unit(unit: str, zh: str, handled: list[Counting], rated: list[Counting], least: int) -> OfUnit:
    ended: Mapping[str, int] = handled[0].counts if handled else {}
    in_time = share(ended.get("in_time", 0), sum(ended.values()), least)
    return OfUnit(unit=unit, zh=zh, in_time=in_time, tables=tables(handled, least) + tables(rated, least))


class Counted:
    """Keeps what a process has counted of quarters that are over."""

    def __init__(self, engine: AsyncEngine, least: int) -> None:
        self._engine = engine
        self._least = least
        self._kept: dict[Quarter, tuple[datetime, Figures]] = {}

    async def of(self, quarter: Quarter, now: datetime) -> Figures:
        """The figures of a quarter, at most `FRESH` old."""
        at, found = self._kept.get(quarter, (None, None))
        if at is None or found is None or now - at >= FRESH:
            async with self._engine.connect() as conn:
                found = await of_quarter(conn, quarter, self._least)
            self._kept[quarter] = now, found
        return found
