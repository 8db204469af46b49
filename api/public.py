"""What everybody may read, without signing in (公开)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter

from api.errors import documented
from api.house import HouseDep
from api.reading import PAGE, Cursor, Limit
from api.views import Page, view
from domain.vocabulary import Matter
from storage import publications
from storage.readers import Reader, reading_as

router = APIRouter(prefix="/public", tags=["public"])


@dataclass(frozen=True, kw_only=True)
class Published:
    """A request and its answer, as everybody may read them: no number, no person, no day."""

    id: str
    title: str
    question: str
    answer: str
    matter: Matter
    district: str | None
    unit: str | None
    asked_in: str
    reviewed_at: datetime


@router.get(
    "/cases",
    summary="公开办件 · requests and answers for everybody",
    response_description=PAGE,
    responses=documented(422, 503),
)
async def get_public(house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page[Published]:
    """The latest first; without signing in."""
    async with reading_as(house.engine, Reader.HOUSE) as conn:
        found = await publications.public(conn, limit, cursor)
    return Page([view(Published, row) for row in found.items], found.next)
