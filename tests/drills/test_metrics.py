"""The worker's page of numbers, as the local stack serves it."""

from __future__ import annotations

import re

import httpx
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
