"""Removes what was uploaded and brought by no act."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from storage import uploads
from storage.blobs import Blobs
from storage.engine import single

WAITS = timedelta(days=1)
"""How long an upload may wait for the act that brings it (house)."""


class Attachments:
    """Holds the database and the store of the contents."""

    def __init__(self, engine: AsyncEngine, blobs: Blobs) -> None:
        self._engine = single(engine)
        self._blobs = blobs

    @activity.defn
    async def remove_abandoned(self, now: datetime) -> int:
        """Remove uploads begun more than a day ago that no act has brought; how many.

        Given up first, then the contents, then the row: what an interruption leaves, the next time finds.
        """
        removed = 0
        async with self._engine.connect() as conn:
            while page := await uploads.abandon(conn, now - WAITS):
                for upload in page:
                    await self._blobs.delete(upload)
                    await uploads.forget(conn, upload)
                removed += len(page)
        return removed
