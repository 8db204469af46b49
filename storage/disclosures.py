"""Who read a person's full identity, when and why: a row goes with each reading (Art. 15)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.people import FIELDS
from storage.tables import disclosures

AS_THE_HOUSE = text("SELECT set_config('role', 'none', true)")


async def disclose(
    conn: AsyncConnection, number: str, at: datetime, actor: str, role: str, unit: str | None, purpose: str
) -> None:
    """Put the reading on record, in the transaction that read, and end that transaction."""
    row = {"id": uuid4().hex, "case_number": number, "at": at, "actor": actor, "role": role, "unit": unit}
    await conn.execute(AS_THE_HOUSE)
    await conn.execute(disclosures.insert().values(**row, purpose=purpose, fields=list(FIELDS)))
    await conn.commit()


async def of_case(conn: AsyncConnection, number: str) -> list[dict[str, Any]]:
    """The readings of a case, the first one first."""
    query = select(disclosures).where(disclosures.c.case_number == number)
    return [dict(row) for row in (await conn.execute(query.order_by(disclosures.c.at, disclosures.c.id))).mappings()]
