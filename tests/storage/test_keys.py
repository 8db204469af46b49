"""API keys: only a hash is kept, two live ones a client, one role and unit, every making and ending on record."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.refusals import Unknown
from domain.vocabulary import Role
from storage import keys, reading
from storage.changes import Cause
from storage.tables import api_keys, changes

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WHY = Cause("administrator-1", AT, "样例理由。")
Asked = tuple[str, Role, str | None]
WATER: Asked = ("water-1", Role.UNIT, "WATER")


async def made(engine: AsyncEngine, asked: Asked = WATER, ends: datetime | None = None, cause: Cause = WHY) -> str:
    async with engine.begin() as conn:
        return await keys.create(conn, *asked, ends, cause)


async def revoked(engine: AsyncEngine, id: str) -> bool:
    async with engine.begin() as conn:
        return await keys.revoke(conn, id, WHY)


async def recorded(engine: AsyncEngine) -> list[dict[str, Any]]:
    async with engine.connect() as conn:
        return list((await reading.list_changes(conn, 50, None)).items)


async def test_a_secret_is_not_kept(engine: AsyncEngine) -> None:
    id, _, secret = (await made(engine)).partition(".")
    async with engine.connect() as conn:
        kept = await keys.find(conn, id)
        rows = [(await conn.execute(select(table))).all() for table in (api_keys, changes)]
    assert kept is not None
    assert kept.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(rows)
    assert len(secret) == 43  # 256 bits


async def test_a_client_has_two_live_keys_at_most_and_changes_over(engine: AsyncEngine) -> None:
    first, _ = await made(engine), await made(engine)
    with pytest.raises(ValueError, match="2 live keys"):
        await made(engine)
    assert await revoked(engine, first.partition(".")[0])
    await made(engine)
    with pytest.raises(ValueError, match="2 live keys"):
        await made(engine)


async def test_an_expired_key_makes_room(engine: AsyncEngine) -> None:
    for _ in range(2):
        await made(engine, ends=AT + timedelta(days=1))
    await made(engine, cause=replace(WHY, at=AT + timedelta(days=1)))


async def test_of_many_at_once_two_are_made(engine: AsyncEngine) -> None:
    results = await asyncio.gather(*(made(engine) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 2
    assert len(await recorded(engine)) == 2


@pytest.mark.parametrize(
    "other", [("water-1", Role.CHANNEL, None), ("water-1", Role.UNIT, "GAS"), ("water-1", Role.PARTNER, "P-LOCK")]
)
async def test_a_client_stays_what_it_is(engine: AsyncEngine, other: Asked) -> None:
    id = (await made(engine)).partition(".")[0]
    await revoked(engine, id)
    with pytest.raises(ValueError, match="another role or unit"):
        await made(engine, other)


@pytest.mark.parametrize(
    "asked", [("a", Role.UNIT, "NOBODY"), ("a", Role.UNIT, "P-LOCK"), ("a", Role.PARTNER, "WATER")]
)
async def test_a_key_is_for_a_unit_of_its_roles_kind(engine: AsyncEngine, asked: Asked) -> None:
    with pytest.raises(Unknown):
        await made(engine, asked)
    assert await recorded(engine) == []


async def test_making_and_ending_are_on_record_once(engine: AsyncEngine) -> None:
    id = (await made(engine, ends=AT + timedelta(days=30))).partition(".")[0]
    assert [await revoked(engine, each) for each in (id, id, "nothing")] == [True, False, False]
    found = {row["what"]: row for row in await recorded(engine)}
    assert found.keys() == {"key_created", "key_revoked"}
    assert {row["subject"] for row in found.values()} == {id}
    scope = {"client": "water-1", "role": "unit", "unit": "WATER", "expires_at": "2026-04-01T01:00:00+00:00"}
    assert found["key_created"]["detail"] == scope


async def test_a_use_is_written_down_once_in_five_minutes(engine: AsyncEngine) -> None:
    id = (await made(engine)).partition(".")[0]
    seen = []
    for minutes in (0, 1, 4, 5, 9, 11):
        async with engine.begin() as conn:
            now = AT + timedelta(minutes=minutes)
            key = await keys.find(conn, id)
            assert key is not None
            seen.append(key.unnoticed(now))
            await keys.used(conn, id, now)
    assert seen == [True, False, False, True, False, True]
    async with engine.connect() as conn:
        key = await keys.find(conn, id)
    assert key is not None
    assert key.used_at == AT + timedelta(minutes=11)


async def test_whether_anybody_could_sign_in(engine: AsyncEngine) -> None:
    async def any_live(now: datetime) -> bool:
        async with engine.connect() as conn:
            return await keys.any_live(conn, now)

    assert not await any_live(AT)
    id = (await made(engine, ends=AT + timedelta(days=1))).partition(".")[0]
    assert await any_live(AT)
    assert not await any_live(AT + timedelta(days=1))
    await revoked(engine, id)
    assert not await any_live(AT)
