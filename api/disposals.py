"""Disposal (鉴定销毁; Art. 14): lists proposed, appraised and approved by three officers, and the register of what is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import HouseDep
from api.reading import PAGE, Cursor, Limit
from api.views import Page, view
from domain.vocabulary import Ground, Keep, Stage
from storage import destruction, disposals

router = APIRouter(tags=["disposal"])
Id = Annotated[str, Path(description="the list's ID", max_length=64)]
WHOLE = "The list, with its items."
LISTED = documented(401, 403, 422, 503)
REFUSES = documented(401, 403, 404, 409, 413, 422, 503)


@body(config=ConfigDict(extra="forbid"))
class Proposal:
    """How much is proposed at once."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 200


@body(config=ConfigDict(extra="forbid"))
class Struck:
    """A case that is kept, and why."""

    number: Annotated[str, Field(min_length=1, max_length=40)]
    why: Keep


@body(config=ConfigDict(extra="forbid"))
class Appraisal:
    """What is struck off the list; nothing: all of it may be destroyed."""

    strike: Annotated[list[Struck], Field(max_length=1000)] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Disposed:
    """One case on a list of disposal."""

    case_number: str
    ground: Ground
    struck: Keep | None


@dataclass(frozen=True, kw_only=True)
class Disposal:
    """A list of disposal: where it stands, and which officer took which step when."""

    id: str
    stage: Stage
    proposed_by: str
    proposed_at: datetime
    appraised_by: str | None
    appraised_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    carried_out_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class DisposalWhole(Disposal):
    """The same, with its items."""

    items: list[Disposed]


@dataclass(frozen=True, kw_only=True)
class Destroyed:
    """A row of the register: what of a case was destroyed, and what of it stays to be verified."""

    case_number: str
    list: str
    at: datetime
    ground: Ground
    basis: str
    approved_by: str
    texts: int
    attachments: int
    bytes: int
    identity: bool
    entries: int
    chain: str


@router.post(
    "/disposals",
    status_code=201,
    summary="提出销毁清单 · propose a list of disposal",
    response_description=WHOLE,
    responses=documented(401, 403, 409, 413, 422, 503),
    openapi_extra=shown({"limit": 200}),
)
async def post_disposal(given: Proposal, caller: CallerDep, house: HouseDep) -> DisposalWhole:
    """Cases whose retention has ended, and those whose person asked for it; each stands on one list only."""
    async with house.engine.begin() as conn:
        made = await disposals.propose(conn, caller.subject, house.now(), given.limit)
        return await _whole(conn, made)


@router.get(
    "/disposals",
    summary="销毁清单 · lists of disposal",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_disposals(caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page[Disposal]:
    """The latest first."""
    async with house.reading(caller) as conn:
        found = await disposals.lists(conn, limit, cursor)
    return Page([view(Disposal, row) for row in found.items], found.next)


@router.get(
    "/disposals/{id}",
    summary="销毁清单 · one list of disposal",
    response_description=WHOLE,
    responses=documented(401, 403, 404, 422, 503),
)
async def get_disposal(id: Id, caller: CallerDep, house: HouseDep) -> DisposalWhole:
    """By codes: which cases, and on which ground."""
    async with house.reading(caller) as conn:
        return await _whole(conn, id)


@router.post(
    "/disposals/{id}/appraise",
    summary="鉴定 · appraise a list",
    response_description=WHOLE,
    responses=REFUSES,
    openapi_extra=shown({"strike": [{"number": "TJ20260302000001", "why": "proceedings"}]}),
)
async def post_appraisal(id: Id, given: Appraisal, caller: CallerDep, house: HouseDep) -> DisposalWhole:
    """By another officer than who proposed it. What is still needed is struck off, each for its reason."""
    struck = {each.number: each.why for each in given.strike}
    async with house.engine.begin() as conn:
        await disposals.appraise(conn, id, caller.subject, house.now(), struck)
        return await _whole(conn, id)


@router.post(
    "/disposals/{id}/approve",
    summary="批准销毁 · approve a list",
    response_description=WHOLE,
    responses=REFUSES,
)
async def post_approval(id: Id, caller: CallerDep, house: HouseDep) -> DisposalWhole:
    """By the authority over the Centre (Art. 4), a third officer. From now on `hotline disposal run` carries it out."""
    async with house.engine.begin() as conn:
        await disposals.approve(conn, id, caller.subject, house.now())
        return await _whole(conn, id)


@router.get(
    "/destructions",
    summary="销毁清册 · the register of what was destroyed",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_destructions(
    caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Destroyed]:
    """The latest first; a row is never changed or taken away."""
    async with house.reading(caller) as conn:
        found = await destruction.register(conn, limit, cursor)
    return Page([view(Destroyed, row) for row in found.items], found.next)


async def _whole(conn: AsyncConnection, id: str) -> DisposalWhole:
    found = await disposals.one(conn, id)
    if found is None:
        raise Problem(404, "NoSuchList", "no such list of disposal")
    return view(DisposalWhole, found)
