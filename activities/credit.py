"""Tells the credit system of partners (市场主体信用; Art. 16, 24)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.sending import send
from domain.limits import SHANGHAI
from domain.scores import Quarter
from exchange.credit import Credit, EntityRecord
from exchange.link import Answer, Peer, reach
from storage import credit
from storage.engine import single


class Credits:
    """Knows the credit system. What it does not take waits in `credit_records`, and is seen there with its reason."""

    def __init__(
        self, engine: AsyncEngine, peer: Peer, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = single(engine)
        self._peer = peer
        self._now = now

    def activities(self) -> list[Callable[..., Any]]:
        return [self.prepare, self.hand_over]

    @activity.defn(name="prepare_credit_records")
    async def prepare(self, now: datetime) -> int:
        """What is to be told of the quarter that ended last; how many records are new."""
        quarter = Quarter.of(now.astimezone(SHANGHAI).date()).before
        async with self._engine.connect() as conn:
            return await credit.prepare(conn, quarter, now)

    @activity.defn(name="hand_over_credit_records")
    async def hand_over(self) -> int:
        """Send a batch; how many were taken. A record's ID is its key, so none arrives twice."""
        async with self._engine.connect() as conn, reach(self._peer) as link:

            async def take(record: Mapping[str, Any]) -> Answer:
                return await Credit(link).take(EntityRecord(**record))

            return await send(conn, credit.RECORDS, await credit.waiting(conn, self._now()), take, self._now)
