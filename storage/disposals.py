"""Lists of disposal (销毁清单): proposed, appraised, approved; each step by another officer, on record (Art. 14)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.disposal import Kept, advance, ground_of, latest_sealing
from domain.refusals import NotPermitted, Unknown
from domain.regulation import art
from domain.vocabulary import Ground, Keep, Matter, Outcome, Report, Stage, Status
from storage.reading import Order, Rows, page
from storage.tables import disposal_items, disposal_lists

KEPT = """
    c.number, c.status, c.outcome, c.matter, c.report, c.rule_set, a.sealed_at,
    EXISTS (SELECT FROM handovers h WHERE h.case_number = c.number AND h.state = 'waiting')
        OR EXISTS (SELECT FROM dispatches d WHERE d.case_number = c.number AND d.state <> 'received') AS handed_over
"""
"""What `kept` reads, of cases `c` and archives `a`."""

_CANDIDATES = text(
    f"""
    SELECT {KEPT}, e.case_number IS NOT NULL AS asked
    FROM archives a JOIN cases c ON c.number = a.case_number
    LEFT JOIN erasures e ON e.case_number = c.number AND e.refusal IS NULL
    WHERE (a.sealed_at < :latest OR e.case_number IS NOT NULL)
      AND NOT EXISTS (SELECT FROM disposal_items i WHERE i.claims = c.number)
    ORDER BY a.sealed_at, c.number
    """
)


def kept(row: Any) -> Kept:
    """The file of a row with the columns KEPT."""
    return Kept(
        Status(row.status),
        Outcome(row.outcome) if row.outcome else None,
        Matter(row.matter),
        Report(row.report) if row.report else None,
        row.rule_set,
        row.sealed_at,
        row.handed_over,
    )


async def propose(conn: AsyncConnection, actor: str, now: datetime, limit: int) -> str:
    """A new list's ID: of what may be destroyed now and stands on no list, `limit` at most. NotPermitted: nothing may."""
    items = [item async for item in _due(conn, now, limit)]
    made = uuid4().hex
    await conn.execute(
        disposal_lists.insert().values(id=made, stage=Stage.PROPOSED, proposed_by=actor, proposed_at=now)
    )
    taken = [
        {"list": made, "case_number": number, "ground": ground, "claims": number} for number, ground in items
    ]  # fmt: skip
    query = insert(disposal_items).on_conflict_do_nothing().returning(disposal_items.c.case_number)
    if not taken or not (await conn.execute(query, taken)).all():
        raise NotPermitted("nothing may be destroyed now that stands on no list yet", art(14))
    return made


async def _due(conn: AsyncConnection, now: datetime, limit: int) -> AsyncIterator[tuple[str, Ground]]:
    found = 0
    async with conn.stream(_CANDIDATES, {"latest": latest_sealing(now)}) as rows:
        async for row in rows:
            if ground := ground_of(kept(row), row.asked, now):
                yield row.number, ground
                found += 1
            if found == limit:
                return


async def appraise(conn: AsyncConnection, id: str, actor: str, now: datetime, struck: Mapping[str, Keep]) -> None:
    """Strike these cases off, each for its reason; the others are appraised. Or a Refusal. No such list: nothing."""
    if not await _advance(conn, id, Stage.APPRAISED, actor, now):
        return
    asked = [{"list": id, "number": number, "why": why} for number, why in struck.items()]
    for each in asked:
        if (await conn.execute(_STRIKE, each)).rowcount == 0:
            raise Unknown("`strike`: a case that is not on this list")
        await conn.execute(_REFUSE, each)


_STRIKE = text("UPDATE disposal_items SET struck = :why, claims = NULL WHERE list = :list AND case_number = :number")
_REFUSE = text("UPDATE erasures SET refusal = :why, basis = NULL WHERE case_number = :number")
"""What the person asked for was appraised: they may ask again."""


async def approve(conn: AsyncConnection, id: str, actor: str, now: datetime) -> None:
    """From now on it may be carried out. Or a Refusal. No such list: nothing."""
    await _advance(conn, id, Stage.APPROVED, actor, now)


async def _advance(conn: AsyncConnection, id: str, target: Stage, actor: str, now: datetime) -> bool:
    query = select(disposal_lists).where(disposal_lists.c.id == id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return False
    before = tuple(officer for officer in (row.proposed_by, row.appraised_by) if officer)
    advance(Stage(row.stage), target, before, actor)
    change = {"stage": target, f"{target}_by": actor, f"{target}_at": now}
    await conn.execute(disposal_lists.update().where(disposal_lists.c.id == id).values(change))
    return True


async def lists(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """The lists, the latest first."""
    latest = Order((disposal_lists.c.proposed_at, disposal_lists.c.id), last_first=True)
    return await page(conn, select(disposal_lists), latest, limit, cursor)


async def one(conn: AsyncConnection, id: str) -> dict[str, Any] | None:
    """A list with its `items`, by case; None: there is none."""
    found = (await conn.execute(select(disposal_lists).where(disposal_lists.c.id == id))).mappings().one_or_none()
    if found is None:
        return None
    query = select(disposal_items).where(disposal_items.c.list == id).order_by(disposal_items.c.case_number)
    return {**found, "items": [dict(row) for row in (await conn.execute(query)).mappings()]}
