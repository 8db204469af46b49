"""Throttle: how often somebody may ask, and how often they may be wrong (Art. 15; decision 0015).

Counted in the memory of this process, by `limits`. Of a key and a tracking code only a hash is kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from ipaddress import ip_address, ip_network

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import TRACKING
from api.cookies import SESSION
from api.errors import problem
from api.metrics import REFUSED

FREE = ("/health",)
"""What is asked for by whoever looks after the process."""
WRONG = {401: "authorization", 404: TRACKING["alias"].lower()}
"""Which proof an answer of this status says was wrong: a key, or a code."""
LOCKED = "too many wrong codes or keys came from this address"
OFTEN = "too many requests"


class Throttle:
    """Answers 429 with `Retry-After` before anything else is done.

    An address from which too many wrong codes came is locked out with codes, one from which wrong keys came with keys;
    also with a right one, so that nobody can tell that it was right. A case is not: a stranger's guesses must not shut
    out whoever it belongs to, nor those of one person at a channel's page the channel's intake.
    """

    def __init__(self, app: ASGIApp, limits: Mapping[str, RateLimitItem]) -> None:
        self._app, self._limits = app, limits
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in FREE:
            return await self._app(scope, receive, send)
        headers, address = Headers(scope=scope), _house_of((scope["client"] or ("unknown",))[0])
        for proof in WRONG.values():
            if proof in headers and not self._counter.test(self._limits["wrong"], "wrong", proof, address):
                return await self._refuse(LOCKED, "wrong", proof, address)(scope, receive, send)
        for what, whose in _counted(headers, address):
            if not self._counter.hit(self._limits[what], what, whose):
                return await self._refuse(OFTEN, what, whose)(scope, receive, send)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and (proof := WRONG.get(message["status"], "")) in headers:
                self._counter.hit(self._limits["wrong"], "wrong", proof, address)
            await send(message)

        await self._app(scope, receive, watched)

    def _refuse(self, why: str, what: str, *whose: str) -> ASGIApp:
        REFUSED.labels(what).inc()
        opens = self._counter.get_window_stats(self._limits[what], what, *whose).reset_time
        wait = max(1, math.ceil(opens - time.time()))
        return problem(429, "TooManyRequests", f"{why}: again in {wait} s", {"Retry-After": str(wait)})


def _counted(headers: Headers, address: str) -> Iterator[tuple[str, str]]:
    """Which limits a request counts for, and under whose name; the address first: it bounds how much is kept."""
    yield "address", address
    for what, proof in (("key", _key(headers)), ("code", headers.get(WRONG[404], "").strip().upper())):
        if proof:
            yield what, sha256(proof.encode()).hexdigest()


def _key(headers: Headers) -> str:
    """The key, token or session that a request brings, however it is written."""
    scheme, _, proof = headers.get(WRONG[401], "").strip().partition(" ")
    brought = cookie_parser(headers.get("cookie", ""))
    session = next((value for name, value in brought.items() if name.endswith(SESSION)), "")
    return proof.strip() or scheme or session


def _house_of(address: str) -> str:
    """Of an IPv6 address its first 64 bits: the rest one subscriber chooses at will."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address
