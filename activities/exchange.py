"""The exchange with the enforcement-supervision platform (执法监督平台): hand over, consolidate, compare (Art. 9 ¶3, 16 ¶2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.sending import send
from exchange.link import Peer, reach
from exchange.platform import Platform
from storage import dispatches
from storage.dispatches import Reconciliation
from storage.engine import single


class Exchange:
    """Knows the platform. What cannot go out now waits in `dispatches`, and is seen there with its reason."""

    def __init__(
        self, engine: AsyncEngine, peer: Peer, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = single(engine)
        self._peer = peer
        self._now = now

    def activities(self) -> list[Callable[..., Any]]:
        return [self.hand_over, self.consolidate, self.reconcile]

    @activity.defn(name="hand_over_records")
    async def hand_over(self) -> int:
        """Send a batch; how many the platform took. A record's ID is its key, so none arrives twice."""
        async with self._engine.connect() as conn, reach(self._peer) as link:
            await dispatches.take_up(conn)
            waiting = await dispatches.waiting(conn, self._now())
            return await send(conn, dispatches.RECORDS, waiting, Platform(link).take, self._now)

    @activity.defn(name="consolidate_records")
    async def consolidate(self, now: datetime) -> int:
        """Put what asks for unlawful conduct to be investigated among what goes out; how many were new."""
        async with self._engine.connect() as conn:
            return await dispatches.consolidate(conn, now)

    @activity.defn(name="reconcile_records")
    async def reconcile(self, now: datetime) -> dict[str, int]:
        """Compare by ID and put the lacks of either side on record; how many each lacks.

        Ours are read before and after theirs: what is handed over meanwhile is nobody's lack.
        """
        async with self._engine.connect() as conn, reach(self._peer) as link:
            before = await dispatches.receipted(conn)
            theirs = await Platform(link).holds(len(before))
            after = await dispatches.receipted(conn)
            lacks = before - theirs.ids, theirs.ids - after
            found = Reconciliation(now, len(after), len(theirs.ids) + theirs.strange, *lacks, theirs.strange)
            await dispatches.keep(conn, found)
        return {"they_lack": len(found.they_lack), "we_lack": len(found.we_lack) + found.strange}
