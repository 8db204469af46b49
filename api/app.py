"""The application: routes, errors, and what it opens at start and closes at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx
from fastapi import Depends, FastAPI
from fastapi.responses import RedirectResponse

from api import (
    acts,
    attachments,
    browser,
    changes,
    disposals,
    duties,
    erasures,
    errors,
    exchange,
    findings,
    intake,
    joint_acts,
    knowledge,
    offers,
    opinions,
    partners,
    people,
    public,
    publications,
    quality,
    questions,
    ratings,
    reading,
    receipts,
    releases,
    searches,
    suggestions,
    templates,
    tracking,
    uploads,
    vocabulary,
)
from api.body import BodyLimit
from api.errors import documented
from api.headers import SecurityHeaders
from api.house import House
from api.metrics import Counted as CountedRequests
from api.metrics import Record, served
from api.patience import Patience
from api.query import known
from api.signin import open_sign_in
from api.throttle import Throttle
from api.traces import Traced
from domain.ruleset import rule_sets
from settings import Settings
from storage.blobs import Blobs
from storage.calendar import CalendarInForce
from storage.engine import make_engine, single
from storage.figures import Counted
from storage.learning import Learning
from storage.likeness import Alike
from storage.proof import proved
from storage.reception import Reception
from storage.scanner import Scanner
from storage.vault import open_vault
from workflows.client import connect
from workflows.traces import traced


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API of one process. The clock is injected (`app.state.house.now`)."""
    settings = settings or Settings.from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as leaving:
            traces = leaving.enter_context(traced("hotline-api", settings.traces))
            app.state.tracer = traces.tracer
            engine = make_engine(settings.database_url)
            leaving.push_async_callback(engine.dispose)
            once = single(engine)
            vault = await leaving.enter_async_context(open_vault(settings.masters, engine, settings.vault_url))
            await leaving.enter_async_context(proved(vault, engine))
            app.state.house = House(
                settings=settings,
                engine=engine,
                once=once,
                vault=vault,
                temporal=await connect(lazy=True, interceptors=traces.interceptors),
                calendar=CalendarInForce(once),
                alike=Alike(),
                counted=Counted(once, rule_sets()[settings.rule_set].numbers.least_shown),
                learning=Learning(),
                now=lambda: datetime.now(UTC),
                reception=Reception(
                    once, Blobs(settings.blobs), Scanner(settings.scanner) if settings.scanner else None
                ),
            )
            http = await leaving.enter_async_context(httpx.AsyncClient())
            app.state.sign_in = await open_sign_in(settings, once, http, now)
            if settings.metrics:
                leaving.enter_context(served(settings.metrics, Record(lambda: app.state.house)))
            yield

    def now() -> datetime:
        house: House = app.state.house
        return house.now()

    app = FastAPI(
        title="hotline-8890",
        version="0.1.0",
        summary="便民服务专线 · the public-service hotline of Tianjin, by Order 18 of 2015",
        description="Acts are registered first, then carried out by the case's workflow. Errors are problem+json "
        "(RFC 9457) and name the provision that refuses. Instants are answered in UTC.",
        lifespan=lifespan,
        dependencies=[Depends(known)],
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it repeats queries and errors word for word
        generate_unique_id_function=lambda route: route.name,
    )
    errors.install(app)
    for routes in (
        intake,
        acts,
        joint_acts,
        reading,
        people,
        tracking,
        uploads,
        attachments,
        receipts,
        vocabulary,
        changes,
        exchange,
        disposals,
        erasures,
        searches,
        browser,
        publications,
        public,
        knowledge,
        releases,
        questions,
        templates,
        partners,
        offers,
        ratings,
        opinions,
        quality,
        duties,
        findings,
        suggestions,
    ):
        app.include_router(routes.router)

    _guard(app, settings)

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.get(
        "/health",
        tags=["operation"],
        summary="运行状态 · the process answers",
        response_description="It does.",
        responses=documented(422),
    )
    async def health() -> dict[str, str]:
        """The process answers; it says nothing of the database or of Temporal."""
        return {"status": "ok"}

    return app


def _guard(app: FastAPI, settings: Settings) -> None:
    """What a request passes before its route, from the inside out."""
    app.add_middleware(Patience)
    app.add_middleware(BodyLimit, settings.body_seconds)
    if settings.limits:
        app.add_middleware(Throttle, settings.limits)
    app.add_middleware(SecurityHeaders)
    if settings.metrics:
        app.add_middleware(CountedRequests)
    if settings.traces:
        app.add_middleware(Traced)
