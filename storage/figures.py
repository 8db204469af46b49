"""The counts of a quarter for everybody (公开数据), from codes only: destruction of words changes none (Art. 14, 21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.districts import DISTRICTS
from domain.figures import KeptInTime, Table, kept, table
from domain.scores import Quarter
from domain.vocabulary import Channel, Matter, Outcome, Rating, Word

NOWHERE = "none"
FRESH = timedelta(minutes=10)
"""For how long everybody is shown what was counted before: anybody may ask, and counting costs."""
SATISFIED = ", ".join(f"'{rating}'" for rating in Rating if rating.satisfied)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What everybody may know of a quarter."""

    quarter: str
    tables: tuple[Table, ...]
    units: tuple[KeptInTime, ...]


def _labels(words: type[Word]) -> dict[str, tuple[str, str]]:
    return {str(word): (word.zh, word.en) for word in words}


_IN = "at >= :since AND at < :until"
_REGISTERED = "registered_at >= :since AND registered_at < :until"
_BY = f"SELECT {{0}} AS key, count(*) AS many FROM cases WHERE {_REGISTERED} GROUP BY 1"
_RATED = f"SELECT detail->>'rating' AS key, count(*) AS many FROM entries WHERE {_IN} AND detail ? 'rating' GROUP BY 1"
_CLOSED = f"""
    SELECT c.outcome AS key, count(*) AS many FROM cases c
    WHERE c.outcome IS NOT NULL AND EXISTS (
        SELECT FROM entries e WHERE e.case_number = c.number AND e.event = 'sealed' AND {_IN}) GROUP BY 1
"""

TABLES: tuple[tuple[str, str, str, dict[str, tuple[str, str]]], ...] = (
    (
        "matters",
        "诉求类别：本季度登记的诉求 · requests registered in the quarter",
        _BY.format("matter"),
        _labels(Matter),
    ),
    (
        "channels",
        "受理渠道：本季度登记的诉求 · requests registered in the quarter",
        _BY.format("channel"),
        _labels(Channel),
    ),
    (
        "districts",
        "区：本季度登记的诉求 · requests registered in the quarter",
        _BY.format(f"coalesce(district, '{NOWHERE}')"),
        {each.code: (each.zh, each.en) for each in DISTRICTS} | {NOWHERE: ("未填", "not said")},
    ),
    ("outcomes", "办理结果：本季度归档的诉求 · files sealed in the quarter", _CLOSED, _labels(Outcome)),
    ("ratings", "评议：本季度的评议 · ratings given in the quarter", _RATED, _labels(Rating)),
)
"""Name, meaning, query, labels."""

_UNITS = text(
    f"""
    SELECT u.code, u.zh, d.*, r.* FROM units u
    LEFT JOIN (
        SELECT unit, count(*) AS ended, count(*) FILTER (WHERE NOT late) AS in_time FROM assignments
        WHERE handling = 'done' AND ended_at >= :since AND ended_at < :until GROUP BY 1) d ON d.unit = u.code
    LEFT JOIN (
        SELECT a.unit AS of, count(*) AS rated,
               count(*) FILTER (WHERE e.detail->>'rating' IN ({SATISFIED})) AS satisfied,
               count(*) FILTER (WHERE (e.detail->'resolved')::boolean) AS resolved
        FROM entries e CROSS JOIN LATERAL (
            SELECT unit FROM assignments a WHERE a.case_number = e.case_number AND a.part <> 'assisting'
              AND a.delivered_at <= e.at ORDER BY a.round DESC LIMIT 1) a
        WHERE e.{_IN.replace("AND at", "AND e.at")} AND e.detail ? 'rating' GROUP BY 1) r ON r.of = u.code
    WHERE d.unit IS NOT NULL OR r.of IS NOT NULL ORDER BY u.code
    """
)


async def of_quarter(conn: AsyncConnection, quarter: Quarter) -> Figures:
    """All figures of a quarter; the same record gives the same ones."""
    span = {"since": quarter.begins, "until": quarter.ends}
    tables = []
    for name, meaning, query, labels in TABLES:
        found: Any = await conn.execute(text(query), span)
        tables.append(table(name, meaning, {row.key: row.many for row in found}, labels))
    rows = (await conn.execute(_UNITS, span)).mappings()
    names = ("ended", "in_time", "rated", "satisfied", "resolved")
    units = tuple(kept(row["code"], row["zh"], {name: row[name] or 0 for name in names}) for row in rows)
    return Figures(quarter=str(quarter), tables=tuple(tables), units=units)


class Counted:
    """Keeps what a process has counted of quarters that are over."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept: dict[Quarter, tuple[datetime, Figures]] = {}

    async def of(self, quarter: Quarter, now: datetime) -> Figures:
        """The figures of a quarter, at most `FRESH` old."""
        at, found = self._kept.get(quarter, (None, None))
        if at is None or found is None or now - at >= FRESH:
            async with self._engine.connect() as conn:
                found = await of_quarter(conn, quarter)
            self._kept[quarter] = now, found
        return found
