"""Training, and sampled checks of the quality of calls and replies (培训与质量抽检; Art. 5(5), 17)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import HouseDep, Number
from api.reading import PAGE, Cursor, Limit
from api.texts import Code, Day, Line, Words
from api.views import Page, view
from domain.limits import end_of
from domain.quality import Marks
from domain.refusals import Lacking
from domain.regulation import art
from domain.vocabulary import Point, Sampled
from storage import quality

router = APIRouter(tags=["quality"])
STRICT = ConfigDict(extra="forbid")
Seq = Annotated[int, Path(description="the entry's sequence number", ge=1, lt=2**31)]
Points = Annotated[tuple[Point, ...], Field(max_length=len(Point))]


@body(config=STRICT)
class Training:
    """What was taught, when, for how long, to how many of whom. Nobody's name."""

    topic: Line
    held_on: Day
    hours: Annotated[int, Field(ge=1, le=1000)]
    people: Annotated[int, Field(ge=1, le=100_000)]
    units: Annotated[tuple[Code, ...], Field(max_length=100)] = ()


@body(config=STRICT)
class Lot:
    """What is to be checked: of which days (the last one included), by whom, how many."""

    what: Sampled
    first: Day
    last: Day
    count: Annotated[int, Field(ge=1, le=500)]
    unit: Code | None = None


@body(config=STRICT)
class Checked:
    """Which points are met and which are missed; the others do not apply."""

    met: Points = ()
    missed: Points = ()
    remark: Words | None = None


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A training on record."""

    id: str
    topic: str
    held_on: date
    hours: int
    people: int
    units: list[str]
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, kw_only=True)
class Check:
    """An entry that was drawn, and what was found."""

    case_number: str
    seq: int
    sample: str
    what: Sampled
    unit: str | None
    drawn_by: str
    drawn_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    met: list[Point] | None
    missed: list[Point] | None
    remark: str | None


@router.post(
    "/trainings",
    status_code=201,
    summary="登记培训 · enter a training",
    response_description="On record. The same again is the same one.",
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=shown(
        {"topic": "样例：答复规范", "held_on": "2026-03-02", "hours": 4, "people": 30, "units": ["JW"]}
    ),
)
async def post_training(given: Training, caller: CallerDep, house: HouseDep) -> Trained:
    """By the Centre, for its own people or units' (Art. 5(5))."""
    if given.units:
        await house.require_units({"units": given.units})
    id = house.digest(repr(given).encode("utf-8", "surrogatepass"))[:32]
    async with house.engine.begin() as conn:
        row = await quality.train(conn, id, asdict(given), caller.subject, house.now())
    return view(Trained, row)


@router.get(
    "/trainings", summary="培训 · trainings", response_description=PAGE, responses=documented(401, 403, 422, 503)
)
async def get_trainings(caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page[Trained]:
    """The latest first."""
    async with house.reading(caller) as conn:
        found = await quality.trained(conn, limit, cursor)
    return Page([view(Trained, row) for row in found.items], found.next)


@router.post(
    "/checks",
    status_code=201,
    summary="抽取样本 · draw a sample",
    response_description="What was drawn. The same days and count again give the same sample.",
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=shown({"what": "feedback", "first": "2026-03-02", "last": "2026-03-08", "count": 20}),
)
async def post_sample(given: Lot, caller: CallerDep, house: HouseDep) -> list[Check]:
    """By lot, of what was never drawn: nobody chooses which."""
    if given.last < given.first:
        raise Lacking("`last`: not before `first`", art(5, item=5))
    since, until = end_of(given.first - timedelta(days=1)), end_of(given.last)
    sample = house.digest(repr(given).encode())[:32]
    async with house.engine.begin() as conn:
        rows = await quality.draw(
            conn, sample, given.what, since, until, given.unit, given.count, caller.subject, house.now()
        )
    return [view(Check, row) for row in rows]


@router.get("/checks", summary="抽检 · checks", response_description=PAGE, responses=documented(401, 403, 422, 503))
async def get_checks(
    caller: CallerDep,
    house: HouseDep,
    open: Annotated[bool | None, Query(description="still to be checked; false: checked")] = None,
    unit: Annotated[str | None, Query(max_length=40, description="only this unit's replies")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Check]:
    """The latest first; a unit reads what was found of its own replies."""
    async with house.reading(caller) as conn:
        found = await quality.listed(conn, open, unit, limit, cursor)
    return Page([view(Check, row) for row in found.items], found.next)


@router.post(
    "/cases/{number}/checks/{seq}",
    summary="抽检评分 · check one",
    response_description="On record.",
    responses=documented(401, 403, 404, 409, 410, 413, 422, 503),
    openapi_extra=shown({"met": ["courteous", "correct"], "missed": ["complete"], "remark": "第二问未答复。"}),
)
async def post_check(number: Number, seq: Seq, given: Checked, caller: CallerDep, house: HouseDep) -> Check:
    """By a supervisor, never of their own work. What is missed is said."""
    await house.desk(number, caller, None, False)
    async with house.engine.begin() as conn:
        row = await quality.mark(conn, number, seq, Marks(**asdict(given)), caller.subject, house.now())
    if row is None:
        raise Problem(404, "NotDrawn", "that entry was not drawn for a check")
    return view(Check, row)
