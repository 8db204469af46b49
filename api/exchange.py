"""Exchange (协同; Art. 16): what went to other systems, what they refused, what either side lacks, what they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, StringConstraints
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import HouseDep
from api.reading import PAGE, Cursor, Limit
from api.views import Page, view
from exchange.link import Unanswered, reach
from exchange.permits import Permits
from storage import credit, dispatches

router = APIRouter(tags=["exchange"])
Id = Annotated[str, Path(description="the record's ID", max_length=64)]
State = Literal["waiting", "received", "refused", "unanswered"]


@dataclass(frozen=True, kw_only=True)
class Dispatched:
    """A record for the platform. `reason`: why it was not taken last time; `due_at`: when it is tried again."""

    id: str
    case_number: str
    basis: str
    raised_at: datetime
    state: State
    tries: int
    due_at: datetime | None
    answered_at: datetime | None
    receipt: str | None
    reason: str | None
    resent_by: str | None
    resent_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """One comparison. `they_lack`: what they gave a receipt for and do not hold; `we_lack`: what we have no receipt for."""

    at: datetime
    ours: int
    theirs: int
    they_lack_count: int
    we_lack_count: int
    they_lack: list[str]
    we_lack: list[str]


@router.get(
    "/dispatches",
    summary="移送记录 · records for the enforcement-supervision platform",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_dispatches(
    caller: CallerDep,
    house: HouseDep,
    state: Annotated[State | None, Query(description="only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Dispatched]:
    """Oldest first, with what became of each (Art. 9 ¶3, 16 ¶2)."""
    async with house.reading(caller) as conn:
        found = await dispatches.RECORDS.listed(conn, state, limit, cursor)
    return Page([view(Dispatched, row) for row in found.items], found.next)


@router.post(
    "/dispatches/{id}/resend",
    summary="重新移送 · send again",
    response_description="The record, waiting to be sent.",
    responses=documented(401, 403, 404, 422, 503),
)
async def post_resend(id: Id, caller: CallerDep, house: HouseDep) -> Dispatched:
    """Under the same key, with the case's facts as mended; one that waits already is left as it is."""
    async with house.engine.begin() as conn:
        row = await dispatches.RECORDS.resend(conn, id, caller.subject, house.now())
    if row is None:
        raise Problem(404, "NoSuchRecord", "no such record is for the platform")
    return view(Dispatched, row)


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A record for the credit system. `reason`: why it was not taken last time; `due_at`: when it is tried again."""

    id: str
    partner: str
    entity: str
    fact: str
    period: str
    value: float
    nth: int
    raised_at: datetime
    state: State
    tries: int
    due_at: datetime | None
    answered_at: datetime | None
    receipt: str | None
    reason: str | None
    resent_by: str | None
    resent_at: datetime | None


@router.get(
    "/credit-records",
    summary="信用记录 · what the credit system is told of partners",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_credit_records(
    caller: CallerDep,
    house: HouseDep,
    state: Annotated[State | None, Query(description="only those that stand there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Reported]:
    """Oldest first, with what became of each (Art. 24)."""
    async with house.reading(caller) as conn:
        found = await credit.RECORDS.listed(conn, state, limit, cursor)
    return Page([view(Reported, row) for row in found.items], found.next)


@router.post(
    "/credit-records/{id}/resend",
    summary="重新报送 · send again",
    response_description="The record, waiting to be sent.",
    responses=documented(401, 403, 404, 422, 503),
)
async def post_credit_resend(id: Id, caller: CallerDep, house: HouseDep) -> Reported:
    """Under the same key; one that waits already is left as it is."""
    async with house.engine.begin() as conn:
        row = await credit.RECORDS.resend(conn, id, caller.subject, house.now())
    if row is None:
        raise Problem(404, "NoSuchRecord", "no such record is for the credit system")
    return view(Reported, row)


@body(config=ConfigDict(extra="forbid"))
class Applied:
    """The number of an application, as its applicant has it."""

    application: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Where an application stands, by codes of the permit system."""

    state: str
    unit: str
    since: datetime


@router.post(
    "/searches/permits",
    summary="办件进度 · where an application for a permit stands",
    response_description="As the permit system says.",
    responses=documented(401, 403, 404, 409, 413, 422, 503),
    openapi_extra=shown({"application": "SAMPLE-2026-000001"}),
)
async def post_permit_search(given: Applied, caller: CallerDep, house: HouseDep) -> Permit:
    """For an answer to its applicant (Art. 10(1), 16 ¶1). Nothing of who asks is handed on, and nothing is kept."""
    if house.settings.permits is None:
        raise Problem(409, "NotConnected", "the permit system is not connected (HOTLINE_PERMITS_URL)")
    async with reach(house.settings.permits) as link:
        try:
            standing = await Permits(link).standing(given.application)
        except Unanswered:
            raise Problem(503, "NoAnswer", "the permit system did not answer: ask again later") from None
    if standing is None:
        raise Problem(404, "NoSuchApplication", "the permit system knows no such application")
    return Permit(**vars(standing))


@router.get(
    "/reconciliations",
    summary="对账 · comparisons with the platform",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_reconciliations(
    caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Reconciled]:
    """The latest first: what either side lacks, by ID, a thousand at most (Art. 16 ¶2)."""
    async with house.reading(caller) as conn:
        found = await dispatches.reconciled(conn, limit, cursor)
    return Page([view(Reconciled, row) for row in found.items], found.next)
