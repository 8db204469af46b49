"""Is what PostgreSQL has on record what Temporal carries? What is not so, and what of it can safely be mended.

Each case is looked at by itself, and what was found is looked at again after a while: a house at work is never still.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.sweep import BESIDE, PAUSE
from cli.checks import CHECKS, Finding, diagnose
from cli.rebuild import open_cases, side_by_side
from settings import sweep_seconds, task_queue
from storage import waiting
from storage.engine import single
from storage.waiting import Waiting
from workflows import sweep
from workflows.condition import running_cases

AGAIN = timedelta(seconds=12)
"""How long what was found may take to right itself: longer than a desk that was ended takes to open again."""

LONG_POLL = timedelta(seconds=90)
"""A worker that has nothing to do asks once a minute."""


async def examine(engine: AsyncEngine, client: Client, again: timedelta = AGAIN) -> list[Finding]:
    """All that is wrong, and still is when looked at again."""
    numbers = [number async for page in open_cases(engine) for number in page]
    known = set(numbers)
    numbers += [number for number in await running_cases(client) if number not in known]
    suspects = await _of_cases(engine, client, numbers)
    if suspects:
        await asyncio.sleep(again.total_seconds())
        suspects = await _of_cases(engine, client, [found.number for found in suspects if found.number])
    return [*await _of_house(client), *suspects, *await _of_record(engine)]


async def repair(engine: AsyncEngine, client: Client, findings: list[Finding]) -> list[Finding]:
    """Mend what can safely be mended; the findings, each with whether it was."""
    return [replace(found, repaired=await _mend(engine, client, found)) for found in findings]


async def _mend(engine: AsyncEngine, client: Client, found: Finding) -> bool:
    if found.what == "no_sweep":
        await sweep.schedule(client, task_queue(), timedelta(seconds=sweep_seconds()), renew=False)
        return True
    mends = next((check.repair for check in CHECKS if check.what == found.what), None)
    return bool(mends and found.number and await mends(engine, client, found.number))


async def _of_cases(engine: AsyncEngine, client: Client, numbers: list[str]) -> list[Finding]:
    async def one(number: str) -> Finding | None:
        return await diagnose(engine, client, number)

    return [found for found in await side_by_side(numbers, one) if found]


async def _of_record(engine: AsyncEngine) -> list[Finding]:
    """What waits longer than two sweeps explain, and messages that do not arrive."""
    explained = datetime.now(UTC) - PAUSE - 2 * timedelta(seconds=sweep_seconds()) - AGAIN
    async with single(engine).connect() as conn:
        found = [("deed_waits", each) for each in await waiting.deeds_before(conn, explained)]
        found += [("not_delivered", each) for each in await waiting.notices_not_delivered(conn)]
        beside = [Finding(f"{kind}_waits", id) for kind, rows in BESIDE.items() for id in await rows(conn, explained)]
    return [Finding(what, each.number, _since(each)) for what, each in found] + beside


def _since(each: Waiting) -> str:
    return f"{each.count} since {each.since.astimezone(UTC).isoformat(timespec='seconds')}"


async def _of_house(client: Client) -> list[Finding]:
    """What every case needs: a worker, and the sweep."""
    return [found for found in (await _worker(client), await _sweep(client)) if found]


async def _worker(client: Client) -> Finding | None:
    queue = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue()),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    pollers = (await client.workflow_service.describe_task_queue(queue)).pollers
    heard_of = max((poller.last_access_time.ToDatetime(UTC) for poller in pollers), default=None)
    polled = heard_of and datetime.now(UTC) - heard_of < LONG_POLL
    return None if polled else Finding("no_worker", detail=task_queue())


async def _sweep(client: Client) -> Finding | None:
    try:
        found = await client.get_schedule_handle(sweep.ID).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return Finding("no_sweep")
    return Finding("sweep_paused") if found.schedule.state.paused else None
