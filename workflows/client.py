"""How the rest of the house speaks to the workflows: start a case, hand a deed to the desk that holds the case."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, Interceptor, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities import ledger
from activities.sweep import Beside
from domain.case import Deed, File
from domain.refusals import REFUSALS, Refusal
from domain.regulation import Citation
from domain.vocabulary import Urgency
from workflows.attributes import typed
from workflows.case import CaseWorkflow
from workflows.converter import data_converter
from workflows.desk import LOOK, MOVED, SILENCE
from workflows.joint import CARRY, Joint
from workflows.opinion import Opinion
from workflows.partnership import Partnership
from workflows.words import REGISTERED, RESTARTED, details, summary

log = logging.getLogger(__name__)

PRIORITY = {Urgency.CRITICAL: Priority(priority_key=1), Urgency.URGENT: Priority(priority_key=2)}
"""Urgent cases jump a backlog; the default key is 3."""

SIGNALS = {act: name for name, act in ledger.SIGNALS.items()}
"""The acts that a machine client may also send without waiting for an answer."""


PATIENCE = timedelta(seconds=3)
"""How long Temporal may take to start a case or to take a signal: the SDK would try again for half a minute."""

NEVER_CONNECTED = RuntimeError
"""What a lazy client raises while it has never reached a server."""

UNREACHED = (
    RPCError,
    NEVER_CONNECTED,
    TimeoutError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
"""Nobody answers, or what should answer has just ended."""


class Later(Exception):
    """Nobody could take it now: it is on record, and the sweep hands it over."""


class Elsewhere(Exception):
    """This desk does not hold the case (any more, or not yet)."""


async def connect(*, lazy: bool = False, interceptors: Sequence[Interceptor] = ()) -> Client:
    """A client by the environment (TEMPORAL_ADDRESS …); `lazy`: connects when it is first used.

    A worker on this client has the `interceptors` too.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(**config, data_converter=data_converter, lazy=lazy, interceptors=interceptors)


async def start(client: Client, task_queue: str, file: File, *, again: bool = False) -> bool:
    """Start the workflow of a registered case; False: it runs or ran already, and is left alone. Later: not now.

    It sleeps until the first instant on its clocks, or until the first deed wakes it: a case that waits for triage
    costs one event and no timer. One that a child must hold does not sleep: the child takes its deeds.
    `again`: also where it ran, and was ended from outside, or was lost.
    """
    case = file.case
    sleeps = case.desk == case.number
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await client.start_workflow(
                CaseWorkflow.run,
                file,
                id=case.number,
                task_queue=task_queue,
                start_delay=max(file.soonest - datetime.now(UTC), timedelta(0)) if file.soonest and sleeps else None,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE
                if again
                else WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                search_attributes=typed(case),
                static_summary=summary(case),
                static_details=details(file, heading=RESTARTED if again else REGISTERED),
                task_timeout=SILENCE,
                priority=PRIORITY.get(case.urgency, Priority()),
                rpc_timeout=PATIENCE,
            )
    except WorkflowAlreadyStartedError:
        return False
    except (RPCError, NEVER_CONNECTED, TimeoutError) as error:
        # Whatever Temporal cannot do now, the case is registered: the sweep tries again, and says so if it cannot.
        why = error.status.name if isinstance(error, RPCError) else type(error).__name__
        log.warning("%s was not started: %s", case.number, why)
        raise Later from None
    return True


async def hand_over(client: Client, desk: str, deed: Deed, patience: timedelta = timedelta(seconds=8)) -> str:
    """Give a deed to a desk; the case's status after it. A Refusal, Elsewhere, or Later."""
    handle = client.get_workflow_handle(desk)
    try:
        async with asyncio.timeout(patience.total_seconds()):
            status: str = await handle.execute_update(
                deed.act.value, deed, id=deed.id, result_type=str, rpc_timeout=patience
            )
        return status
    except WorkflowUpdateFailedError as failed:
        cause = failed.cause
        if not isinstance(cause, ApplicationError) or cause.type in (MOVED, "AcceptedUpdateCompletedWorkflow"):
            raise Elsewhere from None
        if cause.type not in REFUSALS:
            log.error("%s broke on deed %s: %s", desk, deed.id, cause.type)
            raise Later from None
        raise refusal_of(cause) from None
    except (WorkflowUpdateRPCTimeoutOrCancelledError, NEVER_CONNECTED, TimeoutError):
        raise Later from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Elsewhere from None
        raise _later(deed, error) from None


async def signal(client: Client, desk: str, deed: Deed) -> None:
    """Send a unit's result or return without waiting for an answer (`SIGNALS`)."""
    handle = client.get_workflow_handle(desk)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await handle.signal(SIGNALS[deed.act], deed, rpc_timeout=PATIENCE)
    except (NEVER_CONNECTED, TimeoutError):
        raise Later from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Elsewhere from None
        raise _later(deed, error) from None


async def wake(client: Client, number: str) -> None:
    """Have a case read its file again, and the desk that holds it; one that cannot be reached is left to the next sweep.

    By an update: a signal leaves a workflow asleep that was started with a delay.
    """
    with suppress(*UNREACHED):
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await client.get_workflow_handle(number).execute_update(LOOK, rpc_timeout=PATIENCE)


BESIDE: Mapping[Beside, tuple[Callable[..., Awaitable[object]], str, str]] = {
    Beside.JOINT: (Joint.run, CARRY, "并案 joint case"),
    Beside.PARTNER: (Partnership.run, LOOK, "加盟关系 membership"),
    Beside.OPINION: (Opinion.run, LOOK, "社会监督意见 opinion"),
}
"""The workflows beside the cases: what runs, the signal that has it look at its row, its name for operators."""


async def tell(client: Client, task_queue: str, kind: Beside, id: str) -> None:
    """Have a workflow beside the cases look at its row; it is started, or goes on. Later: not now."""
    run, name, words = BESIDE[kind]
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await client.start_workflow(
                run,
                id,
                id=id,
                task_queue=task_queue,
                start_signal=name,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"{words} · {id}",
                rpc_timeout=PATIENCE,
            )
    except (RPCError, NEVER_CONNECTED, TimeoutError):
        raise Later from None


def refusal_of(error: ApplicationError) -> Refusal:
    """The refusal that a workflow raised, as it was."""
    basis = error.details[0] if error.details else None
    return REFUSALS[error.type or ""](error.message, Citation.parse(basis) if basis else None)


def _later(deed: Deed, error: RPCError) -> Later:
    """Whatever Temporal cannot do now (it is down, or the workflow is stuck), the deed is on record."""
    log.warning("%s: deed %s was not handed over: %s", deed.number, deed.id, error.status.name)
    return Later()
