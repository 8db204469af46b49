"""Temporal loses its store in mid-load, and nothing is lost; the doctor says what is wrong, and mends what is safe."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client as Temporal

from activities.sweep import BESIDE
from bench.clients import Client, Log
from bench.lives import REPLY, REQUEST, live
from cli.checks import Finding, diagnose
from cli.doctor import examine, repair
from cli.stack import LocalStack
from domain.vocabulary import Role
from tests.drills.conftest import rows, tell
from workflows import sweep
from workflows.client import connect
from workflows.condition import condition

SOON = timedelta(milliseconds=500)
"""How long the doctor waits here before it looks again."""


def lose(stack: LocalStack) -> None:
    """Temporal dies, and its whole store with it; an empty one begins."""
    if "temporal" in stack.pids:
        stack.kill("temporal")
    for part in stack.directory.glob("temporal.db*"):
        part.unlink()
    stack.start("temporal")


async def test_temporals_store_is_lost_in_mid_load_and_nothing_else(
    stack: LocalStack, client: Client, http: httpx.AsyncClient
) -> None:
    log = Log()
    secret = (stack.directory / "secret").read_bytes().strip()
    lives = [asyncio.create_task(live(Client(http, secret, log, random.Random(n)))) for n in range(30)]
    async with asyncio.timeout(60):
        while len(log.acknowledged) < 80:
            await asyncio.sleep(0.05)
    await asyncio.to_thread(lose, stack)
    code, counts = await asyncio.to_thread(tell, "rebuild")
    assert (code, counts["failed"]) == (0, 0)
    assert counts["started"] > 10
    async with asyncio.timeout(150):
        numbers = await asyncio.gather(*lives)

    assert len(set(numbers)) == 30
    told = {sent.deed: sent for sent in log.acknowledged if sent.deed}
    kept = {row["id"]: row["state"] for row in rows(stack, "SELECT id, state FROM deeds")}
    assert {deed: kept.get(deed) for deed in told} == {deed: sent.state for deed, sent in told.items()}
    twice = "SELECT deed FROM entries WHERE deed IS NOT NULL GROUP BY deed HAVING count(*) > 1"
    assert rows(stack, twice) == []
    gaps = "SELECT case_number FROM entries GROUP BY 1 HAVING count(*) <> max(seq)"
    assert rows(stack, gaps) == []
    assert {row["status"] for row in rows(stack, "SELECT status FROM cases")} == {"archived"}


async def test_what_fell_due_while_temporal_was_lost_says_how_late_the_platform_marked_it(
    stack: LocalStack, client: Client
) -> None:
    number = await client.register(REQUEST)
    await client.act(number, Role.AGENT, "transfer", lead="WATER")
    stack.kill("temporal")
    signed = asyncio.create_task(client.act(number, Role.UNIT, "sign", "WATER"))  # in time, and on record
    due = {clock["clock"]: datetime.fromisoformat(clock["due"]) for clock in await clocks(client, number)}
    async with asyncio.timeout(60):
        while datetime.now(UTC) < due["handling"] + timedelta(seconds=7):
            await asyncio.sleep(0.2)
    await asyncio.to_thread(lose, stack)
    assert (await asyncio.to_thread(tell, "rebuild"))[0] == 0
    async with asyncio.timeout(60):
        assert await signed
        while not (late := [each for clock in await clocks(client, number) for each in clock["late"]]):
            await asyncio.sleep(0.1)
    assert all(each["late_s"] >= 6 for each in late if each["event"] == "overdue")
    assert all(datetime.fromisoformat(each["at"]) > datetime.fromisoformat(each["instant"]) for each in late)
    entries = rows(stack, f"SELECT event, detail FROM entries WHERE case_number = '{number}' ORDER BY seq")
    of_sign = [row["event"] for row in entries if row["detail"].get("clock") == "sign"]
    assert of_sign in ([], ["overdue", "breach_withdrawn"]), "it had signed in time: nothing is charged to it"
    await client.act(number, Role.UNIT, "feedback", "WATER", public=REPLY, replied="phone")


async def clocks(client: Client, number: str) -> list[dict[str, Any]]:
    found: Any = await client.read(f"/cases/{number}/why")
    return list(found)


@dataclass(frozen=True)
class Ward:
    """A transferred case that will be made ill."""

    stack: LocalStack
    temporal: Temporal
    number: str

    def record(self, change: str) -> None:
        with psycopg.connect(self.stack.database_url, autocommit=True) as conn:
            conn.execute(f"{change}number = '{self.number}'")

    async def forget(self) -> None:
        """Temporal knows nothing of it any more."""
        which = WorkflowExecution(workflow_id=self.number)
        namespace = self.temporal.namespace
        await self.temporal.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=namespace, workflow_execution=which)
        )
        async with asyncio.timeout(20):
            while await condition(self.temporal, self.number):
                await asyncio.sleep(0.05)


async def _not_begun(ward: Ward) -> None:
    await ward.forget()
    ward.record("UPDATE cases SET begun_at = NULL WHERE ")


async def _lost(ward: Ward) -> None:
    await ward.forget()


async def _ended(ward: Ward) -> None:
    await ward.temporal.get_workflow_handle(ward.number).terminate("by mistake")


async def _disagrees(ward: Ward) -> None:
    ward.record("UPDATE cases SET status = 'returned' WHERE ")


async def _left_running(ward: Ward) -> None:
    ward.record("UPDATE cases SET status = 'archived' WHERE ")


async def _no_desk(ward: Ward) -> None:
    ward.record("UPDATE cases SET desk = number || '-callback-1' WHERE ")


async def _no_timer(ward: Ward) -> None:
    """Its clocks were mended by hand, and it did not hear of it."""
    ward.record("UPDATE clocks SET derivation = jsonb_build_object('rungs', rungs), rungs = '[]' WHERE case_")
    await ward.temporal.get_workflow_handle(ward.number).signal("look")
    async with asyncio.timeout(20):
        while (found := await condition(ward.temporal, ward.number)) and found.timers:
            await asyncio.sleep(0.05)
    ward.record("UPDATE clocks SET rungs = derivation -> 'rungs' WHERE case_")


ILLS = (_not_begun, _lost, _ended, _disagrees, _left_running, _no_desk, _no_timer)


@pytest.fixture
async def temporal(stack: LocalStack) -> AsyncIterator[Temporal]:
    """Its sweep pauses: nobody mends behind the doctor's back."""
    client = await connect()
    await client.get_schedule_handle(sweep.ID).pause()
    yield client
    await client.get_schedule_handle(sweep.ID).unpause()


