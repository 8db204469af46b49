"""The enforcement-supervision platform (执法监督平台; Art. 9 ¶3, 16 ¶2). Contract: docs/exchange/platform.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange.link import Answer, Link, Unanswered

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""What an ID of ours looks like."""

MOST = 10_000
"""So many more than it may hold, and what it says is no answer."""


@dataclass(frozen=True)
class Held:
    """What the platform holds: the IDs, and how many are nothing that we could have sent. Those are not repeated."""

    ids: set[str]
    strange: int


class Platform:
    """Takes records, each once by its key, and says which it holds."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def take(self, record: Mapping[str, Any]) -> Answer:
        """Hand a record over; its ID is the key."""
        return await self._link.ask("PUT", f"records/{record['id']}", key=record["id"], body=record)

    async def holds(self, expected: int) -> Held:
        """All records that it holds; Unanswered if it does not say, or names far more than are `expected`."""
        found: set[str] = set()
        strange, after = 0, ""
        while True:
            answer = await self._link.ask("GET", "records", params={"after": after})
            page = answer.body.get("ids")
            if not answer.taken or not isinstance(page, list):
                raise Unanswered(answer.reason)
            ours = {each for each in page if isinstance(each, str) and ID.fullmatch(each)}
            strange += len(page) - len(ours)
            if not ours - found:
                return Held(found, strange)
            after = max(ours - found)
            found |= ours
            if len(found) > 2 * expected + MOST:
                raise Unanswered("too_many")
