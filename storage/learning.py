"""What is learnt from past cases, and what it suggests for one (分办建议); only what was learnt last is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.learning import Example, Guess, Learnt
from domain.vocabulary import Text
from storage.tables import models, notes

SAMPLE = 3000
"""From how many of the latest archived cases it is learnt."""

FEW = 3
"""How many labels are suggested."""

_PAST = text(
    """
    SELECT n.title, n.text, c.matter, coalesce(p.phone_index, c.number) AS by,
           (SELECT a.unit FROM assignments a WHERE a.case_number = c.number AND a.round = c.round
            AND a.part = 'lead' AND a.handling = 'done') AS unit
    FROM archives s JOIN cases c ON c.number = s.case_number
    JOIN notes n ON n.case_number = c.number AND n.kind = 'request' AND n.title IS NOT NULL
    LEFT JOIN people p ON p.case_number = c.number
    WHERE NOT sheltered(c.number) ORDER BY s.sealed_at DESC, c.number LIMIT :sample
    """
)
"""Requests of archived cases, the matter that was right in the end, and the unit whose result stood; none that is sheltered.

What was destroyed has no text any more, so nothing of it is in what is learnt next.
"""


@dataclass(frozen=True)
class Past:
    """Examples of which matter a request was, and of which unit handled it."""

    matters: Sequence[Example]
    units: Sequence[Example]


async def past(conn: AsyncConnection) -> Past:
    """What there is to learn from."""
    rows = (await conn.execute(_PAST, {"sample": SAMPLE})).all()
    return Past(
        [Example(row.title, row.text, row.matter, row.by) for row in rows],
        [Example(row.title, row.text, row.unit, row.by) for row in rows if row.unit],
    )


@dataclass(frozen=True)
class Model:
    """What was learnt from so many cases, when; the version counts what was learnt before."""

    version: int
    learnt_at: datetime
    cases: int
    matters: Learnt
    units: Learnt


_LEARNT: TypeAdapter[Learnt] = TypeAdapter(Learnt)


async def keep(conn: AsyncConnection, matters: Learnt, units: Learnt, cases: int, now: datetime) -> int:
    """The version of what was learnt; what the ones before held is gone."""
    learnt = {"matters": asdict(matters), "units": asdict(units)}
    await conn.execute(models.update().where(models.c.learnt.is_not(None)).values(learnt=None))
    row = models.insert().values(learnt_at=now, cases=cases, learnt=learnt).returning(models.c.version)
    return int((await conn.execute(row)).scalar_one())


@dataclass(frozen=True)
class Suggested:
    """What a text suggests, by which model; no model: nothing has been learnt yet."""

    model: Model | None
    matters: Sequence[Guess] = ()
    units: Sequence[Guess] = ()


class Learning:
    """Reads the last model once, and again when there is another."""

    def __init__(self) -> None:
        self._model: Model | None = None

    async def suggested(self, conn: AsyncConnection, number: str) -> Suggested:
        """By the words of the request itself, the likeliest first."""
        model = await self._last(conn)
        request = select(notes.c.title, notes.c.text).where(
            notes.c.case_number == number, notes.c.kind == Text.REQUEST, notes.c.title.is_not(None)
        )
        said = (await conn.execute(request)).one_or_none()
        if model is None or said is None:
            return Suggested(model)
        matters, units = (each.guesses(said.title, said.text, FEW) for each in (model.matters, model.units))
        return Suggested(model, matters, units)

    async def _last(self, conn: AsyncConnection) -> Model | None:
        version = await conn.scalar(select(func.max(models.c.version)))
        if version is None:
            return None
        if self._model is None or self._model.version != version:
            row = (await conn.execute(select(models).where(models.c.version == version))).mappings().one()
            self._model = _model(row)
        return self._model


def _model(row: Any) -> Model:
    matters, units = (_LEARNT.validate_python(row["learnt"][name]) for name in ("matters", "units"))
    return Model(row["version"], row["learnt_at"], row["cases"], matters, units)
