"""Partners' records for the credit system (市场主体信用), by a Schedule: nightly, of the quarter that ended last (Art. 24)."""

from __future__ import annotations

from temporalio import workflow
from temporalio.client import Client, ScheduleActionStartWorkflow

with workflow.unsafe.imports_passed_through():
    from activities.credit import Credits
    from workflows.exchange import LIMIT, PATIENT
    from workflows.nightly import nightly

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
    """Put it in place, if it is not there."""
    words = "加盟信用记录 partners' credit records"
    await nightly(
        client, ScheduleActionStartWorkflow(CreditRecords.run, id=ID, task_queue=task_queue, static_summary=words), 2, 0
    )
