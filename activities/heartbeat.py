"""An activity that is asked for heartbeats gives them while it works: one that was lost is missed at once.

Without them, an activity whose worker died, or whose answer met a server that was down, would be waited for until its
start-to-close timeout: ten minutes in which no sweep runs.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class Heartbeats(Interceptor):
    """Give it to a worker: every activity with a heartbeat timeout then beats at a third of it."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Called by the SDK for each activity."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        patience = activity.info().heartbeat_timeout
        if not patience:
            return await super().execute_activity(input)
        beating = asyncio.create_task(_beat(patience / 3))
        try:
            return await super().execute_activity(input)
        finally:
            beating.cancel()


async def _beat(every: timedelta) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(every.total_seconds())
