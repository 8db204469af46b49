"""What everybody may read, without signing in (公开)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter

from api.errors import Problem, documented
from api.house import HouseDep
from api.ratings import Quarterly
from api.reading import PAGE, Cursor, Limit
from api.views import Page, view
from domain.limits import SHANGHAI
from domain.scores import Quarter
from domain.vocabulary import Matter, Voice
from storage import opinions, publications
from storage.figures import Figures
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


@dataclass(frozen=True, kw_only=True)
class Heard:
    """An opinion of the public's supervision, its answer, and what changed because of it."""

    id: str
    voice: Voice
    public_title: str
    public_question: str
    public_answer: str
    effect: str | None
    unit: str
    published_at: datetime


@router.get(
    "/opinions",
    summary="社会监督意见 · opinions and answers for everybody",
    response_description=PAGE,
    responses=documented(422, 503),
)
async def get_public_opinions(house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page[Heard]:
    """The latest first; without signing in (Art. 21)."""
    async with reading_as(house.engine, Reader.HOUSE) as conn:
        found = await opinions.public(conn, limit, cursor)
    return Page([view(Heard, row) for row in found.items], found.next)


@router.get(
    "/figures",
    summary="公开数据 · a quarter in figures",
    response_description="Counts and shares. null: too small to be shown (Art. 15).",
    responses=documented(404, 422, 503),
)
async def get_figures(house: HouseDep, quarter: Quarterly = None) -> Figures:
    """Volumes, limits kept and ratings of a quarter that is over, without signing in (Art. 21). Ten minutes old at most."""
    now = house.now()
    last = Quarter.of(now.astimezone(SHANGHAI).date()).before
    asked = Quarter.parse(quarter) if quarter else last
    if not asked.over(now):
        raise Problem(404, "NotOver", f"the last quarter that is over is {last}")
    return await house.counted.of(asked, now)


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