@pytest.mark.parametrize("ill", ILLS, ids=lambda ill: ill.__name__.strip("_"))
async def test_the_doctor_finds_what_ails_a_case_and_mends_what_is_safe(
    ill: Callable[[Ward], Awaitable[None]], stack: LocalStack, engine: AsyncEngine, client: Client, temporal: Temporal
) -> None:
    number = await client.register(REQUEST)
    await client.act(number, Role.AGENT, "transfer", lead="WATER")
    async with asyncio.timeout(20):
        while await diagnose(engine, temporal, number):
            await asyncio.sleep(0.05)
    await ill(Ward(stack, temporal, number))
    (found,) = [each for each in await examine(engine, temporal, SOON) if each.number == number]
    assert found.what == ill.__name__.strip("_")
    (mended,) = await repair(engine, temporal, [found])
    assert mended.repaired
    if found.what == "no_desk":
        Ward(stack, temporal, number).record("UPDATE cases SET desk = number WHERE ")
    async with asyncio.timeout(20):
        while still := await diagnose(engine, temporal, number):
            await repair(engine, temporal, [still])


async def test_a_house_that_is_sound_is_said_to_be_and_what_waits_too_long_is_named(
    stack: LocalStack, engine: AsyncEngine, client: Client, temporal: Temporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await client.register(REQUEST)
    await client.act(number, Role.AGENT, "transfer", lead="WATER")
    beside = {f"{kind}_waits" for kind in BESIDE}
    mine = {"sweep_paused", "deed_waits", "not_delivered", "no_sweep", "no_worker", *beside}

    async def found() -> dict[str, str | None]:
        return {each.what: each.number for each in await examine(engine, temporal, SOON) if each.what in mine}

    assert await found() == {"sweep_paused": None}
    with psycopg.connect(stack.database_url, autocommit=True) as conn:
        old = "received_at = received_at - interval '1 hour', state = 'received'"
        conn.execute(f"UPDATE deeds SET {old} WHERE case_number = %s", [number])
        notice = "(id, case_number, at, audience, template, params, state, tries)"
        values = "('n', %s, now(), 'person', 'x', '{}', 'failed', 15)"
        conn.execute(f"INSERT INTO notices {notice} VALUES {values}", [number])
        title = "INSERT INTO joints (id, title, opened_by, opened_at) VALUES ('j', '样例', 'agent-1', now())"
        act = "(id, joint, seq, received_at, act, role, actor, digest, body)"
        values = "('a', 'j', 1, now() - interval '1 hour', 'sign', 'unit', 'unit-1', '', '{}')"
        conn.execute(f"{title}; INSERT INTO joint_acts {act} VALUES {values}")
        opinion = "(id, voice, reference, received_at, standing, late, version, seen, title, question, due_at)"
        hour = "now() - interval '1 hour'"
        values = f"('o', 'journalist', '1', {hour}, 'received', 0, 1, 1, '样例', '样例', {hour})"
        conn.execute(f"INSERT INTO opinions {opinion} VALUES {values}")
    waits = {"deed_waits": number, "joint_waits": "j", "opinion_waits": "o", "not_delivered": number}
    assert await found() == {"sweep_paused": None, **waits}
    with psycopg.connect(stack.database_url, autocommit=True) as conn:
        conn.execute("UPDATE deeds SET state = 'applied' WHERE case_number = %s", [number])
        conn.execute(
            "DELETE FROM notices WHERE id = 'n'; DELETE FROM joint_acts; DELETE FROM joints; DELETE FROM opinions"
        )
    await temporal.get_schedule_handle(sweep.ID).delete()
    monkeypatch.setenv("HOTLINE_TASK_QUEUE", "nobody")
    assert await found() == {"no_sweep": None, "no_worker": None}
    monkeypatch.delenv("HOTLINE_TASK_QUEUE")
    await repair(engine, temporal, [Finding("no_sweep")])
    assert await found() == {}


async def test_the_tool_ends_with_0_where_nothing_is_wrong_and_with_1_where_something_is(
    stack: LocalStack, temporal: Temporal
) -> None:
    code, told = await asyncio.to_thread(tell, "doctor")
    assert (code, told["healthy"], told["counts"]) == (1, False, {"sweep_paused": 1})
    await temporal.get_schedule_handle(sweep.ID).unpause()
    code, told = await asyncio.to_thread(tell, "doctor", "--repair")
    assert (code, told) == (0, {"healthy": True, "counts": {}, "findings": []})
