"""The sweep: a Temporal Schedule that hands over what waits. Nothing else in the house polls."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.outbox import Outbox
    from activities.sweep import Sweep

ID = "sweep"
LIMIT = timedelta(minutes=10)
SILENCE = timedelta(seconds=10)
"""An activity silent for so long is lost, with its worker or its answer: the next sweep does what it left."""

ONCE = RetryPolicy(maximum_attempts=1)


@workflow.defn(name="Sweep")
class SweepWorkflow:
    """One sweep: start what was registered, hand over deeds, send notices. What fails waits for the next."""

    @workflow.run
    async def run(self) -> dict[str, int]:
        once = workflow.ActivityConfig(start_to_close_timeout=LIMIT, heartbeat_timeout=SILENCE, retry_policy=ONCE)
        begun = await workflow.execute_activity_method(Sweep.start_registered, workflow.now(), **once)
        handed_over = await workflow.execute_activity_method(Sweep.hand_over_deeds, workflow.now(), **once)
        sent = await workflow.execute_activity_method(Outbox.deliver, **once)
        return {"begun": begun, "handed_over": handed_over, "sent": sent}


async def schedule(client: Client, task_queue: str, every: timedelta, *, renew: bool = True) -> None:
    """Put the schedule in place, or bring it to this interval (`renew`); one sweep at a time."""
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(
            SweepWorkflow.run, id=ID, task_queue=task_queue, static_summary="移交 hand over what waits"
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(seconds=10)),
    )

    async def bring_up_to_date(_: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(wanted)

    try:
        await client.create_schedule(ID, wanted)
    except ScheduleAlreadyRunningError:
        if renew:
            await client.get_schedule_handle(ID).update(bring_up_to_date)
