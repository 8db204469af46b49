"""The review duty of the knowledge base (知识库): a Temporal Schedule looks soon after midnight in Tianjin (Art. 5(5))."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client, ScheduleActionStartWorkflow

with workflow.unsafe.imports_passed_through():
    from activities.knowledge import Knowledge, Reviewed
    from workflows.nightly import nightly

ID = "knowledge-review"
LIMIT = timedelta(minutes=10)


@workflow.defn(name="KnowledgeReview")
class KnowledgeReview:
    """One day's look: reminds owners before their answers expire, withdraws what has. A missed day is made up for."""

    @workflow.run
    async def run(self) -> Reviewed:
        return await workflow.execute_activity_method(
            Knowledge.review, workflow.now(), start_to_close_timeout=LIMIT, summary="知识库复核"
        )


async def schedule(client: Client, task_queue: str) -> None:
    """Put the schedule in place, if it is not there."""
    action = ScheduleActionStartWorkflow(
        KnowledgeReview.run, id=ID, task_queue=task_queue, static_summary="知识库复核 review of the knowledge base"
    )
    await nightly(client, action, 0, 20)
