"""The file of record: read a case whole, and write one step of it in one statement."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Assignment, Case, Entry, File, Notice
from domain.step import ClockRow, Result
from domain.vocabulary import Status
from storage import tables

FILE = TypeAdapter(File)
CASE = TypeAdapter(Case)
ENTRIES = TypeAdapter(tuple[Entry, ...])
ASSIGNMENTS = TypeAdapter(tuple[Assignment, ...])
ANY: TypeAdapter[Any] = TypeAdapter(Any)

_CASE_COLUMNS = ", ".join(f.name for f in fields(Case))

_LOAD = text(
    """
    SELECT to_jsonb(c) AS "case",
           coalesce((SELECT jsonb_agg(to_jsonb(a) ORDER BY a.part DESC, a.unit) FROM assignments a
                     WHERE a.case_number = c.number AND a.round = c.round), '[]') AS assignments,
           coalesce((SELECT jsonb_agg(to_jsonb(k) ORDER BY k.due, k.id) FROM clocks k
                     WHERE k.case_number = c.number AND k.state = 'running'), '[]') AS clocks
    FROM cases c WHERE c.number = :number
    """
)


async def load(conn: AsyncConnection, number: str) -> File | None:
    """The case, this round's assignments and the running clocks; None: no such number."""
    row = (await conn.execute(_LOAD, {"number": number})).mappings().one_or_none()
    return FILE.validate_python(dict(row)) if row else None


async def entries_of(conn: AsyncConnection, number: str) -> tuple[Entry, ...]:
    """All entries, first to last."""
    rows = await conn.execute(
        text("SELECT to_jsonb(e) FROM entries e WHERE case_number = :number ORDER BY seq"), {"number": number}
    )
    return ENTRIES.validate_python(rows.scalars().all())


def rows_into(table: Table, source: str, on_conflict: str = "") -> str:
    """INSERT the rows of the JSON parameter `source` into `table`, provided that the step took place."""
    columns = ", ".join(c.name for c in table.columns)
    picked = ", ".join(f"r.{c.name}" for c in table.columns)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {picked} "
        f"FROM step, jsonb_populate_recordset(NULL::{table.name}, CAST(:{source} AS jsonb)) r {on_conflict}"
    )


def _upsert(table: Table, *keep: str) -> str:
    """ON CONFLICT: take the new values; a column in `keep` keeps its old one where the new one is null."""
    key = [c.name for c in table.primary_key.columns]
    sets = ", ".join(
        f"{c.name} = coalesce(excluded.{c.name}, {table.name}.{c.name})"
        if c.name in keep
        else f"{c.name} = excluded.{c.name}"
        for c in table.columns
        if c.name not in key
    )
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"


# The step happens only if its writer had read the last one, derived its dues from the calendar in force, and the deed
# is not applied yet. What follows hangs on `step`, so that it is all or nothing.
_RECORD = text(
    f"""
    WITH step AS (
        UPDATE cases SET ({_CASE_COLUMNS}, wakes_at) =
            (SELECT {_CASE_COLUMNS}, CAST(:wakes_at AS timestamptz)
             FROM jsonb_populate_record(NULL::cases, CAST(:case AS jsonb)))
        WHERE number = :number AND version = :version
          AND (SELECT max(version) FROM calendar_notices) = :calendar
          AND (CAST(:deed AS text) IS NULL
               OR EXISTS (SELECT 1 FROM deeds WHERE id = :deed AND state = 'received'))
        RETURNING number
    ),
    assigned AS ({rows_into(tables.assignments, "assignments", _upsert(tables.assignments))}),
    clocked AS ({rows_into(tables.clocks, "clocks", _upsert(tables.clocks, "derivation", "basis"))}),
    entered AS ({rows_into(tables.entries, "entries")}),
    noticed AS ({rows_into(tables.notices, "notices")}),
    handed AS ({rows_into(tables.handovers, "handovers", "ON CONFLICT DO NOTHING")}),
    done AS (UPDATE deeds SET state = 'applied', decided_at = now() FROM step WHERE deeds.id = :deed)
    SELECT count(*) FROM step
    """
)


