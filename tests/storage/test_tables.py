"""The tables: in step with the migrations and with the facts; a step is whole or not at all; errors quote nobody."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import StrEnum
from traceback import format_exception
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ARRAY, Boolean, Column, Connection, Date, DateTime, Integer, Text, func, inspect, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain import acts
from domain.acceptance import register
from domain.case import Assignment, Case, Deed, Entry, Notice, RunningClock
from domain.step import Result
from domain.vocabulary import Act, Channel, Matter, Role
from storage import archives, deeds, files, intake, tables
from storage.calendar import read
from storage.migrate import alembic_config
from storage.readers import release
from storage.units import Unit
from storage.vault import Vault
from tests.api import rows
from tests.api.rows import case
from tests.conftest import owning
from tests.line import vault_on

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SENTINEL = "样例机密原话"

# -- models and migrations ---------------------------------------------------------------------------------------------


async def synchronously(engine: AsyncEngine, do: Callable[[Connection], Any]) -> Any:
    async with owning(engine) as conn:
        return await conn.run_sync(do)


def differences(connection: Connection) -> list[Any]:
    """What autogenerate would write into the next migration."""
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata))


async def test_the_migrations_lead_to_the_models(engine: AsyncEngine) -> None:
    assert await synchronously(engine, differences) == []


async def test_a_difference_would_be_found(engine: AsyncEngine) -> None:
    async with owning(engine) as conn:
        await conn.execute(text("DROP INDEX ix_cases_soonest"))
        await conn.execute(text("ALTER TABLE cases ADD COLUMN colour text, ALTER COLUMN hands DROP NOT NULL"))
    found = str(await synchronously(engine, differences))
    assert [what for what in ("ix_cases_soonest", "colour", "hands") if what in found] == [
        "ix_cases_soonest",
        "colour",
        "hands",
    ]


async def test_the_migrations_go_down_and_up_again(engine: AsyncEngine) -> None:
    def there_and_back(connection: Connection) -> None:
        config = alembic_config(connection)
        assert len(ScriptDirectory.from_config(config).get_heads()) == 1
        release(connection)
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")

    await synchronously(engine, there_and_back)
    assert await synchronously(engine, differences) == []


# -- columns and facts ---------------------------------------------------------------------------------------------------

FACTS: dict[str, tuple[type[Any], set[str]]] = {
    "cases": (Case, {"stated_at", "client", "intake_key", "intake_digest", "begun_at", "wakes_at"}),
    "assignments": (Assignment, {"case_number"}),
    "entries": (Entry, {"case_number"}),
    "clocks": (RunningClock, {"case_number", "id", "state", "stopped_at", "derivation", "basis"}),
    "notices": (Notice, {"id", "case_number", "state", "tries", "receipt"}),
    "units": (Unit, set()),
}
"""Each table with the fact that it keeps, and its columns that are no part of it."""

COLUMN_OF = {bool: Boolean, int: Integer, str: Text, datetime: DateTime, date: Date, dict: JSONB, tuple: ARRAY}


def column_of(hint: Any) -> tuple[type[Any], bool]:
    """How a field is kept: the type of its column, and whether that may be null."""
    if get_origin(hint) in (Union, types.UnionType):
        others = [each for each in get_args(hint) if each is not type(None)]
        nullable = len(others) < len(get_args(hint))
        return column_of(others[0])[0], nullable
    kind = get_origin(hint) or hint
    if kind is tuple and get_args(hint)[0] is not str:
        return JSONB, False
    return (Text if issubclass(kind, StrEnum) else COLUMN_OF[kind]), False


@pytest.mark.parametrize("name", FACTS)
def test_a_table_has_a_column_for_each_fact_and_only_the_listed_others(name: str) -> None:
    fact, others = FACTS[name]
    columns: dict[str, Column[Any]] = dict(tables.metadata.tables[name].columns)
    hints = get_type_hints(fact)
    assert columns.keys() == fact.__dataclass_fields__.keys() | others
    assert not fact.__dataclass_fields__.keys() & others
    for field in fact.__dataclass_fields__:
        kind, nullable = column_of(hints[field])
        assert isinstance(columns[field].type, kind), field
        assert columns[field].nullable is nullable, field


def test_every_instant_has_its_offset() -> None:
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            assert not isinstance(column.type, DateTime) or column.type.timezone, column


async def test_a_fact_comes_back_as_it_was_written(engine: AsyncEngine) -> None:
    kept = await registered(engine, "TJ20260302000001")
    async with engine.connect() as conn:
        assert await files.load(conn, "TJ20260302000001") == kept.file
        assert await files.entries_of(conn, "TJ20260302000001") == kept.entries


# -- a step is whole or not at all ---------------------------------------------------------------------------------------


async def registered(engine: AsyncEngine, number: str, key: str | None = None, vault: Vault | None = None) -> Result:
    """Register an invented case under this number."""
    request = intake.Request("channel-1", key, "digest", None, "样例", SENTINEL, None, "19900000001", None)
    async with engine.connect() as conn:
        calendar = await read(conn)

    def make(_: str, request: str) -> Result:
        facts = {"channel": Channel.WEB, "matter": Matter.ISSUE, "rule_set": "TJ-2015-18", "reachable": True}
        case = Case(number=number, desk=number, registered_at=AT, **facts)  # type: ignore[arg-type]
        return register(case, calendar, request=request)

    made = await intake.register(engine, vault or vault_on(engine), request, AT.date(), make, calendar.version)
    assert made is not None
    return made


async def transfer(engine: AsyncEngine, number: str) -> tuple[Deed, Result, int]:
    """A deed on record, what it does to the case as it stands, and the calendar's version."""
    deed = Deed(
        id=uuid4().hex, number=number, act=Act.TRANSFER, role=Role.AGENT, actor="a", received_at=AT, lead="WATER"
    )
    async with engine.begin() as conn:
        await deeds.receive(conn, deed, [], None, "")
        file = await files.load(conn, number)
        calendar = await read(conn)
    assert file is not None
    return deed, acts.decide(file, deed, calendar), calendar.version


