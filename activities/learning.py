"""Learning from past cases (历史办件), for the suggestions of `GET /cases/{number}/suggestions` (Art. 10(2))."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from domain.learning import learn
from storage import learning


class Learning:
    """Holds the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="learn")
    async def learn(self, now: datetime) -> int:
        """The version of what was learnt. Again: one more, of the same."""
        async with self._engine.connect() as conn:
            past = await learning.past(conn)
        matters = await asyncio.to_thread(learn, past.matters)
        units = await asyncio.to_thread(learn, past.units)
        async with self._engine.begin() as conn:
            return await learning.keep(conn, matters, units, len(past.matters), now)
