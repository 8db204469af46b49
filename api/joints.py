"""Joint cases (并案): opened over many cases about one thing, looked at, closed. What is done there: `api.joint_acts`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import Caller, CallerDep
from api.acts import Key
from api.errors import Problem, documented
from api.examples import shown
from api.house import House, HouseDep
from api.joining import act_of, carried, once
from api.reading import PAGE, Cursor, Limit
from api.texts import Code, Line
from api.views import Page, view
from domain.publication import names_nobody
from domain.refusals import Unknown
from domain.vocabulary import Act, Role, Status, Suspect
from storage import joints, reading

router = APIRouter(prefix="/joints", tags=["joint cases"])
STRICT = ConfigDict(extra="forbid")
Id = Annotated[str, Path(description="the joint case's ID", max_length=64, examples=["J20260302-0a1b2c3d"])]
Open = Annotated[bool, Query(description="only what is not closed")]
Numbers = Annotated[tuple[Code, ...], Field(min_length=1, max_length=1000)]
WHOLE = "The joint case: where its parts stand, and what was done for all of them."
ON_ITS_WAY: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "On record, and on its way to every part. `Location` is where to look how far it has come: "
        "`GET /joints/{id}`.",
        "headers": {"Location": {"description": "Where to look.", "schema": {"type": "string"}}},
    },
    **documented(401, 403, 404, 409, 413, 422, 503),
}


@body(config=STRICT)
class Parts:
    """The cases that become parts of it."""

    cases: Numbers


@body(config=STRICT)
class Opened(Parts):
    """What it is about, and the cases that become parts of it."""

    title: Line


@dataclass(frozen=True, kw_only=True)
class Joint:
    """A joint case."""

    id: str
    title: str
    opened_by: str
    opened_at: datetime
    closed_by: str | None
    closed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was done for all parts, and how far it has come."""

    id: str
    act: Act
    role: Role
    actor: str
    unit: str | None
    received_at: datetime
    carried: int
    passed: int
    done_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class JointWhole(Joint):
    """The same, with where its parts stand (those that the reader sees), and what was done for all."""

    standing: dict[Status, int]
    acts: list[Done]


@router.post(
    "",
    status_code=201,
    summary="并案 · open a joint case",
    response_description=WHOLE,
    responses=documented(401, 403, 409, 413, 422, 503),
    openapi_extra=shown({"title": "样例小区停水", "cases": ["TJ20260302000001", "TJ20260302000002"]}),
)
async def post_joint(given: Opened, caller: CallerDep, house: HouseDep, key: Key = None) -> JointWhole:
    """Each of the cases joins by an act of its own; one for which it is refused (a report, a part of another) stays out."""

    async def work(conn: AsyncConnection, digest: str) -> str:
        names_nobody("title", given.title, stands={Suspect.DOOR, Suspect.PLATE})  # it stays while one of its parts does
        await _known_cases(conn, given.cases)
        id = await joints.open_(conn, given.title, caller.subject, house.now())
        await joints.receive(conn, act_of(house, id, Act.JOIN, caller, numbers=given.cases), key, digest)
        return id

    id = await once(house, caller, key, given, work)
    await carried(house, id)
    return await show(house, caller, id)


@router.get("", summary="并案 · joint cases", response_description=PAGE, responses=documented(401, 403, 422, 503))
async def get_joints(
    caller: CallerDep, house: HouseDep, open: Open = False, limit: Limit = 50, cursor: Cursor = None
) -> Page[Joint]:
    """The latest first; a unit's are those of which it sees a part."""
    async with house.reading(caller) as conn:
        found = await joints.listed(conn, caller.unit, open, limit, cursor)
    return Page([view(Joint, row) for row in found.items], found.next)


@router.get(
    "/{id}",
    summary="并案 · one joint case",
    response_description=WHOLE,
    responses=documented(401, 403, 404, 422, 503),
)
async def get_joint(id: Id, caller: CallerDep, house: HouseDep) -> JointWhole:
    """Its parts themselves are listed by `GET /cases?joint=`."""
    return await show(house, caller, id)


@router.post(
    "/{id}/join",
    status_code=202,
    summary="并案 · more parts",
    responses=ON_ITS_WAY,
    openapi_extra=shown({"cases": ["TJ20260302000003"]}),
)
async def post_join(
    id: Id, given: Parts, caller: CallerDep, house: HouseDep, response: Response, key: Key = None
) -> JointWhole:
    """What was done before does not reach them: they stand where they stood."""

    async def work(conn: AsyncConnection, digest: str) -> str:
        await joints.hold(conn, id)
        await _known_cases(conn, given.cases)
        await joints.receive(conn, act_of(house, id, Act.JOIN, caller, numbers=given.cases), key, digest)
        return id

    await show(house, caller, id)
    await once(house, caller, key, (id, given), work)
    await carried(house, id)
    response.headers["Location"] = f"/joints/{id}"
    return await show(house, caller, id)


@router.post(
    "/{id}/close",
    summary="并案办结 · close a joint case",
    response_description=WHOLE,
    responses=documented(401, 403, 404, 409, 413, 422, 503),
)
async def post_close(id: Id, caller: CallerDep, house: HouseDep) -> JointWhole:
    """Once every part is closed by its own person's word, or detached."""
    await show(house, caller, id)
    async with house.engine.begin() as conn:
        await joints.hold(conn, id)
        await joints.close(conn, id, caller.subject, house.now())
    return await show(house, caller, id)


async def show(house: House, caller: Caller, id: str) -> JointWhole:
    """A joint case as this caller sees it, or a 404."""
    async with house.reading(caller) as conn:
        row = await joints.one(conn, id, caller.unit)
        if row is None:
            raise Problem(404, "NoSuchJointCase", "no such joint case")
        standing, acts = await joints.standings(conn, id, caller.unit), await joints.acts(conn, id)
    return view(JointWhole, row, standing=standing, acts=[view(Done, act) for act in acts])


async def _known_cases(conn: AsyncConnection, numbers: tuple[str, ...]) -> None:
    if unknown := await reading.unknown(conn, numbers):
        raise Unknown(f"`cases`: there is no {unknown[0]}")
