"""What cases on record say against the catalogue of duties, and the change that a person makes of it (Art. 11(3), 12 ¶2)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.duties import STEP, VERSIONS, DutyVersion, Id, whole
from api.errors import documented
from api.examples import shown
from api.house import HouseDep
from api.texts import Line
from api.views import view
from domain.duties import Duty, changed
from domain.limits import SHANGHAI
from domain.refusals import NotPermitted
from domain.regulation import art
from domain.vocabulary import Matter
from storage import duties
from storage.findings import findings

router = APIRouter(tags=["duties"])
Few = Annotated[int, Query(ge=1, le=200, description="how many at most")]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A row of the catalogue, and what speaks against it since it was accepted."""

    duty: int
    version: int
    unit: str
    matter: Matter
    topic: str | None
    district: str | None
    transferred: int
    against: int
    returned: int
    designated: int
    instead: str | None
    numbers: list[str]


@body(config=ConfigDict(extra="forbid"))
class Grounded:
    """On what ground the row is changed."""

    ground: Line


@router.get(
    "/findings",
    summary="职责清单核查 · what cases say against the catalogue of duties",
    response_description="The rows that most cases speak against first.",
    responses=documented(401, 403, 422, 503),
)
async def get_findings(caller: CallerDep, house: HouseDep, limit: Few = 50) -> list[Finding]:
    """Cases that a row's unit gave back (退办), or in which the office designated another; counted from the record."""
    async with house.reading(caller) as conn:
        found = await findings(conn, limit)
    return [view(Finding, row) for row in found]


@router.post(
    "/duties/{id}/finding",
    status_code=201,
    summary="按记录提出变更 · propose what the record says",
    response_description=VERSIONS,
    responses=STEP,
    openapi_extra=shown({"ground": "样例市审批办指定决定"}),
)
async def post_finding(id: Id, given: Grounded, caller: CallerDep, house: HouseDep) -> list[DutyVersion]:
    """From today on the unit that led those cases in the end; nobody did: the row ends today. Another person accepts it."""
    held = await whole(house, caller, id)
    async with house.engine.begin() as conn:
        found = await findings(conn, 1, id)
        if not found:
            raise NotPermitted("no case on record speaks against this row", art(11, item=3))
        finding = view(Finding, found[0])
        today = house.now().astimezone(SHANGHAI).date()
        said = view(Duty, asdict(held[finding.version - 1]))
        duty = changed(said, finding.instead, given.ground, today)
        await duties.revise(conn, id, duty, caller.subject, house.now(), finding.against)
    return await whole(house, caller, id)
