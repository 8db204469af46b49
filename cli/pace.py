"""How many cases are played at once: as many as the API answers quickly, so that no step comes too late for its clock."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

MOST = 48
"""Cases begun and not ended."""
FIRST, ACTIVE = 8.0, 20.0
"""Cases that act, and do not wait for a clock: at the beginning, and at most."""
QUICK, SLOW = 0.6, 1.0
"""Seconds of a round trip: below the one more cases may act, above the other fewer. The shortest limit is 6 seconds."""


class Pace:
    """Lets cases begin in turn. One that waits for a clock is aside: it burdens nobody, and goes on when it likes."""

    def __init__(self) -> None:
        self._allowed, self._cut = FIRST, 0.0
        self._begun = self._aside = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def case(self) -> AsyncIterator[None]:
        """Wait for the turn; within it the case is played."""
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self._admit()
        await turn
        try:
            yield
        finally:
            self._begun -= 1
            self._admit()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within it the case only looks from time to time whether its clock has brought something."""
        self._aside += 1
        self._admit()
        try:
            yield
        finally:
            self._aside -= 1

    @contextmanager
    def measured(self) -> Iterator[None]:
        """One round trip. A slow one halves what is allowed, once for all that were under way together."""
        began = time.monotonic()
        yield
        ended = time.monotonic()
        if ended - began < QUICK:
            self._allowed = min(self._allowed + 0.25, ACTIVE)
            self._admit()
        elif ended - began > SLOW and began > self._cut:
            self._allowed, self._cut = max(self._allowed / 2, 1.0), ended

    def _admit(self) -> None:
        while self._queue and self._begun < MOST and self._begun - self._aside < int(self._allowed):
            turn = self._queue.popleft()
            if not turn.done():  # Ctrl-C
                self._begun += 1
                turn.set_result(None)
