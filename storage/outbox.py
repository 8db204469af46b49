"""The outbox: notices for persons, written with the step that causes them, delivered afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MAX_TRIES = 20


@dataclass(frozen=True)
class Outgoing:
    """A notice to be sent. `phone` is personal: it goes to the gateway and nowhere else."""

    id: str
    number: str
    template: str
    params: dict[str, str]
    phone: str
    tries: int


async def waiting(conn: AsyncConnection, limit: int = 100) -> list[Outgoing]:
    """Notices that wait to be sent, the least tried and oldest first."""
    rows = await conn.execute(
        text(
            "SELECT n.id, n.case_number, n.template, n.params, n.tries, p.phone FROM notices n"
            " JOIN people p ON p.case_number = n.case_number"
            " WHERE n.state = 'waiting' AND p.phone IS NOT NULL ORDER BY n.tries, n.at LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [Outgoing(r.id, r.case_number, r.template, r.params, r.phone, r.tries) for r in rows]


async def sent(conn: AsyncConnection, notice: str, receipt: str) -> None:
    """The gateway took it."""
    change = text("UPDATE notices SET state = 'sent', receipt = :receipt, tries = tries + 1 WHERE id = :id")
    await conn.execute(change, {"id": notice, "receipt": receipt})


async def not_sent(conn: AsyncConnection, notice: str, *, final: bool) -> None:
    """The gateway did not take it: again later, or never (it said so, or it was tried too often)."""
    change = text(
        "UPDATE notices SET tries = tries + 1,"
        " state = CASE WHEN :final OR tries + 1 >= :most THEN 'failed' ELSE 'waiting' END WHERE id = :id"
    )
    await conn.execute(change, {"id": notice, "final": final, "most": MAX_TRIES})


async def delivered(conn: AsyncConnection, notice: str, ok: bool) -> bool:
    """The gateway's receipt: the message reached the person, or did not. False: no such notice was sent."""
    change = text("UPDATE notices SET state = :state WHERE id = :id AND state IN ('sent', 'delivered', 'failed')")
    result = await conn.execute(change, {"id": notice, "state": "delivered" if ok else "failed"})
    return bool(result.rowcount)
