"""Who read a person's full identity, when and why: a row goes with each reading, and with each consent (Art. 15)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.vocabulary import Role, Text
from storage.notes import note
from storage.tables import PERSON, disclosures, notes, people

AS_THE_HOUSE = text("SELECT set_config('role', 'none', true)")


@dataclass(frozen=True)
class Disclosure:
    """Of which case, when, to whom, and for what."""

    case_number: str
    at: datetime
    actor: str
    role: str
    unit: str | None
    purpose: str


async def disclose(conn: AsyncConnection, disclosure: Disclosure, reason: str | None) -> None:
    """Put the reading on record, in the transaction that read, and end that transaction."""
    await conn.execute(AS_THE_HOUSE)
    why = note(Text.REASON, reason) if reason else None
    if why:
        await conn.execute(notes.insert().values(**why, case_number=disclosure.case_number, written_at=disclosure.at))
    await _append(conn, disclosure, why["id"] if why else None)
    await conn.commit()


async def consent(engine: AsyncEngine, disclosure: Disclosure, given: bool) -> None:
    """Write whether the person agrees to be named to the units; what stands so already is left as it is."""
    change = update(people).where(people.c.case_number == disclosure.case_number, people.c.consent != given)
    async with engine.begin() as conn:
        if (await conn.execute(change.values(consent=given))).rowcount:
            await _append(conn, disclosure, None)


_KNOWN_TO_STAFF = text(
    "SELECT sheltered(:number) AND EXISTS (SELECT FROM entries WHERE case_number = :number AND seq = 1"
    " AND role = ANY (:staff))"
)


async def known_to_staff(conn: AsyncConnection, number: str) -> bool:
    """Is the person shielded, and did the Centre itself register the case, so that it knows the tracking code?"""
    asked = {"number": number, "staff": [Role.AGENT, Role.SUPERVISOR]}
    return bool((await conn.execute(_KNOWN_TO_STAFF, asked)).scalar_one())


async def _append(conn: AsyncConnection, disclosure: Disclosure, why: str | None) -> None:
    row = asdict(disclosure) | {"id": uuid4().hex, "note": why, "fields": list(PERSON)}
    await conn.execute(disclosures.insert().values(**row))


async def of_case(conn: AsyncConnection, number: str) -> list[dict[str, Any]]:
    """The readings of a case, the first one first."""
    query = select(disclosures, notes.c.text.label("reason")).outerjoin(notes, disclosures.c.note == notes.c.id)
    query = query.where(disclosures.c.case_number == number).order_by(disclosures.c.at, disclosures.c.id)
    return [dict(row) for row in (await conn.execute(query)).mappings()]
