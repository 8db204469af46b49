"""The enforcement-supervision platform (执法监督平台; Art. 9 ¶3, 16 ¶2). Contract: docs/exchange/platform.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.link import Answer, Link, Unanswered


class Platform:
    """Takes records, each once by its key, and says which it holds."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def take(self, record: Mapping[str, Any]) -> Answer:
        """Hand a record over; its ID is the key."""
        return await self._link.ask("PUT", f"records/{record['id']}", key=record["id"], body=record)

    async def holds(self) -> set[str]:
        """The IDs of all records that it holds; Unanswered if it does not say."""
        found: set[str] = set()
        after = ""
        while True:
            answer = await self._link.ask("GET", "records", params={"after": after})
            page = answer.body.get("ids")
            if not answer.taken or not isinstance(page, list):
                raise Unanswered(answer.reason)
            fresh = {each for each in page if isinstance(each, str)} - found
            if not fresh:
                return found
            found |= fresh
            after = max(fresh)
