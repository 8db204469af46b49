"""PostgreSQL is slow, or stands still: whoever asks is answered in time, repeats it afterwards, and nothing is done twice."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cli.main import local_stack
from cli.postgres import database_url
from cli.stack import LocalStack, Ports
from domain.vocabulary import Role
from tests.drills.conftest import post, proof, rows, until
from tests.drills.proxy import Door, door_to

REQUEST = {"title": "样例路灯不亮", "text": "样例路12号门前的路灯不亮。", "phone": "19900008890"}


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """A door to a PostgreSQL of this test's own, which the surroundings name."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        for variable in ("DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_UI_URL", "HOTLINE_SECRET"):
            patch.setenv(variable, "")  # so that it goes back to what it was, whatever a tool sets
            patch.delenv(variable)
        patch.delenv("HOTLINE_SECRET_FILE", raising=False)
        patch.setenv("HOTLINE_SWEEP_SECONDS", "1")
        with LocalStack(Path(name), ports=Ports(0, 0, 0), temporal=False) as server:
            folder = httpx.URL(database_url(server.directory).replace("@/", "@local/")).params["host"]
            with door_to(Path(folder) / ".s.PGSQL.5432") as made:
                patch.setenv("DATABASE_URL", f"postgresql://postgres@127.0.0.1:{made.port}/postgres")
                yield made


@pytest.fixture(scope="module")
def stack(door: Door) -> Iterator[LocalStack]:
    """Worker and API, whose only way to PostgreSQL is the door."""
    with tempfile.TemporaryDirectory() as name, local_stack(Path(name), Ports(0, 0, 0)) as running:
        yield running


async def part(stack: LocalStack, upload: str) -> httpx.Response:
    """The first half of eight bytes."""
    headers = proof(stack, Role.CHANNEL) | {"Content-Type": "application/partial-upload", "Upload-Offset": "0"}
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60) as http:
        return await http.patch(f"/uploads/{upload}", content=b"half", headers=headers)


async def test_while_postgresql_stands_still_it_is_503_in_time_and_the_same_key_succeeds_once_afterwards(
    stack: LocalStack, door: Door
) -> None:
    number = (await post(stack, "/cases", Role.CHANNEL, REQUEST)).json()["number"]
    (before,) = rows(stack, "SELECT count(*) FROM cases")
    key, act = uuid4().hex, uuid4().hex
    upload = (await post(stack, "/uploads", Role.CHANNEL, {"size": 8})).json()["upload"]
    asked = (
        ("/cases", Role.CHANNEL, REQUEST, key),
        (f"/cases/{number}/transfer", Role.AGENT, {"lead": "WATER"}, act),
        ("/searches/phone", Role.AGENT, {"phone": "19900008890"}, uuid4().hex),
    )
    door.close()
    for answer in await asyncio.gather(*(post(stack, *each) for each in asked), part(stack, upload)):
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
    async with httpx.AsyncClient(base_url=stack.api_url) as http:
        assert (await http.get("/health")).status_code == 200
        counted = (await http.get(stack.metrics_urls["API"])).text.splitlines()
    assert 'hotline_requests_total{method="POST",route="/cases/{number}/transfer",status="503"} 1.0' in counted
    assert any(line.startswith('hotline_refused_total{why="late"}') for line in counted)
    assert "hotline_record_answers 0.0" in counted
    door.open()
    gone_on = await part(stack, upload)
    assert int(gone_on.headers["Upload-Offset"]) == 4
    registered = [await post(stack, *asked[0]) for _ in range(3)]
    assert {answer.status_code for answer in registered} == {201}, registered[0].text
    assert len({answer.text for answer in registered}) == 1
    done = [await post(stack, *asked[1]) for _ in range(2)]
    assert {answer.status_code for answer in done} <= {200, 202}
    assert await until(stack, number, "assigned") == ["register", "transfer"]
    (after,) = rows(stack, "SELECT count(*) FROM cases")
    assert after["count"] == before["count"] + 1
    assert rows(stack, f"SELECT act, state FROM deeds WHERE case_number = '{number}'") == [
        {"act": "transfer", "state": "applied"}
    ]


async def test_a_worker_that_postgresql_keeps_waiting_does_its_work_once_afterwards(
    stack: LocalStack, door: Door
) -> None:
    number = (await post(stack, "/cases", Role.CHANNEL, REQUEST)).json()["number"]
    stack.stop("worker")
    transfer = {"lead": "WATER"}
    answer = await post(stack, f"/cases/{number}/transfer", Role.AGENT, transfer)
    assert (answer.status_code, answer.json()["state"]) == (202, "received")
    door.close()
    stack.start("worker")
    async with asyncio.timeout(60):
        while not door.waiting:  # nobody else asks anything now
            await asyncio.sleep(0.05)
    door.open()
    assert await until(stack, number, "assigned") == ["register", "transfer"]
    assert rows(stack, f"SELECT state FROM deeds WHERE case_number = '{number}'") == [{"state": "applied"}]


async def test_a_postgresql_that_is_merely_slow_is_waited_for(stack: LocalStack, door: Door) -> None:
    door.delay = 0.05
    try:
        registered = await post(stack, "/cases", Role.CHANNEL, REQUEST)
        assert registered.status_code == 201, registered.text
        number = registered.json()["number"]
        assert (await post(stack, f"/cases/{number}/transfer", Role.AGENT, {"lead": "WATER"})).status_code in (200, 202)
        assert await until(stack, number, "assigned") == ["register", "transfer"]
    finally:
        door.delay = 0.0
