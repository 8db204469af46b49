"""The ledger: every step of a case is written here and nowhere else (Art. 14). Local activities, one transaction each.

They decide with `domain.acts` on the facts as recorded, so that a workflow holds no rule: an amended table never breaks
an open history. Asked twice, they write once: a step that finds the file moved on reads it again and looks at the deed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from domain import acts, archive
from domain.acceptance import turn_away
from domain.calendar import Calendar
from domain.case import Deed, File, Rung
from domain.refusals import Refusal
from domain.step import Result
from domain.vocabulary import Act, Mark, Role, Status
from storage import archives, deeds, files
from storage.calendar import CalendarInForce
from storage.engine import single
from storage.notes import known


@dataclass(frozen=True)
class Applied:
    """The file after a deed; or the file as it stands, and why the deed was refused."""

    file: File
    refusal: str | None = None
    detail: str = ""
    basis: str | None = None


class Ledger:
    """Holds the database and the calendar in force. What it returns is what is recorded."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = single(engine)
        self._calendar = CalendarInForce(self._engine)

    @activity.defn
    async def turn_away(self, file: File, now: datetime) -> File:
        """An emergency is declined at once, with where to turn (Art. 8(1))."""
        return await self._step(file, lambda f, calendar: turn_away(f, calendar, now), _still(Status.REGISTERED))

    def activities(self) -> list[Callable[..., Any]]:
        """Every step under its own name, so that Temporal's UI calls each row by what happened."""
        return [
            *(_named(act.value, self.apply) for act in acts.DUTIES),
            *(_named(mark.value, self.strike) for mark in MARKS),
            *(_named(name, self.hear) for name in SIGNALS),
            self.turn_away,
            self.seal,
            self.read,
        ]

    async def apply(self, file: File, deed: Deed, now: datetime) -> Applied:
        """Carry out one deed exactly once, or record its refusal. It counts from its arrival; what it begins, from `now`."""
        for _ in range(3):
            try:
                result = acts.decide(file, deed, await self._calendar.get(), now)
            except Refusal as refusal:
                fresh = await self.read(file, now)
                if fresh.case.version != file.case.version:
                    file = fresh
                    continue
                return await self._refused(fresh, deed, refusal, now)
            async with self._engine.connect() as conn:
                if await files.record(conn, file.case.version, result, await self._version(), deed.id):
                    return Applied(result.file)
                kept = await deeds.find(conn, deed.id)
                file = await _load(conn, file.case.number)
            if kept is None:
                return await self.hear(file, deed, now)
            if kept.state == "applied":
                return Applied(file)
            if kept.refusal:
                return Applied(file, kept.refusal["kind"], kept.refusal["detail"], kept.refusal["basis"])
            await self._calendar.again()
        raise RuntimeError("the file kept moving; Temporal tries again")

    async def hear(self, file: File, deed: Deed, now: datetime) -> Applied:
        """Carry out a deed as it is on record, whatever was sent: machine clients and operators signal what they like.

        One that no API registered arrived now, and brings only texts that are on record, and no attachment. One that is
        on record as another act, or of another case, is left alone.
        """
        if not _storable(deed):
            deed = nobodys(hashlib.sha256(ascii(deed).encode()).hexdigest(), file.case.number, deed.act, now)
        async with self._engine.connect() as conn:
            texts = await known(conn, file.case.number, deed.notes)
            await deeds.receive(conn, replace(deed, received_at=now, notes=texts, attachments=()), [], None, "")
            kept = await deeds.on_record(conn, deed.id)
        if (kept.number, kept.act) != (deed.number, deed.act):
            activity.logger.warning("a signal under the ID of another deed was dropped")
            return Applied(file)
        return await self.apply(file, kept, now)

    @activity.defn
    async def read(self, file: File, now: datetime) -> File:
        """The file as it is on record."""
        async with self._engine.connect() as conn:
            return await _load(conn, file.case.number)

    async def strike(self, file: File, clock: str, rung: Rung, now: datetime) -> File:
        """An instant on a clock's ladder came: mark it once; nothing if the clock has stopped meanwhile."""

        async def awaited() -> bool:
            async with self._engine.connect() as conn:
                running = next(c for c in file.clocks if c.id == clock)
                return await deeds.awaited(conn, file.case.number, acts.in_time(running, rung))

        waits = await awaited()

        def struck(f: File, calendar: Calendar) -> Result:
            running = next(c for c in f.clocks if c.id == clock)
            return acts.strike(f, running, rung, calendar, now, waits)

        return await self._step(file, struck, lambda f: any(c.id == clock and rung in c.rungs for c in f.clocks))

    @activity.defn
    async def seal(self, file: File, now: datetime) -> File:
        """Archive a closed case: sealed with its manifest, or listed with what it lacks (Art. 14)."""
        number = file.case.number
        async with self._engine.connect() as conn:
            entries = await files.entries_of(conn, number)

        def sealed(file: File, calendar: Calendar) -> Result:
            if file.case.entries != len(entries):
                raise RuntimeError("the file moved on; Temporal tries again")
            return archive.seal(file, entries, calendar, now)

        if file.case.entries != len(entries):
            file = await self.read(file, now)
        file = await self._step(file, sealed, _still(Status.CLOSED))
        if file.case.status is Status.ARCHIVED:
            async with self._engine.connect() as conn:
                await archives.keep(conn, number, now)
        return file

    async def _step(self, file: File, make: Callable[[File, Calendar], Result], holds: Callable[[File], bool]) -> File:
        """Write what `make` makes of the file while `holds`; on a file that moved on, read it and look again."""
        while holds(file):
            calendar = await self._calendar.get()
            result = make(file, calendar)
            async with self._engine.connect() as conn:
                if await files.record(conn, file.case.version, result, calendar.version):
                    return result.file
                file = await _load(conn, file.case.number)
            await self._calendar.again()
        return file

    async def _refused(self, file: File, deed: Deed, refusal: Refusal, now: datetime) -> Applied:
        """Keep the refusal; a deed that was applied before (and is asked again) stays applied."""
        async with self._engine.connect() as conn:
            kept = await deeds.refuse(conn, deed.id, refusal)
        if kept is None:
            return await self.hear(file, deed, now)
        if kept.state == "applied":
            return Applied(file)
        return Applied(file, refusal.kind, refusal.detail, str(refusal.basis) if refusal.basis else None)

    async def _version(self) -> int:
        return (await self._calendar.get()).version


