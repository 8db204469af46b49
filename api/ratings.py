"""What persons said of a partner, by quarter; and what it objects to (Art. 24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, StringConstraints
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import House, HouseDep
from api.partners import Code, rules_of, whole
from api.reading import PAGE, Cursor, Limit
from api.texts import Count, Words
from api.views import Page, view
from domain import ratings as objections
from domain.limits import SHANGHAI
from domain.scores import Counts, Quarter, Score, scores
from domain.vocabulary import Objection
from storage import offers, ratings
from storage.ratings import Rated

router = APIRouter(tags=["partners"])
STRICT = ConfigDict(extra="forbid")
STEP = documented(401, 403, 404, 409, 410, 413, 422, 503)
Quarterly = Annotated[
    str | None,
    StringConstraints(pattern=r"^20\d\dQ[1-4]$"),
    Query(description="the quarter, in Shanghai; left out: this one, of what is over the last", examples=["2026Q1"]),
]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A partner's quarter: counts, and the shares that they come to."""

    partner: str
    quarter: str
    counts: Counts
    scores: tuple[Score, ...]


@body(config=STRICT)
class Objected:
    """Which rating: the entry of the case that holds it; and why it should count, or not."""

    case_number: Annotated[str, StringConstraints(max_length=40)]
    seq: Count
    reason: Words


@dataclass(frozen=True, kw_only=True)
class Disputed:
    """A rating to which a partner objects, where that stands, and the last word on it."""

    case_number: str
    seq: int
    partner: str
    standing: Objection
    at: datetime
    actor: str
    reason: str


@router.get(
    "/partners/{partner}/scores",
    summary="服务评价 · a partner's quarter",
    response_description="What was referred to it, what came of it, what persons said.",
    responses=documented(401, 403, 404, 422, 503),
)
async def get_scores(partner: Code, caller: CallerDep, house: HouseDep, quarter: Quarterly = None) -> Scored:
    """By the instants of the callbacks. Ratings that were excluded are not counted. A partner reads its own."""
    await whole(house, caller, partner)
    asked = Quarter.parse(quarter) if quarter else Quarter.of(house.now().astimezone(SHANGHAI).date())
    async with house.once.connect() as conn:
        found = await offers.period(conn, partner, asked.begins, asked.ends)
    counts = view(Counts, found)
    return Scored(partner=partner, quarter=str(asked), counts=counts, scores=scores(counts))


@router.post(
    "/ratings",
    status_code=201,
    summary="评价异议 · object to a rating",
    response_description="On record; the Centre decides.",
    responses=STEP,
    openapi_extra=shown({"case_number": "TJ20260302000001", "seq": 9, "reason": "当日系诉求人改约。"}),
)
async def post_rating(given: Objected, caller: CallerDep, house: HouseDep) -> Disputed:
    """By the partner that was rated, within the house's limit."""
    await house.desk(given.case_number, caller, None, False)
    rated = await _rated(house, given, caller.unit)
    objections.in_time(rated.at, house.now(), rules_of(house).partners, await house.calendar.again())
    return await _stepped(house, rated, Objection.DISPUTED, caller.subject, given.reason)


@router.get(
    "/ratings",
    summary="评价异议 · ratings that were objected to",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_ratings(
    caller: CallerDep,
    house: HouseDep,
    partner: Annotated[str | None, Query(max_length=40, description="only of this partner")] = None,
    standing: Annotated[Objection | None, Query(description="only what stands there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Disputed]:
    """The latest word first; a partner reads its own."""
    async with house.reading(caller) as conn:
        found = await ratings.listed(conn, partner, standing, limit, cursor)
    return Page([view(Disputed, row) for row in found.items], found.next)


def _route(path: str, target: Objection, summary: str, doc: str) -> None:
    async def endpoint(given: Objected, caller: CallerDep, house: HouseDep) -> Disputed:
        await house.desk(given.case_number, caller, None, False)
        rated = await _rated(house, given)
        return await _stepped(house, rated, target, caller.subject, given.reason)

    router.add_api_route(
        f"/ratings/{path}",
        endpoint,
        methods=["POST"],
        name=f"rating_{path}",
        summary=summary,
        description=doc,
        response_description="On record.",
        responses=STEP,
        openapi_extra=shown({"case_number": "TJ20260302000001", "seq": 9, "reason": "经核实，异议成立。"}),
    )


async def _rated(house: House, given: Objected, partner: str | None = None) -> Rated:
    """The rating that is meant, of this partner's work or anybody's; or a Problem."""
    async with house.once.connect() as conn:
        rated = await ratings.rating(conn, given.case_number, given.seq)
    if rated is None or partner not in (None, rated.partner):
        raise Problem(404, "NoSuchRating", "that entry is no rating of a partner's work, or not of this one's")
    return rated


async def _stepped(house: House, rated: Rated, target: Objection, actor: str, reason: str) -> Disputed:
    async with house.engine.begin() as conn:
        return view(Disputed, await ratings.step(conn, rated, target, actor, reason, house.now()))


_route("exclude", Objection.EXCLUDED, "不计入 · exclude a rating", "It counts in no score and no ranking from now on.")
_route("restore", Objection.COUNTED, "计入 · let a rating count", "The objection fails, or the exclusion is undone.")
