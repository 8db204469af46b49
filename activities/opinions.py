"""Opinions as they stand (社会监督意见): what a limit that has ended brings about (Art. 21)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.periods import Period
from domain.opinions import ENDED, Doing, lapse
from domain.vocabulary import OpinionAct, Role
from storage import opinions


class Opinions:
    """Holds the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="keep_opinion")
    async def keep(self, id: str, now: datetime) -> Period:
        """Put on record that a limit was not kept, at its own instant; what runs then. Again: the same."""
        async with self._engine.begin() as conn:
            opinion = await opinions.hold(conn, id)
            assert opinion is not None
            if opinion.due_at is not None and opinion.due_at <= now:
                doing = Doing(act=OpinionAct.LAPSE, actor=Role.SYSTEM, role=Role.SYSTEM, at=opinion.due_at)
                opinion = lapse(opinion)
                await opinions.keep(conn, opinion, doing)
            await opinions.seen(conn, id, opinion.version)
        standing = opinion.standing
        return Period(f"{standing.zh} {standing.en}", opinion.due_at, standing in ENDED)
