"""The credit system (市场主体信用信息公示系统; Art. 16 ¶1): records of market entities. Contract: docs/exchange/credit.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.link import Answer, Link


@dataclass(frozen=True)
class EntityRecord:
    """What is on record of a market entity. `entity`: its unified social credit code; `fact`: a code."""

    id: str
    entity: str
    fact: str
    period: str
    value: float


class Credit:
    """Takes records, each once by its key, and gives a receipt."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def take(self, record: EntityRecord) -> Answer:
        """Hand a record over; its ID is the key."""
        return await self._link.ask("PUT", f"records/{record.id}", key=record.id, body=vars(record))
