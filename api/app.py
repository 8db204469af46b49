"""The application: routes, errors, and what it opens at start and closes at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response

from api import acts, errors, intake, reading, tracking
from api.access import Verifier
from api.house import House
from settings import Settings
from storage.calendar import CalendarInForce
from storage.engine import make_engine, single
from workflows.client import connect

BODY_LIMIT = 256 * 1024
"""Bytes of a request's body; 10,000 characters of text take 40,000 at most, escaped 120,000."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API of one process. The clock is injected (`app.state.house.now`)."""
    settings = settings or Settings.from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = make_engine(settings.database_url)
        once = single(engine)
        app.state.house = House(
            settings=settings,
            engine=engine,
            once=once,
            temporal=await connect(lazy=True),
            calendar=CalendarInForce(once),
            now=lambda: datetime.now(UTC),
        )
        yield
        await engine.dispose()

    app = FastAPI(
        title="hotline-8890",
        version="0.1.0",
        summary="便民服务专线 · the public-service hotline of Tianjin, by Order 18 of 2015",
        description="Acts are registered first, then carried out by the case's workflow. Errors are problem+json "
        "(RFC 9457) and name the provision that refuses.",
        lifespan=lifespan,
    )
    app.state.verifier = Verifier(settings.secret)
    errors.install(app)
    for routes in (intake.router, acts.router, reading.router, tracking.router):
        app.include_router(routes)

    @app.middleware("http")
    async def _limit(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if int(request.headers.get("content-length") or 0) > BODY_LIMIT:
            return errors.problem(413, "TooLarge", f"a request's body holds at most {BODY_LIMIT} bytes")
        return await call_next(request)

    @app.get("/health", tags=["operation"])
    async def health() -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    return app
