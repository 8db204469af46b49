"""What an operator counts: cases by status, and what waits to be carried on. One statement, served by indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.vocabulary import Status

OPEN = tuple(status for status in Status if status is not Status.ARCHIVED)
WAITING = ("deed", "joint", "start", "step", "notice", "dispatch", "credit")
"""Acts on record and not carried out, or of a joint case and not at all of its parts, cases whose workflow was not
started, cases that should have gone on by themselves, messages for persons with a phone that the gateway has not taken,
records for the enforcement-supervision platform and for the credit system that have no receipt."""

FAILED = ("notice", "dispatch", "credit")
"""Of these, what is not tried again by itself."""

LATELY = timedelta(days=7)
"""Messages that failed are counted as long as this after they were written: longer than they are tried."""

TIMEOUT = text("SET LOCAL statement_timeout = '2s'")

_NUMBERS = text(
    """
    SELECT 'open' AS what, status AS which, count(*) AS many, CAST(NULL AS timestamptz) AS since
    FROM cases WHERE status = ANY (:open) GROUP BY status
    UNION ALL SELECT 'waiting', 'deed', count(*), min(received_at) FROM deeds WHERE state = 'received'
    UNION ALL SELECT 'waiting', 'joint', count(*), min(received_at) FROM joint_acts WHERE done_at IS NULL
    UNION ALL SELECT 'waiting', 'start', count(*), min(registered_at) FROM cases WHERE begun_at IS NULL
    UNION ALL SELECT 'waiting', 'step', count(*), min(wakes_at) FROM cases WHERE wakes_at < :now
    UNION ALL SELECT 'waiting', 'notice', count(*), min(n.at) FROM notices n
    JOIN people p USING (case_number) WHERE n.state = 'waiting' AND p.phone IS NOT NULL
    UNION ALL SELECT 'waiting', 'dispatch', count(*), min(raised_at) FROM dispatches WHERE state = 'waiting'
    UNION ALL SELECT 'waiting', 'credit', count(*), min(raised_at) FROM credit_records WHERE state = 'waiting'
    UNION ALL SELECT 'failed', 'dispatch', count(*), NULL FROM dispatches WHERE state IN ('refused', 'unanswered')
    UNION ALL SELECT 'failed', 'credit', count(*), NULL FROM credit_records WHERE state IN ('refused', 'unanswered')
    UNION ALL SELECT 'failed', 'notice', count(*), NULL FROM notices
    WHERE unit IS NULL AND audience = 'person' AND at > :lately AND state = 'failed'
    """
)


@dataclass(frozen=True)
class Waits:
    """How many, and for how many seconds the oldest."""

    many: int
    seconds: float


@dataclass(frozen=True)
class Numbers:
    """How the record stands at one instant: every status and everything that may wait, also those with none."""

    open: Mapping[Status, int]
    waiting: Mapping[str, Waits]
    failed: Mapping[str, int]
    """What somebody has to look at: messages of those written lately that will not be sent, records not received."""


async def numbers(conn: AsyncConnection, now: datetime) -> Numbers:
    """Count, for two seconds at most; an OperationalError after that."""
    await conn.execute(TIMEOUT)
    asked = {"open": list(OPEN), "now": now, "lately": now - LATELY}
    rows = (await conn.execute(_NUMBERS, asked)).all()
    found = {(row.what, row.which): row for row in rows}
    return Numbers(
        open={status: row.many if (row := found.get(("open", status))) else 0 for status in OPEN},
        waiting={what: _waits(found["waiting", what].many, found["waiting", what].since, now) for what in WAITING},
        failed={what: found["failed", what].many for what in FAILED},
    )


def _waits(many: int, since: datetime | None, now: datetime) -> Waits:
    return Waits(many, max(0.0, (now - since).total_seconds()) if since else 0.0)
