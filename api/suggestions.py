"""Which units are suggested for a case (分办建议), and why; a person decides, by the act `transfer` (Art. 10(2))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import CallerDep
from api.errors import documented
from api.house import HouseDep, Number
from api.sight import look
from api.texts import Code
from api.views import view
from domain.duties import eligible
from domain.learning import Guess
from domain.limits import SHANGHAI
from domain.vocabulary import Matter
from storage import duties, units

router = APIRouter(tags=["duties"])


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """A unit that the catalogue names for the case, and on what ground."""

    unit: str
    duty: int
    version: int
    topic: str | None
    district: str | None
    ground: str


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What past cases suggest, how strongly, and by which words of the request."""

    code: str
    zh: str
    score: float
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class ModelNamed:
    """By what was learnt when, from how many archived cases."""

    version: int
    learnt_at: datetime
    cases: int


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """What speaks for whom. Nothing of it is done by itself."""

    catalogue: list[Recommended]
    matters: list[Suggestion]
    units: list[Suggestion]
    model: ModelNamed | None


@router.get(
    "/cases/{number}/suggestions",
    summary="分办建议 · which units are proposed for a case, and why",
    response_description="For a person to decide: the act `transfer` names the unit.",
    responses=documented(401, 403, 404, 422, 503),
)
async def get_suggestions(
    number: Number,
    caller: CallerDep,
    house: HouseDep,
    topic: Annotated[Code | None, Query(description="only duties for this topic, or for any")] = None,
) -> Suggestions:
    """By the catalogue of duties as of today, and by past cases. Never the office complained of (Art. 7(4))."""
    today = house.now().astimezone(SHANGHAI).date()
    async with house.reading(caller) as conn:
        case, _ = await look(conn, number, caller)
        matter, respondent = Matter(case["matter"]), case["respondent"]
        named = await duties.naming(conn, matter, case["district"], topic, today)
        learnt = await house.learning.suggested(conn, number)
        active = {unit.code: unit.zh for unit in await units.listed(conn) if unit.active}
    names = {code: zh for code, zh in active.items() if eligible(code, matter, respondent)}
    return Suggestions(
        catalogue=[view(Recommended, row) for row in named if row["unit"] in names],
        matters=_shown(learnt.matters, {each.value: each.zh for each in Matter}),
        units=_shown(learnt.units, names),
        model=view(ModelNamed, vars(learnt.model)) if learnt.model else None,
    )


def _shown(guesses: Iterable[Guess], names: Mapping[str, str]) -> list[Suggestion]:
    """Those that have a name, with it."""
    return [
        Suggestion(code=each.label, zh=names[each.label], score=each.score, reasons=list(each.reasons))
        for each in guesses
        if each.label in names
    ]
