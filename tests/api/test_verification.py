"""The record proves itself (Art. 14): whoever changes it, as the owner of the database, is found out, with or without it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.roots import KEY, Roots
from domain.case import Entry
from domain.chain import GENESIS, Broken, forge
from domain.vocabulary import Role
from storage import packages, roots, verification
from storage.blobs import Blobs
from storage.files import ENTRIES, entries_of
from storage.signing import Forged, Seal
from tests.conftest import house_on, owning
from tests.line import Line

DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 16, 10, tzinfo=UTC)
SEAL = Seal.new()


async def archived(line: Line, number: str | None = None) -> str:
    """A case (this one, or a new one) that a unit handled, with whose result the person was satisfied."""
    number = number or str((await line.register())["number"])
    await line.done(number, "transfer", Role.AGENT, lead="WATER")
    await line.done(number, "feedback", Role.UNIT, "WATER", public="样例答复", replied="phone")
    await line.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    await line.sealed(number)
    return number


async def sign(engine: AsyncEngine, day: date = DAY) -> roots.Root:
    async with engine.begin() as conn:
        return await roots.sign(conn, day, AT, SEAL.sign)


async def tampered(engine: AsyncEngine, *changes: str, **parameters: object) -> None:
    """What the owner of the database can do: nothing holds them."""
    async with owning(engine) as conn:
        for table in ("entries", "archives", "roots", "root_heads"):
            await conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for change in changes:
            await conn.execute(text(change), parameters)
        for table in ("entries", "archives", "roots", "root_heads"):
            await conn.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


async def found(engine: AsyncEngine, seal: Seal = SEAL) -> list[str | Broken]:
    """What verification finds in the whole database."""
    async with engine.connect() as conn:
        every = await roots.listed(conn)
        faults: list[str | Broken] = [fault async for _, fault in verification.cases(conn) if fault]
        for before, root in zip([None, *every], every, strict=False):
            faults += [fault async for fault in verification.day(conn, root, before, seal)]
    return faults


@pytest.fixture(scope="module")
async def signed(
    temporal: WorkflowEnvironment, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    """A database with an archived case, under a signed root; and its number."""
    async with house_on(postgres, temporal, tmp_path_factory.mktemp("blobs")) as house:
        made = await archived(house.line)
        await sign(house.engine)
        assert await found(house.engine) == []
    return house.database, made


@pytest.fixture
def template(request: pytest.FixtureRequest) -> str:
    """With the archived case, if the test asks for its number."""
    return str(request.getfixturevalue("signed")[0]) if "number" in request.fixturenames else "template_hotline"


@pytest.fixture
def number(signed: tuple[str, str]) -> str:
    """Of an archived case, under a signed root."""
    return signed[1]


@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_what_is_recorded_is_only_ever_appended_to(
    number: str, engine: AsyncEngine, change: str
) -> None:  # Art. 14
    columns = {"entries": "basis", "archives": "case_number", "roots": "signed", "root_heads": "chain"}
    for table, column in columns.items():
        with pytest.raises(DBAPIError, match="only ever appended"):
            async with owning(engine) as conn:
                await conn.execute(text(change.format(table, column, column)))
        with pytest.raises(DBAPIError, match="permission denied"):
            async with engine.begin() as conn:
                await conn.execute(text(change.format(table, column, column)))


CHANGES = {
    "UPDATE entries SET actor = 'agent-9' WHERE case_number = :n AND seq = 2": (2, "not what its hash"),
    "UPDATE entries SET detail = detail || '{\"more\": 1}' WHERE case_number = :n AND seq = 1": (
        1,
        "not what its hash",
    ),
    "DELETE FROM entries WHERE case_number = :n AND seq = 2": (2, "missing"),
    "DELETE FROM entries WHERE case_number = :n AND seq = (SELECT entries FROM cases WHERE number = :n)": (
        0,
        "missing",
    ),
    "UPDATE cases SET entries = entries - 1 WHERE number = :n": (0, "another last entry"),
    "UPDATE notes SET text = text || '。' WHERE case_number = :n AND kind = 'request'": (
        1,
        "`request` is not what it was",
    ),
    "UPDATE notes SET title = '另' WHERE case_number = :n AND kind = 'request'": (1, "`request` is not what it was"),
    "DELETE FROM notes WHERE case_number = :n AND kind = 'public'": (3, "`public` is missing"),
    "UPDATE archives SET manifest = jsonb_set(manifest, '{entries,2}', '\"00\"') WHERE case_number = :n": (2, "sealed"),
    "UPDATE root_heads SET chain = '00' WHERE case_number = :n": (0, "under the root"),
}
"""A change to the tables; the entry at which it is found (0: the last), and what is said of it."""


@pytest.mark.parametrize("change", CHANGES)
async def test_the_first_entry_that_is_not_what_it_was_is_named(number: str, engine: AsyncEngine, change: str) -> None:
    async with engine.connect() as conn:
        last = len(await entries_of(conn, number))
    await tampered(engine, change, n=number)
    at, what = CHANGES[change]
    first = next(fault for fault in await found(engine) if isinstance(fault, Broken))
    assert (first.case, what in first.what) == (number, True), first
    assert first.seq in ((at,) if at else (last - 1, last))


async def test_a_chain_that_was_made_anew_does_not_fit_the_signed_root(number: str, engine: AsyncEngine) -> None:
    """The owner changes an entry and forges all hashes after it, those of the case, the manifest and the heads too."""
    async with engine.connect() as conn:
        old = list(await entries_of(conn, number))
    entries = [ENTRIES.validate_python([{**ENTRIES.dump_python((e,))[0], "actor": "agent-9"}])[0] if e.seq == 2 else e
               for e in old]  # fmt: skip
    for entry, chain in zip(entries, forge(GENESIS, number, entries), strict=True):
        await tampered(
            engine,
            "UPDATE entries SET actor = :actor, chain = :chain WHERE case_number = :n AND seq = :seq",
            "UPDATE cases SET chain = :chain WHERE number = :n",
            "UPDATE archives SET manifest = jsonb_set(manifest, ARRAY['entries', :key], to_jsonb(CAST(:chain AS text)))"
            " WHERE case_number = :n",
            actor=entry.actor, chain=chain, n=number, seq=entry.seq, key=str(entry.seq),
        )  # fmt: skip
    (fault,) = await found(engine)
    assert fault == Broken(number, len(old), f"the entry is not the one under the root of {DAY}")
    await tampered(engine, "UPDATE root_heads SET chain = :chain", chain=chain)
    assert await found(engine) == [f"root of {DAY}: what was signed is over others"]


async def test_a_case_that_is_gone_is_missed(number: str, line: Line, engine: AsyncEngine) -> None:
    tables = ("notices", "clocks", "deeds", "notes", "people", "entries", "archives", "assignments", "handovers")
    gone = [f"DELETE FROM {table} WHERE case_number = :n" for table in tables]
    await tampered(engine, *gone, "DELETE FROM cases WHERE number = :n", n=number)
    (fault,) = await found(engine)
    assert isinstance(fault, Broken)
    assert fault.case == number


async def test_a_root_that_somebody_else_signed_is_none(number: str, engine: AsyncEngine) -> None:
    other = Seal.new()
    async with engine.connect() as conn:
        (root,) = await roots.listed(conn)
        signed = other.sign(SEAL.open(root.signed))
    await tampered(engine, "UPDATE roots SET signed = :signed", signed=signed)
    assert [str(fault).startswith(f"root of {DAY}: not signed with") for fault in await found(engine)] == [True]
    with pytest.raises(Forged):
        SEAL.open(signed + "x")


async def test_each_root_is_over_what_moved_since_the_one_before_and_follows_it(
    line: Line, engine: AsyncEngine
) -> None:
    still, moves = [(await line.register())["number"] for _ in range(2)]
    await sign(engine)
    await line.done(moves, "transfer", Role.AGENT, lead="WATER")
    await sign(engine, date(2026, 3, 3))
    async with engine.connect() as conn:
        heads = [[head.case for head in await roots.heads_of(conn, root.day)] for root in await roots.listed(conn)]
    assert heads == [[still, moves], [moves]]
    assert await found(engine) == []
    await tampered(engine, "DELETE FROM root_heads WHERE day = :d", "DELETE FROM roots WHERE day = :d", d=DAY)
    assert await found(engine) == ["root of 2026-03-03: what was signed does not follow the one before"]


async def test_a_day_is_signed_once_and_exported_as_often_as_it_is_asked(
    line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    await line.register()
    signs = Roots(engine, SEAL, tmp_path / "roots")
    name = await signs.sign(DAY, AT)
    first = (tmp_path / "roots" / name).read_text()
    await line.register()
    (tmp_path / "roots" / name).unlink()
    assert await signs.sign(DAY, AT) == name == "2026-03-02.jws"
    assert (tmp_path / "roots" / name).read_text() == first
    public = Seal.read(tmp_path / "roots" / KEY)
    assert (public.open(first).day, public.open(first).heads) == (DAY, 1)
    with pytest.raises(ValueError, match="signed already"):
        await signs.sign(date(2026, 3, 1), AT)


# -- packages ---------------------------------------------------------------------------------------------------------


async def package(engine: AsyncEngine, number: str, *, texts: bool = True) -> bytes:
    made = BytesIO()
    async with engine.connect() as conn:
        await packages.write(conn, number, made, Blobs("/dev/null") if texts else None)
    return made.getvalue()


def checked(package: bytes, seal: Seal = SEAL) -> packages.Checked:
    return packages.check(BytesIO(package), seal)


def opened(content: bytes) -> dict[str, str]:
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def closed(parts: dict[str, str]) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


async def test_a_package_is_checked_without_the_database(number: str, line: Line, engine: AsyncEngine) -> None:
    await archived(line)
    made = await package(engine, number)
    entries: list[Entry] = json.loads(opened(made)["entries.json"])
    assert checked(made) == packages.Checked([], len(entries))
    assert {note["kind"] for note in json.loads(opened(made)["texts.json"])} == {"request", "public"}
    assert await package(engine, number) == made
    bare = await package(engine, number, texts=False)
    assert opened(bare)["texts.json"] == "[]"
    assert checked(bare) == packages.Checked([], len(entries))
    assert checked(made, Seal.new()).broken != []


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("entries.json", '"WATER-1"', '"WATER-9"'),
        ("entries.json", '"seq": 2', '"seq": 7'),
        ("texts.json", "样例答复", "样例答覆"),
        ("manifest.json", '"1": "', '"1": "0'),
        ("root.json", '"index": 0', '"index": 1'),
        ("root.json", '"signed": "ey', '"signed": "ez'),
    ],
)
async def test_whatever_was_changed_in_a_package_shows(
    number: str, engine: AsyncEngine, part: str, old: str, new: str
) -> None:
    parts = opened(await package(engine, number))
    assert old in parts[part]
    assert checked(closed(parts | {part: parts[part].replace(old, new, 1)})).broken != []


async def test_junk_is_no_package_and_an_open_case_has_none(line: Line, engine: AsyncEngine, number: str) -> None:
    parts = opened(await package(engine, number))
    for junk in (b"", b"PK", closed({}), closed(parts | {"root.json": "[]"}), closed(parts | {"entries.json": "7"})):
        assert checked(junk).broken == ["not a package, or a damaged one"]
    with pytest.raises(ValueError, match="not archived"):
        await package(engine, (await line.register())["number"])


async def test_a_case_sealed_after_the_last_root_says_how_far_it_is_under_one(line: Line, engine: AsyncEngine) -> None:
    number: str = (await line.register())["number"]
    await sign(engine)
    await archived(line, number)
    assert checked(await package(engine, number)) == packages.Checked([], 1)
