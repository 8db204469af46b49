"""Who changed a key, a calendar or a unit, when and why: written in the transaction of the change, and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert
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
