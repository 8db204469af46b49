"""Who changed a key, a calendar, a unit, a rule set or a right, when and why: written with the change, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.vocabulary import Change
from storage.tables import changes


@dataclass(frozen=True)
class Cause:
    """Who changes something, when, and why; an empty reason is a ValueError."""

    actor: str
    at: datetime
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a change has its reason")


async def record(conn: AsyncConnection, cause: Cause, what: Change, subject: str, **detail: Any) -> None:
    """Put a change on record. `subject`: the code or ID of what was changed; `detail`: codes, days, numbers."""
    row = {"actor": cause.actor, "at": cause.at, "reason": cause.reason, "what": what, "subject": subject}
    await conn.execute(insert(changes).values(id=uuid4().hex, detail=detail, **row))


async def release(conn: AsyncConnection, cause: Cause, what: Change, subject: str, lines: Sequence[str]) -> bool:
    """Put on record how a table of the program reads from now on, and what came and went; False: as it was."""
    query = select(changes.c.detail).where(changes.c.what == what, changes.c.subject == subject)
    before = await conn.scalar(query.order_by(changes.c.at.desc(), changes.c.id.desc()).limit(1))
    was: list[str] = before["lines"] if before else []
    if was == list(lines):
        return False
    came, went = ([line for line in a if line not in b] for a, b in ((lines, was), (was, lines)))
    await record(conn, cause, what, subject, lines=list(lines), came=came if before else [], went=went)
    return True
