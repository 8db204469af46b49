"""Asking the knowledge base (知识库), and what was asked of it in vain (Art. 5(1), 7(1))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.errors import documented
from api.examples import shown
from api.house import HouseDep
from api.reading import PAGE, Cursor, Limit
from api.texts import Line
from api.views import Page, view
from domain.vocabulary import Matter
from storage import questions

router = APIRouter(tags=["knowledge"])
Which = Annotated[int | None, Query(ge=1, lt=2**31)]


@body(config=ConfigDict(extra="forbid"))
class Wondered:
    """What somebody wants to know."""

    words: Annotated[Line, Field(description="in any words; Chinese without a dictionary")]
    limit: Annotated[int, Field(ge=1, le=50, description="how many at most")] = 10


@dataclass(frozen=True, kw_only=True)
class Found:
    """An answer that is valid today; `entry` and `version` go with the act `answer`."""

    entry: int
    version: int
    owner: str
    matter: Matter
    question: str
    answer: str
    valid_until: date
    relevance: float
    uses: int


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was looked for and not found."""

    words: str
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer that was given with an entry of the knowledge base."""

    case_number: str
    at: datetime
    entry: int
    version: int


@router.post(
    "/searches/knowledge",
    summary="知识检索 · what is to be answered",
    response_description="The most relevant first; of equally relevant ones the most used.",
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=shown({"words": "样例供水 报修"}),
)
async def post_question(given: Wondered, caller: CallerDep, house: HouseDep) -> list[Found]:
    """Only what is valid today. What is not found is counted for `GET /questions`: masked, and without who asked."""
    now = house.now()
    async with house.reading(caller) as conn:
        found = await questions.search(conn, given.words, now, given.limit)
    if not found:
        async with house.once.connect() as conn:
            await questions.in_vain(conn, given.words, now)
    return [view(Found, row) for row in found]


@router.get(
    "/questions",
    summary="待补知识 · questions without an answer",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_questions(caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page[Question]:
    """What was looked for, not found, and is not answered today either; the most frequent first."""
    async with house.reading(caller) as conn:
        found = await questions.unanswered(conn, house.now(), limit, cursor)
    return Page([view(Question, row) for row in found.items], found.next)


@router.get(
    "/answers",
    summary="引用情况 · what was answered with the knowledge base",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_answers(
    caller: CallerDep,
    house: HouseDep,
    entry: Which = None,
    version: Which = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Given]:
    """By the file of record, the latest first: who must be told if an answer was wrong."""
    async with house.reading(caller) as conn:
        found = await questions.given(conn, entry, version, limit, cursor)
    return Page([view(Given, row) for row in found.items], found.next)
