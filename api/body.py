"""How much a request's body may weigh, and how long it may take, whether it says so beforehand or comes in pieces."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem

MOST = 256 * 1024
"""Bytes; 10,000 characters of text take 40,000 at most, escaped 120,000."""

PART = 4 * 1024 * 1024
"""Bytes of an upload that come in one request."""

SLOWER = 30
"""So many times as long as another body a part of an upload may take, if it never falls silent."""


def is_part(scope: Scope) -> bool:
    """Is the body a part of an upload?"""
    return scope["method"] == "PATCH" and "/uploads/" in scope["path"]


class BodyLimit:
    """Answers 413 before more bytes are kept than the request may hold, and 408 to a body that does not come.

    `seconds`: for a whole body; for a part of an upload that of silence, and `SLOWER` times as long in all.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = PART if is_part(scope) else MOST
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            refusal = problem(413, "ContentTooLarge", f"a request's body holds at most {limit} bytes")
            return await refusal(scope, receive, send)
        await self._app(scope, _Measured(receive, limit, self._seconds, SLOWER if is_part(scope) else 1), send)


class _Measured:
    """Receives a body of `limit` bytes at most, silent for `seconds` at most, in `slower` times as long."""

    def __init__(self, receive: Receive, limit: int, seconds: float, slower: int) -> None:
        self._receive, self._left, self._seconds = receive, limit, seconds
        self._end = asyncio.get_running_loop().time() + seconds * slower
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:  # what is waited for now is that the client goes
            return await self._receive()
        message = await self._piece()
        self._left -= len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._left < 0:
            raise HTTPException(413)
        return message

    async def _piece(self) -> Message:
        until = min(self._end, asyncio.get_running_loop().time() + self._seconds)
        try:
            async with asyncio.timeout_at(until):
                return await self._receive()
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
