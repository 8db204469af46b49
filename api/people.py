"""Who asked: masked for whoever reads a case, in full by a purpose and on record (Art. 9 ¶2, 15)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as body

from api.access import Caller, CallerDep
from api.errors import Problem, destroyed, documented
from api.examples import shown as example
from api.house import House, HouseDep, Number
from api.rights import PURPOSES, SHIELDED
from api.sight import Sight, look
from api.texts import Words
from api.tracking import RequesterDep
from api.views import Person, Row, view
from domain.masking import masked, masked_address, masked_id, masked_name, masked_phone
from domain.refusals import NotPermitted, NotYours, Unknown
from domain.regulation import art
from domain.vocabulary import Purpose, Role
from storage import disclosures, reading
from storage.people import open_words
from storage.sealing import Unreadable
from storage.tables import PERSON

MASKS = {"name": masked_name, "phone": masked_phone, "address": masked_address, "id_number": masked_id}


async def words(house: House, number: str, kept: Row) -> dict[str, str | None]:
    """What stands sealed in this row; Unreadable if the case's key is gone."""
    keys = await house.vault.keys([number])
    return open_words(keys.get(number), number, kept)


UNREADABLE = Person(readable=False, **dict.fromkeys(PERSON))


async def shown(house: House, number: str, kept: Row) -> Person:
    """The person, masked."""
    try:
        said = await words(house, number, kept)
    except Unreadable:
        return UNREADABLE
    return Person(readable=True, **{name: MASKS[name](word) if (word := said[name]) else None for name in PERSON})


async def sheltered(
    house: House, case: Row, sight: Sight, entries: Iterable[Row], notes: Iterable[Row]
) -> Iterable[Row]:
    """The texts that are for the reader. Whoever is not told who asked reads them masked, but for its own.

    Masked is also without the salt, with which a guess could be tried against the ID.
    """
    texts = sight.texts(entries, notes)
    if not texts or sight.person(case):
        return texts
    own = {id for entry in entries if sight.unit and entry["unit"] == sight.unit for id in entry["notes"].values()}
    said = await own_words(house, case["number"])
    if said is None:  # what cannot be masked is not shown
        return [note for note in texts if note["id"] in own]
    return [note if note["id"] in own else _masked(note, said) for note in texts]


async def own_words(house: House, number: str) -> list[str | None] | None:
    """What the person gave as name, phone, address and ID number; None: it cannot be read, so nobody can mask it."""
    async with house.once.connect() as conn:
        kept = await reading.person(conn, number)
    try:
        return list((await words(house, number, kept)).values()) if kept else []
    except Unreadable:
        return None


def _masked(note: Row, said: Iterable[str | None]) -> Row:
    title = masked(note["title"], *said) if note["title"] else None
    return {**note, "title": title, "text": masked(note["text"], *said), "salt": None}


router = APIRouter(tags=["people"])


@body(config=ConfigDict(extra="forbid"))
class Asked:
    """What the full identity is read for. Who is shielded is identified by a supervisor, who says why."""

    purpose: Purpose
    reason: Words | None = None


@dataclass(frozen=True)
class Identity:
    """Who asked, in full."""

    name: str | None
    phone: str | None
    address: str | None
    id_number: str | None


@dataclass(frozen=True)
class Disclosed:
    """A reading of the full identity; to the person without who it was by name."""

    at: datetime
    role: Role
    unit: str | None
    purpose: Purpose
    actor: str | None = None
    reason: str | None = None


@router.post(
    "/cases/{number}/person",
    summary="查看身份 · who asked, in full",
    response_description="Who asked; the reading is on record, and the person sees it.",
    responses=documented(401, 403, 404, 410, 413, 422, 503),
    openapi_extra=example({"purpose": "contact"}),
)
async def post_person(number: Number, given: Asked, caller: CallerDep, house: HouseDep, response: Response) -> Identity:
    """By a purpose that is the role's. Who is shielded is told to no unit; no person that can be read: 404."""
    keys = await house.vault.keys([number])
    async with house.reading(caller, records=True) as conn:
        row, sight = await look(conn, number, caller)
        if row["disposed_at"]:
            raise destroyed()
        _permit(caller, given, row)
        kept = await reading.person(conn, number) if sight.person(row) else None
        try:
            said = open_words(keys.get(number), number, kept) if kept else None
        except Unreadable:
            raise Problem(
                404,
                "Unreadable",
                "the key that seals who asked is gone, or lies under a master key that this process was not started with",
            ) from None
        if said is None:
            raise Problem(404, "NoPerson", "who asked is not for this reader")
        await disclosures.disclose(conn, _disclosure(house, number, caller, given.purpose), given.reason)
    response.headers["Cache-Control"] = "no-store"
    return Identity(**said)


