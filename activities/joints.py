"""Carries what was done for a joint case to each of its parts: registered there as a deed, then handed to its desk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from activities.sweep import SIDE_BY_SIDE, Sweep
from domain.acts import check
from domain.case import File
from domain.refusals import Refusal
from domain.vocabulary import Act
from storage import deeds, files, joints
from storage.engine import single
from storage.joints import JointAct
from storage.notes import note

BATCH = 100
"""How many parts are reached before it is kept how far an act has come."""


class Joints:
    """Holds the database, and the sweep's way to the desks."""

    def __init__(self, engine: AsyncEngine, sweep: Sweep) -> None:
        self._engine = single(engine)
        self._sweep = sweep

    @activity.defn
    async def carry(self, joint: str) -> int:
        """Carry every act that has not reached all parts, in their order; how many parts were reached.

        What was interrupted goes on where it was: a deed's ID is that of the act and the case.
        """
        reached = 0
        async with self._engine.connect() as conn:
            while made := await joints.next_act(conn, joint):
                numbers = await joints.reach(conn, made, BATCH)
                if not numbers:
                    await joints.done(conn, made, datetime.now(UTC))
                    continue
                carried = sum(await self._side_by_side(made, numbers))
                await joints.progress(conn, made, numbers[-1], carried, len(numbers) - carried)
                reached += carried
        return reached

    async def _side_by_side(self, made: JointAct, numbers: joints.Numbers) -> list[bool]:
        gate = asyncio.Semaphore(SIDE_BY_SIDE)

        async def one(number: str) -> bool:
            async with gate, self._engine.connect() as conn:
                return await self._one(conn, made, number)

        return await asyncio.gather(*map(one, numbers))

    async def _one(self, conn: AsyncConnection, made: JointAct, number: str) -> bool:
        """Register it there and hand it over; False: it is not for this case as it stands, and leaves no trace there.

        Where something else still waits to be applied, nobody knows how the case will stand: the sweep hands over both.
        """
        file = await files.load(conn, number)
        assert file is not None
        if made.act is Act.JOIN and await joints.alone(conn, number):
            return False
        written = [note(kind, words) for kind, words in made.texts.items()]
        deed = made.deed(number, {row["kind"]: row["id"] for row in written})
        waits = await deeds.awaited(conn, number, made.received_at)
        if await deeds.find(conn, deed.id) is None:
            if not waits and not fits(file, made):
                return False
            rows = [row | {"case_number": number, "written_at": made.received_at} for row in written]
            await deeds.receive(conn, deed, rows, None, "")
        if not waits:
            await self._sweep.hand_over(conn, [(await deeds.on_record(conn, deed.id), file.case.desk)])
        return True


def fits(file: File, made: JointAct) -> bool:
    """Would this case, as it stands, take the act?"""
    try:
        check(file, made.deed(file.case.number, {kind: "" for kind in made.texts}))
    except Refusal:
        return False
    return True
