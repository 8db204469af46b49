"""The register of opinions (社会监督意见): what was said, who answers, what became of it; every step kept (Art. 21)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.opinions import ENDED, Doing, Opinion
from domain.vocabulary import Hearing, Voice
from storage.reading import Order, Rows, page
from storage.tables import opinion_steps, opinions

STANDS = tuple(Opinion.__dataclass_fields__)
PUBLIC = ("id", "voice", "public_title", "public_question", "public_answer", "effect", "unit", "published_at")
"""What everybody is shown, of what is published."""


def opinion_of(row: Any) -> Opinion:
    """The facts of a row."""
    words = {"voice": Voice(row["voice"]), "standing": Hearing(row["standing"])}
    return Opinion(**{name: row[name] for name in STANDS} | words)


def _row(opinion: Opinion) -> dict[str, Any]:
    return {name: getattr(opinion, name) for name in STANDS}


async def enter(conn: AsyncConnection, opinion: Opinion, said: dict[str, str], doing: Doing) -> str:
    """Put a new opinion on record with what it says; its ID, or that of the one under the same number of the same voice."""
    number = f"{opinion.voice}/{opinion.reference}"
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(number))))
    same = opinions.c.voice == opinion.voice, opinions.c.reference == opinion.reference
    if known := await conn.scalar(select(opinions.c.id).where(*same)):
        return str(known)
    await conn.execute(insert(opinions).values(_row(opinion) | said))
    await _step(conn, opinion, doing, None)
    return opinion.id


async def hold(conn: AsyncConnection, id: str) -> Opinion | None:
    """An opinion; nobody else changes where it stands until this transaction ends."""
    row = (await conn.execute(select(opinions).where(opinions.c.id == id).with_for_update())).mappings().one_or_none()
    return opinion_of(row) if row else None


async def keep(conn: AsyncConnection, opinion: Opinion, doing: Doing, words: str | None = None, **said: Any) -> None:
    """Put a step on record. `words`: why, or what was answered; `said`: texts of the opinion itself that it changes."""
    await conn.execute(update(opinions).where(opinions.c.id == opinion.id).values(_row(opinion) | said))
    await _step(conn, opinion, doing, words)


async def _step(conn: AsyncConnection, opinion: Opinion, doing: Doing, words: str | None) -> None:
    done = {"opinion": opinion.id, "version": opinion.version, "standing": opinion.standing, "unit": opinion.unit}
    by = {"at": doing.at, "act": doing.act, "actor": doing.actor, "role": doing.role, "words": words}
    await conn.execute(insert(opinion_steps).values(done | by))


async def one(conn: AsyncConnection, id: str) -> dict[str, Any] | None:
    """An opinion that the reader sees."""
    row = (await conn.execute(select(opinions).where(opinions.c.id == id))).mappings().one_or_none()
    return dict(row) if row else None


async def steps(conn: AsyncConnection, id: str) -> list[dict[str, Any]]:
    """What brought it where it stands, first to last."""
    query = select(opinion_steps).where(opinion_steps.c.opinion == id).order_by(opinion_steps.c.version)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def listed(
    conn: AsyncConnection,
    standing: Hearing | None,
    voice: Voice | None,
    unit: str | None,
    limit: int,
    cursor: str | None,
) -> Rows:
    """The latest first; narrowed to a standing, to whose they are, to who answers."""
    wanted = [opinions.c.standing == standing] if standing else []
    wanted += [opinions.c.voice == voice] if voice else []
    wanted += [opinions.c.unit == unit] if unit else []
    order = Order((opinions.c.received_at, opinions.c.id), last_first=True)
    return await page(conn, select(opinions).where(*wanted), order, limit, cursor)


async def public(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """What is published, the latest first."""
    query = select(*(opinions.c[name] for name in PUBLIC)).where(opinions.c.standing == Hearing.PUBLISHED)
    return await page(conn, query, Order((opinions.c.published_at, opinions.c.id), last_first=True), limit, cursor)


async def seen(conn: AsyncConnection, id: str, version: int) -> None:
    """Its workflow has read this version."""
    await conn.execute(update(opinions).where(opinions.c.id == id, opinions.c.seen < version).values(seen=version))


async def unseen(conn: AsyncConnection, before: datetime) -> Sequence[str]:
    """Opinions of which their workflow does not know what was done before this instant, or has slept through it."""
    done = select(func.max(opinion_steps.c.at)).where(opinion_steps.c.opinion == opinions.c.id).scalar_subquery()
    untold = (opinions.c.seen < opinions.c.version) & (done < before)
    query = select(opinions.c.id).where(untold | (func.coalesce(opinions.c.warn_at, opinions.c.due_at) < before))
    return (await conn.execute(query)).scalars().all()


async def forget(conn: AsyncConnection) -> int:
    """Temporal lost its store: no workflow has read anything; how many are to be told."""
    lost = update(opinions).where(opinions.c.standing.not_in(sorted(ENDED))).values(seen=0)
    return (await conn.execute(lost)).rowcount
