"""What a unit would have answered is released by the Centre, refused, or withdrawn (Art. 5(1), 5(5))."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as body

from api.access import Caller, CallerDep
from api.errors import Problem
from api.examples import shown
from api.house import House, HouseDep
from api.knowledge import STEP, VERSIONS, Id, Version, whole
from api.texts import Count, Words
from domain.vocabulary import Edition
from storage import knowledge

router = APIRouter(tags=["knowledge"])


@body(config=ConfigDict(extra="forbid"))
class Named:
    """Which version: the one that was read."""

    version: Count


@body(config=ConfigDict(extra="forbid"))
class Unfit:
    """Which version is not released, and why."""

    version: Count
    reason: Words


@body(config=ConfigDict(extra="forbid"))
class Withdrawal:
    """Why it is answered no more."""

    reason: Words


@router.post(
    "/knowledge/{id}/release",
    summary="发布 · release a version",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown({"version": 1}),
)
async def post_knowledge_release(id: Id, given: Named, caller: CallerDep, house: HouseDep) -> list[Version]:
    """By a supervisor of the Centre, who did not propose it. It is answered from its first day on."""
    return await _reviewed(house, caller, id, given.version, Edition.RELEASED)


@router.post(
    "/knowledge/{id}/refuse",
    summary="不予发布 · refuse a version",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown({"version": 1, "reason": "与现行规定不一致。"}),
)
async def post_knowledge_refusal(id: Id, given: Unfit, caller: CallerDep, house: HouseDep) -> list[Version]:
    """The unit may propose another one."""
    return await _reviewed(house, caller, id, given.version, Edition.REFUSED, given.reason)


@router.post(
    "/knowledge/{id}/withdraw",
    summary="停用 · withdraw an entry",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown({"reason": "政策已调整。"}),
)
async def post_knowledge_withdrawal(id: Id, given: Withdrawal, caller: CallerDep, house: HouseDep) -> list[Version]:
    """By its unit, or by the Centre: whatever of it is released is answered no more, from now on."""
    await whole(house, caller, id)
    async with house.engine.begin() as conn:
        await knowledge.withdraw(conn, id, caller.subject, house.now(), given.reason)
    return await whole(house, caller, id)


async def _reviewed(
    house: House, caller: Caller, entry: int, version: int, target: Edition, reason: str | None = None
) -> list[Version]:
    if version not in {each.version for each in await whole(house, caller, entry)}:
        raise Problem(404, "NoSuchVersion", "the entry has no such version")
    async with house.engine.begin() as conn:
        await knowledge.review(conn, entry, version, target, caller.subject, house.now(), reason)
    return await whole(house, caller, entry)