async def contents(engine: AsyncEngine) -> dict[str, list[Any]]:
    """Every row of every table."""
    async with engine.connect() as conn:
        return {
            table.name: sorted(map(repr, (await conn.execute(select(table))).all()))
            for table in tables.metadata.sorted_tables
        }


Wrong = Callable[[AsyncEngine, Deed, Result, int], Awaitable[bool]]


async def _record(engine: AsyncEngine, result: Result, version: int, calendar: int, deed: str | None) -> bool:
    async with engine.begin() as conn:
        return await files.record(conn, version, result, calendar, deed)


NOT_NOW: dict[str, Wrong] = {
    "an older version": lambda e, d, r, c: _record(e, r, 0, c, d.id),
    "a later version": lambda e, d, r, c: _record(e, r, 2, c, d.id),
    "an older calendar": lambda e, d, r, c: _record(e, r, 1, c - 1, d.id),
    "a later calendar": lambda e, d, r, c: _record(e, r, 1, c + 1, d.id),
    "a deed that is not on record": lambda e, d, r, c: _record(e, r, 1, c, uuid4().hex),
    "a case that is not on record": lambda e, d, r, c: _record(e, _of_another_case(r), 1, c, d.id),
}


def _of_another_case(result: Result) -> Result:
    return replace(result, file=replace(result.file, case=replace(result.file.case, number="TJ20990101000001")))


@pytest.mark.parametrize("what", NOT_NOW)
async def test_a_step_that_was_made_from_something_else_writes_nothing(engine: AsyncEngine, what: str) -> None:
    await registered(engine, "TJ20260302000001")
    deed, result, calendar = await transfer(engine, "TJ20260302000001")
    before = await contents(engine)
    assert await NOT_NOW[what](engine, deed, result, calendar) is False
    assert await contents(engine) == before
    assert await _record(engine, result, 1, calendar, deed.id) is True  # and made from this, it writes
    after = await contents(engine)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"cases", "assignments", "clocks", "entries", "notices", "deeds"}


async def test_a_deed_is_applied_once(engine: AsyncEngine) -> None:
    await registered(engine, "TJ20260302000001")
    deed, result, calendar = await transfer(engine, "TJ20260302000001")
    assert await _record(engine, result, 1, calendar, deed.id)
    before = await contents(engine)
    assert not await _record(engine, result, 1, calendar, deed.id)
    assert not await _record(engine, result, 2, calendar, deed.id)  # not even by who read the newer file
    assert await contents(engine) == before


async def test_a_refused_deed_is_not_applied(engine: AsyncEngine) -> None:
    await registered(engine, "TJ20260302000001")
    deed, result, calendar = await transfer(engine, "TJ20260302000001")
    async with engine.begin() as conn:
        await conn.execute(text("UPDATE deeds SET state = 'refused'"))
    before = await contents(engine)
    assert not await _record(engine, result, 1, calendar, deed.id)
    assert await contents(engine) == before


async def test_two_writers_of_one_step_write_it_once(engine: AsyncEngine) -> None:
    await registered(engine, "TJ20260302000001")
    deed, result, calendar = await transfer(engine, "TJ20260302000001")
    async with engine.connect() as one, engine.connect() as other:
        assert await files.record(one, 1, result, calendar, deed.id)
        waits = files.record(other, 1, result, calendar, deed.id)
        await one.commit()
        assert not await waits
    async with engine.connect() as conn:
        assert [entry.seq for entry in await files.entries_of(conn, "TJ20260302000001")] == [1, 2]


async def test_a_registration_by_an_older_calendar_takes_no_number(engine: AsyncEngine) -> None:
    request = intake.Request("c", None, "d", None, "样例", SENTINEL, None, None, None)
    before = await contents(engine)
    made = await intake.register(engine, vault_on(engine), request, AT.date(), _any, 0)
    assert made is None
    assert await contents(engine) == before


