"""Who asked: masked for whoever reads a case, in full by a purpose and on record (Art. 15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as body

from api.access import TRACKING, Caller, CallerDep, opens
from api.errors import Problem, documented
from api.examples import shown as example
from api.house import House, HouseDep, Number
from api.rights import PURPOSES
from api.sight import look, protected
from api.views import Person, Row, view
from domain.masking import masked_address, masked_name, masked_phone
from domain.refusals import NotYours
from domain.regulation import art
from domain.vocabulary import Purpose, Role
from storage import disclosures, reading
from storage.people import FIELDS, open_words
from storage.vault import Unreadable

MASKS = {"name": masked_name, "phone": masked_phone, "address": masked_address}


async def words(house: House, number: str, kept: Row) -> dict[str, str | None]:
    """What stands sealed in this row; Unreadable if the case's key is gone."""
    keys = await house.vault.keys([number])
    return open_words(keys.get(number), number, kept)


async def shown(house: House, number: str, kept: Row) -> Person:
    """The person, masked."""
    try:
        said = await words(house, number, kept)
    except Unreadable:
        return Person(readable=False, name=None, phone=None, address=None)
    return Person(readable=True, **{name: MASKS[name](word) if (word := said[name]) else None for name in FIELDS})


router = APIRouter(tags=["people"])


@body(config=ConfigDict(extra="forbid"))
class Asked:
    """What the full identity is read for."""

    purpose: Purpose


@dataclass(frozen=True)
class Identity:
    """Who asked, in full."""

    name: str | None
    phone: str | None
    address: str | None


@dataclass(frozen=True)
class Disclosed:
    """A reading of the full identity; to the person without who it was by name."""

    at: datetime
    role: Role
    unit: str | None
    purpose: Purpose
    actor: str | None = None


@router.post(
    "/cases/{number}/person",
    summary="查看身份 · who asked, in full",
    response_description="Who asked; the reading is on record, and the person sees it.",
    responses=documented(401, 403, 404, 413, 422, 503),
    openapi_extra=example({"purpose": "contact"}),
)
async def post_person(number: Number, given: Asked, caller: CallerDep, house: HouseDep, response: Response) -> Identity:
    """By a purpose that is the role's. Who is protected is told to no unit; no person that can be read: 404."""
    keys = await house.vault.keys([number])
    async with house.reading(caller, records=True) as conn:
        row, sight = await look(conn, number, caller)
        if caller.role not in PURPOSES[given.purpose]:
            raise Problem(403, "Forbidden", f"`{given.purpose}` is no purpose of the role {caller.role}")
        entries = await reading.rows_of(conn, "entries", number)
        if caller.role is Role.AGENT and protected(row, entries):
            raise NotYours("who is protected is told to no agent: a supervisor may", art(9, paragraph=2))
        kept = await reading.person(conn, number) if sight.person(row, entries) else None
        try:
            said = open_words(keys.get(number), number, kept) if kept else None
        except Unreadable:
            raise Problem(404, "Unreadable", "the key that seals who asked is gone: it cannot be read") from None
        if said is None:
            raise Problem(404, "NoPerson", "who asked is not for this reader")
        await disclosures.disclose(conn, number, house.now(), caller.subject, caller.role, caller.unit, given.purpose)
    response.headers["Cache-Control"] = "no-store"
    return Identity(**said)


@router.get(
    "/cases/{number}/disclosures",
    summary="查看记录 · who read the full identity",
    response_description="The readings, the first one first.",
    responses=documented(401, 403, 404, 422, 503),
)
async def get_disclosures(number: Number, caller: CallerDep, house: HouseDep) -> list[Disclosed]:
    """Each reading: who, when, for what."""
    async with house.reading(caller) as conn:
        await look(conn, number, caller)
        return [view(Disclosed, row) for row in await disclosures.of_case(conn, number)]


@router.get(
    "/tracking/{number}/disclosures",
    summary="谁看过我的信息 · who read my identity",
    tags=["tracking"],
    response_description="The readings, the first one first.",
    responses=documented(404, 422, 503),
)
async def track_disclosures(
    number: Number, code: Annotated[str, Header(**TRACKING, description="as intake gave it")], house: HouseDep
) -> list[Disclosed]:
    """Each reading by role, unit, instant and purpose."""
    person = Caller(f"requester:{number}", Role.REQUESTER)
    opened = opens(house.settings.secret, number, code)
    async with house.reading(person, number if opened else "") as conn:
        await look(conn, number, person, opened)
        return [view(Disclosed, {**row, "actor": None}) for row in await disclosures.of_case(conn, number)]
