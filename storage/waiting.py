"""What has waited longer than it should: for those who look after the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

TRIES = 3
"""A notice that the gateway did not take so often is not on its way, even if it will be tried again."""


@dataclass(frozen=True)
class Waiting:
    """How many of a case, and since when (UTC)."""

    number: str
    count: int
    since: datetime


async def deeds_before(conn: AsyncConnection, before: datetime) -> list[Waiting]:
    """Cases with deeds that arrived before this instant and were neither applied nor refused."""
    found = await conn.execute(
        text(
            "SELECT case_number AS number, count(*) AS many, min(received_at) AS since FROM deeds"
            " WHERE state = 'received' AND received_at < :before GROUP BY case_number ORDER BY since"
        ),
        {"before": before},
    )
    return [Waiting(row.number, row.many, row.since) for row in found]


async def notices_not_delivered(conn: AsyncConnection) -> list[Waiting]:
    """Cases with messages for the person that failed, or that the gateway does not take."""
    found = await conn.execute(
        text(
            "SELECT case_number AS number, count(*) AS many, min(at) AS since FROM notices"
            " WHERE state = 'failed' OR (state = 'waiting' AND tries >= :tries) GROUP BY case_number ORDER BY since"
        ),
        {"tries": TRIES},
    )
    return [Waiting(row.number, row.many, row.since) for row in found]


async def overslept(conn: AsyncConnection, before: datetime) -> dict[str, datetime]:
    """The cases that should have gone on by themselves before this instant, and when."""
    found = await conn.execute(text("SELECT number, wakes_at FROM cases WHERE wakes_at < :before"), {"before": before})
    return {row.number: row.wakes_at for row in found}


async def is_begun(conn: AsyncConnection, number: str) -> bool:
    """Was the case's workflow started?"""
    begun = await conn.execute(text("SELECT begun_at IS NOT NULL FROM cases WHERE number = :n"), {"n": number})
    return bool(begun.scalar_one())
