"""Sessions of browsers: who signed in, until when, and whether they signed out. Of the cookie only its hash is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LASTS = timedelta(hours=12)
"""A shift; then the provider is asked again."""
IDLE = timedelta(hours=1)
"""Without a request, a session ends."""

_BEGIN = text(
    "INSERT INTO sessions (id, subject, role, unit, begun_at, seen_at) VALUES (:id, :subject, :role, :unit, :now, :now)"
)
_SEE = text(
    "UPDATE sessions SET seen_at = :now WHERE id = :id AND ended_at IS NULL AND begun_at > :lasts AND seen_at > :idle"
    " RETURNING subject, role, unit"
)
_END = text("UPDATE sessions SET ended_at = :now WHERE id = :id AND ended_at IS NULL")
_END_ALL = text(
    "UPDATE sessions SET ended_at = :now WHERE subject = :subject AND ended_at IS NULL"
    " AND begun_at > :lasts AND seen_at > :idle RETURNING id"
)


async def begin(conn: AsyncConnection, subject: str, role: str, unit: str | None, now: datetime) -> str:
    """Whoever brings what this returns is known by it."""
    token = secrets.token_urlsafe(32)
    await conn.execute(_BEGIN, {"id": _id(token), "subject": subject, "role": role, "unit": unit, "now": now})
    return token


async def see(conn: AsyncConnection, token: str, now: datetime) -> Any:
    """Subject, role and unit of a session that goes on; otherwise None."""
    told = {"id": _id(token), "now": now, "lasts": now - LASTS, "idle": now - IDLE}
    return (await conn.execute(_SEE, told)).one_or_none()


async def end(conn: AsyncConnection, token: str, now: datetime) -> None:
    """Nobody is known by it any more."""
    await conn.execute(_END, {"id": _id(token), "now": now})


async def end_all(conn: AsyncConnection, subject: str, now: datetime) -> int:
    """End whatever session this person has; how many there were."""
    found = await conn.execute(_END_ALL, {"subject": subject, "now": now, "lasts": now - LASTS, "idle": now - IDLE})
    return len(found.all())


def _id(token: str) -> str:
    return sha256(token.encode()).hexdigest()
