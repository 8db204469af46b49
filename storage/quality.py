"""Training, and sampled checks of quality (质量抽检): drawn by lot, so that anybody can draw them again (Art. 5(5))."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.quality import Marks, check
from domain.vocabulary import Sampled
from storage.reading import Order, Rows, page
from storage.tables import checks, entries, trainings

_DRAW = text(
    """
    INSERT INTO checks (case_number, seq, sample, what, unit, drawn_by, drawn_at)
    SELECT e.case_number, e.seq, :sample, :what, e.unit, :by, :now FROM entries e
    WHERE e.event = :what AND e.at >= :since AND e.at < :until AND e.deed IS NOT NULL
      AND (CAST(:unit AS text) IS NULL OR e.unit = :unit)
      AND NOT EXISTS (SELECT FROM disposals d WHERE d.case_number = e.case_number)
      AND NOT EXISTS (SELECT FROM checks c WHERE c.case_number = e.case_number AND c.seq = e.seq)
    ORDER BY md5(:sample || e.case_number || '/' || e.seq) LIMIT :count
    ON CONFLICT DO NOTHING
    """
)
"""The lot is the hash of the sample's ID with the entry's: whoever knows both draws the same."""


async def draw(
    conn: AsyncConnection,
    sample: str,
    what: Sampled,
    since: datetime,
    until: datetime,
    unit: str | None,
    count: int,
    by: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """Draw so many entries of a time that were never drawn; the same sample again is the same one."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(sample))))  # twice at once is once
    span = {"since": since, "until": until, "unit": unit, "count": count}
    if not await conn.scalar(select(func.count()).where(checks.c.sample == sample)):
        await conn.execute(_DRAW, span | {"sample": sample, "what": what, "by": by, "now": now})
    query = select(checks).where(checks.c.sample == sample).order_by(checks.c.case_number, checks.c.seq)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def mark(
    conn: AsyncConnection, number: str, seq: int, marks: Marks, checker: str, now: datetime
) -> dict[str, Any] | None:
    """Put a check on record, or a Refusal; None: that entry was not drawn."""
    this = checks.c.case_number == number, checks.c.seq == seq
    found = (await conn.execute(select(checks).where(*this).with_for_update())).mappings().one_or_none()
    if found is None:
        return None
    actor = await conn.scalar(select(entries.c.actor).where(entries.c.case_number == number, entries.c.seq == seq))
    check(marks, str(actor), checker, found["checked_by"] is not None)
    done = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(marks).items()}
    made = update(checks).where(*this).values(done | {"checked_by": checker, "checked_at": now}).returning(checks)
    return dict((await conn.execute(made)).mappings().one())


async def listed(conn: AsyncConnection, open: bool | None, unit: str | None, limit: int, cursor: str | None) -> Rows:
    """What was drawn, the latest first; `open`: what is still to be checked."""
    wanted: list[ColumnElement[bool]] = [checks.c.unit == unit] if unit else []
    if open is not None:
        wanted.append(checks.c.checked_by.is_(None) if open else checks.c.checked_by.is_not(None))
    order = Order((checks.c.drawn_at, checks.c.case_number, checks.c.seq), last_first=True)
    return await page(conn, select(checks).where(*wanted), order, limit, cursor)


async def train(conn: AsyncConnection, id: str, facts: dict[str, Any], by: str, now: datetime) -> dict[str, Any]:
    """Enter a training (topic, held_on, hours, people, units); the same again is the same one."""
    made = insert(trainings).values(facts | {"id": id, "entered_by": by, "entered_at": now}).on_conflict_do_nothing()
    await conn.execute(made)
    return dict((await conn.execute(select(trainings).where(trainings.c.id == id))).mappings().one())


async def trained(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """The register of training, the latest first."""
    return await page(
        conn, select(trainings), Order((trainings.c.held_on, trainings.c.id), last_first=True), limit, cursor
    )
