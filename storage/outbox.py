"""The outbox: notices for persons, written with the step that causes them, delivered afterwards.

waiting -> sent -> delivered or failed. A receipt may overtake the record of the sending, so each change says from where.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

FIRST_PAUSE = 10
"""Seconds until the second try; each further pause is twice the one before."""

MAX_TRIES = 15
"""About two days, by then: 10 s · (2^14 - 1)."""


@dataclass(frozen=True)
class Outgoing:
    """A notice to be sent. `phone`, as it is kept: sealed (`storage.people`)."""

    id: str
    number: str
    template: str
    params: dict[str, str]
    phone: str


_WAITING = text(
    """
    SELECT n.id, n.case_number, n.template, p.phone,
           n.params || CASE WHEN u.zh IS NULL THEN '{}' ELSE jsonb_build_object('turn_to', u.zh) END AS params
    FROM notices n
    JOIN people p ON p.case_number = n.case_number
    LEFT JOIN units u ON u.code = n.params ->> 'turn_to'
    WHERE n.state = 'waiting' AND p.phone IS NOT NULL
      AND n.at <= CAST(:now AS timestamptz) - make_interval(secs => :pause * (2 ^ n.tries - 1))
    ORDER BY n.tries, n.at LIMIT :limit
    """
)


async def waiting(conn: AsyncConnection, now: datetime, limit: int = 100) -> list[Outgoing]:
    """Notices whose next try has come, the least tried and oldest first; the units that they name, by name."""
    rows = await conn.execute(_WAITING, {"now": now, "pause": FIRST_PAUSE, "limit": limit})
    return [Outgoing(r.id, r.case_number, r.template, r.params, r.phone) for r in rows]


async def sent(conn: AsyncConnection, notice: str, receipt: str) -> None:
    """The gateway took it."""
    change = text(
        "UPDATE notices SET receipt = :receipt, tries = tries + 1,"
        " state = CASE WHEN state = 'waiting' THEN 'sent' ELSE state END WHERE id = :id"
    )
    await conn.execute(change, {"id": notice, "receipt": receipt})


async def not_sent(conn: AsyncConnection, notice: str, *, final: bool) -> None:
    """The gateway did not take it: again later, or never (it said so, or it was tried too often)."""
    change = text(
        "UPDATE notices SET tries = tries + 1,"
        " state = CASE WHEN :final OR tries + 1 >= :most THEN 'failed' ELSE 'waiting' END"
        " WHERE id = :id AND state = 'waiting'"
    )
    await conn.execute(change, {"id": notice, "final": final, "most": MAX_TRIES})


async def delivered(conn: AsyncConnection, notice: str, ok: bool) -> bool:
    """The gateway's receipt: the message reached the person, or will not. False: no notice for a person has this ID."""
    change = text(
        "UPDATE notices SET state = CASE WHEN state = 'delivered' THEN state ELSE :state END"
        " WHERE id = :id AND audience = 'person'"
    )
    result = await conn.execute(change, {"id": notice, "state": "delivered" if ok else "failed"})
    return bool(result.rowcount)
