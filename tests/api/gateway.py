"""A reference receiver of docs/sms-gateway.md: a real HTTP server that keeps each message once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Hook = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Gateway:
    """What arrived, and how it is told to answer."""

    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Every request's headers and body, repeated ones too."""
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each message once, by its ID: what would be sent to a telephone."""
    answers: list[Response] = field(default_factory=list)
    """What the next requests are answered with instead, first to last; their messages are not taken."""
    before_answer: list[Hook] = field(default_factory=list)
    """Done once each, after the message was taken and before that is said."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/messages"

    async def take(self, request: Request) -> Response:
        """Keep a message under its ID; the same ID again gets the first receipt."""
        body = await request.json()
        self.requests.append({"headers": dict(request.headers), "body": body})
        if request.headers.get("idempotency-key") != body["id"]:
            return JSONResponse({"error": "the key is not the ID"}, 400)
        if self.answers:
            return self.answers.pop(0)
        self.messages.setdefault(body["id"], body)
        if self.before_answer:
            await self.before_answer.pop(0)(body)
        return JSONResponse({"receipt": f"R-{list(self.messages).index(body['id']) + 1}"}, 202)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Gateway]:
        """Serve until the end of the block; a second time on the same port."""
        app = Starlette(routes=[Route("/messages", self.take, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="warning"))
        serving = asyncio.create_task(server.serve())
        try:
            async with asyncio.timeout(20):
                while not server.started:
                    await asyncio.sleep(0.01)
            self.port = server.servers[0].sockets[0].getsockname()[1]
            yield self
        finally:
            server.should_exit = True
            await serving
