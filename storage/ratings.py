"""Objections to ratings of partners, and what was decided: each step appended (Art. 24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ratings import advance
from domain.vocabulary import Objection
from storage.partners import hold
from storage.reading import Order, Rows, page
from storage.tables import entries, rating_steps

BY_TIME = Order(tuple(rating_steps.c[name] for name in ("at", "case_number", "seq", "nth")), last_first=True)


@dataclass(frozen=True)
class Rated:
    """A rating on record: of which partner, in which entry of which case, when."""

    case_number: str
    seq: int
    partner: str
    at: datetime


async def rating(conn: AsyncConnection, number: str, seq: int) -> Rated | None:
    """The rating of a partner in this entry, if it holds one."""
    said = entries.c.detail["partner"].astext
    this = entries.c.case_number == number, entries.c.seq == seq, said.is_not(None)
    row = (await conn.execute(select(said.label("partner"), entries.c.at).where(*this))).one_or_none()
    return Rated(number, seq, row.partner, row.at) if row else None


async def step(
    conn: AsyncConnection, rated: Rated, target: Objection, actor: str, reason: str, now: datetime
) -> dict[str, Any]:
    """Put it on record, or a Refusal; one after another."""
    this = rating_steps.c.case_number == rated.case_number, rating_steps.c.seq == rated.seq
    await hold(conn, rated.partner)
    query = select(rating_steps.c.nth, rating_steps.c.standing).where(*this).order_by(rating_steps.c.nth.desc())
    last = (await conn.execute(query.limit(1))).one_or_none()
    advance(Objection(last.standing) if last else None, target)
    row = {"case_number": rated.case_number, "seq": rated.seq, "nth": last.nth + 1 if last else 1}
    row |= {"partner": rated.partner, "standing": target, "at": now, "actor": actor, "reason": reason}
    await conn.execute(insert(rating_steps).values(row))
    return row


async def listed(
    conn: AsyncConnection, partner: str | None, standing: Objection | None, limit: int, cursor: str | None
) -> Rows:
    """Ratings that were objected to, where each stands now; the latest first."""
    later = rating_steps.alias()
    same = (later.c.case_number == rating_steps.c.case_number) & (later.c.seq == rating_steps.c.seq)
    superseded = select(later.c.nth).where(same, later.c.nth > rating_steps.c.nth).exists()
    wanted = [~superseded]
    wanted += [rating_steps.c.partner == partner] if partner else []
    wanted += [rating_steps.c.standing == standing] if standing else []
    return await page(conn, select(rating_steps).where(*wanted), BY_TIME, limit, cursor)
