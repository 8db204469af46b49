"""Patience: whoever asks is answered. What takes too long, because PostgreSQL is slow or stands still, is a 503."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from api.metrics import REFUSED

PATIENCE = timedelta(seconds=12)
"""How long an answer may take to begin: longer than an act is waited for (`api.house`), and well below a client's own."""

log = logging.getLogger(__name__)


class Patience:
    """Answers 503 in place of a route that is late. The time that a body takes to come is not the route's (`api.body`).

    The route is left to end by itself, unheard: a statement under way cannot be called back from a server that does
    not answer. What it still does is one transaction, which the same Idempotency-Key finds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._unheard: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, answer = _Body(receive), _Answer(send)
        route = asyncio.ensure_future(self._app(scope, body.receive, answer.send))
        while not route.done() and (left := body.patience) > 0:
            await asyncio.wait({route}, timeout=left)
        if route.done() or answer.begun:
            await route
            return
        answer.given = True
        REFUSED.labels("late").inc()
        self._unheard.add(route)
        route.add_done_callback(self._ended)
        late = problem(503, "Unavailable", "the file of record answers too slowly; the request may be repeated")
        await late(scope, receive, send)

    def _ended(self, route: asyncio.Task[None]) -> None:
        self._unheard.discard(route)
        if not route.cancelled() and (error := route.exception()):
            log.error("a late request ended with %s", type(error).__name__)


class _Body:
    """Passes on what comes, and knows since when the route has had all that it asked for."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._waits, self._whole = False, False
        self._since = time.monotonic()

    @property
    def patience(self) -> float:
        """Seconds that the route still has; all of them while it waits for the client."""
        spent = 0.0 if self._waits else time.monotonic() - self._since
        return PATIENCE.total_seconds() - spent

    async def receive(self) -> Message:
        if self._whole:  # what is waited for now is that the client goes
            return await self._receive()
        self._waits = True
        try:
            message = await self._receive()
        finally:
            self._waits, self._since = False, time.monotonic()
        self._whole = not message.get("more_body", False)
        return message


class _Answer:
    """Passes on what the route answers, unless the answer was given in its place."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.given = False

    async def send(self, message: Message) -> None:
        if not self.given:
            self.begun = True
            await self._send(message)
