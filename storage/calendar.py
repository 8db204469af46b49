"""Holiday notices in the database: published one after another; the last version is the calendar in force."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.calendar import Calendar, Day, compile_calendar
from domain.calendar import Notice as HolidayNotice
from domain.case import Deed
from domain.vocabulary import Act, Change, Role
from storage.changes import Cause, record
from storage.deeds import receive
from storage.tables import calendar_days, calendar_notices


async def publish(conn: AsyncConnection, notice: HolidayNotice) -> int:
    """Add a notice as the next version, and say which."""
    last = (await conn.execute(select(func.max(calendar_notices.c.version)))).scalar_one_or_none() or 0
    version = last + 1
    await conn.execute(
        insert(calendar_notices).values(
            version=version, year=notice.year, title=notice.title, published=notice.published
        )
    )
    rows = [{"version": version, "day": d.day, "works": d.works, "name": d.name} for d in notice.days]
    if rows:
        await conn.execute(insert(calendar_days), rows)
    return version


async def announce(conn: AsyncConnection, notice: HolidayNotice, cause: Cause) -> tuple[int, int]:
    """Publish a notice, and register a deed for every open case that it concerns; the version, and how many cases.

    Concerned: a running clock, or what is still to come on its ladder, counts a day that the notice names, or was
    provisional. The sweep hands the deeds over.
    A notice that leaves a year without one is a ValueError, and nothing is published.
    """
    # Steps under way end first, the next ones see the new calendar: no case slips through between the two.
    await conn.execute(text("LOCK TABLE cases IN SHARE ROW EXCLUSIVE MODE"))
    version = await publish(conn, notice)
    await read(conn)
    rows = await conn.execute(_CONCERNED, {"version": version})
    numbers = list(rows.scalars())
    for number in numbers:
        deed = Deed(
            id=uuid4().hex, number=number, act=Act.RECOMPUTE, role=Role.SYSTEM, actor="calendar", received_at=cause.at
        )
        await receive(conn, deed, [], f"{version}/{number}", "")
    about = {"year": notice.year, "cases": len(numbers)}
    await record(conn, cause, Change.CALENDAR_PUBLISHED, str(version), **about)
    return version, len(numbers)


_CONCERNED = text(
    """
    SELECT DISTINCT k.case_number FROM clocks k
    WHERE k.state = 'running' AND (k.term IS NULL OR k.term LIKE '%wd')
      AND ((k.derivation ->> 'provisional')::boolean
           OR EXISTS (SELECT 1 FROM calendar_days d
                      WHERE d.version = :version AND d.day BETWEEN k.start::date
                          AND greatest(k.due, (k.rungs -> -1 ->> 'at')::timestamptz)::date + 1))
    ORDER BY k.case_number
    """
)


async def read(conn: AsyncConnection) -> Calendar:
    """All notices, laid over each other in the order of their versions."""
    days: dict[int, list[Day]] = {}
    for row in await conn.execute(select(calendar_days).order_by(calendar_days.c.version, calendar_days.c.day)):
        days.setdefault(row.version, []).append(Day(row.day, row.works, row.name))
    found = (await conn.execute(select(calendar_notices).order_by(calendar_notices.c.version))).all()
    notices = [HolidayNotice(row.year, row.title, row.published, tuple(days.get(row.version, ()))) for row in found]
    return compile_calendar(notices, version=found[-1].version)


class CalendarInForce:
    """Keeps the compiled calendar of a process; who finds it stale (a step refused to be written) reads it again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._calendar: Calendar | None = None

    async def get(self) -> Calendar:
        return self._calendar or await self.again()

    async def again(self) -> Calendar:
        async with self._engine.connect() as conn:
            self._calendar = await read(conn)
        return self._calendar
