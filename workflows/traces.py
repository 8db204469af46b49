"""Traces, if OTEL_EXPORTER_OTLP_ENDPOINT says where to: how a request goes on through workflow and activity (decision 0021)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

from opentelemetry.trace import NoOpTracer, Tracer
from temporalio.client import Interceptor

CLOSING = 2.0
"""Seconds for what is left at the end: a collector that is away holds nobody up."""


@dataclass(frozen=True)
class Traces:
    """What makes spans in one process, and what hands them on by its Temporal client."""

    tracer: Tracer
    interceptors: Sequence[Interceptor] = ()


@contextmanager
def traced(service: str, wanted: bool) -> Iterator[Traces]:
    """Spans of this service, sent in the background as long as this lasts; if they are not wanted, none are made."""
    if not wanted:
        yield Traces(NoOpTracer())
        return
    from temporalio.contrib.opentelemetry import TracingInterceptor  # with the SDK: for those only who want it

    from workflows.spans import provider

    made = provider(service)
    tracer = made.get_tracer("hotline")
    try:
        yield Traces(tracer, [TracingInterceptor(tracer)])
    finally:
        sending = Thread(target=made.shutdown, daemon=True)
        sending.start()
        sending.join(CLOSING)
