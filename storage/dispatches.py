"""What is handed over to the enforcement-supervision platform, and what became of it (Art. 9 ¶3, 16 ¶2).

waiting -> received, refused (it said so) or unanswered (tried too often); a supervisor may have any of these sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.vocabulary import Report
from storage.outbox import FIRST_PAUSE, MAX_TRIES
from storage.reading import Order, Rows, page
from storage.tables import dispatches, reconciliations

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


_RECEIVED = text(
    "UPDATE dispatches SET state = 'received', receipt = :receipt, reason = NULL, answered_at = :now, tries = tries + 1"
    " WHERE id = :id AND state = 'waiting'"
)
_NOT_RECEIVED = text(
    "UPDATE dispatches SET tries = tries + 1, reason = :reason, answered_at = :now,"
    " due_at = CAST(:now AS timestamptz) + make_interval(secs => :pause * 2 ^ tries),"
    " state = CASE WHEN :refused THEN 'refused' WHEN tries + 1 >= :most THEN 'unanswered' ELSE 'waiting' END"
    " WHERE id = :id AND state = 'waiting'"
)
_RESEND = text(
    "UPDATE dispatches SET state = 'waiting', tries = 0, due_at = NULL, resent_by = :by, resent_at = :now"
    " WHERE id = :id AND state <> 'waiting'"
)


async def received(conn: AsyncConnection, id: str, receipt: str, now: datetime) -> None:
    """The platform took it."""
    await conn.execute(_RECEIVED, {"id": id, "receipt": receipt, "now": now})


async def not_received(conn: AsyncConnection, id: str, reason: str, now: datetime, *, refused: bool) -> None:
    """It did not: never as it is (`refused`), or again after a pause that doubles. `reason`: a code."""
    told = {"id": id, "reason": reason, "now": now, "refused": refused}
    await conn.execute(_NOT_RECEIVED, told | {"pause": FIRST_PAUSE, "most": MAX_TRIES})


async def resend(conn: AsyncConnection, id: str, by: str, now: datetime) -> dict[str, Any] | None:
    """Send it again under its key, with the case's facts as they are now; the row, or None: no such record."""
    await conn.execute(_RESEND, {"id": id, "by": by, "now": now})
    row = (await conn.execute(select(dispatches).where(dispatches.c.id == id))).mappings().one_or_none()
    return dict(row) if row else None


async def listed(conn: AsyncConnection, state: str | None, limit: int, cursor: str | None) -> Rows:
    """The records, or those of a state, oldest first."""
    query = select(dispatches) if state is None else select(dispatches).where(dispatches.c.state == state)
    return await page(conn, query, Order((dispatches.c.raised_at, dispatches.c.id)), limit, cursor)


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


async def keep(conn: AsyncConnection, found: Reconciliation) -> None:
    """Put it on record; the same instant once."""
    lacks = {"they_lack": sorted(found.they_lack)[:NAMED], "we_lack": sorted(found.we_lack)[:NAMED]}
    counts = {"they_lack_count": len(found.they_lack), "we_lack_count": len(found.we_lack)}
    row = {"at": found.at, "ours": found.ours, "theirs": found.theirs, **counts, **lacks}
    known = select(reconciliations.c.at).where(reconciliations.c.at == found.at)
    if await conn.scalar(known) is None:
        await conn.execute(insert(reconciliations).values(row))


async def reconciled(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """The comparisons, the latest first."""
    return await page(conn, select(reconciliations), Order((reconciliations.c.at,), last_first=True), limit, cursor)
