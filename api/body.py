"""How much a request's body may weigh, whether it says so beforehand or comes in pieces."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem

MOST = 256 * 1024
"""Bytes; 10,000 characters of text take 40,000 at most, escaped 120,000."""

PART = 4 * 1024 * 1024
"""Bytes of an upload that come in one request."""


def most(scope: Scope) -> int:
    """How many bytes this request's body may hold."""
    return PART if scope["method"] == "PATCH" and "/uploads/" in scope["path"] else MOST


class BodyLimit:
    """Answers 413 before more bytes are kept than the request may hold."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = most(scope)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            refusal = problem(413, "ContentTooLarge", f"a request's body holds at most {limit} bytes")
            return await refusal(scope, receive, send)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
