"""Temporal, PostgreSQL or the worker is down: nothing that was registered is lost, nothing is done twice (Art. 9 ¶2)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from api.access import Caller, issue
from cli.main import local_stack
from cli.stack import LocalStack, Ports
from domain.vocabulary import Role

WORDS = {
    "title": "样例机密标题",
    "text": "样例机密正文",
    "name": "张样例机密",
    "phone": "19900008890",
    "address": "样例路99号",
}
REPLY = "样例机密答复"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """The whole stack as `hotline up` runs it, sweeping every second."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        for variable in (
            "DATABASE_URL",
            "TEMPORAL_ADDRESS",
            "TEMPORAL_UI_URL",
            "HOTLINE_SECRET",
            "HOTLINE_SECRET_FILE",
        ):
            patch.delenv(variable, raising=False)
        patch.setenv("HOTLINE_SWEEP_SECONDS", "1")
        with local_stack(Path(name), Ports(0, 0, 0)) as running:
            yield running


@pytest.fixture
async def http(stack: LocalStack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=30) as client:
        yield client


async def post(
    stack: LocalStack, http: httpx.AsyncClient, path: str, role: Role, body: dict[str, Any], key: str | None = None
) -> httpx.Response:
    unit = "WATER" if role is Role.UNIT else None
    caller = Caller(unit or role.value, role, unit)
    token = issue((stack.directory / "secret").read_bytes().strip(), caller, datetime.now(UTC))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or uuid4().hex}
    return await http.post(path, json=body, headers=headers)


async def read(stack: LocalStack, http: httpx.AsyncClient, path: str) -> httpx.Response:
    token = issue((stack.directory / "secret").read_bytes().strip(), Caller("a", Role.AGENT), datetime.now(UTC))
    return await http.get(path, headers={"Authorization": f"Bearer {token}"})


async def until(stack: LocalStack, http: httpx.AsyncClient, number: str, status: str) -> list[str]:
    """Poll until the case stands there by itself; what somebody did (a slow machine may hear a clock as well)."""
    async with asyncio.timeout(60):
        while (await read(stack, http, f"/cases/{number}")).json()["status"] != status:
            await asyncio.sleep(0.1)
    entries = (await read(stack, http, f"/cases/{number}/entries")).json()
    return [entry["event"] for entry in entries if entry["role"] != "system"]


def is_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0


def count(stack: LocalStack, table: str) -> int:
    with psycopg.connect(stack.database_url) as conn:
        found = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert found is not None
    return int(found[0])


async def test_while_temporal_is_down_a_number_is_given_and_acts_are_on_record(
    stack: LocalStack, http: httpx.AsyncClient
) -> None:
    begun = (await post(stack, http, "/cases", Role.CHANNEL, WORDS)).json()["number"]
    stack.stop("temporal")
    key, act = uuid4().hex, uuid4().hex
    transfer = {"lead": "WATER"}
    first, waited = await asyncio.gather(
        post(stack, http, "/cases", Role.CHANNEL, WORDS, key),
        post(stack, http, f"/cases/{begun}/transfer", Role.AGENT, transfer, act),
    )
    assert first.status_code == 201, first.text
    assert (waited.status_code, waited.json()["state"]) == (202, "received")
    stack.stop("api")
    stack.start("api")  # this one never saw Temporal
    other = await post(stack, http, "/cases", Role.CHANNEL, WORDS)
    assert (other.status_code, other.json()["number"]) == (201, f"TJ{int(first.json()['number'][2:]) + 1}")
    again = await post(stack, http, "/cases", Role.CHANNEL, WORDS, key)
    assert (again.status_code, again.json()) == (201, first.json())
    repeated = await post(stack, http, f"/cases/{begun}/transfer", Role.AGENT, transfer, act)
    assert (repeated.status_code, repeated.json()) == (202, waited.json())
    fresh = first.json()["number"]
    second = await post(stack, http, f"/cases/{fresh}/transfer", Role.AGENT, transfer)
    assert second.status_code == 202
    assert (await read(stack, http, f"/cases/{fresh}")).json()["status"] == "registered"

    stack.start("temporal")
    assert await until(stack, http, begun, "assigned") == ["register", "transfer"]
    assert await until(stack, http, fresh, "assigned") == ["register", "transfer"]
    done = await post(stack, http, f"/cases/{begun}/transfer", Role.AGENT, transfer, act)
    assert (done.status_code, done.json()) == (200, waited.json() | {"state": "applied", "status": "assigned"})
    signed = await post(stack, http, f"/cases/{fresh}/sign", Role.UNIT, {})
    assert signed.status_code == 200, signed.text  # and on it goes


