"""Sends records to another system, each under its key, and keeps what came of each (Art. 16)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.outbox import BATCH, TEMPORARY
from exchange.link import Answer
from storage.outgoing import Outgoing


async def send(
    conn: AsyncConnection,
    records: Outgoing,
    waiting: Iterable[Mapping[str, Any]],
    take: Callable[[Mapping[str, Any]], Awaitable[Answer]],
    now: Callable[[], datetime],
) -> int:
    """How many were taken. A system that cannot take one now is left alone until the next run."""
    taken, ends = 0, time.monotonic() + BATCH
    for record in waiting:
        answer = await take(record)
        if not await _kept(conn, records, record["id"], answer, now()):
            break
        taken += answer.taken
        if time.monotonic() > ends:
            break
    return taken


async def _kept(conn: AsyncConnection, records: Outgoing, id: str, answer: Answer, now: datetime) -> bool:
    """Keep what came of it; False: the system cannot take records now."""
    if answer.taken and answer.receipt:
        await records.received(conn, id, answer.receipt, now)
        return True
    refused = 400 <= answer.status < 500 and answer.status not in TEMPORARY
    reason = answer.reason or "no_receipt"  # taken without one is not proved: asked again under the same key
    await records.not_received(conn, id, reason, now, refused=refused)
    return refused
