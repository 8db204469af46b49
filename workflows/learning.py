"""Learning from past cases (历史办件): a Temporal Schedule, at night, when few cases are worked on."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client, ScheduleActionStartWorkflow

with workflow.unsafe.imports_passed_through():
    from activities.learning import Learning
    from workflows.nightly import nightly

ID = "learning"
LIMIT = timedelta(hours=1)
BEAT = timedelta(minutes=1)


@workflow.defn(name="Learning")
class LearningWorkflow:
    """Learns anew from what is on record; what was destroyed since is in it no more."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Learning.learn, workflow.now(), start_to_close_timeout=LIMIT, heartbeat_timeout=BEAT, summary="学习历史办件"
        )


async def schedule(client: Client, task_queue: str) -> None:
    """Put the schedule in place, if it is not there."""
    action = ScheduleActionStartWorkflow(
        LearningWorkflow.run, id=ID, task_queue=task_queue, static_summary="学习历史办件 learning from past cases"
    )
    await nightly(client, action, 2, 40)