async def test_while_temporal_is_down_an_opinion_is_received_and_its_limit_is_kept_afterwards(
    stack: LocalStack, http: httpx.AsyncClient
) -> None:  # Art. 21
    given = {"voice": "deputy", "reference": "样例1号", "title": WORDS["title"], "question": WORDS["text"]}
    stack.stop("temporal")
    received = await post(stack, http, "/opinions", Role.AGENT, given)
    assert received.status_code == 201, received.text
    id = received.json()["id"]
    assigned = await post(stack, http, f"/opinions/{id}/assign", Role.AGENT, {"unit": "WATER"})
    assert (assigned.status_code, assigned.json()["standing"]) == (200, "assigned")
    waiting = "opinions WHERE seen < version"
    assert count(stack, waiting) == 1
    stack.start("temporal")
    async with asyncio.timeout(60):
        while count(stack, waiting):
            await asyncio.sleep(0.1)
    again = await post(stack, http, "/opinions", Role.AGENT, given)
    assert [step["act"] for step in again.json()["steps"]] == ["receive", "assign"]


async def test_while_postgresql_is_down_it_is_503_and_the_same_key_succeeds_once_afterwards(
    stack: LocalStack, http: httpx.AsyncClient
) -> None:
    number = (await post(stack, http, "/cases", Role.CHANNEL, WORDS)).json()["number"]
    cases, deeds = count(stack, "cases"), count(stack, "deeds")
    key, act = uuid4().hex, uuid4().hex
    stack.stop("postgres")
    for _ in range(2):  # on a connection of the pool, then on a new one
        is_unavailable(await post(stack, http, "/cases", Role.CHANNEL, WORDS, key))
        is_unavailable(await post(stack, http, f"/cases/{number}/transfer", Role.AGENT, {"lead": "WATER"}, act))
    for path in ("/cases", f"/cases/{number}", "/units"):
        is_unavailable(await read(stack, http, path))
    is_unavailable(await http.get(f"/tracking/{number}", headers={"Tracking-Code": "AAAAAAAAAAAAAAAA"}))
    assert (await http.get("/health")).status_code == 200

    stack.start("postgres")
    answers = [await post(stack, http, "/cases", Role.CHANNEL, WORDS, key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.text for answer in answers}) == 1
    done = [await post(stack, http, f"/cases/{number}/transfer", Role.AGENT, {"lead": "WATER"}, act) for _ in range(2)]
    assert {answer.status_code for answer in done} <= {200, 202}
    assert await until(stack, http, number, "assigned") == ["register", "transfer"]
    assert (count(stack, "cases"), count(stack, "deeds")) == (cases + 1, deeds + 1)
    assert int(answers[0].json()["number"][2:]) == int(number[2:]) + 1  # what failed took no number


async def test_while_the_worker_is_down_acts_are_on_record_and_done_afterwards(
    stack: LocalStack, http: httpx.AsyncClient
) -> None:
    number = (await post(stack, http, "/cases", Role.CHANNEL, WORDS)).json()["number"]
    assert (await post(stack, http, f"/cases/{number}/transfer", Role.AGENT, {"lead": "WATER"})).status_code == 200
    stack.kill("worker")
    fresh = await post(stack, http, "/cases", Role.CHANNEL, WORDS)
    assert fresh.status_code == 201
    key, result = uuid4().hex, {"public": REPLY, "replied": "phone"}
    answer = await post(stack, http, f"/cases/{number}/feedback", Role.UNIT, result, key)
    assert (answer.status_code, answer.json()["state"]) == (202, "received")
    stack.start("worker")
    assert await until(stack, http, number, "callback") == ["register", "transfer", "feedback"]
    done = await post(stack, http, f"/cases/{number}/feedback", Role.UNIT, result, key)
    assert (done.status_code, done.json()) == (200, answer.json() | {"state": "applied", "status": "callback"})


async def test_after_all_that_nobodys_words_are_in_the_logs_or_in_temporal(
    stack: LocalStack, http: httpx.AsyncClient
) -> None:  # Art. 15
    same = uuid4().hex
    await asyncio.gather(*(post(stack, http, "/cases", Role.CHANNEL, WORDS, same) for _ in range(5)))
    await post(stack, http, "/cases", Role.CHANNEL, WORDS | {"text": "\x00" + REPLY, "样例机密字段": 1})
    assert (await read(stack, http, f"/cases/{'样例机密编号'}%00")).status_code == 422
    logs = {path.name: path.read_bytes() for path in (stack.directory / "logs").iterdir()}
    assert logs.keys() == {"postgres.log", "temporal.log", "worker.log", "api.log"}
    kept = {path.name: path.read_bytes() for path in stack.directory.glob("temporal.db*")}
    assert b"TJ20" in kept["temporal.db"] + kept.get("temporal.db-wal", b"")
    secret = [*WORDS.values(), REPLY, "样例机密"]
    for name, content in (logs | kept).items():
        assert not [word for word in secret if word.encode() in content], name
