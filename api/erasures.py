"""A person asks that their words be destroyed before retention ends (Art. 15)."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from api.errors import destroyed, documented
from api.house import HouseDep, Number
from api.tracking import RequesterDep
from storage import erasures, reading

router = APIRouter(tags=["tracking"])


@dataclass(frozen=True)
class Erasure:
    """What the person asked for: on record, and to be on the next list of disposal."""

    number: str
    state: str


@router.post(
    "/tracking/{number}/erasure",
    summary="申请删除 · ask that one's words be destroyed",
    response_description="On record; the next list of disposal takes it up.",
    responses=documented(404, 409, 410, 422, 503),
)
async def post_erasure(number: Number, caller: RequesterDep, house: HouseDep) -> Erasure:
    """By the person, before retention ends, where the law allows; a refusal is on record and names the provision."""
    async with house.engine.begin() as conn:
        case = await reading.standing(conn, number)
        if case and case["destroyed"]:
            raise destroyed()
        refusal = await erasures.ask(conn, number, house.now())
    if refusal:
        raise refusal
    return Erasure(number, "received")
