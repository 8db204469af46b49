"""Metrics: what the API counts, for Prometheus, at an address of its own (HOTLINE_METRICS; decision 0021).

A label is a word of a closed list: a route as OpenAPI writes it, a method, a status, a limit. Never a path, a case, a key.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.numbers import Numbers, numbers

if TYPE_CHECKING:
    from api.house import House

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each, which nobody reads

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 12)
"""Of the histogram, in seconds; an act is waited for 8, an answer 12."""

REQUESTS = Counter("hotline_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("hotline_request_seconds", "How long an answer took.", ["method", "route"], buckets=BOUNDS)
IN_HAND = Gauge("hotline_requests_in_hand", "Requests not yet answered.")
REFUSED = Counter("hotline_refused", "Requests refused before their route, or not waited for (late).", ["why"])

METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
OTHER, NONE = "other", "none"
"""A method that is none of these, a path that is none of ours: what was asked for is not repeated."""

PATIENCE = 3.0
"""Seconds that a scrape waits for PostgreSQL."""

log = logging.getLogger(__name__)


def asked(scope: Scope) -> tuple[str, str]:
    """Method and route of a request that was routed, in words of our own."""
    method: str = scope["method"]
    return method if method in METHODS else OTHER, getattr(scope.get("route"), "path", NONE)


class Counted:
    """Counts what is answered, outside of all that might refuse it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        IN_HAND.inc()
        try:
            await self._app(scope, receive, watched)
        finally:
            IN_HAND.dec()
            what = asked(scope)
            REQUESTS.labels(*what, status).inc()
            SECONDS.labels(*what).observe(time.perf_counter() - began)


class Record(Collector):
    """How the file of record stands, asked at each scrape, and once for scrapes at the same time.

    While PostgreSQL does not answer `hotline_record_answers` is 0 and the others are missing.
    """

    def __init__(self, house: Callable[[], House]) -> None:
        """To be made in the loop that reads; the scrapes come in threads of their own."""
        self._house, self._loop = house, asyncio.get_running_loop()
        self._one = threading.Lock()
        self._reading: Future[Numbers] | None = None

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        found = self._found()
        yield GaugeMetricFamily("hotline_record_answers", "PostgreSQL answered.", value=float(found is not None))
        if found:
            yield _family("hotline_cases_open", "Cases not archived.", "status", found.open.items())
            many = ((what, waits.many) for what, waits in found.waiting.items())
            oldest = ((what, waits.seconds) for what, waits in found.waiting.items())
            yield _family("hotline_waiting", "On record and not carried on.", "what", many)
            yield _family("hotline_waiting_oldest_seconds", "For how long, the oldest.", "what", oldest)
            yield _family("hotline_failed", "Not tried again by itself.", "what", found.failed.items())

    def _found(self) -> Numbers | None:
        with self._one:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.run_coroutine_threadsafe(self._asking(), self._loop)
        try:
            return self._reading.result(PATIENCE)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("the record could not be counted: %s", type(error).__name__)
            return None

    async def _asking(self) -> Numbers:
        house = self._house()
        async with house.engine.begin() as conn:
            return await numbers(conn, house.now())


def _family(name: str, told: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for word, value in values:
        family.add_metric([word], value)
    return family


@contextmanager
def served(address: str, record: Record) -> Iterator[None]:
    """Serve the numbers at `host:port`, in a thread, as long as this lasts; an OSError if the port is taken."""
    host, _, port = address.rpartition(":")
    server, thread = start_http_server(int(port), host.strip("[]"))
    REGISTRY.register(record)
    try:
        yield
    finally:
        REGISTRY.unregister(record)
        server.shutdown()
        server.server_close()
        thread.join()
