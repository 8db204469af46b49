"""Traces: one span a request, named by its route as OpenAPI writes it (decision 0021). What follows hangs below it."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import asked


class Traced:
    """Begins a trace with each request; that of whoever asks is not gone on with, for its words would come along."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        tracer: Tracer = scope["app"].state.tracer
        with tracer.start_as_current_span("request", Context(), SpanKind.SERVER, record_exception=False) as span:
            try:
                await self._app(scope, receive, watched)
            finally:
                method, route = asked(scope)
                span.update_name(f"{method} {route}")
                span.set_attributes({"http.request.method": method, "http.route": route})
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(StatusCode.ERROR)
