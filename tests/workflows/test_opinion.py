"""An opinion's limits on virtual time (Art. 21): what was not kept is on record, told or not, early or late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.opinions import Opinions
from activities.sweep import Beside, Desks, Sweep
from domain.limits import Term
from domain.opinions import Doing, decide, receive
from domain.ruleset import OpinionTerms
from domain.vocabulary import OpinionAct, Role, Voice
from storage import opinions
from tests.cases import CALENDAR
from tests.sandbox import SANDBOX
from tests.town import LEAD
from workflows.client import Elsewhere, Later, tell
from workflows.opinion import Opinion

A = OpinionAct
HOURS = OpinionTerms(
    assign=Term.parse("2h"), answer=Term.parse("48h"), publish=Term.parse("24h"), warn=Term.parse("30min")
)


@pytest.fixture(autouse=True)
async def worker(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> AsyncIterator[None]:
    """One that keeps opinions, on a database of its own."""
    async with Worker(
        temporal.client,
        task_queue=queue,
        workflows=[Opinion],
        activities=[Opinions(engine).keep],
        workflow_runner=SANDBOX,
    ):
        yield


async def received(engine: AsyncEngine, queue: str) -> str:
    now = datetime.now(UTC)
    opinion = receive(f"OP-{queue}", Voice.MEMBER, queue, now, HOURS, CALENDAR)
    doing = Doing(act=A.RECEIVE, actor="agent-1", role=Role.AGENT, at=now)
    async with engine.begin() as conn:
        assert await opinions.enter(conn, opinion, {"title": "样例", "question": "样例。"}, doing) == opinion.id
    return opinion.id


async def done(engine: AsyncEngine, id: str, act: OpinionAct, role: Role, unit: str | None = None) -> None:
    doing = Doing(act=act, actor=f"{role}-1", role=role, at=datetime.now(UTC), unit=unit)
    async with engine.begin() as conn:
        opinion = await opinions.hold(conn, id)
        assert opinion is not None
        await opinions.keep(conn, decide(opinion, doing, HOURS, CALENDAR), doing)


async def recorded(engine: AsyncEngine, id: str) -> list[dict[str, Any]]:
    async with engine.connect() as conn:
        return await opinions.steps(conn, id)


async def until(engine: AsyncEngine, id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The opinion, once its workflow knows of it and it is so."""
    async with asyncio.timeout(30):
        while True:
            async with engine.connect() as conn:
                row = await opinions.one(conn, id)
            assert row is not None
            if row["seen"] == row["version"] and holds(row):
                return row
            await asyncio.sleep(0.02)


async def test_a_limit_ends_to_the_instant_and_the_next_step_begins_another(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:
    """The response is owed within its limit (Art. 21)."""
    id = await received(engine, queue)
    await tell(temporal.client, queue, Beside.OPINION, id)
    waits = await until(engine, id, lambda row: True)
    handle: Any = temporal.client.get_workflow_handle(id)
    await temporal.fast_forward(handle, waits["warn_at"] - datetime.now(UTC) - timedelta(minutes=1))
    assert (await until(engine, id, lambda row: True))["warn_at"] == waits["warn_at"]
    await temporal.fast_forward(handle, timedelta(minutes=1) + LEAD)
    await until(engine, id, lambda row: row["warn_at"] is None)
    await temporal.fast_forward(handle, timedelta(minutes=28))
    assert (await until(engine, id, lambda row: True))["late"] == 0
    await temporal.fast_forward(handle, timedelta(minutes=2) + LEAD)
    await until(engine, id, lambda row: row["late"] == 1)
    assert [(each["act"], each["at"]) for each in await recorded(engine, id)][1:] == [
        ("warn", waits["warn_at"]), ("lapse", waits["due_at"]),
    ]  # fmt: skip
    await done(engine, id, A.ASSIGN, Role.AGENT, "JW")
    await done(engine, id, A.ANSWER, Role.UNIT, "JW")
    await done(engine, id, A.KEEP, Role.SUPERVISOR)
    await tell(temporal.client, queue, Beside.OPINION, id)
    assert (await handle.result()).startswith("不公开")
    assert (await until(engine, id, lambda row: True))["late"] == 1


async def test_what_was_done_while_temporal_was_down_is_told_by_the_sweep(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:
    id = await received(engine, queue)

    async def nobody(*_: Any) -> Any:
        raise Later

    async def told(kind: Beside, id: str) -> None:
        await tell(temporal.client, queue, kind, id)

    sweep = Sweep(engine, Desks(nobody, nobody, nobody, told, Later, Elsewhere))
    later = datetime.now(UTC) + timedelta(minutes=1)
    await ActivityEnvironment().run(sweep.hand_over_deeds, later)
    assert (await until(engine, id, lambda row: True))["standing"] == "received"
