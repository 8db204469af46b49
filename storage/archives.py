"""Sealed files: the manifest with a hash for each entry and each text (Art. 14)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.archive import manifest
from storage.files import ENTRIES
from storage.tables import archives


async def keep(conn: AsyncConnection, number: str, sealed_at: datetime) -> None:
    """Make the manifest from what is stored, and keep it; a second time is a no-op."""
    rows = await conn.execute(
        text("SELECT to_jsonb(e) FROM entries e WHERE case_number = :n ORDER BY seq"), {"n": number}
    )
    stored = rows.scalars().all()
    notes = await conn.execute(text("SELECT id, text FROM notes WHERE case_number = :n"), {"n": number})
    made = manifest(
        ENTRIES.validate_python(stored), {row.id: row.text for row in notes}, {row["seq"]: row for row in stored}
    )
    row = insert(archives).values(case_number=number, sealed_at=sealed_at, manifest=made)
    await conn.execute(row.on_conflict_do_nothing())
