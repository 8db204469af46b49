"""A part is asked to stop under load (SIGTERM): it answers what it has in hand, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bench.clients import Client
from bench.lives import REQUEST
from cli.stack import LocalStack
from domain.vocabulary import Role
from tests.drills.conftest import rows

AT_ONCE = 20


@pytest.mark.parametrize("part", ["api", "worker"])
async def test_what_is_in_hand_is_answered_and_carried_out_once(
    part: str, stack: LocalStack, client: Client, http: httpx.AsyncClient
) -> None:
    numbers = [await client.register(REQUEST) for _ in range(AT_ONCE)]
    before = len(rows(stack, "SELECT id FROM deeds"))
    posts = [
        asyncio.create_task(client.attempt("POST", f"/cases/{number}/transfer", Role.AGENT, {"lead": "GAS"}, number))
        for number in numbers
    ]
    async with asyncio.timeout(20):
        while len(rows(stack, "SELECT id FROM deeds")) < before + AT_ONCE:
            await asyncio.sleep(0)
    await asyncio.to_thread(stack.stop, part)
    answers = [answer for answer in await asyncio.gather(*posts) if answer is not None]
    assert [answer.status_code for answer in answers if answer.status_code not in (200, 202)] == []
    assert len(answers) == AT_ONCE, "whom it had heard it answered"
    await asyncio.to_thread(stack.start, part)
    deeds = {answer.json()["deed"] for answer in answers}
    async with asyncio.timeout(60):
        while {row["id"] for row in rows(stack, "SELECT id FROM deeds WHERE state = 'applied'")} & deeds != deeds:
            await asyncio.sleep(0.1)
    entered = rows(stack, "SELECT deed FROM entries WHERE event = 'transfer'")
    assert sorted(row["deed"] for row in entered if row["deed"] in deeds) == sorted(deeds)


async def test_a_worker_whose_database_is_away_ends_too_and_the_next_one_marks_what_fell_due(
    stack: LocalStack, client: Client
) -> None:
    number = await client.register(REQUEST)
    await asyncio.to_thread(stack.kill, "postgres")
    async with asyncio.timeout(60):
        while "OperationalError" not in (stack.directory / "logs" / "worker.log").read_text():
            await asyncio.sleep(0.1)
    assert await asyncio.to_thread(stack.stop, "worker") == 0
    await asyncio.to_thread(stack.start, "postgres")
    await asyncio.to_thread(stack.start, "worker")
    async with asyncio.timeout(60):
        while not rows(stack, f"SELECT FROM entries WHERE case_number = '{number}' AND event = 'overdue'"):
            await asyncio.sleep(0.1)
