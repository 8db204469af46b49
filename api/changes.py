"""`GET /changes`: who changed a key, a calendar, a unit, a rule set or a right, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from api.access import CallerDep
from api.errors import documented
from api.house import HouseDep
from api.reading import PAGE, Cursor, Limit
from api.views import Page, view
from domain.vocabulary import Change
from storage import reading

router = APIRouter(tags=["operation"])


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One change, as on record."""

    id: str
    at: datetime
    actor: str
    what: Change
    subject: str
    reason: str
    detail: dict[str, Any]


@router.get(
    "/changes",
    summary="变更记录 · changes of keys, calendars, units, rules, rights",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_changes(caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page[Changed]:
    """The latest first; a row is never changed or taken away."""
    async with house.reading(caller) as conn:
        found = await reading.list_changes(conn, limit, cursor)
    return Page([view(Changed, row) for row in found.items], found.next)
