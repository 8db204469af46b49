"""The exchange with the enforcement-supervision platform, by two Schedules: what waits at once, the consolidation nightly."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.exchange import Exchange
    from domain.limits import SHANGHAI

HANDOVER = "exchange-handover"
CONSOLIDATION = "exchange-consolidation"
LIMIT = timedelta(minutes=10)
SILENCE = timedelta(seconds=10)
ONCE = RetryPolicy(maximum_attempts=1)
PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=10), maximum_attempts=30
)
"""Some four hours: a platform that is being serviced at night is asked again until the morning."""


@workflow.defn(name="Handover")
class Handover:
    """Sends what waits (Art. 9 ¶3). What fails waits for the next run."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Exchange.hand_over, start_to_close_timeout=LIMIT, heartbeat_timeout=SILENCE, retry_policy=ONCE
        )


@workflow.defn(name="Consolidation")
class Consolidation:
    """Consolidates (定期整理), then compares what either side holds (Art. 16 ¶2)."""

    @workflow.run
    async def run(self) -> dict[str, int]:
        patient = workflow.ActivityConfig(start_to_close_timeout=LIMIT, retry_policy=PATIENT)
        new = await workflow.execute_activity_method(Exchange.consolidate, workflow.now(), **patient)
        lacks = await workflow.execute_activity_method(Exchange.reconcile, workflow.now(), **patient)
        return {"new": new, **lacks}


async def schedule(client: Client, task_queue: str, every: timedelta) -> None:
    """Put both schedules in place, or bring them to what they are now; one run of each at a time."""
    one = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
    often = Schedule(
        action=ScheduleActionStartWorkflow(
            Handover.run, id=HANDOVER, task_queue=task_queue, static_summary="执法监督移送 hand over records"
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(seconds=10)),
    )
    at = ScheduleCalendarSpec(hour=[ScheduleRange(1)], minute=[ScheduleRange(0)])
    nightly = Schedule(
        action=ScheduleActionStartWorkflow(
            Consolidation.run, id=CONSOLIDATION, task_queue=task_queue, static_summary="定期整理 consolidate, compare"
        ),
        spec=ScheduleSpec(calendars=[at], time_zone_name=SHANGHAI.key),
        policy=one,
    )
    await _placed(client, HANDOVER, often)
    await _placed(client, CONSOLIDATION, nightly)


async def _placed(client: Client, id: str, wanted: Schedule) -> None:
    async def bring_up_to_date(_: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(wanted)

    try:
        await client.create_schedule(id, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(id).update(bring_up_to_date)
