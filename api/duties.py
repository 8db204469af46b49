"""The catalogue of duties (职责清单): proposed by one, accepted by another, read as of a day (Art. 6, 10(2), 12 ¶2)."""

from __future__ import annotations

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
from api.texts import Code, Count, Day, District, Line, Words
from api.views import Page, view
from domain.duties import Duty, require_days, require_own
from domain.vocabulary import Listing, Matter
from storage import duties

router = APIRouter(tags=["duties"])
Id = Annotated[int, Path(description="the row's number", ge=1, lt=2**31)]
VERSIONS = "All its versions, first to last."
STEP = documented(401, 403, 404, 409, 413, 422, 503)
EXAMPLE: dict[str, Any] = {
    "unit": "WATER",
    "matter": "help",
    "topic": "water_supply",
    "ground": "样例供水条例第三条",
    "valid_from": "2026-03-02",
}


@body(config=ConfigDict(extra="forbid"))
class Proposed:
    """What a row of the catalogue is to say. To end one: its next version, with its last day."""

    unit: Code
    matter: Matter
    ground: Line
    valid_from: Day
    topic: Code | None = None
    district: District | None = None
    valid_until: Day | None = None


@body(config=ConfigDict(extra="forbid"))
class Accepting:
    """Which version: the one that was read."""

    version: Count


@body(config=ConfigDict(extra="forbid"))
class Refusing:
    """Which version is not accepted, and why."""

    version: Count
    reason: Words


@dataclass(frozen=True, kw_only=True)
class DutyVersion:
    """One version of a row, and who took which step when. What it says is never changed."""

    duty: int
    version: int
    unit: str
    matter: Matter
    topic: str | None
    district: str | None
    ground: str
    valid_from: date
    valid_until: date | None
    stage: Listing
    proposed_by: str
    proposed_at: datetime
    counted: int | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    reason: str | None


@router.post(
    "/duties",
    status_code=201,
    summary="提出职责 · propose a row of the catalogue of duties",
    response_description=VERSIONS,
    responses=documented(401, 403, 409, 413, 422, 503),
    openapi_extra=shown(EXAMPLE),
)
async def post_duty(given: Proposed, caller: CallerDep, house: HouseDep) -> list[DutyVersion]:
    """By a supervisor, or by a unit for itself. The same again is the same row."""
    duty = await _duty(house, caller, given, given.unit)
    async with house.engine.begin() as conn:
        id = await duties.propose(conn, duty, caller.subject, house.now())
    return await whole(house, caller, id)


@router.post(
    "/duties/{id}/versions",
    status_code=201,
    summary="提出职责变更 · propose the next version of a row, or its end",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown(EXAMPLE | {"valid_until": "2026-12-31"}),
)
async def post_duty_version(id: Id, given: Proposed, caller: CallerDep, house: HouseDep) -> list[DutyVersion]:
    """From its first day on, an accepted one takes the place of those before. A unit proposes for its own row."""
    held = await whole(house, caller, id)
    duty = await _duty(house, caller, given, held[-1].unit)
    async with house.engine.begin() as conn:
        await duties.revise(conn, id, duty, caller.subject, house.now())
    return await whole(house, caller, id)


@router.post(
    "/duties/{id}/accept",
    summary="认可 · accept a version",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown({"version": 1}),
)
async def post_duty_acceptance(id: Id, given: Accepting, caller: CallerDep, house: HouseDep) -> list[DutyVersion]:
    """By a supervisor who did not propose it."""
    return await _settled(house, caller, id, given.version, Listing.ACCEPTED)


@router.post(
    "/duties/{id}/refuse",
    summary="不予认可 · refuse a version",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown({"version": 1, "reason": "依据已废止。"}),
)
async def post_duty_refusal(id: Id, given: Refusing, caller: CallerDep, house: HouseDep) -> list[DutyVersion]:
    """Another one may be proposed."""
    return await _settled(house, caller, id, given.version, Listing.REFUSED, given.reason)


@router.get(
    "/duties",
    summary="职责清单 · the catalogue of duties",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_duties(
    caller: CallerDep,
    house: HouseDep,
    on: Annotated[Day | None, Query(description="only what holds on this day, in Shanghai")] = None,
    unit: Annotated[str | None, Query(max_length=40, description="only what names this unit")] = None,
    stage: Annotated[Listing | None, Query(description="only what stands there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DutyVersion]:
    """By row and version. Without a day: every version that there ever was."""
    async with house.reading(caller) as conn:
        found = await duties.listed(conn, on, unit, stage, limit, cursor)
    return Page([view(DutyVersion, row) for row in found.items], found.next)


@router.get(
    "/duties/{id}",
    summary="职责条目 · one row of the catalogue",
    response_description=VERSIONS,
    responses=documented(401, 403, 404, 422, 503),
)
async def get_duty(id: Id, caller: CallerDep, house: HouseDep) -> list[DutyVersion]:
    """With all that was proposed, accepted and refused of it."""
    return await whole(house, caller, id)


async def _duty(house: House, caller: Caller, given: Proposed, row: str) -> Duty:
    """What is proposed for the row of this unit. Or a Refusal."""
    require_own(caller.unit, row)
    await house.require_units({"unit": [given.unit]})
    duty = Duty(**asdict(given))
    require_days(duty)
    return duty


async def whole(house: House, caller: Caller, id: int) -> list[DutyVersion]:
    """All versions of a row, first to last; a Problem if there are none."""
    async with house.reading(caller) as conn:
        found = await duties.versions(conn, id)
    if not found:
        raise Problem(404, "NoSuchDuty", "the catalogue has no such row")
    return [view(DutyVersion, row) for row in found]


async def _settled(
    house: House, caller: Caller, id: int, version: int, target: Listing, reason: str | None = None
) -> list[DutyVersion]:
    if version not in {each.version for each in await whole(house, caller, id)}:
        raise Problem(404, "NoSuchVersion", "the row has no such version")
    async with house.engine.begin() as conn:
        await duties.settle(conn, id, version, target, caller.subject, house.now(), reason)
    return await whole(house, caller, id)