MARKS = (Mark.WARNED, Mark.URGED, Mark.OVERDUE, Mark.NOTICED, Mark.BULLETINED, Mark.LAPSED)
"""What a ladder may bring."""


SIGNALS = {"unit_feedback": Act.FEEDBACK, "unit_return": Act.RETURN}
"""The acts of a unit that may also come by signal, from machine clients and operators, by the signal's name."""


LONGEST = 200
"""No string of a deed is longer: they are codes."""


def nobodys(id: str, number: str, act: Act, now: datetime) -> Deed:
    """What stands on record for a signal that cannot be kept as it came: no unit's, so it is refused."""
    return Deed(id=id, number=number, act=act, role=Role.UNIT, actor="signal", received_at=now)


def _storable(deed: Deed) -> bool:
    """PostgreSQL takes no NUL and no lone surrogate, and no key of any length."""
    strings = [value for each in asdict(deed).values() for value in _strings(each)]
    return all(len(value) <= LONGEST and value.isprintable() for value in strings)


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return [found for part in parts for found in _strings(part)]


def _named(name: str, step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same step as an activity of this name."""

    @wraps(step)
    async def named(*args: Any) -> Any:
        return await step(*args)

    return activity.defn(name=name)(named)


async def _load(conn: AsyncConnection, number: str) -> File:
    file = await files.load(conn, number)
    assert file is not None, f"{number} is on record"
    return file


def _still(status: Status) -> Callable[[File], bool]:
    return lambda file: file.case.status is status
