"""What persons asked to have destroyed before its time, and the answer (Art. 15)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.disposal import barred
from domain.refusals import Refusal
from domain.vocabulary import Ground
from storage.disposals import KEPT, kept

_FILE = text(
    f"SELECT {KEPT} FROM cases c LEFT JOIN archives a ON a.case_number = c.number WHERE c.number = :number FOR UPDATE OF c"
)
_ASKED = text(
    """
    INSERT INTO erasures (case_number, asked_at, refusal, basis) VALUES (:number, :at, :refusal, :basis)
    ON CONFLICT (case_number) DO UPDATE SET asked_at = :at, refusal = :refusal, basis = :basis
    WHERE erasures.refusal IS NOT NULL
    """
)
"""One that waits already stays as it was asked first."""


async def ask(conn: AsyncConnection, number: str, now: datetime) -> Refusal | None:
    """Put it on record that the person asks for it; the next list takes it up. Or why it is refused, which is on record."""
    refusal = barred(Ground.REQUEST, kept((await conn.execute(_FILE, {"number": number})).one()), now)
    said = {"refusal": refusal and refusal.detail, "basis": str(refusal.basis) if refusal else None}
    await conn.execute(_ASKED, {"number": number, "at": now, **said})
    return refusal
