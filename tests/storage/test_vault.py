"""The vault and what it seals (decision 0013; Art. 15): apart, rotated page by page, and nothing readable without it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from settings import sqlalchemy_url
from storage.people import blind, new_key, of_phone, open_words, resealed, seal
from storage.proof import EARLIER, prove, proved
from storage.readers import as_app
from storage.reading import person
from storage.sealing import Masters, Unreadable
from storage.vault import Vault, lay_out_at, open_vault
from tests.conftest import database_of, owning
from tests.line import MASTERS, vault_on
from tests.storage.test_tables import registered

WORDS = {"name": "张样例", "phone": "19900008890", "address": None, "id_number": "120000190001010006"}
NUMBERS = [f"TJ2026030200000{n}" for n in range(1, 6)]


def rotated() -> Masters:
    """A new current key; the old one is still there."""
    return Masters.read(Masters.new("second").encode() + MASTERS)


@pytest.fixture
async def kept(engine: AsyncEngine) -> Vault:
    for number in NUMBERS:
        await registered(engine, number)
    return vault_on(engine)


def test_a_word_opens_at_its_own_place_only() -> None:
    masters, key = Masters.read(MASTERS), new_key()
    row = seal(masters, key, "TJ1", WORDS)
    assert "19900008890" not in str(row)
    assert open_words(key, "TJ1", row) == WORDS
    for wrong in ({**row, "name": row["phone"]}, {**row, "name": "v1.样"}, {**row, "name": "v1."}):
        with pytest.raises(Unreadable):
            open_words(key, "TJ1", wrong)
    with pytest.raises(Unreadable):
        open_words(key, "TJ2", row)
    with pytest.raises(Unreadable):
        open_words(None, "TJ1", row)


@pytest.mark.parametrize("told", [None, b"", b"one", b"a AAAA", b"a \xff", MASTERS + b"\n" + MASTERS])
def test_a_file_without_keys_is_refused_and_not_quoted(told: bytes | None) -> None:
    with pytest.raises(RuntimeError, match="HOTLINE_MASTER_KEYS_FILE") as refused:
        Masters.read(told)
    assert "AAAA" not in str(refused.value)


async def test_who_asked_is_sealed_in_the_database_and_its_key_is_not_with_it(kept: Vault, engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        row = await person(conn, NUMBERS[0])
    assert row is not None
    assert row["phone"].startswith("v1.")
    keys = await kept.keys(NUMBERS)
    assert open_words(keys[NUMBERS[0]], NUMBERS[0], row)["phone"] == "19900000001"
    assert len(set(keys.values())) == len(NUMBERS)


async def test_a_rotation_that_is_broken_off_goes_on(kept: Vault, engine: AsyncEngine) -> None:
    before = await kept.keys(NUMBERS)
    vault = Vault(rotated(), kept.engine)
    async for done in vault.rewrapped(page=2):
        assert done == 2
        break
    assert await vault.keys(NUMBERS) == before
    assert [done async for done in vault.rewrapped(page=2)] == [2, 3]
    assert [done async for done in vault.rewrapped(page=2)] == []
    async for done in resealed(engine, vault, page=2):
        assert done == 2
        break
    assert [done async for done in resealed(engine, vault, page=2)] == [2, 3]
    alone = Vault(Masters({"second": vault.masters.keys["second"]}), kept.engine)
    assert await alone.keys(NUMBERS) == before
    assert await kept.keys(NUMBERS) == {}  # the old master key opens nothing any more
    async with engine.connect() as conn:
        found = await of_phone(conn, alone.masters, "199 0000 0001", 10, None)
    assert {row["number"] for row in found.items} == set(NUMBERS)


async def test_a_key_that_does_not_open_holds_up_no_other_and_is_counted(kept: Vault, engine: AsyncEngine) -> None:
    async with owning(engine) as conn:
        strange = "UPDATE vault.case_keys SET master = 'unknown' WHERE case_number = :number"
        await conn.execute(text(strange), {"number": NUMBERS[0]})
    vault = Vault(rotated(), kept.engine)
    assert [done async for done in vault.rewrapped(page=2)][-1] == len(NUMBERS) - 1
    assert await vault.left() == 1
    assert (await vault.keys(NUMBERS)).keys() == set(NUMBERS[1:])


async def test_a_phone_is_found_under_either_master_key_while_the_rotation_runs(
    kept: Vault, engine: AsyncEngine
) -> None:
    vault = Vault(rotated(), kept.engine)
    async for _ in resealed(engine, vault, page=2):
        break
    async with engine.connect() as conn:
        assert len((await of_phone(conn, vault.masters, "+86 19900000001", 10, None)).items) == len(NUMBERS)
        assert (await of_phone(conn, vault.masters, "19900000002", 10, None)).items == []
    assert blind(vault.masters, "second", "1") != blind(vault.masters, "tests", "1")


async def test_rows_from_before_there_were_keys_are_sealed(kept: Vault, engine: AsyncEngine) -> None:
    async with owning(engine) as conn:
        await conn.execute(text("UPDATE people SET name = '张样例', phone = '19900008890', phone_master = NULL"))
        await conn.execute(text("DELETE FROM vault.case_keys"))
    assert [done async for done in resealed(engine, kept)] == [len(NUMBERS)]
    async with engine.connect() as conn:
        row = await person(conn, NUMBERS[2])
    assert row is not None
    assert row["name"].startswith("v1.")
    assert open_words((await kept.keys(NUMBERS))[NUMBERS[2]], NUMBERS[2], row)["name"] == "张样例"


async def test_a_vault_in_a_database_of_its_own(engine: AsyncEngine, postgres: str) -> None:
    """Laid out where it is named; the data's own database then holds no key."""
    name = f"vault_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    url = sqlalchemy_url(database_of(postgres, name))
    lay_out_at(url)
    lay_out_at(url)
    async with open_vault(MASTERS, engine, url) as vault:
        await registered(engine, NUMBERS[0], vault=vault)
        assert set(await vault.keys(NUMBERS)) == {NUMBERS[0]}
    assert await vault_on(engine).keys(NUMBERS) == {}
    async with open_vault(MASTERS, engine, as_app(url)) as vault:
        await vault.destroy(NUMBERS[0])
        assert await vault.keys(NUMBERS) == {}


