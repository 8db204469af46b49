"""API keys of channels and of units' systems: `id.secret`, of which only the SHA-256 of the secret is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.vocabulary import Change, Role
from storage import units
from storage.changes import Cause, record
from storage.tables import api_keys

MOST = 2
"""Live keys of one client: the one in use, and the next, so that it can change over."""
SPARED = timedelta(minutes=5)
"""A use is not written down while the last one on record is younger."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key as it is kept: whose it is, for which role and unit, and how long it lives."""

    id: str
    client: str
    role: Role
    unit: str | None
    digest: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def unnoticed(self, now: datetime) -> bool:
        """Is this use to be written down?"""
        return self.used_at is None or now - self.used_at >= SPARED


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def create(
    conn: AsyncConnection, client: str, role: Role, unit: str | None, expires_at: datetime | None, cause: Cause
) -> str:
    """Make a key and say it, this once. Unknown if the unit is none of the role's kind.

    A ValueError if the client has two live ones, or had one for another role or unit: what it is, it stays.
    """
    if unit is not None:
        await units.require(conn, {unit}, partner=role is Role.PARTNER)
    await conn.execute(text("LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE"))  # two at once would make a third
    theirs = [key for key in await listed(conn) if key.client == client]
    if any((key.role, key.unit) != (role, unit) for key in theirs):
        raise ValueError(f"{client} has keys for another role or unit: take another client")
    if sum(key.live(cause.at) for key in theirs) >= MOST:
        raise ValueError(f"{client} has {MOST} live keys: revoke one")
    id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    scope = {"client": client, "role": role, "unit": unit}
    row = scope | {"id": id, "digest": digest_of(secret), "created_at": cause.at, "expires_at": expires_at}
    await conn.execute(insert(api_keys).values(row))
    ends = expires_at.isoformat() if expires_at else None
    await record(conn, cause, Change.KEY_CREATED, id, **scope, expires_at=ends)
    return f"{id}.{secret}"


async def revoke(conn: AsyncConnection, id: str, cause: Cause) -> bool:
    """End a key now; whether there was one to end."""
    ended = update(api_keys).where(api_keys.c.id == id, api_keys.c.revoked_at.is_(None)).values(revoked_at=cause.at)
    client = (await conn.execute(ended.returning(api_keys.c.client))).scalar_one_or_none()
    if client is not None:
        await record(conn, cause, Change.KEY_REVOKED, id, client=client)
    return client is not None


async def listed(conn: AsyncConnection) -> list[Key]:
    """All keys there ever were, by client, the oldest first."""
    query = select(api_keys).order_by(api_keys.c.client, api_keys.c.created_at, api_keys.c.id)
    return [Key(**{**row, "role": Role(row["role"])}) for row in (await conn.execute(query)).mappings()]


async def find(conn: AsyncConnection, id: str) -> Key | None:
    row = (await conn.execute(select(api_keys).where(api_keys.c.id == id))).mappings().one_or_none()
    return Key(**{**row, "role": Role(row["role"])}) if row else None


async def used(conn: AsyncConnection, id: str, now: datetime) -> None:
    """Write a use down; whoever comes at the same time writes nothing."""
    fresh = or_(api_keys.c.used_at.is_(None), api_keys.c.used_at <= now - SPARED)
    await conn.execute(update(api_keys).where(api_keys.c.id == id, fresh).values(used_at=now))


async def any_live(conn: AsyncConnection, now: datetime) -> bool:
    """Can any client sign in by a key?"""
    lasting = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now)
    query = select(api_keys.c.id).where(api_keys.c.revoked_at.is_(None), lasting).limit(1)
    return (await conn.execute(query)).first() is not None
