"""A desk may have missed a step that is on record: its worker died between the writing and the answer.

Then it refuses what the record permits, and waits for no clock that the step began. The record decides.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.acts import decide
from domain.calendar import Calendar
from domain.case import Deed
from domain.refusals import Refusal
from storage import files

OVERSLEPT = timedelta(seconds=10)
"""How long after its instant a mark that no desk has made is a sign of it."""

ASKED = timedelta(minutes=5)
"""How long a desk is asked to look; one that is stuck must not be asked for ever."""

NO_CALENDAR = Calendar(version=0, days={}, published_through=date.max)
"""For whoever asks only whether a deed is refused: due instants that it derives are thrown away."""


async def permits(conn: AsyncConnection, deed: Deed) -> bool:
    """Does the file as it is on record take this deed?"""
    file = await files.load(conn, deed.number)
    assert file is not None
    try:
        decide(file, deed, NO_CALENDAR)
    except Refusal:
        return False
    return True


async def overslept(conn: AsyncConnection, now: datetime) -> list[str]:
    """The desks of cases with a mark that should have come, and did not."""
    found = await conn.execute(
        text(
            "SELECT DISTINCT c.desk FROM clocks k JOIN cases c ON c.number = k.case_number WHERE k.state = 'running'"
            " AND CAST(k.rungs -> 0 ->> 'at' AS timestamptz) BETWEEN :since AND :until"
        ),
        {"since": now - ASKED, "until": now - OVERSLEPT},
    )
    return list(found.scalars())
