"""The permit system (行政许可服务系统; Art. 16 ¶1): where an application stands. Contract: docs/exchange/permits.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError

from exchange.link import Link, Unanswered

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
"""A code: no free text of others comes in."""


@dataclass(frozen=True)
class Standing:
    """Where an application stands, by codes: what an answer to its applicant is made of."""

    state: Word
    unit: Word
    since: datetime


_STANDING = TypeAdapter(Standing)


class Permits:
    """Asks by the number of an application; nothing of the person who asks us is handed on."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def standing(self, application: str) -> Standing | None:
        """None: the system knows no such application. Unanswered: it did not say, or not in the agreed shape."""
        answer = await self._link.ask("POST", "applications/standing", body={"application": application})
        if answer.status == 404:
            return None
        if not answer.taken:
            raise Unanswered(answer.reason)
        try:
            return _STANDING.validate_python(answer.body)
        except ValidationError:
            raise Unanswered("no_standing") from None
