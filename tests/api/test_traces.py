"""Traces as a collector gets them: a request followed into its workflow, and nothing else of it (Art. 15)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from opentelemetry.trace import Link, get_current_span
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from domain.vocabulary import Role
from storage.readers import as_app
from tests.collector import Collector, collector
from tests.histories import kept
from tests.line import Line, serve, settings_for
from tests.sandbox import SANDBOX
from worker import WORKFLOWS, build_worker
from workflows.converter import data_converter
from workflows.spans import ATTRIBUTES, provider
from workflows.traces import traced

SENTINEL = "哨兵样例暗语"
REQUEST = {"title": f"标题{SENTINEL}", "text": f"正文{SENTINEL}", "phone": "19977778890"}
OUTSIDE = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "sentinel=19977778890",
    "baggage": "who=19977778890",
}
"""What somebody's own trace would bring along."""


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running


async def test_an_act_is_followed_into_its_workflow_and_no_word_comes_along(
    collected: Collector, temporal: WorkflowEnvironment, database: str, engine: AsyncEngine, queue: str
) -> None:
    settings = replace(settings_for(as_app(database), queue), traces=True)
    with traced("hotline-worker", True) as traces:
        config = temporal.client.config()
        config["interceptors"] = list(traces.interceptors)
        client = Client(**config)
        async with (
            build_worker(client, engine, queue),
            serve(settings, client, [timedelta(0)]) as url,
            httpx.AsyncClient(base_url=url, timeout=30, headers=OUTSIDE) as http,
        ):
            line = Line(http)
            number = (await line.post("/cases", Role.CHANNEL, REQUEST)).json()["number"]
            done = await line.post(f"/cases/{number}/transfer", Role.AGENT, {"lead": "WATER"})
            assert done.status_code in (200, 202), done.text
            await line.until(number, "assigned")
            refused = await line.post(f"/cases/{number}/answer", Role.AGENT, {"public": SENTINEL})
            assert refused.status_code == 409, refused.text
            await line.get(f"/{SENTINEL}", Role.AGENT, **{SENTINEL: SENTINEL})
            history = await client.get_workflow_handle(number).fetch_history()
    spans = {span.name: span for span in collected.spans()}
    asked, given = spans["POST /cases/{number}/transfer"], spans["StartWorkflowUpdate:transfer"]
    assert (given.trace_id, given.parent_span_id) == (asked.trace_id, asked.span_id)
    (link,) = spans["HandleUpdate:transfer"].links
    assert link.span_id == given.span_id
    assert spans["RunActivity:transfer"].trace_id == spans["POST /cases"].trace_id
    assert asked.parent_span_id == b"", "nobody's trace is gone on with"
    assert "GET none" in spans
    assert {pair.key for span in collected.spans() for pair in span.attributes} <= ATTRIBUTES
    for body in collected.bodies:
        assert not any(word.encode() in body for word in (SENTINEL, "19977778890", "sentinel"))
    assert b"_tracer-data" in b"".join(event.SerializeToString() for event in history.events)
    assert await failure(history) is None, "a worker without traces goes on with it"


async def failure(history: WorkflowHistory, *interceptors: TracingInterceptor, sandboxed: bool = False) -> object:
    """Why a history does not replay, if it does not."""
    runner = SANDBOX if sandboxed else UnsandboxedWorkflowRunner()
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=data_converter, workflow_runner=runner, interceptors=interceptors
    )
    return (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure


@pytest.mark.parametrize("sandboxed", [True, False])
async def test_what_a_worker_without_traces_began_one_with_them_goes_on_with(
    sandboxed: bool, collected: Collector
) -> None:
    with traced("hotline-worker", True) as traces:
        (tracing,) = traces.interceptors
        assert isinstance(tracing, TracingInterceptor)
        for name in kept.names(kept.present()):
            for history in kept.read(kept.present(), name):
                assert await failure(history, tracing, sandboxed=sandboxed) is None, name


def test_of_an_error_only_that_it_was_one_leaves_the_house(collected: Collector) -> None:
    made = provider("sample")
    tracer = made.get_tracer("sample")
    with tracer.start_as_current_span("earlier"):
        link = Link(get_current_span().get_span_context(), {"said": SENTINEL})
    with (
        pytest.raises(ValueError, match=SENTINEL),
        tracer.start_as_current_span("broken", attributes={"url.query": SENTINEL}, links=[link]) as span,
    ):
        span.add_event("said", {"text": SENTINEL})
        raise ValueError(SENTINEL)
    made.shutdown()
    (broken,) = (span for span in collected.spans() if span.name == "broken")
    assert (broken.status.code, broken.status.message) == (broken.status.STATUS_CODE_ERROR, "")
    assert (len(broken.events), len(broken.attributes), len(broken.links)) == (0, 0, 1)
    assert not any(SENTINEL.encode() in body for body in collected.bodies)


def test_who_does_not_want_them_has_not_even_the_sdk_loaded() -> None:
    loaded = (
        "import sys, api.app, worker; print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    with traced("hotline-api", False) as traces:
        assert traces.interceptors == ()
        assert not traces.tracer.start_span("none").is_recording()
