"""Holiday notices in the database: published one after another; the last version is the calendar in force."""

from __future__ import annotations

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.calendar import Calendar, Day, Notice, compile_calendar
from storage.tables import calendar_days, calendar_notices


async def publish(conn: AsyncConnection, notice: Notice) -> int:
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


async def read(conn: AsyncConnection) -> Calendar:
    """All notices, laid over each other in the order of their versions."""
    days: dict[int, list[Day]] = {}
    for row in await conn.execute(select(calendar_days).order_by(calendar_days.c.version, calendar_days.c.day)):
        days.setdefault(row.version, []).append(Day(row.day, row.works, row.name))
    found = (await conn.execute(select(calendar_notices).order_by(calendar_notices.c.version))).all()
    notices = [Notice(row.year, row.title, row.published, tuple(days.get(row.version, ()))) for row in found]
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
