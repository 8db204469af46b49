"""What was uploaded and brought by no act goes: a Temporal Schedule looks every hour."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleSpec,
)

with workflow.unsafe.imports_passed_through():
    from activities.attachments import Attachments

ID = "abandoned-uploads"
HOURLY = timedelta(hours=1)
LIMIT = timedelta(minutes=10)


@workflow.defn(name="AbandonedUploads")
class Abandoned:
    """Removes uploads that waited a day."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Attachments.remove_abandoned, workflow.now(), start_to_close_timeout=LIMIT
        )


async def schedule(client: Client, task_queue: str) -> None:
    """Put the schedule in place, if it is not there."""
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(
            Abandoned.run, id=ID, task_queue=task_queue, static_summary="清理 remove abandoned uploads"
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=HOURLY)]),
    )
    try:
        await client.create_schedule(ID, wanted)
    except ScheduleAlreadyRunningError:
        return
