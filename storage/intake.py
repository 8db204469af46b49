"""Registered first (先行登记, Art. 9 ¶2): a request becomes a case in one transaction, before anything else hears of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.case import Case
from domain.refusals import Unknown
from domain.step import Result
from domain.vocabulary import Role, Text
from storage import people, tables
from storage.attachments import ATTACH, attaching
from storage.files import ANY, CASE, result_rows, rows_into
from storage.notes import note
from storage.tables import PERSON
from storage.vault import KEEP, Vault


@dataclass(frozen=True)
class Request:
    """What a channel handed in: the person's words, and who the client was. Everything else is in the case."""

    client: str
    key: str | None
    digest: str
    stated_at: datetime | None
    title: str
    text: str
    name: str | None
    phone: str | None
    address: str | None
    id_number: str | None = None
    uploads: tuple[str, ...] = ()
    consent: bool = False
    """To be named to the units, also where the person would be shielded."""
    role: str = Role.CHANNEL


@dataclass(frozen=True)
class Known:
    """A request that was registered before under the same key."""

    number: str
    digest: str


_NEXT = text(
    "INSERT INTO counters (day, last) VALUES (:day, 1)"
    " ON CONFLICT (day) DO UPDATE SET last = counters.last + 1 RETURNING last"
)

_CASE_COLUMNS = ", ".join(f.name for f in fields(Case))
_CASE_VALUES = ", ".join(f"r.{f.name}" for f in fields(Case))

_PERSON, _SAID = ", ".join(PERSON), ", ".join(f":{name}" for name in PERSON)

_REGISTER = f"""
    WITH __KEYED__ step AS (
        INSERT INTO cases ({_CASE_COLUMNS}, stated_at, client, intake_key, intake_digest)
        SELECT {_CASE_VALUES}, :stated_at, :client, :key, :digest
        FROM jsonb_populate_record(NULL::cases, CAST(:case AS jsonb)) r
        WHERE (SELECT max(version) FROM calendar_notices) = :calendar
        RETURNING number, CAST(NULL AS text) AS id, registered_at
    ),
    person AS (
        INSERT INTO people (case_number, {_PERSON}, phone_index, phone_master, consent)
        SELECT number, {_SAID}, :phone_index, :phone_master, :consent FROM step
    ),
    consented AS (
        INSERT INTO disclosures (id, case_number, at, actor, role, purpose, fields)
        SELECT :disclosure, number, registered_at, :client, :role, 'consent', '{{{_PERSON}}}' FROM step
        WHERE :consent
    ),
    noted AS ({rows_into(tables.notes, "notes")}),
    clocked AS ({rows_into(tables.clocks, "clocks")}),
    entered AS ({rows_into(tables.entries, "entries")}),
    noticed AS ({rows_into(tables.notices, "notices")}),
    handed AS ({rows_into(tables.handovers, "handovers")}),
    attached AS ({ATTACH})
    SELECT count(*) AS made, (SELECT count(*) FROM attached) AS attached FROM step
    """

_STATEMENT = {
    apart: text(_REGISTER.replace("__KEYED__", "" if apart else f"keyed AS ({KEEP}),")) for apart in (False, True)
}
"""Where the vault is with the data, the case's key is written in the same statement."""

_KNOWN = text("SELECT number, intake_digest FROM cases WHERE client = :client AND intake_key = :key")


async def known(conn: AsyncConnection, client: str, key: str) -> Known | None:
    """The case that this client registered under this key."""
    row = (await conn.execute(_KNOWN, {"client": client, "key": key})).one_or_none()
    return Known(row.number, row.intake_digest) if row else None


async def register(
    engine: AsyncEngine, vault: Vault, request: Request, day: date, make: Callable[[str, str], Result], calendar: int
) -> Result | None:
    """Take the day's next number, make the case of it and of the ID of the request's text, write it whole.

    None: the calendar is no longer in force. A key that exists already is an IntegrityError, an upload that came with
    another act an Unknown; then the number is not used up.
    """
    async with engine.connect() as conn, conn.begin() as transaction:
        last = (await conn.execute(_NEXT, {"day": day})).scalar_one()
        number = f"TJ{day:%Y%m%d}{last:06d}"
        words = note(Text.REQUEST, request.text, request.title)
        result = make(number, words["id"])
        case = result.file.case
        key = people.new_key()
        wrapped = vault.row(case.number, key)
        parameters: dict[str, Any] = {
            "case": CASE.dump_json(case).decode(),
            "stated_at": request.stated_at,
            "client": request.client,
            "key": request.key,
            "digest": request.digest,
            "role": request.role,
            "consent": request.consent,
            "disclosure": uuid4().hex,
            **wrapped,
            **people.seal(vault.masters, key, case.number, vars(request)),
            "calendar": calendar,
            **result_rows(result),
            **attaching(request.uploads, request.client, case.registered_at),
            "notes": ANY.dump_json([words | {"case_number": case.number, "written_at": case.registered_at}]).decode(),
        }
        if vault.apart:
            await vault.write(wrapped)
        written = (await conn.execute(_STATEMENT[vault.apart], parameters)).one()
        if written.made:
            if written.attached < len(request.uploads):
                raise Unknown("`attachments`: one of them came with another act")
            return result
        await transaction.rollback()
        return None


async def begun(conn: AsyncConnection, number: str, at: datetime) -> None:
    """The case's workflow was started; the sweep need not."""
    await conn.execute(
        text("UPDATE cases SET begun_at = coalesce(begun_at, :at) WHERE number = :number"), {"number": number, "at": at}
    )


async def not_begun(conn: AsyncConnection, before: datetime, after: str = "", limit: int = 200) -> list[str]:
    """A page of cases registered before this instant whose workflow was not started; `after` is the last of the one before."""
    waiting = text(
        "SELECT number FROM cases WHERE begun_at IS NULL AND registered_at < :before AND number > :after"
        " ORDER BY number LIMIT :limit"
    )
    return list((await conn.execute(waiting, {"before": before, "after": after, "limit": limit})).scalars())
