"""Attachments (附件) as acts bring them: finished uploads of whoever acts, in the statement that registers the act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ATTACH = """
    UPDATE attachments SET case_number = step.number, deed = step.id, attached_at = :attached_at FROM step
    WHERE upload = ANY(CAST(:uploads AS text[])) AND attachments.actor = :owner AND attachments.state = 'whole'
      AND attachments.case_number IS NULL
    RETURNING upload
"""
"""Hangs on `step` (number, and the deed's ID). Two acts that bring the same: the second finds it taken."""

GIVE_BACK = """
    UPDATE attachments SET case_number = NULL, deed = NULL, attached_at = NULL FROM step WHERE attachments.deed = step.id
"""
"""Hangs on `step` (the deed's ID): what a refused act brought belongs to no case."""


def attaching(uploads: Sequence[str], owner: str, at: datetime) -> dict[str, Any]:
    """The parameters of ATTACH."""
    return {"uploads": list(uploads), "owner": owner, "attached_at": at}


@dataclass(frozen=True)
class Brought:
    """Uploads that an act would bring: the IDs under which they go on record, and how many the case has beside them."""

    ids: tuple[str, ...]
    beside: int


_BROUGHT = text(
    """
    SELECT a.upload, a.id, (SELECT count(*) FROM attachments held WHERE held.case_number = :number
                            AND held.upload <> ALL(CAST(:uploads AS text[]))) AS beside
    FROM attachments a
    WHERE a.upload = ANY(CAST(:uploads AS text[])) AND a.actor = :owner AND a.state = 'whole'
      AND (a.case_number IS NULL OR a.case_number = :number)
    """
)


async def brought(conn: AsyncConnection, number: str, uploads: Sequence[str], owner: str) -> Brought | None:
    """The named uploads; None: one is not there, not this owner's, not whole, or in another case.

    One that this case has already passes: the same act may be asked again.
    """
    rows = (await conn.execute(_BROUGHT, {"number": number, "uploads": list(uploads), "owner": owner})).all()
    ids = {row.upload: row.id for row in rows}
    if ids.keys() != set(uploads):
        return None
    return Brought(tuple(ids[upload] for upload in uploads), rows[0].beside)
