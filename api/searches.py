"""Searches for words. A POST, so that what somebody looks for stands in no URL and no log (Art. 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body
from sqlalchemy import func, select

from api.access import CallerDep
from api.errors import documented
from api.examples import shown
from api.house import HouseDep, Number
from api.reading import PAGE, fits
from api.sight import look
from api.texts import Line, Phone
from api.views import Listed, Page, view
from storage.people import of_phone
from storage.search import search

router = APIRouter(tags=["reading"])
Few = Annotated[int, Query(ge=1, le=50, description="how many at most")]


@body(config=ConfigDict(extra="forbid"))
class Sought:
    """What to look for in the texts of cases."""

    words: Annotated[Line, Field(description="all of them, in any order; Chinese without a dictionary")]
    limit: Annotated[int, Field(ge=1, le=200, description="how many at most")] = 50
    cursor: Annotated[str | None, Field(max_length=400, description="`next` of the page before")] = None


@router.post(
    "/searches/texts",
    summary="检索 · cases by the words of their texts",
    response_description=PAGE,
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=shown({"words": "样例路 停水"}),
)
async def post_search(given: Sought, caller: CallerDep, house: HouseDep) -> Page[Listed]:
    """The latest registered first. A unit finds what is on its own desk, in the texts that it may read."""
    async with house.reading(caller) as conn:
        await fits(conn, caller)
        found = await search(conn, given.words, caller.unit, given.limit, given.cursor)
    return Page([view(Listed, row) for row in found.items], found.next)


@dataclass(frozen=True, kw_only=True)
class Alike(Listed):
    """A case that may be about the same thing, or of the same person."""

    likeness: float
    same_phone: bool


@router.get(
    "/cases/{number}/alike",
    summary="同类诉求 · cases that may be about the same thing, or of the same person",
    response_description="The likest first: for a person to decide whether they are handled together.",
    responses=documented(401, 403, 404, 422, 503),
)
async def get_alike(number: Number, caller: CallerDep, house: HouseDep, limit: Few = 10) -> list[Alike]:
    """Of the last 90 days. None for a case whose person is shielded."""
    async with house.reading(caller) as conn:
        await look(conn, number, caller)
        if await conn.scalar(select(func.sheltered(number))):
            return []
        found = await house.alike.suggested(conn, number, house.now(), limit)
    return [view(Alike, row) for row in found]


@body(config=ConfigDict(extra="forbid"))
class Called:
    """Whose earlier cases to look for."""

    phone: Annotated[Phone, Field(examples=["19900008890"])]
    limit: Annotated[int, Field(ge=1, le=200, description="how many at most")] = 50
    cursor: Annotated[str | None, Field(max_length=400, description="`next` of the page before")] = None


@router.post(
    "/searches/phone",
    summary="来电查询 · the earlier cases of whoever calls",
    response_description=PAGE,
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=shown({"phone": "19900008890"}),
)
async def post_phone(given: Called, caller: CallerDep, house: HouseDep) -> Page[Listed]:
    """The latest registered first, however the number is grouped. It is looked for by a keyed hash, never in clear."""
    async with house.reading(caller) as conn:
        found = await of_phone(conn, house.vault.masters, given.phone, given.limit, given.cursor)
    return Page([view(Listed, row) for row in found.items], found.next)
