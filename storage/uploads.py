"""Uploads (上传): what is to be attached comes in parts, each a blob of its own, until it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LOOSE = 2_000
"""How many uploads that no act has brought yet one actor may have; a day later they are removed."""


@dataclass(frozen=True)
class Upload:
    """One upload as it stands: `open`, `whole`, `refused` (then `refusal` says why), or `abandoned`."""

    upload: str
    size: int
    announced: str | None
    taken: int
    parts: list[str]
    state: str
    kind: str | None
    refusal: str | None


@dataclass(frozen=True)
class Kept:
    """What is kept of a whole upload: `id` is its salted hash, `sha256` and `length` are of the bytes in the blob."""

    id: str
    salt: str
    kind: str
    sha256: str
    length: int
    blob: str


_COLUMNS = "upload, size, announced, taken, parts, state, kind, refusal"

_BEGIN = text(
    f"""
    INSERT INTO attachments (upload, actor, key, begun_at, size, announced, name)
    SELECT :upload, CAST(:actor AS text), CAST(:key AS text), :now, :size, :announced, :name
    WHERE (SELECT count(*) FROM attachments
           WHERE actor = :actor AND case_number IS NULL AND state IN ('open', 'whole')) < :most
    ON CONFLICT (actor, key) DO NOTHING RETURNING {_COLUMNS}
    """
)

_FIRST = text(f"SELECT {_COLUMNS} FROM attachments WHERE actor = :actor AND key = CAST(:key AS text)")


async def begin(
    conn: AsyncConnection, actor: str, key: str | None, now: datetime, said: dict[str, Any], most: int = LOOSE
) -> Upload | None:
    """Begin an upload (`said`: size, announced, name), or find the one begun under this key; None: `most` wait already."""
    parameters = {"upload": uuid4().hex, "actor": actor, "key": key, "now": now, "most": most, **said}
    made = (await conn.execute(_BEGIN, parameters)).mappings().one_or_none()
    if made is None and key:
        made = (await conn.execute(_FIRST, {"actor": actor, "key": key})).mappings().one_or_none()
    return Upload(**made) if made else None


async def find(conn: AsyncConnection, upload: str, actor: str) -> Upload | None:
    """This actor's upload; None: no such one."""
    found = text(
        f"SELECT {_COLUMNS} FROM attachments WHERE upload = :upload AND actor = :actor AND state <> 'abandoned'"
    )
    row = (await conn.execute(found, {"upload": upload, "actor": actor})).mappings().one_or_none()
    return Upload(**row) if row else None


async def again(conn: AsyncConnection, upload: str) -> Upload:
    """The upload as it stands now."""
    found = text(f"SELECT {_COLUMNS} FROM attachments WHERE upload = :upload")
    return Upload(**(await conn.execute(found, {"upload": upload})).mappings().one())


_TAKE = text(
    f"""
    UPDATE attachments SET taken = taken + :length, parts = parts || to_jsonb(CAST(:part AS text))
    WHERE upload = :upload AND taken = :offset AND state = 'open' AND taken + :length <= size
    RETURNING {_COLUMNS}
    """
)


async def take(conn: AsyncConnection, upload: str, offset: int, part: str, length: int) -> Upload | None:
    """Put a part that is kept behind those before it; None: another one came there first."""
    given = {"upload": upload, "offset": offset, "part": part, "length": length}
    row = (await conn.execute(_TAKE, given)).mappings().one_or_none()
    return Upload(**row) if row else None


async def complete(conn: AsyncConnection, upload: str, kept: Kept) -> bool:
    """It is whole, and these are its contents; False: it was settled meanwhile."""
    change = text(
        "UPDATE attachments SET state = 'whole', parts = '[]', id = :id, salt = :salt, kind = :kind, sha256 = :sha256,"
        " length = :length, blob = :blob WHERE upload = :upload AND state = 'open' RETURNING upload"
    )
    return (await conn.execute(change, {"upload": upload, **vars(kept)})).scalar_one_or_none() is not None


async def refuse(conn: AsyncConnection, upload: str, refusal: str) -> None:
    """It is not taken, and why; its name goes."""
    change = text(
        "UPDATE attachments SET state = 'refused', refusal = :refusal, name = NULL"
        " WHERE upload = :upload AND state = 'open'"
    )
    await conn.execute(change, {"upload": upload, "refusal": refusal})


async def abandon(conn: AsyncConnection, before: datetime, limit: int = 200) -> list[str]:
    """Uploads begun before this instant that no act has brought: none can bring them any more. What was infected stays
    on record."""
    change = text(
        """
        UPDATE attachments SET state = 'abandoned' WHERE upload IN (
            SELECT upload FROM attachments
            WHERE case_number IS NULL AND begun_at < :before AND coalesce(refusal, '') <> 'Infected'
            ORDER BY begun_at LIMIT :limit FOR UPDATE SKIP LOCKED)
          AND case_number IS NULL
        RETURNING upload
        """
    )
    return list((await conn.execute(change, {"before": before, "limit": limit})).scalars())


async def forget(conn: AsyncConnection, upload: str) -> None:
    """The row of an abandoned upload, once its blobs are gone."""
    gone = text("DELETE FROM attachments WHERE upload = :upload AND state = 'abandoned'")
    await conn.execute(gone, {"upload": upload})
