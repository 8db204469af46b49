"""Sealed files: the manifest with a hash for each entry, text and attachment (Art. 14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.archive import manifest
from storage.files import entries_of
from storage.tables import archives


@dataclass(frozen=True)
class Archive:
    """A sealed file: when, and its manifest: `entries`, `texts`, `attachments` (older ones have none) and `parts`."""

    sealed_at: datetime
    manifest: dict[str, Any]


async def keep(conn: AsyncConnection, number: str, sealed_at: datetime) -> None:
    """Make the manifest from what is stored, and keep it; a second time is a no-op."""
    texts = (await conn.execute(_TEXTS, {"n": number})).scalars()
    made = manifest(await entries_of(conn, number), texts)
    row = insert(archives).values(case_number=number, sealed_at=sealed_at, manifest=made)
    await conn.execute(row.on_conflict_do_nothing())


_TEXTS = text(
    """
    SELECT id FROM notes n WHERE case_number = :n AND NOT EXISTS (
        SELECT 1 FROM deeds d, jsonb_each_text(d.body -> 'notes') AS own
        WHERE d.case_number = n.case_number AND d.state = 'refused' AND own.value = n.id)
    """
)
"""The texts of the file; those of refused acts are no part of it, and may come when it is sealed."""


async def find(conn: AsyncConnection, number: str) -> Archive | None:
    """The sealed file's manifest as it is kept; None: not sealed."""
    found = (await conn.execute(select(archives).where(archives.c.case_number == number))).one_or_none()
    return Archive(found.sealed_at, found.manifest) if found else None
