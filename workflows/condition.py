"""How a workflow is, as Temporal itself says: for those who look after the house. No word of a person (Art. 15)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

_CASE_STATUS = SearchAttributeKey.for_keyword("CaseStatus")

_ENDS_A_TIMER = (EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_TIMER_CANCELED)


@dataclass(frozen=True)
class Condition:
    """Of a workflow's latest run."""

    status: str
    """RUNNING, or how it ended: COMPLETED, FAILED, TERMINATED …"""
    shows: str | None
    """The case's status in its search attributes; a child has none."""
    asleep: bool = False
    """It was started with a delay, and nothing has woken it yet."""
    timers: int = 0
    """How many run; not counted of one that ended or sleeps."""
    problem: str | None = None
    """Its workflow task is tried again and again: the type of the error, never its text."""

    @property
    def runs(self) -> bool:
        return self.status == WorkflowExecutionStatus.RUNNING.name


async def condition(client: Client, workflow: str) -> Condition | None:
    """None: Temporal knows no workflow of this ID."""
    handle = client.get_workflow_handle(workflow)
    try:
        found = await handle.describe()
        runs = found.status is WorkflowExecutionStatus.RUNNING
        asleep = runs and found.history_length == 1
        here = client.get_workflow_handle(workflow, run_id=found.run_id)
        events = list((await here.fetch_history()).events) if runs and not asleep else []
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    shows = found.typed_search_attributes.get(_CASE_STATUS)
    return Condition(_name(found), shows, asleep, _timers(events), _problem(found, events))


def _name(found: WorkflowExecutionDescription) -> str:
    return found.status.name if found.status else "UNKNOWN"


def _timers(events: list[HistoryEvent]) -> int:
    started = sum(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in events)
    return started - sum(event.event_type in _ENDS_A_TIMER for event in events)


def _problem(found: WorkflowExecutionDescription, events: list[HistoryEvent]) -> str | None:
    """Of the first try that went wrong: the later ones leave no event."""
    if found.raw_description.pending_workflow_task.attempt <= 1:
        return None
    for event in reversed(events):
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failed = event.workflow_task_failed_event_attributes
            kind = failed.failure.application_failure_info.type
            return kind or WorkflowTaskFailedCause.Name(failed.cause).removeprefix("WORKFLOW_TASK_FAILED_CAUSE_")
    return "no answer from a worker"


async def running_cases(client: Client) -> list[str]:
    """The numbers of all cases whose workflow runs, as far as lists have heard of them."""
    query = 'WorkflowType="Case" AND ExecutionStatus="Running"'
    return [found.id async for found in client.list_workflows(query, page_size=1000)]
