"""Destruction (销毁): what stands on an approved list loses its words for good, and the register of it (销毁清册; Art. 14, 15).

Files go first, then the key where the vault is apart, then in one statement all that is in the database, with the
register's row: a row there says that nothing is left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.vocabulary import Stage
from storage.blobs import Blobs
from storage.reading import Order, Rows, page
from storage.tables import disposals
from storage.vault import Vault

_WAITING = text(
    f"""
    SELECT i.case_number FROM disposal_items i JOIN disposal_lists l ON l.id = i.list
    WHERE l.stage = '{Stage.APPROVED}' AND i.struck IS NULL
      AND NOT EXISTS (SELECT FROM disposals d WHERE d.case_number = i.case_number)
    ORDER BY l.approved_at, i.case_number
    """
)
_FILES = text("SELECT upload FROM attachments WHERE case_number = :number")
_DESTROY = text("SELECT destroy(:number, :at)")
_FINISH = text(
    f"""
    UPDATE disposal_lists l SET stage = '{Stage.CARRIED_OUT}', carried_out_at = :at
    WHERE stage = '{Stage.APPROVED}' AND NOT EXISTS (
        SELECT FROM disposal_items i WHERE i.list = l.id AND i.struck IS NULL
        AND NOT EXISTS (SELECT FROM disposals d WHERE d.case_number = i.case_number))
    """
)


async def carry_out(once: AsyncEngine, blobs: Blobs, vault: Vault, now: Callable[[], datetime]) -> AsyncIterator[str]:
    """Destroy what stands on approved lists, case by case: the number of each. Broken off, it goes on at the next run.

    `once`: an engine of which each statement is a transaction.
    """
    async with once.connect() as conn:
        numbers = list((await conn.execute(_WAITING)).scalars())
        for number in numbers:
            for upload in (await conn.execute(_FILES, {"number": number})).scalars().all():
                await blobs.delete(upload)
            await vault.destroy(number)
            await conn.execute(_DESTROY, {"number": number, "at": now()})
            yield number
        await conn.execute(_FINISH, {"at": now()})


async def register(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """What was destroyed, the latest first."""
    return await page(
        conn, select(disposals), Order((disposals.c.at, disposals.c.case_number), last_first=True), limit, cursor
    )
