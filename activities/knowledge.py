"""The review duty of the knowledge base (知识库): reminds owners, withdraws what has expired (Art. 5(5))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from domain.limits import SHANGHAI
from storage import knowledge


@dataclass(frozen=True)
class Reviewed:
    """How many versions were withdrawn, and of how many an owner was reminded."""

    withdrawn: int
    reminded: int


class Knowledge:
    """Holds the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="review_knowledge")
    async def review(self, now: datetime) -> Reviewed:
        """Withdraw what was valid until yesterday in Tianjin, remind of what expires soon. Again: only what is new."""
        today = now.astimezone(SHANGHAI).date()
        async with self._engine.begin() as conn:
            withdrawn = await knowledge.expire(conn, today, now)
            return Reviewed(withdrawn, await knowledge.remind(conn, today, now))
