"""The roots of the days: what was signed, and the heads of the chains under each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.roots import Head, Statement, state
from storage.tables import root_heads, roots


@dataclass(frozen=True)
class Root:
    """A day's root as it was signed."""

    day: date
    signed: str


async def last(conn: AsyncConnection) -> Root | None:
    """The latest one."""
    found = (await conn.execute(_ROOTS.order_by(roots.c.day.desc()).limit(1))).one_or_none()
    return Root(*found) if found else None


async def listed(conn: AsyncConnection) -> list[Root]:
    """All of them, first to last."""
    return [Root(*row) for row in await conn.execute(_ROOTS.order_by(roots.c.day))]


async def heads_of(conn: AsyncConnection, day: date) -> list[Head]:
    """The heads under a day's root, in the order of the cases' numbers."""
    order = root_heads.c.case_number.collate("C")
    query = select(root_heads.c.case_number, root_heads.c.entries, root_heads.c.chain).where(root_heads.c.day == day)
    return [Head(*row) for row in await conn.execute(query.order_by(order))]


async def latest_with(conn: AsyncConnection, case: str) -> Root | None:
    """The latest root under which this case is."""
    query = _ROOTS.join(root_heads, root_heads.c.day == roots.c.day).where(root_heads.c.case_number == case)
    found = (await conn.execute(query.order_by(roots.c.day.desc()).limit(1))).one_or_none()
    return Root(*found) if found else None


async def sign(conn: AsyncConnection, day: date, at: datetime, seal: Callable[[Statement], str]) -> Root:
    """Sign the day with all that was recorded until now; a day that is signed already stays as it is.

    The caller's transaction holds a lock, so that two never sign at once; a day before the last one is a ValueError.
    """
    await conn.execute(text("SELECT pg_advisory_xact_lock('roots'::regclass::oid::int)"))
    before = await last(conn)
    if before and before.day >= day:
        if before.day > day:
            raise ValueError(f"{before.day} is signed already")
        return before
    heads = await _moved(conn)
    signed = seal(state(day, heads, before.signed if before else None))
    await conn.execute(insert(roots).values(day=day, at=at, signed=signed))
    if heads:
        await conn.execute(insert(root_heads), _rows(day, heads))
    return Root(day, signed)


def _rows(day: date, heads: Sequence[Head]) -> list[dict[str, object]]:
    return [{"day": day, "case_number": head.case, "entries": head.entries, "chain": head.chain} for head in heads]


async def _moved(conn: AsyncConnection) -> list[Head]:
    """The cases whose chain is longer than under any root."""
    found = await conn.execute(
        text(
            "SELECT number, entries, chain FROM cases c WHERE entries > coalesce((SELECT max(h.entries) FROM root_heads h"
            ' WHERE h.case_number = c.number), 0) ORDER BY number COLLATE "C"'
        )
    )
    return [Head(*row) for row in found]


_ROOTS = select(roots.c.day, roots.c.signed)
