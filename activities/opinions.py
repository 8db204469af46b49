"""Opinions as they stand (社会监督意见): what a limit that ends soon, or has ended, brings about (Art. 21)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.periods import Period
from domain.opinions import ENDED, Doing, lapse, next_at
from domain.vocabulary import Role
from storage import opinions


class Opinions:
    """Holds the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="keep_opinion")
    async def keep(self, id: str, now: datetime) -> Period:
        """Put on record the warning and that a limit was not kept, each at its own instant; what runs then. Again: the same."""
        async with self._engine.begin() as conn:
            opinion = await opinions.hold(conn, id)
            assert opinion is not None
            while (at := next_at(opinion)) is not None and at <= now:
                act, opinion = lapse(opinion)
                await opinions.keep(conn, opinion, Doing(act=act, actor=Role.SYSTEM, role=Role.SYSTEM, at=at))
            await opinions.seen(conn, id, opinion.version)
        standing = opinion.standing
        return Period(f"{standing.zh} {standing.en}", at, standing in ENDED)