def _any(number: str, request: str) -> Result:
    from domain.calendar import compile_calendar, seeded_notices

    known = Case(
        number=number, desk=number, registered_at=AT, channel=Channel.WEB, matter=Matter.HELP, rule_set="TJ-2015-18"
    )
    return register(known, compile_calendar(seeded_notices(), 1))


# -- the same key with other content fails loudly --------------------------------------------------------------------------


async def test_an_entry_of_the_same_number_fails_the_whole_step(engine: AsyncEngine) -> None:
    await registered(engine, "TJ20260302000001")
    deed, result, calendar = await transfer(engine, "TJ20260302000001")
    twisted = replace(result, entries=tuple(replace(entry, seq=1) for entry in result.entries))
    before = await contents(engine)
    with pytest.raises(IntegrityError):
        await _record(engine, twisted, 1, calendar, deed.id)
    assert await contents(engine) == before


async def test_a_case_of_the_same_number_or_key_is_refused(engine: AsyncEngine) -> None:
    await registered(engine, "TJ20260302000001", key="k")
    before = await contents(engine)
    with pytest.raises(IntegrityError):
        await registered(engine, "TJ20260302000001")
    with pytest.raises(IntegrityError):
        await registered(engine, "TJ20260302000002", key="k")
    assert await contents(engine) == before


async def test_the_same_deed_again_is_the_first_one_and_another_one_is_told_apart(engine: AsyncEngine) -> None:
    await registered(engine, "TJ20260302000001")
    deed = Deed(id="d-1", number="TJ20260302000001", act=Act.URGE, role=Role.AGENT, actor="a", received_at=AT)
    note = {
        "id": "n-1",
        "case_number": deed.number,
        "kind": "internal",
        "text": SENTINEL,
        "title": None,
        "salt": "",
        "written_at": AT,
    }
    async with engine.begin() as conn:
        first = await deeds.receive(conn, deed, [note], "k", "one")
    before = await contents(engine)
    for again in (deed, replace(deed, id="d-2"), replace(deed, id="d-2", act=Act.CLAIM)):
        async with engine.begin() as conn:
            found = await deeds.receive(conn, again, [note | {"id": "n-2"}], "k", "other")
        assert (found.id, found.digest) == (first.id, "one")  # who asks compares the digests
    async with engine.begin() as conn:
        with pytest.raises(IntegrityError):  # another's note is never overwritten
            await deeds.receive(conn, replace(deed, id="d-3"), [note | {"text": "other"}], None, "")
    assert await contents(engine) == before


async def test_what_is_sealed_stays_as_it_was_sealed(engine: AsyncEngine) -> None:  # Art. 14
    await registered(engine, "TJ20260302000001")
    async with engine.begin() as conn:
        await archives.keep(conn, "TJ20260302000001", AT)
    before = await contents(engine)
    async with owning(engine) as conn:
        await conn.execute(text("UPDATE notes SET text = 'other'"))
        await archives.keep(conn, "TJ20260302000001", AT)
        assert (await conn.execute(select(func.count()).select_from(tables.archives))).scalar_one() == 1
    assert (await contents(engine))["archives"] == before["archives"]


# -- errors quote nobody -------------------------------------------------------------------------------------------------

FAILING: dict[str, tuple[type[DBAPIError], str]] = {
    "twice": (IntegrityError, "INSERT INTO notes VALUES ('n', 'TJ20260302000001', :words, :words, :words, now())"),
    "null": (IntegrityError, "INSERT INTO notes VALUES ('m', 'TJ20260302000001', NULL, :words, :words, now())"),
    "no case": (IntegrityError, "INSERT INTO people (case_number, name) VALUES (:words, :words)"),
    "no number": (DataError, "SELECT CAST(:words AS integer)"),
    "NUL": (DataError, "SELECT :words || :nul"),
    "no table": (ProgrammingError, "SELECT :words FROM nowhere"),
}


@pytest.mark.parametrize("what", FAILING)
async def test_an_error_of_the_database_quotes_no_parameter(engine: AsyncEngine, what: str) -> None:
    kind, statement = FAILING[what]
    words = {"words": SENTINEL, "nul": f"{SENTINEL}\x00"}
    async with engine.begin() as conn:
        await rows.insert(conn, [case(1)])
        await conn.execute(text(FAILING["twice"][1]), {"words": "first"})
    with pytest.raises(kind) as caught:
        async with engine.begin() as conn:
            await conn.execute(text(statement), {name: word for name, word in words.items() if f":{name}" in statement})
    printed = "".join(format_exception(caught.value))  # causes and all
    assert SENTINEL not in printed
    assert kind.__name__ in printed
    assert {"twice": "pk_notes", "null": "kind", "no case": "fk_people", "no table": "nowhere"}.get(what, "") in printed
