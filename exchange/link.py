"""The one way to another system of the city (Art. 16 ¶1): an HTTP request, repeatable by its key, and what was answered."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

TIMEOUT = 5.0
"""Seconds that another system may take for one request."""

WHOLE = 10.0
"""Seconds for all of an answer: one that trickles is none."""

MOST = 1_000_000
"""Bytes of an answer, unpacked; a longer one is none."""

NO_ANSWER = 503
"""The status of an answer that never came."""

_RECEIPT = re.compile(r"[!-~]{1,100}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Peer:
    """Where another system listens, and the file of the token that we show it."""

    url: str = field(repr=False)
    token: Path | None = None


@dataclass(frozen=True)
class Answer:
    """What came back. `receipt` and `reason` fit our record or are empty; no free text of others is kept."""

    status: int
    receipt: str = ""
    reason: str = ""
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


class Unanswered(Exception):
    """The other system did not say what it was asked; the reason is a code."""


class Link(Protocol):
    """What a connector needs of the world."""

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `key`: the same one twice does a thing once. Never raises for what the other side did."""


class HttpLink:
    """A link by HTTP. Redirects are not followed: the token is for one address."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        try:
            async with (
                asyncio.timeout(WHOLE),
                self._http.stream(method, path, json=body, params=params, headers=headers) as response,
            ):
                content = bytearray()
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > MOST:
                        return Answer(NO_ANSWER, reason="too_long")
        except (httpx.HTTPError, TimeoutError):
            return Answer(NO_ANSWER, reason="no_answer")
        return _answer(response.status_code, bytes(content))


class NoToken:
    """A link of which the token's file cannot be read: nothing is asked, and the lists say why."""

    async def ask(self, method: str, path: str, **_: Any) -> Answer:
        return Answer(NO_ANSWER, reason="no_token")


@asynccontextmanager
async def reach(peer: Peer) -> AsyncIterator[Link]:
    """A link for a batch. The token is read each time, so that a renewed file needs no restart."""
    try:
        headers = {"Authorization": f"Bearer {peer.token.read_text('ascii').strip()}"} if peer.token else {}
    except (OSError, ValueError):
        yield NoToken()
        return
    async with httpx.AsyncClient(base_url=peer.url, headers=headers, timeout=TIMEOUT) as http:
        yield HttpLink(http)


def _answer(status: int, content: bytes) -> Answer:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = {}
    told = body if isinstance(body, dict) else {}
    taken = 200 <= status < 300
    reason = "" if taken else _fit(_CODE, told.get("reason")) or f"http_{status}"
    return Answer(status, _fit(_RECEIPT, told.get("receipt")), reason, told)


def _fit(shape: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and shape.fullmatch(value) else ""
