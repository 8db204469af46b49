"""What is handed over to the enforcement-supervision platform, and what either side lacks (Art. 9 ¶3, 16 ¶2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.vocabulary import Report
from storage.outgoing import Outgoing
from storage.reading import Order, Rows, page
from storage.tables import dispatches, reconciliations

RECORDS = Outgoing(dispatches)

NAMED = 1000
"""How many lacks a reconciliation names on either side; it counts all."""

_TAKE_UP = text(
    """
    WITH raised AS (UPDATE handovers SET state = 'taken' WHERE state = 'waiting'
                    RETURNING case_number, raised_at, basis)
    INSERT INTO dispatches (id, case_number, basis, raised_at, state)
    SELECT case_number || '-9.3', case_number, basis, raised_at, 'waiting' FROM raised ON CONFLICT DO NOTHING
    """
)


async def take_up(conn: AsyncConnection) -> None:
    """What a step has raised goes out (Art. 9 ¶3): once for each case."""
    await conn.execute(_TAKE_UP)


_CONSOLIDATE = text(
    f"""
    INSERT INTO dispatches (id, case_number, basis, raised_at, state)
    SELECT c.number || '-16.2', c.number, 'Art. 16 ¶2', :now, 'waiting' FROM cases c
    WHERE c.report = '{Report.UNLAWFUL}' AND c.registered_at <= :now
      AND NOT EXISTS (SELECT FROM dispatches d WHERE d.id = c.number || '-16.2')
    ON CONFLICT DO NOTHING
    """
)


async def consolidate(conn: AsyncConnection, now: datetime) -> int:
    """All records that ask for unlawful conduct to be investigated and that no consolidation had (Art. 16 ¶2); how many."""
    return (await conn.execute(_CONSOLIDATE, {"now": now})).rowcount


_WAITING = text(
    """
    SELECT d.id, d.case_number, d.basis, d.raised_at, c.registered_at, c.channel, c.matter, c.report, c.infringement,
           c.urgency, c.district, c.respondent
    FROM dispatches d JOIN cases c ON c.number = d.case_number
    WHERE d.state = 'waiting' AND (d.due_at IS NULL OR d.due_at <= :now)
    ORDER BY d.tries, d.raised_at, d.id LIMIT :limit
    """
)
"""Codes and instants of the case. Who asked, and their words, stay in the house (Art. 15)."""


async def waiting(conn: AsyncConnection, now: datetime, limit: int = 100) -> list[dict[str, Any]]:
    """Records whose next try has come, the least tried and oldest first, as docs/exchange/platform.yaml has them."""
    rows = (await conn.execute(_WAITING, {"now": now, "limit": limit})).mappings()
    return [{k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()} for row in rows]


async def receipted(conn: AsyncConnection) -> set[str]:
    """The IDs of the records that the platform said it took."""
    return set((await conn.execute(select(dispatches.c.id).where(dispatches.c.state == "received"))).scalars())


@dataclass(frozen=True)
class Reconciliation:
    """One comparison: what each side holds, and what either lacks, by ID."""

    at: datetime
    ours: int
    theirs: int
    they_lack: set[str]
    we_lack: set[str]
    strange: int = 0
    """How many more we lack, under IDs that are nothing of ours: counted, not named."""


async def keep(conn: AsyncConnection, found: Reconciliation) -> None:
    """Put it on record; the same instant once."""
    lacks = {"they_lack": sorted(found.they_lack)[:NAMED], "we_lack": sorted(found.we_lack)[:NAMED]}
    counts = {"they_lack_count": len(found.they_lack), "we_lack_count": len(found.we_lack) + found.strange}
    row = {"at": found.at, "ours": found.ours, "theirs": found.theirs, **counts, **lacks}
    known = select(reconciliations.c.at).where(reconciliations.c.at == found.at)
    if await conn.scalar(known) is None:
        await conn.execute(insert(reconciliations).values(row))


async def reconciled(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """The comparisons, the latest first."""
    return await page(conn, select(reconciliations), Order((reconciliations.c.at,), last_first=True), limit, cursor)
