"""Acts as they arrived: registered with their notes before the workflow hears of them, so that none is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Deed
from domain.refusals import REFUSALS, Refusal, Unknown
from domain.regulation import Citation
from storage import tables
from storage.attachments import ATTACH, GIVE_BACK, attaching
from storage.files import ANY, rows_into

DEED = TypeAdapter(Deed)

_RECEIVE = text(
    f"""
    WITH step AS (
        INSERT INTO deeds (id, case_number, act, role, actor, unit, received_at, key, digest, body, state)
        VALUES (:id, :number, :act, :role, :actor, :unit, :received_at, :key, :digest, CAST(:body AS jsonb), 'received')
        ON CONFLICT DO NOTHING
        RETURNING id, case_number AS number
    ),
    noted AS ({rows_into(tables.notes, "notes")}),
    attached AS ({ATTACH})
    SELECT id, (SELECT count(*) FROM attached) AS attached FROM step
    """
)


@dataclass(frozen=True)
class Received:
    """A deed as it is on record: `state` received, applied or refused (then with the refusal)."""

    id: str
    digest: str
    state: str
    refusal: dict[str, Any] | None = None


async def receive(
    conn: AsyncConnection,
    deed: Deed,
    notes: list[dict[str, Any]],
    key: str | None,
    digest: str,
    uploads: Sequence[str] = (),
) -> Received:
    """Register a deed with its notes and uploads in one statement; the same actor and key again: the first, as it stands.

    An upload that another act brought is an Unknown; the caller rolls back.
    """
    parameters = {
        "id": deed.id,
        "number": deed.number,
        "act": deed.act,
        "role": deed.role,
        "actor": deed.actor,
        "unit": deed.unit,
        "received_at": deed.received_at,
        "key": key,
        "digest": digest,
        "body": DEED.dump_json(deed).decode(),
        "notes": ANY.dump_json(notes).decode(),
        **attaching(uploads, deed.actor, deed.received_at),
    }
    if made := (await conn.execute(_RECEIVE, parameters)).one_or_none():
        if made.attached < len(uploads):
            raise Unknown("`attachments`: one of them came with another act")
        return Received(deed.id, digest, "received")
    first = text(
        "SELECT id, digest, state, refusal FROM deeds WHERE id = :id OR (actor = :actor AND key = CAST(:key AS text))"
    )
    row = (await conn.execute(first, {"id": deed.id, "actor": deed.actor, "key": key})).one()
    return Received(row.id, row.digest, row.state, row.refusal)


async def find(conn: AsyncConnection, deed: str) -> Received | None:
    """A deed's state by its ID."""
    row = (
        await conn.execute(text("SELECT id, digest, state, refusal FROM deeds WHERE id = :id"), {"id": deed})
    ).one_or_none()
    return Received(row.id, row.digest, row.state, row.refusal) if row else None


async def sent(conn: AsyncConnection, actor: str, key: str | None) -> bool:
    """Has this actor sent an act under this key before?"""
    query = text("SELECT EXISTS (SELECT FROM deeds WHERE actor = :actor AND key = CAST(:key AS text))")
    return bool((await conn.execute(query, {"actor": actor, "key": key})).scalar_one())


async def on_record(conn: AsyncConnection, deed: str) -> Deed:
    """A deed as it was registered."""
    body = await conn.execute(text("SELECT body FROM deeds WHERE id = :id"), {"id": deed})
    return DEED.validate_python(body.scalar_one())


_REFUSE = text(
    f"""
    WITH step AS (
        UPDATE deeds SET state = 'refused', refusal = CAST(:refusal AS jsonb), decided_at = now()
        WHERE id = :id AND state = 'received' RETURNING id
    )
    {GIVE_BACK}
    """
)


async def refuse(conn: AsyncConnection, deed: str, refusal: Refusal) -> Received | None:
    """Keep a refused deed with its refusal and provision: the auditor sees attempts too. The deed as it then is.

    One that was applied stays applied: whoever looks at the file after it may well refuse it a second time. What it
    brought is its actor's again, to bring with another act.
    """
    kept = {"kind": refusal.kind, "detail": refusal.detail, "basis": str(refusal.basis) if refusal.basis else None}
    await conn.execute(_REFUSE, {"id": deed, "refusal": ANY.dump_json(kept).decode()})
    return await find(conn, deed)


def refusal_of(kept: dict[str, Any]) -> Refusal:
    """The refusal as it was raised."""
    basis = Citation.parse(kept["basis"]) if kept["basis"] else None
    return REFUSALS[kept["kind"]](kept["detail"], basis)


async def awaited(conn: AsyncConnection, number: str, before: datetime) -> bool:
    """Does a deed that arrived before this instant still wait to be applied?"""
    waiting = text(
        "SELECT EXISTS (SELECT 1 FROM deeds WHERE case_number = :number AND state = 'received' AND received_at < :before)"
    )
    return bool((await conn.execute(waiting, {"number": number, "before": before})).scalar_one())


async def waiting(
    conn: AsyncConnection, before: datetime, after: Deed | None = None, limit: int = 500
) -> list[tuple[Deed, str]]:
    """A page of deeds that arrived before this instant and were neither applied nor refused, oldest first, each with
    the desk of its case; `after` is the last one of the page before."""
    rows = await conn.execute(
        text(
            "SELECT d.body, c.desk FROM deeds d JOIN cases c ON c.number = d.case_number"
            " WHERE d.state = 'received' AND d.received_at < :before"
            " AND (CAST(:at AS timestamptz) IS NULL OR (d.received_at, d.id) > (:at, :id))"
            " ORDER BY d.received_at, d.id LIMIT :limit"
        ),
        {"before": before, "at": after.received_at if after else None, "id": after.id if after else "", "limit": limit},
    )
    return [(DEED.validate_python(row.body), row.desk) for row in rows]
