"""What was registered while something was down is handed over later: cases to start, deeds to carry out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from domain.acts import check
from domain.case import Deed, File
from domain.refusals import Refusal
from storage import deeds, files, intake, joints, opinions, partners
from storage.engine import single
from storage.waiting import overslept

T = TypeVar("T")

SIDE_BY_SIDE = 10
"""How many cases are handed their deeds at a time."""

PAUSE = timedelta(seconds=5)
"""Younger ones are still in the hands of the API that registered them."""

OVERSLEPT = timedelta(seconds=10)
"""How long after its instant a case that has not gone on may have missed the step that set the instant."""


class Beside(StrEnum):
    """The workflows beside the cases, by the register whose rows they look at."""

    JOINT = "joint"
    PARTNER = "partner"
    OPINION = "opinion"


BESIDE: Mapping[Beside, Callable[[AsyncConnection, datetime], Awaitable[Sequence[str]]]] = {
    Beside.JOINT: joints.waiting,
    Beside.PARTNER: partners.unseen,
    Beside.OPINION: opinions.unseen,
}
"""Where each finds the rows that wait for their workflow since before an instant."""


@dataclass(frozen=True)
class Desks:
    """How to reach the desks; `worker.py` gives the functions of `workflows.client`."""

    start: Callable[[File], Awaitable[None]]
    hand_over: Callable[[str, Deed], Awaitable[str]]
    wake: Callable[[str], Awaitable[None]]
    """Has a case, by its number, read its file again."""
    tell: Callable[[Beside, str], Awaitable[None]]
    """Has a workflow beside the cases, by its ID, look at its row."""
    later: type[Exception]
    """Raised when nobody answers: the case waits for the next sweep."""
    elsewhere: type[Exception]
    """Raised by a desk that does not hold the case."""


class Sweep:
    """Finds what waits, oldest first, in batches; what still cannot be handed over waits for the next sweep."""

    def __init__(self, engine: AsyncEngine, desks: Desks) -> None:
        self._engine = single(engine)
        self._desks = desks
        self._woken: dict[str, datetime] = {}

    @activity.defn
    async def start_registered(self, now: datetime) -> int:
        """Start the workflows of cases that were registered but not begun; how many."""
        begun, last = 0, ""
        while page := await self._read(intake.not_begun, now - PAUSE, last):
            begun += await self._side_by_side(page, partial(self._start, now))
            last = page[-1]
        return begun

    @activity.defn
    async def hand_over_deeds(self, now: datetime) -> int:
        """Hand over deeds that were registered and neither applied nor refused; how many found their desk.

        Those of one case in the order of their arrival. Before that, cases that overslept are woken.
        """
        await self._wake(now)
        done, last = 0, None
        while page := await self._read(deeds.waiting, now - PAUSE, last):
            cases: dict[str, list[tuple[Deed, str]]] = {}
            for deed, desk in page:
                cases.setdefault(deed.number, []).append((deed, desk))
            done += await self._side_by_side(cases, partial(self._hand_over_all, cases))
            last = page[-1][0]
        for kind, waiting in BESIDE.items():
            await self._side_by_side(await self._read(waiting, now - PAUSE), partial(self._tell, kind))
        return done

    async def _tell(self, kind: Beside, conn: AsyncConnection, id: str) -> int:
        await self._desks.tell(kind, id)
        return 1

    async def _wake(self, now: datetime) -> None:
        """A worker that died after a step was written took the answer with it: its workflow knows nothing of the step.

        So who lets an instant pass is told to look, and again when as much time has passed once more: one that is
        stuck is not told for ever.
        """
        async with self._engine.connect() as conn:
            late = await overslept(conn, now - OVERSLEPT)
        self._woken = {number: at for number, at in self._woken.items() if number in late}
        due = [n for n, at in late.items() if n not in self._woken or now - at >= 2 * (self._woken[n] - at)]
        self._woken |= dict.fromkeys(due, now)
        await self._side_by_side(due, self._look)

    async def _look(self, conn: AsyncConnection, number: str) -> int:
        await self._desks.wake(number)
        return 1

    async def _read(self, page: Callable[..., Awaitable[T]], before: datetime, *last: Any) -> T:
        """The next page, so that what cannot be handed over never hides what came after it."""
        async with self._engine.connect() as conn:
            return await page(conn, before, *last)

    async def _side_by_side(
        self, numbers: Iterable[str], work: Callable[[AsyncConnection, str], Awaitable[int]]
    ) -> int:
        """Cases at once, a few at a time: one that does not answer, or fails, holds up no other."""
        gate = asyncio.Semaphore(SIDE_BY_SIDE)

        async def one(number: str) -> int:
            async with gate, self._engine.connect() as conn:
                try:
                    return await work(conn, number)
                except self._desks.later:
                    return 0
                except Exception as error:
                    activity.logger.error("%s waits for the next sweep: %s", number, type(error).__name__)
                    return 0

        return sum(await asyncio.gather(*map(one, numbers)))

    async def _start(self, now: datetime, conn: AsyncConnection, number: str) -> int:
        file = await files.load(conn, number)
        assert file is not None
        await self._desks.start(file)
        await intake.begun(conn, number, now)
        return 1

    async def _hand_over_all(self, cases: dict[str, list[tuple[Deed, str]]], conn: AsyncConnection, number: str) -> int:
        return await self.hand_over(conn, cases[number])

    async def hand_over(self, conn: AsyncConnection, waiting: Iterable[tuple[Deed, str]]) -> int:
        """Hand deeds of one case to the desk that was last known; how many found it. The rest waits for the next sweep."""
        done = 0
        for deed, desk in waiting:
            try:
                await self._desks.hand_over(desk, deed)
            except (Refusal, self._desks.elsewhere):
                if await self._refused(conn, deed):
                    done += 1
                    continue
                await self._desks.wake(deed.number)
                break
            except self._desks.later:
                break
            done += 1
        return done

    async def _refused(self, conn: AsyncConnection, deed: Deed) -> bool:
        """Kept with the refusal that the file on record gives; False: it permits the deed."""
        file = await files.load(conn, deed.number)
        assert file is not None
        try:
            check(file, deed)
        except Refusal as refusal:
            await deeds.refuse(conn, deed.id, refusal)
            return True
        return False
