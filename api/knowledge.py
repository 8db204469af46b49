"""The knowledge base (知识库): units propose what is to be answered (Art. 5(1), 5(5)). Its release: `api.releases`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as body

from api.access import Caller, CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import House, HouseDep
from api.reading import PAGE, Cursor, Limit
from api.texts import Day, Line, Words
from api.views import Page, view
from domain.knowledge import Proposal, review_day
from domain.limits import SHANGHAI
from domain.publication import Field as Passage
from domain.publication import Suspicion, suspected
from domain.ruleset import rule_sets
from domain.vocabulary import Edition, Matter
from storage import knowledge

router = APIRouter(tags=["knowledge"])
Id = Annotated[int, Path(description="the entry's number", ge=1, lt=2**31)]
VERSIONS = "All its versions, first to last."
STEP = documented(401, 403, 404, 409, 413, 422, 503)
EXAMPLE: dict[str, Any] = {
    "matter": "consultation",
    "question": "样例供水报修电话是多少？",
    "answer": "样例供水服务全天受理报修，两小时内到场。",
    "valid_from": "2026-03-02",
    "valid_until": "2027-03-01",
}


@body(config=ConfigDict(extra="forbid"))
class Answered:
    """A question, its answer, and the days on which it is so."""

    matter: Matter
    question: Line
    answer: Words
    valid_from: Day
    valid_until: Day


TOLD: tuple[Passage, ...] = ("question", "answer")
"""The texts of an entry."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an entry, and who took which step when. What it says is never changed."""

    entry: int
    version: int
    owner: str
    matter: Matter
    question: str
    answer: str
    valid_from: date
    valid_until: date
    review_on: date
    stage: Edition
    proposed_by: str
    proposed_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    reminded_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    reason: str | None
    suspected: list[Suspicion]


@router.post(
    "/knowledge",
    status_code=201,
    summary="提出知识条目 · propose an entry of the knowledge base",
    response_description=VERSIONS,
    responses=documented(401, 403, 409, 413, 422, 503),
    openapi_extra=shown(EXAMPLE),
)
async def post_knowledge(given: Answered, caller: CallerDep, house: HouseDep) -> list[Version]:
    """By a unit, for itself. The same again is the same entry."""
    await house.require_units({"owner": [str(caller.unit)]})
    proposal, review_on = _proposed(house, given)
    async with house.engine.begin() as conn:
        entry = await knowledge.propose(conn, proposal, str(caller.unit), review_on, caller.subject, house.now())
    return await whole(house, caller, entry)


@router.post(
    "/knowledge/{id}/versions",
    status_code=201,
    summary="提出新版本 · propose the next version",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown(EXAMPLE),
)
async def post_knowledge_version(id: Id, given: Answered, caller: CallerDep, house: HouseDep) -> list[Version]:
    """By the unit whose entry it is. From the first day on which it is so, a released one takes the place of those before."""
    await whole(house, caller, id)
    await house.require_units({"owner": [str(caller.unit)]})
    proposal, review_on = _proposed(house, given)
    async with house.engine.begin() as conn:
        await knowledge.revise(conn, id, proposal, review_on, caller.subject, house.now())
    return await whole(house, caller, id)


@router.get(
    "/knowledge",
    summary="知识库 · versions of the entries of the knowledge base",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_knowledge(
    caller: CallerDep,
    house: HouseDep,
    owner: Annotated[str | None, Query(max_length=40, description="only what is this unit's")] = None,
    stage: Annotated[Edition | None, Query(description="only what stands there")] = None,
    reminded: Annotated[bool | None, Query(description="released, and its owner was reminded; false: not so")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Version]:
    """By entry and version; a unit reads its own. `reminded`: what expires soon."""
    async with house.reading(caller) as conn:
        found = await knowledge.listed(conn, owner, stage, reminded, limit, cursor)
    return Page([_version(row) for row in found.items], found.next)


@router.get(
    "/knowledge/{id}",
    summary="知识条目 · one entry",
    response_description=VERSIONS,
    responses=documented(401, 403, 404, 422, 503),
)
async def get_knowledge_entry(id: Id, caller: CallerDep, house: HouseDep) -> list[Version]:
    """A unit reads its own."""
    return await whole(house, caller, id)


def _proposed(house: House, given: Answered) -> tuple[Proposal, date]:
    """And the day on which its owner is reminded, by the rule set in force."""
    proposal, rules = Proposal(**asdict(given)), rule_sets()[house.settings.rule_set]
    return proposal, review_day(proposal, house.now().astimezone(SHANGHAI).date(), rules.numbers.knowledge_days)


async def whole(house: House, caller: Caller, entry: int) -> list[Version]:
    """All versions of an entry that the caller may see, first to last; a Problem if there are none."""
    async with house.reading(caller) as conn:
        found = await knowledge.versions(conn, entry)
    if not found:
        raise Problem(404, "NoSuchEntry", "the knowledge base has no such entry, or none that the caller may see")
    return [_version(row) for row in found]


def _version(row: Mapping[str, Any]) -> Version:
    return view(Version, row, suspected=[each for name in TOLD for each in suspected(name, row[name], ())])
