"""The day's root: a Temporal Schedule signs it soon after midnight in Tianjin."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client, ScheduleActionStartWorkflow

with workflow.unsafe.imports_passed_through():
    from activities.roots import Roots
    from domain.calendar import ONE_DAY
    from domain.limits import SHANGHAI
    from workflows.nightly import nightly

ID = "roots"
LIMIT = timedelta(minutes=10)


@workflow.defn(name="DayRoot")
class DayRoot:
    """Signs the root of the day that has just ended."""

    @workflow.run
    async def run(self) -> str:
        now = workflow.now()
        day = now.astimezone(SHANGHAI).date() - ONE_DAY
        return await workflow.execute_activity_method(
            Roots.sign, args=[day, now], start_to_close_timeout=LIMIT, summary=f"{day}"
        )


async def schedule(client: Client, task_queue: str) -> None:
    """Put the schedule in place, if it is not there."""
    action = ScheduleActionStartWorkflow(
        DayRoot.run, id=ID, task_queue=task_queue, static_summary="日根 the root of the day"
    )
    await nightly(client, action, 0, 10)
