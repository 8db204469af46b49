"""Patience: whoever asks is answered. What takes too long, because PostgreSQL is slow or stands still, is a 503."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from api.metrics import REFUSED

PATIENCE = timedelta(seconds=12)
"""How long an answer may take to begin: longer than an act is waited for (`api.house`), and well below a client's own."""

log = logging.getLogger(__name__)


class Patience:
    """Answers 503 in place of a route that is late. Parts of uploads take as long as their bytes do.

    The route is left to end by itself, unheard: a statement under way cannot be called back from a server that does
    not answer. What it still does is one transaction, which the same Idempotency-Key finds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._unheard: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "PATCH":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        route = asyncio.ensure_future(self._app(scope, receive, answer.send))
        await asyncio.wait({route}, timeout=PATIENCE.total_seconds())
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
