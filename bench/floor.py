"""The floor: the same messages, timers and child as the reference path, and one inserted row a step. No rule, no HTTP.

What Temporal and PostgreSQL take of a case, whatever the house does: a bare workflow, as one would write it for speed.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

with workflow.unsafe.imports_passed_through():
    from bench.floor_rows import Rows

QUEUE = "floor"
PATIENCE = timedelta(seconds=10)


async def insert(case: str, step: str) -> None:
    """One step: one row, by local activity."""
    await workflow.execute_local_activity_method(Rows.insert, args=[case, step], start_to_close_timeout=PATIENCE)


@workflow.defn(name="FloorCase")
class FloorCase:
    """Transfer, sign-for and feedback are updates; triage and handling have a timer each; the callback is a child."""

    def __init__(self) -> None:
        self._done: set[str] = set()

    @workflow.run
    async def run(self, case: str) -> str:
        await workflow.wait_condition(lambda: "transfer" in self._done, timeout=timedelta(hours=4))
        await workflow.wait_condition(lambda: "feedback" in self._done, timeout=timedelta(days=1))
        await workflow.execute_child_workflow(FloorCallback.run, case, id=f"{case}-callback")
        await insert(case, "seal")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "resolved"

    @workflow.update
    async def act(self, step: str) -> str:
        await insert(workflow.info().workflow_id, step)
        self._done.add(step)
        return step


@workflow.defn(name="FloorCallback")
class FloorCallback:
    """One attempt, an update, within its timer."""

    def __init__(self) -> None:
        self._done = False

    @workflow.run
    async def run(self, case: str) -> None:
        await workflow.wait_condition(lambda: self._done, timeout=timedelta(days=3))
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def act(self, step: str) -> str:
        await insert(workflow.info().workflow_id, step)
        self._done = True
        return step


class Floor:
    """Drives the bare workflow with a client of its own. A case is done when its workflow has completed."""

    name = "floor"

    def __init__(self, client: Client) -> None:
        self._client = client

    async def case(self) -> str:
        number = f"floor-{uuid4().hex}"
        handle = await self._client.start_workflow(FloorCase.run, number, id=number, task_queue=QUEUE)
        for step in ("transfer", "sign", "feedback"):
            await handle.execute_update(FloorCase.act, step)
        await self._attempt(f"{number}-callback")
        await handle.result()
        return number

    async def _attempt(self, child: str) -> None:
        """The child may not have begun when the feedback's answer arrives; the house waits for it likewise."""
        handle = self._client.get_workflow_handle(child)
        for _ in range(500):
            try:
                await handle.execute_update(FloorCallback.act, "attempt")
                return
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await asyncio.sleep(0.02)
        raise RuntimeError(f"{child} did not begin")