async def record(conn: AsyncConnection, version: int, result: Result, calendar: int, deed: str | None = None) -> bool:
    """Write one step: row, assignments, clocks, entries, notices, and the deed as applied, in one transaction.

    False, and nothing written, if the case moved on since `version`, the calendar since `calendar`, or if the deed
    was applied already.
    """
    parameters = {
        "number": result.file.case.number,
        "version": version,
        "calendar": calendar,
        "deed": deed,
        "case": CASE.dump_json(result.file.case).decode(),
        "wakes_at": _wakes_at(result),
        **result_rows(result),
    }
    return bool((await conn.execute(_RECORD, parameters)).scalar_one())


def _wakes_at(result: Result) -> datetime | None:
    """At the next instant on a clock; a closed case that waits for none is archived at once."""
    to_seal = result.file.case.status is Status.CLOSED and not result.file.clocks
    return result.entries[-1].at if to_seal else result.file.soonest


def result_rows(result: Result) -> dict[str, str]:
    """The rows that a step adds beside the case's own, as JSON parameters by table."""
    return {name: ANY.dump_json(found).decode() for name, found in rows_of(result).items()}


def rows_of(result: Result) -> dict[str, list[dict[str, Any]]]:
    """The same, as they are."""
    number = result.file.case.number
    entries = [{"case_number": number, **entry} for entry in ENTRIES.dump_python(result.entries)]
    assignments = [{"case_number": number, **row} for row in ASSIGNMENTS.dump_python(result.assignments)]
    handed_over = {"case_number": number, "basis": "Art. 9 ¶3", "state": "waiting"}
    handovers = [{**handed_over, "raised_at": result.entries[0].at}] if result.handover else []
    return {
        "entries": entries,
        "assignments": assignments,
        "clocks": [_clock(number, row) for row in result.clocks],
        "notices": [_notice(number, notice) for notice in result.notices],
        "handovers": handovers,
    }


def _clock(number: str, row: ClockRow) -> dict[str, Any]:
    running = row.clock
    return {
        "case_number": number,
        "id": running.id,
        **{f.name: getattr(running, f.name) for f in fields(running)},
        "state": row.state,
        "stopped_at": row.stopped_at,
        "derivation": row.derivation,
        "basis": row.basis,
    }


def _notice(number: str, notice: Notice) -> dict[str, Any]:
    """Only a person's notice leaves the house by SMS; units, office and Centre read theirs in their inbox."""
    return {
        "id": uuid4().hex,
        "case_number": number,
        **{f.name: getattr(notice, f.name) for f in fields(notice)},
        "state": "waiting" if notice.audience == "person" else "shown",
        "tries": 0,
    }


_FIRST = text(
    """
    SELECT to_jsonb(c) AS "case", '[]'::jsonb AS assignments,
           coalesce((SELECT jsonb_agg(to_jsonb(k) || coalesce(first.due, '{}')) FROM clocks k
                     WHERE k.case_number = c.number AND k.clock = 'triage' AND k.round = 0), '[]') AS clocks
    FROM cases c LEFT JOIN LATERAL (
        SELECT jsonb_build_object('due', e.detail -> 'old') AS due FROM entries e
        WHERE e.case_number = c.number AND e.event = 'due_moved' AND e.detail ->> 'clock' = 'triage'
        ORDER BY e.seq LIMIT 1) first ON true
    WHERE c.number = :number
    """
)


async def first_answer(conn: AsyncConnection, number: str) -> File:
    """The case with its first clock, due as it was at first: what its registration was answered with."""
    row = (await conn.execute(_FIRST, {"number": number})).mappings().one()
    return FILE.validate_python(dict(row))
