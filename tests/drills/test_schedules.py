"""What the house does by itself: its schedules, as the worker puts them in place on a real Temporal."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio.client import Client, ScheduleOverlapPolicy

from cli.stack import LocalStack
from domain.limits import SHANGHAI
from tests.drills.conftest import rows
from workflows import attachments, knowledge, learning, roots, sweep
from workflows.client import connect

EVERY = {sweep.ID: timedelta(seconds=1), attachments.ID: timedelta(hours=1)}


async def states(client: Client) -> dict[str, object]:
    found = [each.id async for each in await client.list_schedules()]
    return {id: (await client.get_schedule_handle(id).describe()).schedule for id in found}


async def test_each_schedule_stands_once_and_misses_nothing_also_after_the_worker_starts_again(
    stack: LocalStack,
) -> None:
    client = await connect()
    before = await states(client)
    assert before.keys() == {*EVERY, roots.ID, knowledge.ID, learning.ID}
    for id, every in EVERY.items():
        described = (await client.get_schedule_handle(id).describe()).schedule
        assert [interval.every for interval in described.spec.intervals] == [every]
    nightly = (await client.get_schedule_handle(roots.ID).describe()).schedule
    [at] = nightly.spec.calendars
    assert (at.hour[0].start, at.minute[0].start, nightly.spec.time_zone_name) == (0, 10, SHANGHAI.key)
    assert nightly.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert (nightly.policy.catchup_window or timedelta(0)) >= timedelta(days=30)
    await roots.schedule(client, "elsewhere")  # as a second worker does at its start
    assert await states(client) == before


async def test_the_schedule_of_the_roots_signs_and_exports_the_day(stack: LocalStack) -> None:
    client = await connect()
    await client.get_schedule_handle(roots.ID).trigger()
    async with asyncio.timeout(60):
        while not (signed := rows(stack, "SELECT day FROM roots")):
            await asyncio.sleep(0.1)
        file = stack.directory / "roots" / f"{signed[0]['day']}.jws"
        while not file.exists():
            await asyncio.sleep(0.1)
    assert file.read_text().count(".") == 2