def _permit(caller: Caller, asked: Asked, case: Row) -> None:
    """A refusal, unless the purpose is the role's, here too if the person is shielded."""
    if caller.role not in PURPOSES.get(asked.purpose, ()):
        raise Problem(403, "Forbidden", f"`{asked.purpose}` is no purpose of the role {caller.role}")
    if case["shielded"] and not caller.unit and caller.role not in SHIELDED.get(asked.purpose, ()):
        raise NotYours("who is shielded is told to a supervisor who says why (`identify`)", art(9, paragraph=2))
    if (asked.purpose is Purpose.IDENTIFY) != (asked.reason is not None):
        raise Unknown("`reason`: whoever identifies a person says why, and nobody else")


def _disclosure(house: House, number: str, caller: Caller, purpose: Purpose) -> disclosures.Disclosure:
    return disclosures.Disclosure(number, house.now(), caller.subject, caller.role, caller.unit, purpose)


@router.get(
    "/cases/{number}/disclosures",
    summary="查看记录 · who read the full identity",
    response_description="The readings, the first one first.",
    responses=documented(401, 403, 404, 422, 503),
)
async def get_disclosures(number: Number, caller: CallerDep, house: HouseDep) -> list[Disclosed]:
    """Each reading, and each consent: who, when, for what."""
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
async def track_disclosures(number: Number, caller: RequesterDep, house: HouseDep) -> list[Disclosed]:
    """Each reading by role, unit, instant and purpose."""
    async with house.reading(caller, number) as conn:
        rows = await disclosures.of_case(conn, number)
    return [view(Disclosed, {**row, "actor": None, "reason": None}) for row in rows]


@body(config=ConfigDict(extra="forbid"))
class Consent:
    """Whether the person agrees to be named to the units (Art. 9 ¶2)."""

    consent: bool


CONSENT = example({"consent": True})


@router.post(
    "/cases/{number}/consent",
    summary="告知同意 · consent to be named, by telephone",
    response_description="As it stands now; each change is on record.",
    responses=documented(401, 403, 404, 410, 413, 422, 503),
    openapi_extra=CONSENT,
)
async def post_consent(number: Number, given: Consent, caller: CallerDep, house: HouseDep) -> Consent:
    """The person says so to the Centre. To withdraw it closes the case's texts and person to the units again."""
    async with house.once.connect() as conn:
        await look(conn, number, caller)
    return await _consented(house, number, given, caller)


@router.post(
    "/tracking/{number}/consent",
    summary="告知同意 · consent to be named",
    tags=["tracking"],
    response_description="As it stands now; each change is on record.",
    responses=documented(404, 409, 410, 413, 422, 503),
    openapi_extra=CONSENT,
)
async def track_consent(number: Number, given: Consent, caller: RequesterDep, house: HouseDep) -> Consent:
    """The person says so. To withdraw it closes the case's texts and person to the units again.

    Whoever registered the case knows its code: where that was the Centre, a shield is lifted by a call, under the name
    of who took it.
    """
    if given.consent:
        async with house.once.connect() as conn:
            if await disclosures.known_to_staff(conn, number):
                raise NotPermitted("call the Centre: who takes your call puts it on record under their name", art(15))
    return await _consented(house, number, given, caller)


async def _consented(house: House, number: str, given: Consent, caller: Caller) -> Consent:
    async with house.once.connect() as conn:
        case = await reading.standing(conn, number)
    if case and case["destroyed"]:
        raise destroyed()
    purpose = Purpose.CONSENT if given.consent else Purpose.WITHDRAWN
    await disclosures.consent(house.engine, _disclosure(house, number, caller, purpose), given.consent)
    return given
