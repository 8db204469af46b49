"""The worker: the only list of workflows and activities. `python -m worker` runs it until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, Interceptor
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from activities.attachments import Attachments
from activities.credit import Credits
from activities.exchange import Exchange
from activities.heartbeat import Heartbeats
from activities.joints import Joints
from activities.knowledge import Knowledge
from activities.learning import Learning
from activities.ledger import Ledger
from activities.opinions import Opinions
from activities.outbox import Outbox
from activities.partnerships import Partnerships
from activities.roots import Roots
from activities.sweep import Desks, Sweep
from domain.case import Deed, File
from domain.ruleset import rule_sets
from settings import Settings
from storage.blobs import Blobs
from storage.engine import make_engine
from storage.proof import proved
from storage.signing import Seal
from storage.vault import Vault, open_vault
from workflows import attachments, attributes, credit, exchange, knowledge, learning, roots
from workflows.attachments import Abandoned
from workflows.callback import Callback
from workflows.case import CaseWorkflow
from workflows.client import Elsewhere, Later, connect, hand_over, start, tell, wake
from workflows.credit import CreditRecords
from workflows.designation import Designation
from workflows.desk import SILENCE
from workflows.exchange import Consolidation, Handover
from workflows.joint import Joint
from workflows.knowledge import KnowledgeReview
from workflows.learning import LearningWorkflow
from workflows.opinion import Opinion
from workflows.partnership import Partnership
from workflows.roots import DayRoot
from workflows.sweep import SweepWorkflow, schedule
from workflows.traces import traced

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=10)
"""How long what is in hand may take once the worker is asked to stop."""

AGAIN = 1.0
"""Seconds until a worker that does not reach Temporal tries again."""

WORKFLOWS = [
    CaseWorkflow, Designation, Callback, SweepWorkflow, DayRoot, Abandoned, Joint, KnowledgeReview, Handover, Consolidation,
    Partnership, CreditRecords, Opinion,
    LearningWorkflow,
]  # fmt: skip


def build_worker(
    client: Client,
    engine: AsyncEngine,
    task_queue: str,
    gateway: str | None = None,
    signs: Roots | None = None,
    blobs: Blobs | None = None,
    vault: Vault | None = None,
    platform: Exchange | None = None,
    credits: Credits | None = None,
) -> Worker:
    """A worker that carries cases on this queue.

    `signs`: the days' roots as well; `blobs`: removes what no act brings; `vault`: opens phones for the gateway;
    `platform`: exchanges records with the enforcement-supervision platform; `credits`: tells the credit system.
    """
    rule_sets()  # read before the first workflow task, which must not wait for files
    ledger = Ledger(engine)
    outbox = Outbox(engine, vault, gateway)

    async def start_case(file: File) -> None:
        await start(client, task_queue, file)

    async def give(desk: str, deed: Deed) -> str:
        return await hand_over(client, desk, deed, timedelta(seconds=3))

    desks = Desks(
        start_case,
        give,
        partial(wake, client),
        partial(tell, client, task_queue),
        later=Later,
        elsewhere=Elsewhere,
    )
    sweep = Sweep(engine, desks)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        interceptors=[Heartbeats()],
        activities=[
            *ledger.activities(),
            sweep.start_registered,
            sweep.hand_over_deeds,
            Joints(engine, sweep).carry,
            outbox.deliver,
            Knowledge(engine).review,
            Partnerships(engine).keep,
            Opinions(engine).keep,
            Learning(engine).learn,
            *([signs.sign] if signs else []),
            *(platform.activities() if platform else []),
            *(credits.activities() if credits else []),
            *([Attachments(engine, blobs).remove_abandoned] if blobs else []),
        ],
        workflow_runner=UnsandboxedWorkflowRunner(),  # the tests run the same workflows in the sandbox: decision 0008
        max_cached_workflows=2_000,
        max_concurrent_workflow_tasks=50,  # as many as are done well within `SILENCE`
        sticky_queue_schedule_to_start_timeout=SILENCE,
        graceful_shutdown_timeout=GRACE,
        deployment_config=deployment(),
    )


def deployment() -> WorkerDeploymentConfig | None:
    """Worker versioning, if HOTLINE_BUILD_ID names this build (docs/upgrades.md); None: any worker gets any task.

    Every workflow goes on with the current build: a case lives for weeks, and a sweep for seconds.
    """
    build = os.environ.get("HOTLINE_BUILD_ID")
    if not build:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(os.environ.get("HOTLINE_DEPLOYMENT") or "hotline", build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def serve_metrics(address: str) -> None:
    """Serve the SDK's own numbers there, as long as the process lives; to be called before the first client is made."""
    served = PrometheusConfig(address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(metrics=served)))


def _roots(settings: Settings, engine: AsyncEngine) -> Roots | None:
    if settings.signing_key is None:
        log.warning("HOTLINE_SIGNING_KEY_FILE is not set: no root of a day is signed")
        return None
    return Roots(engine, Seal.read(settings.signing_key), settings.roots or settings.signing_key.parent / "roots")


async def main() -> None:
    """Work until SIGTERM or Ctrl-C."""
    settings = Settings.from_environment()
    if settings.metrics:
        serve_metrics(settings.metrics)
    engine = make_engine(settings.database_url)
    async with open_vault(settings.masters, engine, settings.vault_url) as vault, proved(vault, engine):
        await _work(settings, engine, vault)
    await engine.dispose()


async def _work(settings: Settings, engine: AsyncEngine, vault: Vault) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        loop.call_later(GRACE.total_seconds() + 2, _leave)

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
    with traced("hotline-worker", settings.traces) as traces:
        if client := await _reached(settings, stopped, traces.interceptors):
            signs = _roots(settings, engine)
            blobs = Blobs(settings.blobs)
            platform = Exchange(engine, settings.platform) if settings.platform else None
            credits = Credits(engine, settings.credit) if settings.credit else None
            beside = settings.sms_gateway_url, signs, blobs, vault, platform, credits
            async with build_worker(client, engine, settings.task_queue, *beside):
                await stopped.wait()


def _leave() -> None:
    """While PostgreSQL is away a step is tried again and again, and the SDK waits for it: the next worker does it."""
    log.warning("a step was still waiting for PostgreSQL: left to the next worker")
    os._exit(0)


async def _reached(settings: Settings, stopped: asyncio.Event, interceptors: Sequence[Interceptor]) -> Client | None:
    """Temporal with all that the house needs of it, as soon as it answers; None: the worker was stopped before."""
    while not stopped.is_set():
        try:
            client = await connect(interceptors=interceptors)
            await attributes.ensure(client)
            await schedule(client, settings.task_queue, timedelta(seconds=settings.sweep_seconds))
            await attachments.schedule(client, settings.task_queue)
            await knowledge.schedule(client, settings.task_queue)
            await learning.schedule(client, settings.task_queue)
            if settings.signing_key:
                await roots.schedule(client, settings.task_queue)
            if settings.credit:
                await credit.schedule(client, settings.task_queue)
            if settings.platform:
                await exchange.schedule(client, settings.task_queue, timedelta(seconds=settings.sweep_seconds))
            return client
        except (RuntimeError, RPCError) as error:
            log.warning("Temporal cannot be reached yet: %s", type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), AGAIN)
    return None


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)  # the SDK's threads may still call into an interpreter that unwinds, which aborts it
