"""The review duty of the knowledge base on virtual time (Art. 5(5)): owners are reminded, what has expired is withdrawn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.knowledge import Knowledge, Reviewed
from domain.knowledge import Proposal, review_day
from domain.limits import SHANGHAI
from domain.vocabulary import Edition, Matter
from storage import knowledge
from tests.sandbox import SANDBOX
from workflows import knowledge as review
from workflows.knowledge import KnowledgeReview

NOTICE = 30
TODAY = datetime.now(SHANGHAI).date()


@pytest.fixture(autouse=True)
async def worker(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> AsyncIterator[None]:
    """One that carries the review, on a database of its own."""
    async with Worker(
        temporal.client,
        task_queue=queue,
        workflows=[KnowledgeReview],
        activities=[Knowledge(engine).review],
        workflow_runner=SANDBOX,
    ):
        yield


async def released(engine: AsyncEngine, question: str, days: int, entry: int | None = None) -> int:
    """The number of an entry that is so for so many days from today; of an entry: its next version."""
    said = Proposal(
        matter=Matter.CONSULTATION,
        question=question,
        answer=f"样例{days}。",
        valid_from=TODAY,
        valid_until=TODAY + timedelta(days=days),
    )
    named = review_day(said, TODAY, NOTICE), "WATER-1", datetime.now(UTC)
    async with engine.begin() as conn:
        if entry is None:
            entry = await knowledge.propose(conn, said, "WATER", *named)
        else:
            await knowledge.revise(conn, entry, said, *named)
        last = (await knowledge.versions(conn, entry))[-1]["version"]
        await knowledge.review(conn, entry, last, Edition.RELEASED, "supervisor-1", datetime.now(UTC), None)
    return entry


async def run(temporal: WorkflowEnvironment, queue: str, days: int) -> Reviewed:
    """What the review of that day does."""
    later = timedelta(days=days)
    handle = await temporal.client.start_workflow(
        KnowledgeReview.run, id=f"{queue}-{days}", task_queue=queue, start_delay=later
    )
    if later:
        await temporal.fast_forward(handle, later)
    return await handle.result()


async def versions(engine: AsyncEngine, entry: int) -> list[dict[str, Any]]:
    async with engine.connect() as conn:
        return await knowledge.versions(conn, entry)


async def test_the_owner_is_reminded_once_before_it_expires_and_then_it_is_withdrawn(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:
    """What the Centre answers is kept up to date (Art. 5(5))."""
    entry = await released(engine, "样例一？", 40)
    assert await run(temporal, queue, 0) == Reviewed(0, 0)
    assert await run(temporal, queue, 9) == Reviewed(0, 0)
    assert await run(temporal, queue, 10) == Reviewed(0, 1)
    assert await run(temporal, queue, 11) == Reviewed(0, 0)
    assert await run(temporal, queue, 40) == Reviewed(0, 0)  # its last day
    assert await run(temporal, queue, 41) == Reviewed(1, 0)
    assert await run(temporal, queue, 42) == Reviewed(0, 0)
    (kept,) = await versions(engine, entry)
    assert (kept["stage"], kept["withdrawn_by"], kept["reason"]) == ("withdrawn", "system", knowledge.EXPIRED)
    assert _day(kept["reminded_at"]) == TODAY + timedelta(days=10)
    assert _day(kept["withdrawn_at"]) == TODAY + timedelta(days=41)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


async def test_days_on_which_nobody_looked_are_made_up_for(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:
    await released(engine, "样例一？", 40)
    await released(engine, "样例二？", 60)
    assert await run(temporal, queue, 50) == Reviewed(1, 1)


async def test_whoever_has_proposed_a_next_version_is_not_reminded_of_the_one_before(
    temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str
) -> None:
    entry = await released(engine, "样例一？", 40)
    await released(engine, "样例一？", 400, entry)
    assert await run(temporal, queue, 20) == Reviewed(0, 0)
    assert await run(temporal, queue, 41) == Reviewed(1, 0)
    assert [each["stage"] for each in await versions(engine, entry)] == ["withdrawn", "released"]


async def test_the_schedule_looks_soon_after_midnight_in_tianjin_and_is_put_in_place_once(
    temporal: WorkflowEnvironment, queue: str
) -> None:
    await review.schedule(temporal.client, queue)
    await review.schedule(temporal.client, queue)
    handle = temporal.client.get_schedule_handle(review.ID)
    try:
        coming = (await handle.describe()).info.next_action_times[0].astimezone(SHANGHAI)
        assert (coming.hour, coming.minute) == (0, 20)
    finally:
        await handle.delete()