def told(*names: str) -> bytes:
    """A file of new keys under these IDs."""
    return "".join(Masters.new(name) for name in names).encode()


@pytest.mark.parametrize(
    ("file", "named"),
    [
        (told("tests"), "`tests` is not the key"),
        (told("second"), "lacks `tests`"),
        (told("second", "tests"), "`tests` is not the key"),
        (MASTERS + b"\n" + told("second"), None),
        (told("second") + MASTERS, None),
    ],
    ids=["same name", "instead", "new above the same name", "not yet current", "new above the old"],
)
async def test_master_keys_that_are_not_those_in_use_are_refused_before_anybody_is_sealed(
    kept: Vault, engine: AsyncEngine, file: bytes, named: str | None
) -> None:
    if named is None:
        async with open_vault(file, kept.engine, None) as vault, proved(vault, engine):
            assert len(await vault.keys(NUMBERS)) == len(NUMBERS)
        return
    async with open_vault(file, kept.engine, None) as vault:
        with pytest.raises(RuntimeError, match=named):
            await prove(vault, engine)


async def test_one_key_that_was_spoilt_does_not_make_the_master_key_a_wrong_one(
    kept: Vault, engine: AsyncEngine
) -> None:
    async with owning(engine) as conn:
        await conn.execute(
            text("UPDATE vault.case_keys SET wrapped = 'v1.' WHERE case_number = :number"), {"number": NUMBERS[0]}
        )
    await kept.prove()
    assert (await kept.keys(NUMBERS)).keys() == set(NUMBERS[1:])


async def test_a_clock_that_is_not_the_databases_is_refused_before_it_puts_instants_on_record(
    kept: Vault, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prove(kept, engine)
    monkeypatch.setattr("storage.proof.APART", timedelta(days=-1))  # what is the same is a day too far
    with pytest.raises(RuntimeError, match="seconds from this machine's"):
        async with proved(kept, engine):
            raise AssertionError("it began")


async def test_a_release_does_not_work_on_a_database_that_was_not_migrated_to_it(
    kept: Vault, engine: AsyncEngine
) -> None:
    for revision, works in ((EARLIER[0], False), ("9999", True)):
        async with owning(engine) as conn:
            await conn.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        if works:
            await prove(kept, engine)
            continue
        with pytest.raises(RuntimeError, match="hotline migrate"):
            await prove(kept, engine)
