"""What of a span leaves the house: a list. The rest a library may have noted, and errors quote what caused them (Art. 15)."""

from __future__ import annotations

import os
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status

ATTRIBUTES = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "temporalWorkflowID",
        "temporalRunID",
        "temporalActivityID",
        "temporalUpdateID",
    }
)
"""Codes and IDs only."""


def provider(service: str) -> TracerProvider:
    """Sends by OTLP over HTTP as the OTEL_ variables say; OTEL_SERVICE_NAME calls the service otherwise."""
    named = Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or service})
    made = TracerProvider(resource=named, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(Wordless(OTLPSpanExporter())))
    return made


class Wordless(SpanExporter):
    """Passes on names, times, parents, links and `ATTRIBUTES`; no event, and of an error only that there was one."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_wordless(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _wordless(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in ATTRIBUTES},
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
