"""Signing in by an API key: `id.secret` as the bearer token, compared by its SHA-256 in constant time."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from api.access import Caller, unauthenticated
from storage import keys

KEY = re.compile(r"[0-9a-f]{12}\.[A-Za-z0-9_-]{43}")
"""What a key looks like; a token of an issuer has two dots."""
NOBODYS = keys.digest_of("")


class Keys:
    """Who comes by a key. `once`: each statement is a transaction of its own."""

    def __init__(self, once: AsyncEngine, now: Callable[[], datetime]) -> None:
        self._once, self._now = once, now

    async def caller(self, token: str) -> Caller:
        """The key's client, in the key's role and for its unit; a wrong, revoked or expired key is a 401."""
        id, _, secret = token.partition(".")
        now = self._now()
        async with self._once.connect() as conn:
            key = await keys.find(conn, id)
            fits = hmac.compare_digest(keys.digest_of(secret), key.digest if key else NOBODYS)
            if key is None or not fits or not key.live(now):
                raise unauthenticated("the key is not valid, has expired or was revoked")
            if key.unnoticed(now):
                await keys.used(conn, id, now)
        return Caller(key.client, key.role, key.unit)
