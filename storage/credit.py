"""What the credit system is told of partners (市场主体信用; Art. 16, 24): each fact of a quarter, and anew when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.scores import Counts, CreditRecord, Quarter, credit_records
from domain.vocabulary import Membership
from storage import offers
from storage.outgoing import Outgoing
from storage.tables import credit_records as table
from storage.tables import partners

RECORDS = Outgoing(table)
COUNTS = TypeAdapter(Counts)
SENT = ("id", "entity", "fact", "period", "value")
"""What of a record goes out (docs/exchange/credit.yaml)."""


async def prepare(conn: AsyncConnection, quarter: Quarter, now: datetime) -> int:
    """Put what is to be told of a quarter among what goes out; what is told already, only if it has changed. How many."""
    known = select(partners.c.code, partners.c.credit_code, partners.c.standing, partners.c.set_at)
    rows = (await conn.execute(known.where(partners.c.credit_code.is_not(None)))).all()
    new = 0
    for code, entity, standing, set_at in rows:
        counts = COUNTS.validate_python(await _counted(conn, code, quarter))
        told = credit_records(code, entity, quarter, counts)
        if standing == Membership.EXCLUDED and quarter.begins <= set_at < quarter.ends:
            told.append(
                CreditRecord(partner=code, entity=entity, fact="membership_ended", period=str(quarter), value=1)
            )
        new += await _raise(conn, told, now)
    return new


async def _counted(conn: AsyncConnection, code: str, quarter: Quarter) -> dict[str, Any]:
    found = await offers.period(conn, code, quarter.begins, quarter.ends)
    return {name: found[name] for name in Counts.__dataclass_fields__ if name in found}


_LAST = text(
    "SELECT value, nth FROM credit_records WHERE partner = :partner AND period = :period AND fact = :fact"
    " ORDER BY nth DESC LIMIT 1"
)


async def _raise(conn: AsyncConnection, told: Iterable[CreditRecord], now: datetime) -> int:
    new = 0
    for record in told:
        last = (await conn.execute(_LAST, asdict(record))).one_or_none()
        if last and last.value == record.value:
            continue
        nth = last.nth + 1 if last else 1
        row = asdict(record) | {"id": f"{record.id}-{nth}" if nth > 1 else record.id, "nth": nth}
        made = insert(table).values(row | {"raised_at": now, "state": "waiting"}).on_conflict_do_nothing()
        new += len((await conn.execute(made.returning(table.c.id))).all())
    return new


async def waiting(conn: AsyncConnection, now: datetime, limit: int = 100) -> list[dict[str, Any]]:
    """Records whose next try has come, the least tried and oldest first."""
    due = (table.c.state == "waiting") & (table.c.due_at.is_(None) | (table.c.due_at <= now))
    query = select(*(table.c[name] for name in SENT)).where(due).order_by(table.c.tries, table.c.raised_at, table.c.id)
    return [dict(row) for row in (await conn.execute(query.limit(limit))).mappings()]
