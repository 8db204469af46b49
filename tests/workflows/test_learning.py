"""Learning from past cases on a real Temporal: from what is archived, without what was destroyed or is sheltered (Art. 15)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.learning import Learning
from domain.limits import SHANGHAI
from storage.learning import Learning as Suggests
from storage.tables import models
from tests.conftest import owning
from tests.sandbox import SANDBOX
from workflows import learning
from workflows.learning import LearningWorkflow

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""When the cases below were registered and sealed."""

CASES = text(
    """
    WITH made AS (SELECT :prefix || to_char(n, 'FM000') AS number, n FROM generate_series(1, :many) n), entered AS (
        INSERT INTO cases (number, registered_at, channel, matter, rule_set, version, entries, desk, status, urgency,
            infringement, reachable, hands, units, overdue, round, returns, redos, attempts, callbacks, designations, urges,
            client, intake_digest)
        SELECT number, :at, 'phone', :matter, 'TJ-2015-18', 1, 0, number, 'archived', 'normal', false, false, 'centre',
            '{}', false, 1, 0, 0, 0, 0, 0, 0, 'sample', '' FROM made RETURNING number
    ), said AS (
        INSERT INTO notes (id, case_number, kind, title, text, written_at)
        SELECT number, number, 'request', :words, :words || n, :at FROM made
    ), handled AS (
        INSERT INTO assignments (case_number, round, unit, part, delivered_at, handling, complex, designated)
        SELECT number, 1, :unit, 'lead', :at, 'done', false, false FROM made
    ) INSERT INTO archives (case_number, sealed_at, manifest) SELECT number, :at, '{}' FROM made
    """
)


@pytest.fixture(autouse=True)
async def worker(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> AsyncIterator[None]:
    async with Worker(
        temporal.client,
        task_queue=queue,
        workflows=[LearningWorkflow],
        activities=[Learning(engine).learn],
        workflow_runner=SANDBOX,
    ):
        yield


async def archived(engine: AsyncEngine, prefix: str, words: str, matter: str, unit: str, many: int = 6) -> None:
    """Sealed files of invented requests, each of another person."""
    told = {"prefix": prefix, "words": words, "matter": matter, "unit": unit, "many": many, "at": AT}
    async with owning(engine) as conn:
        await conn.execute(CASES, told)


async def learnt(client: Client, queue: str) -> int:
    """The version of what is learnt now."""
    return await client.execute_workflow(LearningWorkflow.run, id=queue, task_queue=queue)


async def held(engine: AsyncEngine) -> list[dict[str, Any]]:
    async with engine.connect() as conn:
        return [dict(row) for row in (await conn.execute(select(models).order_by(models.c.version))).mappings()]


async def test_matter_and_unit_are_suggested_by_the_words_of_past_cases(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:  # Art. 10(2)
    await archived(engine, "A", "自来水停水", "help", "WATER")
    await archived(engine, "B", "路灯管理建议", "suggestion", "JT")
    await archived(engine, "C", "小区停水", "help", "WATER", 1)
    version = await learnt(temporal.client, queue)
    async with engine.connect() as conn:
        found = await Suggests().suggested(conn, "C001")
    assert found.model is not None
    assert (found.model.version, found.model.cases) == (version, 13)
    assert [each.label for each in found.matters] == ["help", "suggestion"]
    assert [each.label for each in found.units] == ["WATER", "JT"]
    assert any("水" in reason for reason in found.units[0].reasons)


async def test_nothing_is_suggested_before_anything_was_learnt(engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        assert (await Suggests().suggested(conn, "C001")).model is None


async def test_what_was_destroyed_is_not_in_what_is_learnt_next_and_the_one_before_is_emptied(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:  # Art. 14, 15
    await archived(engine, "A", "自来水停水", "help", "WATER")
    await archived(engine, "B", "路灯管理建议", "suggestion", "JT")
    await archived(engine, "C", "样例秘闻", "help", "WATER")
    await learnt(temporal.client, queue)
    async with owning(engine) as conn:
        await conn.execute(text("DELETE FROM notes WHERE case_number LIKE 'C%'"))  # as `destroy` does
    await learnt(temporal.client, queue)
    before, last = await held(engine)
    assert before["learnt"] is None
    assert (before["cases"], last["cases"]) == (18, 12)
    assert "秘闻" not in str(last["learnt"])
    assert "停水" in str(last["learnt"])


async def test_nothing_is_learnt_from_whoever_is_sheltered(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:  # Art. 9 ¶2, 15
    await archived(engine, "A", "自来水停水", "help", "WATER")
    await archived(engine, "B", "路灯管理建议", "suggestion", "JT")
    await archived(engine, "C", "样例秘闻", "staff", "HP")
    await learnt(temporal.client, queue)
    (model,) = await held(engine)
    assert model["cases"] == 12
    assert "秘闻" not in str(model["learnt"])


async def test_there_may_be_nothing_to_learn_from(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:
    await learnt(temporal.client, queue)
    assert [model["cases"] for model in await held(engine)] == [0]


async def test_it_learns_at_night_and_the_schedule_is_put_in_place_once(
    temporal: WorkflowEnvironment, queue: str
) -> None:
    await learning.schedule(temporal.client, queue)
    await learning.schedule(temporal.client, queue)
    handle = temporal.client.get_schedule_handle(learning.ID)
    try:
        coming = (await handle.describe()).info.next_action_times[0].astimezone(SHANGHAI)
        assert (coming.hour, coming.minute) == (2, 40)
    finally:
        await handle.delete()
