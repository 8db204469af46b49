"""The knowledge base (知识库): versions proposed by units, released by the Centre, withdrawn when expired (Art. 5(1), 5(5))."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.knowledge import Proposal, advance
from domain.refusals import NotPermitted
from domain.regulation import art
from domain.vocabulary import Edition, Role
from storage.reading import Order, Rows, page
from storage.tables import knowledge

SHOWN = [column for column in knowledge.columns if column.name not in ("asked", "said")]
LIVE = (Edition.PROPOSED, Edition.RELEASED)
BY_ENTRY = Order((knowledge.c.entry, knowledge.c.version))


def _row(proposal: Proposal, owner: str, review_on: date, actor: str, now: datetime) -> dict[str, Any]:
    proposed = {"stage": Edition.PROPOSED, "proposed_by": actor, "proposed_at": now}
    return asdict(proposal) | {"owner": owner, "review_on": review_on} | proposed


async def propose(
    conn: AsyncConnection, proposal: Proposal, owner: str, review_on: date, actor: str, now: datetime
) -> int:
    """A new entry's number; the same again is the same one. NotPermitted: its owner has an entry for this question."""
    row = _row(proposal, owner, review_on, actor, now) | {"version": 1}
    new = insert(knowledge).values(row).on_conflict_do_nothing().returning(knowledge.c.entry)
    if made := (await conn.execute(new)).scalar_one_or_none():
        return int(made)
    known = select(knowledge).where(
        knowledge.c.owner == owner,
        knowledge.c.question == proposal.question,
        knowledge.c.version == 1,
        knowledge.c.stage.in_(LIVE),
    )
    first = (await conn.execute(known)).mappings().one_or_none()
    if first is None or not _says(first, proposal):
        raise NotPermitted("there is an entry for this question: propose its next version", art(5, item=5))
    return int(first["entry"])


def _says(row: Any, proposal: Proposal) -> bool:
    return all(row[name] == value for name, value in asdict(proposal).items())


async def revise(
    conn: AsyncConnection, entry: int, proposal: Proposal, review_on: date, actor: str, now: datetime
) -> None:
    """Propose its next version, in the place of what still waits; the same again is the same one. It must exist."""
    last = (await _held(conn, entry))[-1]
    if last["stage"] in LIVE and _says(last, proposal):
        return
    waiting = knowledge.c.entry == entry, knowledge.c.stage == Edition.PROPOSED
    await conn.execute(knowledge.update().where(*waiting).values(stage=Edition.REPLACED))
    row = _row(proposal, last["owner"], review_on, actor, now)
    await conn.execute(knowledge.insert().values(row | {"entry": entry, "version": last["version"] + 1}))


async def _held(conn: AsyncConnection, entry: int) -> list[dict[str, Any]]:
    """All versions, first to last; until the transaction ends nobody else changes them or adds one."""
    first = knowledge.c.entry == entry, knowledge.c.version == 1
    await conn.execute(select(knowledge.c.entry).where(*first).with_for_update())
    return await versions(conn, entry)


async def review(
    conn: AsyncConnection, entry: int, version: int, target: Edition, actor: str, now: datetime, reason: str | None
) -> None:
    """Release or refuse a version. Or a Refusal. No such version: nothing."""
    for row in await _held(conn, entry):
        if row["version"] == version:
            advance(Edition(row["stage"]), target, row["proposed_by"], actor)
            reviewed = {"stage": target, "reviewed_by": actor, "reviewed_at": now, "reason": reason}
            this = knowledge.c.entry == entry, knowledge.c.version == version
            await conn.execute(knowledge.update().where(*this).values(reviewed))


async def withdraw(conn: AsyncConnection, entry: int, actor: str, now: datetime, reason: str) -> None:
    """Withdraw all that is released of an entry, or a Refusal. It must exist."""
    held = await _held(conn, entry)
    stages = [row["stage"] for row in held]
    stage = Edition.RELEASED if Edition.RELEASED in stages else Edition(stages[-1])
    advance(stage, Edition.WITHDRAWN, held[-1]["proposed_by"], actor)
    await _withdrawn(conn, knowledge.c.entry == entry, actor, now, reason)


async def _withdrawn(conn: AsyncConnection, which: ColumnElement[bool], actor: str, now: datetime, reason: str) -> int:
    step = {"stage": Edition.WITHDRAWN, "withdrawn_by": actor, "withdrawn_at": now, "reason": reason}
    change = knowledge.update().where(which, knowledge.c.stage == Edition.RELEASED).values(step)
    return (await conn.execute(change)).rowcount


EXPIRED = "期满 expired"


async def expire(conn: AsyncConnection, today: date, now: datetime) -> int:
    """Withdraw what was valid until before today; how many versions."""
    return await _withdrawn(conn, knowledge.c.valid_until < today, Role.SYSTEM, now, EXPIRED)


_REMIND = text(
    """
    UPDATE knowledge k SET reminded_at = :now
    WHERE k.stage = 'released' AND k.review_on <= :today AND k.valid_until >= :today AND k.reminded_at IS NULL
      AND NOT EXISTS (SELECT FROM knowledge l WHERE l.entry = k.entry AND l.version > k.version
                      AND l.stage IN ('proposed', 'released'))
    """
)


async def remind(conn: AsyncConnection, today: date, now: datetime) -> int:
    """Put a reminder into the lists of the owners whose answers expire soon, once each; how many.

    Not of one whose next version is proposed or released: its owner has seen to it.
    """
    return (await conn.execute(_REMIND, {"today": today, "now": now})).rowcount


async def versions(conn: AsyncConnection, entry: int) -> list[dict[str, Any]]:
    """All versions that the reader may see, first to last."""
    query = select(*SHOWN).where(knowledge.c.entry == entry).order_by(knowledge.c.version)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def listed(
    conn: AsyncConnection,
    owner: str | None,
    stage: Edition | None,
    reminded: bool | None,
    limit: int,
    cursor: str | None,
) -> Rows:
    """Versions by entry; narrowed to an owner, a stage, and to what is released and its owner was reminded of."""
    wanted = [knowledge.c.owner == owner] if owner else []
    wanted += [knowledge.c.stage == stage] if stage else []
    if reminded is not None:
        due = knowledge.c.reminded_at.is_not(None) & (knowledge.c.stage == Edition.RELEASED)
        wanted.append(due if reminded else ~due)
    return await page(conn, select(*SHOWN).where(*wanted), BY_ENTRY, limit, cursor)
