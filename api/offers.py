"""Lists of partners for a case (择优推荐): made by rank, kept as they were shown (Art. 10(3), 24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.errors import documented
from api.examples import shown
from api.house import HouseDep, Number
from api.partners import rules_of
from api.views import view
from domain.lifecycle import move
from domain.ranking import Ranked
from domain.routing import referable
from domain.vocabulary import Act, Service
from storage import files, offers

router = APIRouter(tags=["partners"])


@body(config=ConfigDict(extra="forbid"))
class Wanted:
    """What the person needs."""

    service: Service


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A list as it was shown: best first, with every factor and its weight."""

    id: str
    case_number: str
    at: datetime
    actor: str
    service: Service
    rule_set: str
    ranking: list[Ranked]


@router.post(
    "/cases/{number}/offers",
    status_code=201,
    summary="推荐名单 · list the partners for a case",
    response_description="The list; `POST /cases/{number}/refer` names it.",
    responses=documented(401, 403, 404, 409, 410, 413, 422, 503),
    openapi_extra=shown({"service": "locks"}),
)
async def post_offer(number: Number, given: Wanted, caller: CallerDep, house: HouseDep) -> Offer:
    """Who is active, does this, and serves the case's district. Kept as it is shown."""
    await house.desk(number, caller, None, False)
    async with house.engine.begin() as conn:
        file = await files.load(conn, number)
        assert file is not None
        move(file.case.status, Act.REFER, caller.role)
        referable(file.case)
        row = await offers.make(conn, number, given.service, rules_of(house), caller.subject, house.now())
    return view(Offer, row)


@router.get(
    "/cases/{number}/offers",
    summary="推荐名单 · the lists of a case",
    response_description="First to last.",
    responses=documented(401, 403, 404, 410, 422, 503),
)
async def get_offers(number: Number, caller: CallerDep, house: HouseDep) -> list[Offer]:
    """From which a partner was recommended, or chosen by the person."""
    await house.desk(number, caller, None, False)
    async with house.reading(caller) as conn:
        return [view(Offer, row) for row in await offers.of_case(conn, number)]
