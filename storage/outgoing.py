"""What goes out to another system record by record, and what became of each (Art. 16).

waiting -> received, refused (it said so) or unanswered (tried too often); a supervisor may have any of these sent again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.outbox import FIRST_PAUSE, MAX_TRIES
from storage.reading import Order, Rows, page


class Outgoing:
    """The records of one table, which has these columns: id, raised_at, state, tries, due_at, answered_at, receipt, reason,
    resent_by, resent_at."""

    def __init__(self, table: Table) -> None:
        self._table = table
        waits = f"WHERE id = :id AND {table.name}.state = 'waiting'"
        self._received = text(
            f"UPDATE {table.name} SET state = 'received', receipt = :receipt, reason = NULL, answered_at = :now,"
            f" tries = tries + 1 {waits}"
        )
        self._not_received = text(
            f"UPDATE {table.name} SET tries = tries + 1, reason = :reason, answered_at = :now,"
            " due_at = CAST(:now AS timestamptz) + make_interval(secs => :pause * 2 ^ tries),"
            " state = CASE WHEN :refused THEN 'refused' WHEN tries + 1 >= :most THEN 'unanswered' ELSE 'waiting' END"
            f" {waits}"
        )
        self._resend = text(
            f"UPDATE {table.name} SET state = 'waiting', tries = 0, due_at = NULL, resent_by = :by, resent_at = :now"
            " WHERE id = :id AND state <> 'waiting'"
        )

    async def received(self, conn: AsyncConnection, id: str, receipt: str, now: datetime) -> None:
        """The other system took it."""
        await conn.execute(self._received, {"id": id, "receipt": receipt, "now": now})

    async def not_received(self, conn: AsyncConnection, id: str, reason: str, now: datetime, *, refused: bool) -> None:
        """It did not: never as it is (`refused`), or again after a pause that doubles. `reason`: a code."""
        told = {"id": id, "reason": reason, "now": now, "refused": refused}
        await conn.execute(self._not_received, told | {"pause": FIRST_PAUSE, "most": MAX_TRIES})

    async def resend(self, conn: AsyncConnection, id: str, by: str, now: datetime) -> dict[str, Any] | None:
        """Send it again under its key; the row, or None: no such record."""
        await conn.execute(self._resend, {"id": id, "by": by, "now": now})
        row = (await conn.execute(select(self._table).where(self._table.c.id == id))).mappings().one_or_none()
        return dict(row) if row else None

    async def listed(self, conn: AsyncConnection, state: str | None, limit: int, cursor: str | None) -> Rows:
        """The records, or those of a state, oldest first."""
        table = self._table
        query = select(table) if state is None else select(table).where(table.c.state == state)
        return await page(conn, query, Order((table.c.raised_at, table.c.id)), limit, cursor)
