"""Partners' records for the credit system (市场主体信用), by a Schedule: nightly, of the quarter that ended last (Art. 24)."""

from __future__ import annotations

from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)

with workflow.unsafe.imports_passed_through():
    from activities.credit import Credits
    from domain.limits import SHANGHAI
    from workflows.exchange import LIMIT, PATIENT, placed

ID = "credit-records"


@workflow.defn(name="CreditRecords")
class CreditRecords:
    """Prepares what is new, then sends until nothing more is taken. What is left waits for the next night."""

    @workflow.run
    async def run(self) -> dict[str, int]:
        patient = workflow.ActivityConfig(start_to_close_timeout=LIMIT, retry_policy=PATIENT)
        new = await workflow.execute_activity_method(Credits.prepare, workflow.now(), **patient)
        taken = 0
        while more := await workflow.execute_activity_method(Credits.hand_over, **patient):
            taken += more
        return {"new": new, "taken": taken}


async def schedule(client: Client, task_queue: str) -> None:
    """Put it in place, or bring it to what it is now."""
    at = ScheduleCalendarSpec(hour=[ScheduleRange(2)], minute=[ScheduleRange(0)])
    action = ScheduleActionStartWorkflow(
        CreditRecords.run, id=ID, task_queue=task_queue, static_summary="加盟信用记录 partners' credit records"
    )
    spec = ScheduleSpec(calendars=[at], time_zone_name=SHANGHAI.key)
    await placed(client, ID, Schedule(action=action, spec=spec, policy=SchedulePolicy(ScheduleOverlapPolicy.SKIP)))
