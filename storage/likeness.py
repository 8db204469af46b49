"""Earlier cases about the same thing as one case, or of the same person: suggested at intake (并案建议)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.likeness import SUGGESTED, Rarity, likeness, terms
from domain.vocabulary import Text
from storage.reading import LISTED, PROVISIONAL
from storage.search import WORDS
from storage.tables import cases, notes, people

RECENT = timedelta(days=90)
"""How far back cases are suggested."""

RAREST = 12
"""By how many of its terms a text is looked for: those that few others have."""

LOOKED_AT = 200
"""How many texts that have one of them are compared, the latest first."""

SAMPLE = 2000
"""From how many of the latest requests it is learnt how rare a term is."""

ANEW = timedelta(hours=1)
"""How long that holds."""

_SAID = func.coalesce(notes.c.title, literal_column("''")) + literal_column("' '") + notes.c.text


class Alike:
    """Knows how rare terms are; of no text it remembers whose it is."""

    def __init__(self) -> None:
        self._rarity, self._learnt = Rarity(0, {}), datetime.min

    async def suggested(self, conn: AsyncConnection, number: str, now: datetime, limit: int) -> list[dict[str, Any]]:
        """Cases of the last days whose texts are alike, or whose person has the same telephone; the likest first."""
        said = await conn.scalar(_request(_SAID).where(notes.c.case_number == number))
        found = await self._alike(conn, number, said or "", now)
        repeats = await _of_the_same(conn, number, now)
        likest = sorted(found | dict.fromkeys(repeats - found.keys(), 0.0), key=lambda n: (-found.get(n, 0.0), n))[
            :limit
        ]
        query = select(*(cases.c[name] for name in LISTED), PROVISIONAL).where(cases.c.number.in_(likest))
        rows = {row["number"]: dict(row) for row in (await conn.execute(query)).mappings()}
        told = {n: {"likeness": round(found.get(n, 0.0), 2), "same_phone": n in repeats} for n in likest}
        return [rows[n] | told[n] for n in likest if n in rows]

    async def _alike(self, conn: AsyncConnection, number: str, said: str, now: datetime) -> dict[str, float]:
        rarity, ours = await self._known(conn, now), terms(said)
        asked = " | ".join(f"'{term}'" for term in rarity.rarest(ours, RAREST))
        if not asked:
            return {}
        one_of = WORDS.bool_op("@@")(func.to_tsquery(literal_column("'simple'"), asked))
        query = _request(notes.c.case_number, _SAID).where(
            one_of, notes.c.case_number != number, notes.c.written_at > now - RECENT
        )
        rows = (await conn.execute(query.order_by(notes.c.written_at.desc()).limit(LOOKED_AT))).all()
        scores: Mapping[str, float] = {row[0]: likeness(ours, terms(row[1]), rarity) for row in rows}
        return {other: like for other, like in scores.items() if like >= SUGGESTED}

    async def _known(self, conn: AsyncConnection, now: datetime) -> Rarity:
        if now - self._learnt.replace(tzinfo=now.tzinfo) > ANEW:
            latest = _request(_SAID).order_by(notes.c.written_at.desc()).limit(SAMPLE)
            self._rarity, self._learnt = Rarity.among((await conn.execute(latest)).scalars()), now
        return self._rarity


def _request(*columns: Any) -> Any:
    return select(*columns).where(notes.c.kind == Text.REQUEST, notes.c.title.is_not(None))


async def _of_the_same(conn: AsyncConnection, number: str, now: datetime) -> set[str]:
    """Never one whose person is shielded: it would say who that is."""
    phone = select(people.c.phone_index).where(people.c.case_number == number).scalar_subquery()
    query = select(people.c.case_number).join(cases, cases.c.number == people.c.case_number)
    theirs = people.c.phone_index == phone, people.c.case_number != number, cases.c.registered_at > now - RECENT
    return set((await conn.execute(query.where(*theirs, ~func.sheltered(cases.c.number)))).scalars())
