"""Sealed files: the manifest with a hash for each entry and each text (Art. 14)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.archive import manifest
from domain.case import Entry
from storage.files import ENTRIES
from storage.tables import archives


@dataclass(frozen=True)
class Archive:
    """A sealed file: when, and its manifest: `entries`, `texts`, `parts`, and `fields`, those of an entry that count."""

    sealed_at: datetime
    manifest: dict[str, Any]


async def keep(conn: AsyncConnection, number: str, sealed_at: datetime) -> None:
    """Make the manifest from what is stored, and keep it; a second time is a no-op.

    An entry is hashed as readers get it: its JSON, the instant in UTC. `fields` names what an entry had on that day.
    The title of a request is a text of its own, under the ID of its note with `/title`.
    """
    found = (await conn.execute(_FILE, {"n": number})).one()
    entries = tuple(replace(entry, at=entry.at.astimezone(UTC)) for entry in ENTRIES.validate_python(found.entries))
    texts: dict[str, str] = {}
    for note in found.notes:
        texts |= {note["id"]: note["text"]} | (
            {f"{note['id']}/title": note["title"]} if note["title"] is not None else {}
        )
    made = manifest(entries, texts, {row["seq"]: row for row in ENTRIES.dump_python(entries, mode="json")})
    made["fields"] = [field.name for field in fields(Entry)]
    row = insert(archives).values(case_number=number, sealed_at=sealed_at, manifest=made)
    await conn.execute(row.on_conflict_do_nothing())


_FILE = text(
    """
    SELECT (SELECT jsonb_agg(to_jsonb(e) ORDER BY seq) FROM entries e WHERE case_number = :n) AS entries,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'text', text, 'title', title)), '[]')
            FROM notes n WHERE case_number = :n AND NOT EXISTS (
                SELECT 1 FROM deeds d, jsonb_each_text(d.body -> 'notes') AS own
                WHERE d.case_number = n.case_number AND d.state = 'refused' AND own.value = n.id)) AS notes
    """
)
"""The entries and the texts of the file; those of refused acts are no part of it, and may come when it is sealed."""


async def find(conn: AsyncConnection, number: str) -> Archive | None:
    """The sealed file's manifest as it is kept; None: not sealed."""
    found = (await conn.execute(select(archives).where(archives.c.case_number == number))).one_or_none()
    return Archive(found.sealed_at, found.manifest) if found else None
