"""The worker's page of numbers, as the local stack serves it; and none where none was asked for."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
from prometheus_client.parser import text_string_to_metric_families

from bench.clients import Client
from bench.lives import REQUEST
from cli.stack import LocalStack
from domain.vocabulary import Role
from tests.drills.conftest import until

LABELS = {
    "activity_type",
    "eager",
    "failure_reason",
    "le",
    "namespace",
    "operation",
    "poller_type",
    "service_name",
    "status_code",
    "task_queue",
    "worker_type",
    "workflow_type",
}
"""What the SDK tells its numbers apart by: kinds, all of them; none that names one case or one run of it."""


async def test_the_worker_counts_kinds_and_names_no_case(
    stack: LocalStack, client: Client, http: httpx.AsyncClient
) -> None:
    number = await client.register(REQUEST)
    await client.attempt("POST", f"/cases/{number}/transfer", Role.AGENT, {"lead": "GAS"}, number)
    await until(stack, number, "assigned")
    told = (await http.get(stack.metrics_urls["worker"])).raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(told) for sample in family.samples]
    used = {label for sample in samples for label in sample.labels.items()}
    assert {name for name, _ in used} <= LABELS
    assert {("workflow_type", "Case"), ("activity_type", "transfer"), ("task_queue", "hotline")} <= used
    assert [value for name, value in used if name != "le" and not re.fullmatch("[A-Za-z_-]+", value)] == []


async def test_a_worker_that_was_not_told_where_listens_on_nothing(stack: LocalStack) -> None:
    told = os.environ | stack.environment | {"HOTLINE_METRICS": ""}
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "worker", env=told)
    try:
        async with asyncio.timeout(60):
            while stack.ports.temporal not in {each.raddr.port for each in connections(worker.pid) if each.raddr}:
                await asyncio.sleep(0.05)
        assert listening(worker.pid) == set()
    finally:
        worker.terminate()
        await worker.wait()
    assert listening(stack.pids["worker"]) == {stack.ports.worker_metrics}


def connections(pid: int) -> list[Any]:
    found: list[Any] = psutil.Process(pid).net_connections("tcp")
    return found


def listening(pid: int) -> set[int]:
    return {each.laddr.port for each in connections(pid) if each.status == psutil.CONN_LISTEN}
