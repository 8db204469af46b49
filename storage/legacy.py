"""An older system's cases, written many at a time (decision 0028): each once, with its person sealed like any other's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.archive import manifest
from domain.calendar import Calendar
from domain.chain import digest
from domain.legacy import Legacy, tell
from domain.ruleset import RuleSet
from domain.step import Result
from domain.vocabulary import Status, Text
from storage import people
from storage.files import ANY, CASE, rows_of
from storage.notes import note
from storage.sealing import Masters
from storage.tables import metadata
from storage.vault import KEEP, Vault

TABLES = ("cases", "people", "notes", "assignments", "clocks", "entries", "archives")
"""In the order in which they are written."""


@dataclass(frozen=True)
class Older:
    """A case to be written: its facts, its texts by kind (title and words), and who asked."""

    legacy: Legacy
    texts: Mapping[Text, tuple[str | None, str]]
    person: people.Words


def digests(masters: Masters, row: object) -> list[str]:
    """By which a row is known again, under each master key, the current one first: no guess can be tried without them."""
    return [digest([masters.derived(name, "older/digest").hex(), row]) for name in masters.keys]


async def locked(conn: AsyncConnection) -> None:
    """One import writes at a time, until the transaction ends."""
    await conn.execute(text("SELECT pg_advisory_xact_lock('archives'::regclass::oid::int)"))


async def known(conn: AsyncConnection, client: str, owns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Those of an older system's numbers that are on record: our number and the row's digest."""
    query = text(  # of a case that was destroyed the digest is blank: it does not come in again
        "SELECT intake_key, number, intake_digest FROM cases WHERE client = :client AND intake_key = ANY(:owns)"
    )
    found = await conn.execute(query, {"client": client, "owns": list(owns)})
    return {own: (number, told) for own, number, told in found}


async def write(
    conn: AsyncConnection,
    vault: Vault,
    found: Sequence[Older],
    in_force: RuleSet,
    calendar: Calendar,
    now: datetime,
) -> list[str]:
    """Write the cases whole, finished ones sealed; their numbers, in their order. In the caller's transaction.

    Where the vault is apart, the keys are written before; of a transaction that fails they are left there, and harmless.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    keys, numbers = [], await _numbers(conn, [each.legacy.day for each in found])
    for number, each in zip(numbers, found, strict=True):
        key = people.new_key()
        keys.append(vault.row(number, key))
        sealed = people.seal(vault.masters, key, number, each.person)
        rows["people"].append({"case_number": number, "consent": False, **sealed})
        notes = {kind: note(kind, words, title) for kind, (title, words) in each.texts.items()}
        result = tell(each.legacy, number, {k: row["id"] for k, row in notes.items()}, in_force, calendar, now)
        at = {Text.REQUEST: each.legacy.registered_at, Text.PUBLIC: each.legacy.replied_at or each.legacy.registered_at}
        rows["notes"] += [row | {"case_number": number, "written_at": at[kind]} for kind, row in notes.items()]
        rows["cases"].append(_case(each.legacy, result, now))
        for name, more in rows_of(result).items():
            if name in rows:
                rows[name] += more
        if result.file.case.status is Status.ARCHIVED:
            made = manifest(result.entries, (row["id"] for row in notes.values()))
            rows["archives"].append({"case_number": number, "sealed_at": each.legacy.closed_at, "manifest": made})
    await _keep(conn, vault, keys)
    for name in TABLES:
        await _insert(conn, name, rows[name])
    return numbers


def _case(legacy: Legacy, result: Result, now: datetime) -> dict[str, Any]:
    """A finished case has nothing left to begin; an open one the sweep begins."""
    case = result.file.case
    begun = {"begun_at": now if case.status is Status.ARCHIVED else None, "wakes_at": result.file.soonest}
    known_by = {"client": legacy.client, "intake_key": legacy.own, "intake_digest": legacy.digest}
    row: dict[str, Any] = CASE.dump_python(case)
    return row | known_by | begun


async def _numbers(conn: AsyncConnection, days: Sequence[date]) -> list[str]:
    """A number for each, of its own day, from the same counters as everybody's."""
    take = text(
        "INSERT INTO counters (day, last) VALUES (:day, :many)"
        " ON CONFLICT (day) DO UPDATE SET last = counters.last + excluded.last RETURNING last"
    )
    following: dict[date, int] = {}
    for day, many in sorted(Counter(days).items()):
        last = (await conn.execute(take, {"day": day, "many": many})).scalar_one()
        following[day] = last - many
    numbers = []
    for day in days:
        following[day] += 1
        numbers.append(f"TJ{day:%Y%m%d}{following[day]:06d}")
    return numbers


async def _keep(conn: AsyncConnection, vault: Vault, keys: list[dict[str, str]]) -> None:
    if not vault.apart:
        await conn.execute(text(KEEP), keys)
        return
    async with vault.engine.connect() as apart:
        await apart.execute(text(KEEP), keys)


async def _insert(conn: AsyncConnection, name: str, rows: list[dict[str, Any]]) -> None:
    """COPY would not pass the policies of the rows; this does."""
    if not rows:
        return
    columns = ", ".join(c.name for c in metadata.tables[name].columns if c.name in rows[0])
    statement = (
        f"INSERT INTO {name} ({columns}) SELECT {columns}"
        f" FROM jsonb_populate_recordset(NULL::{name}, CAST(:rows AS jsonb))"
    )
    await conn.execute(text(statement), {"rows": ANY.dump_json(rows).decode()})
