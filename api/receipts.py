"""Delivery receipts of the SMS gateway (docs/sms-gateway.md): whether a message reached the person's telephone."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import HouseDep
from api.texts import Code
from storage import outbox

router = APIRouter(tags=["notices"])


@body(config=ConfigDict(extra="forbid"))
class Receipt:
    """What became of a message, by the ID under which it was sent."""

    id: Code
    delivered: bool


@router.post(
    "/notices/receipts",
    status_code=204,
    summary="短信回执 · a delivery receipt of the SMS gateway",
    response_description="On record. Delivered is final: a later `false` changes nothing.",
    responses=documented(401, 403, 404, 413, 422, 503),
    openapi_extra=shown({"id": "9f1c2d3e4a5b4c6d8e7f0a1b2c3d4e5f", "delivered": True}),
)
async def post_receipt(given: Receipt, caller: CallerDep, house: HouseDep) -> None:
    """For the role `channel`. May come before the message's own answer, late, or twice."""
    async with house.once.connect() as conn:
        if not await outbox.delivered(conn, given.id, given.delivered):
            raise Problem(404, "NoSuchNotice", "no such message was sent")
