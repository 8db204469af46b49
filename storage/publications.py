"""Texts that are to go public, or did (公开): proposed, reviewed, withdrawn; each step by an officer, on record (Art. 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.limits import SHANGHAI
from domain.publication import Publishable, Suspicion, barred, reviewed
from domain.refusals import NotPermitted
from domain.regulation import art
from domain.vocabulary import Review, Status
from storage.reading import Order, Rows, page
from storage.tables import publications

PUBLIC = ("id", "title", "question", "answer", "matter", "district", "unit", "asked_in", "reviewed_at")
"""What everybody is shown."""

_CASE = text(
    "SELECT status, matter, district, registered_at, sheltered(number) AS sheltered,"
    " EXISTS (SELECT FROM disposals WHERE case_number = number) AS destroyed,"
    " (SELECT unit FROM assignments WHERE case_number = number AND part = 'lead' ORDER BY round DESC LIMIT 1) AS unit"
    " FROM cases WHERE number = :number FOR SHARE"
)


async def publishable(conn: AsyncConnection, number: str) -> dict[str, Any]:
    """What of a case's file may be said of its publication; a Refusal if nothing of it goes public. It must exist."""
    row = (await conn.execute(_CASE, {"number": number})).one()
    if refusal := barred(Publishable(Status(row.status), row.sheltered, row.destroyed)):
        raise refusal
    asked_in = row.registered_at.astimezone(SHANGHAI).strftime("%Y-%m")
    return {"matter": row.matter, "district": row.district, "unit": row.unit, "asked_in": asked_in}


async def propose(conn: AsyncConnection, number: str, said: dict[str, Any], actor: str, now: datetime) -> str:
    """The proposal's ID; the same again is the same one. It replaces what waits for its review. Or a Refusal."""
    facts = await publishable(conn, number) | said
    row = {"id": uuid4().hex, "case_number": number, "stage": Review.PROPOSED, "proposed_by": actor, **facts}
    waiting = await _waiting(conn, number)
    if waiting and all(waiting[name] == value for name, value in row.items() if name != "id"):
        return str(waiting["id"])
    await conn.execute(_REPLACED, {"number": number})
    try:
        await conn.execute(publications.insert().values(row | {"proposed_at": now}))
    except IntegrityError:
        raise NotPermitted("something of this case is public: withdraw it first", art(15)) from None
    return str(row["id"])


async def _waiting(conn: AsyncConnection, number: str) -> dict[str, Any] | None:
    query = select(publications).where(publications.c.case_number == number, publications.c.stage == Review.PROPOSED)
    found = (await conn.execute(query.with_for_update())).mappings().one_or_none()
    return dict(found) if found else None


_REPLACED = text("UPDATE publications SET stage = 'replaced' WHERE case_number = :number AND stage = 'proposed'")


@dataclass(frozen=True)
class Step:
    """What a reviewer does. `kept`: suspected passages that they let stand."""

    target: Review
    actor: str
    at: datetime
    kept: Sequence[Suspicion] = ()
    reason: str | None = None

    @property
    def columns(self) -> dict[str, Any]:
        step = "withdrawn" if self.target is Review.WITHDRAWN else "reviewed"
        change = {"stage": self.target, f"{step}_by": self.actor, f"{step}_at": self.at, "reason": self.reason}
        return change | ({"kept": [asdict(each) for each in self.kept]} if self.target is Review.PUBLISHED else {})


async def review(conn: AsyncConnection, id: str, step: Step) -> None:
    """Publish, refuse or withdraw it. Or a Refusal. No such text: nothing.

    The case is held before the text, as `destroy` does: neither waits for the other in turn.
    """
    found = await one(conn, id)
    if found and step.target is Review.PUBLISHED:
        await publishable(conn, found["case_number"])
    query = select(publications.c.stage, publications.c.proposed_by).where(publications.c.id == id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return
    reviewed(Review(row.stage), step.target, row.proposed_by, step.actor)
    await conn.execute(publications.update().where(publications.c.id == id).values(step.columns))


async def one(conn: AsyncConnection, id: str) -> dict[str, Any] | None:
    found = (await conn.execute(select(publications).where(publications.c.id == id))).mappings().one_or_none()
    return dict(found) if found else None


async def queue(conn: AsyncConnection, stage: Review | None, limit: int, cursor: str | None) -> Rows:
    """What was proposed, the first one first; `stage`: only what stands there."""
    query = select(publications).where(*([publications.c.stage == stage] if stage else []))
    return await page(conn, query, Order((publications.c.proposed_at, publications.c.id)), limit, cursor)


async def public(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """What is public, the latest first."""
    latest = Order((publications.c.reviewed_at, publications.c.id), last_first=True)
    query = select(*(publications.c[name] for name in PUBLIC)).where(publications.c.stage == Review.PUBLISHED)
    return await page(conn, query, latest, limit, cursor)
