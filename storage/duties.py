"""The catalogue of duties (职责清单): rows in versions, each proposed by one person and accepted by another (Art. 10(2))."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.duties import BASIS, Duty, review
from domain.refusals import NotPermitted
from domain.vocabulary import Listing, Matter
from storage.reading import Order, Rows, page
from storage.tables import duties, units

LIVE = (Listing.PROPOSED, Listing.ACCEPTED)
BY_DUTY = Order((duties.c.duty, duties.c.version))


def _row(duty: Duty, actor: str, now: datetime, counted: int | None = None) -> dict[str, Any]:
    proposed = {"stage": Listing.PROPOSED, "proposed_by": actor, "proposed_at": now}
    return asdict(duty) | proposed | {"counted": counted}


async def propose(conn: AsyncConnection, duty: Duty, actor: str, now: datetime) -> int:
    """A new row's number; the same again is the same one. NotPermitted: there is such a row with other ground or end."""
    new = insert(duties).values(_row(duty, actor, now) | {"version": 1}).on_conflict_do_nothing()
    if made := (await conn.execute(new.returning(duties.c.duty))).scalar_one_or_none():
        return int(made)
    same = [duties.c[name].is_not_distinct_from(value) for name, value in asdict(duty).items()]
    query = select(duties.c.duty).where(*same, duties.c.version == 1, duties.c.stage.in_(LIVE))
    if known := (await conn.execute(query)).scalar_one_or_none():
        return int(known)
    raise NotPermitted("there is such a row: propose its next version", BASIS)


async def revise(
    conn: AsyncConnection, id: int, duty: Duty, actor: str, now: datetime, counted: int | None = None
) -> None:
    """Propose its next version, in the place of what still waits; the same again is the same one. It must exist."""
    last = (await _held(conn, id))[-1]
    if last["stage"] in LIVE and all(last[name] == value for name, value in asdict(duty).items()):
        return
    waiting = duties.c.duty == id, duties.c.stage == Listing.PROPOSED
    await conn.execute(duties.update().where(*waiting).values(stage=Listing.REPLACED))
    row = _row(duty, actor, now, counted) | {"duty": id, "version": last["version"] + 1}
    await conn.execute(duties.insert().values(row))


async def _held(conn: AsyncConnection, id: int) -> list[dict[str, Any]]:
    """All versions, first to last; until the transaction ends nobody else changes them or adds one."""
    first = duties.c.duty == id, duties.c.version == 1
    await conn.execute(select(duties.c.duty).where(*first).with_for_update())
    return await versions(conn, id)


async def settle(
    conn: AsyncConnection, id: int, version: int, target: Listing, actor: str, now: datetime, reason: str | None
) -> None:
    """Accept or refuse a version. Or a Refusal. No such version: nothing."""
    for row in await _held(conn, id):
        if row["version"] == version:
            review(Listing(row["stage"]), target, row["proposed_by"], actor)
            settled = {"stage": target, "reviewed_by": actor, "reviewed_at": now, "reason": reason}
            this = duties.c.duty == id, duties.c.version == version
            await conn.execute(duties.update().where(*this).values(settled))


async def versions(conn: AsyncConnection, id: int) -> list[dict[str, Any]]:
    """All versions, first to last."""
    query = select(duties).where(duties.c.duty == id).order_by(duties.c.version)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


def holds(day: date) -> ColumnElement[bool]:
    """Is a version what its row says on that day? A later one takes its place for good, from its own first day on."""
    later = duties.alias("later")
    replaced = select(later.c.duty).where(
        later.c.duty == duties.c.duty,
        later.c.version > duties.c.version,
        later.c.stage == Listing.ACCEPTED,
        later.c.valid_from <= day,
    )
    begun = (duties.c.stage == Listing.ACCEPTED) & (duties.c.valid_from <= day)
    return begun & or_(duties.c.valid_until.is_(None), duties.c.valid_until >= day) & ~replaced.exists()


async def listed(
    conn: AsyncConnection, on: date | None, unit: str | None, stage: Listing | None, limit: int, cursor: str | None
) -> Rows:
    """Versions by row; narrowed to what holds on a day, to a unit, to a stage."""
    wanted = [holds(on)] if on else []
    wanted += [duties.c.unit == unit] if unit else []
    wanted += [duties.c.stage == stage] if stage else []
    return await page(conn, select(duties).where(*wanted), BY_DUTY, limit, cursor)


async def naming(
    conn: AsyncConnection, matter: Matter, district: str | None, topic: str | None, day: date
) -> list[dict[str, Any]]:
    """The rows that name an active unit for this on that day: those that say most about it first.

    No district: of none but what is for any. No topic: of every topic.
    """
    here = or_(duties.c.district.is_(None), duties.c.district == district)
    about = [or_(duties.c.topic.is_(None), duties.c.topic == topic)] if topic else []
    query = select(duties).join(units, units.c.code == duties.c.unit).where(units.c.active)
    said = func.num_nonnulls(duties.c.topic, duties.c.district)
    query = query.where(duties.c.matter == matter, here, *about, holds(day))
    rows = await conn.execute(query.order_by(said.desc(), duties.c.duty))
    return [dict(row) for row in rows.mappings()]
