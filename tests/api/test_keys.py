"""Signing in by an API key, over HTTP: its role, its unit, its client; until it is revoked or has expired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.vocabulary import Role
from storage import keys
from storage.changes import Cause
from tests.line import Line

REQUEST = {"title": "样例路灯不亮", "text": "样例路12号门前的路灯不亮。", "matter": "help"}


def why() -> Cause:
    return Cause("administrator-1", datetime.now(UTC), "样例理由。")


async def key_for(
    record: AsyncEngine, role: Role = Role.CHANNEL, unit: str | None = None, client: str = "", days: int | None = None
) -> str:
    """A key of a client of its own."""
    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    async with record.begin() as conn:
        return await keys.create(conn, client or f"client-{uuid4().hex[:8]}", role, unit, ends, why())


async def get(house: Line, key: str, path: str = "/units") -> httpx.Response:
    return await house.http.get(path, headers={"Authorization": f"Bearer {key}"})


async def test_a_channel_registers_by_its_key_under_its_own_name(house: Line, record: AsyncEngine) -> None:
    key = await key_for(record, client="web-sample")
    made = await house.http.post("/cases", json=REQUEST, headers={"Authorization": f"Bearer {key}"})
    assert made.status_code == 201, made.text
    (entry,) = (await house.get(f"/cases/{made.json()['number']}/entries", Role.AGENT)).json()
    assert (entry["actor"], entry["role"]) == ("web-sample", "channel")
    assert (await get(house, key, "/cases")).status_code == 403


async def test_the_next_key_of_a_client_is_the_same_client(house: Line, record: AsyncEngine) -> None:
    """A request is repeated by the next key: the first answer."""
    answers = []
    for key in [await key_for(record, client="app-sample") for _ in range(2)]:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
        answers.append((await house.http.post("/cases", json=REQUEST, headers=headers)).json())
    assert answers[0] == answers[1]


async def test_a_units_system_sees_its_units_cases_and_no_others(house: Line, record: AsyncEngine) -> None:
    water, gas = await key_for(record, Role.UNIT, "WATER"), await key_for(record, Role.UNIT, "GAS")
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    assert [(await get(house, key, f"/cases/{number}")).status_code for key in (water, gas)] == [200, 404]


async def test_a_key_ends_when_it_is_revoked_and_when_it_expires(house: Line, record: AsyncEngine) -> None:
    lasting, ending, ended = await key_for(record), await key_for(record, days=1), await key_for(record)
    async with record.begin() as conn:
        assert await keys.revoke(conn, ended.partition(".")[0], why())
    assert [(await get(house, key)).status_code for key in (lasting, ending, ended)] == [200, 200, 401]
    house.clock[0] = timedelta(days=1)
    assert [(await get(house, key)).status_code for key in (lasting, ending, ended)] == [200, 401, 401]


async def test_a_wrong_key_is_a_401_that_does_not_say_what_is_wrong(house: Line, record: AsyncEngine) -> None:
    key, other = await key_for(record), await key_for(record)
    id, secret = key.split(".")
    wrong = [f"{id}.{other.split('.')[1]}", f"{'0' * 12}.{secret}", f"{id}.{'a' * 43}", f"{id}.{secret[::-1]}"]
    answers = [await get(house, each) for each in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    for malformed in (f"{id}.", f".{secret}", f"{id}.{secret}.", id, f"{id}.{secret}x", f"{id.upper()}G.{secret}"):
        assert (await get(house, malformed)).status_code == 401, malformed


async def test_many_uses_are_one_write(house: Line, record: AsyncEngine, house_statements: list[str]) -> None:
    key = await key_for(record)
    house_statements.clear()
    for _ in range(5):
        assert (await get(house, key)).status_code == 200
    asked = [statement for statement in house_statements if "api_keys" in statement]
    assert len([statement for statement in asked if statement.startswith("UPDATE")]) == 1
    assert len(asked) == 6


@pytest.fixture
def house_statements(house: Line) -> Iterator[list[str]]:
    """The statements of every engine of this process while the test runs."""
    heard: list[str] = []

    def hear(*given: object) -> None:
        heard.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", hear)
    yield heard
    event.remove(Engine, "before_cursor_execute", hear)
