"""Real servers for the tests: one PostgreSQL and one Temporal a process, a database and a task queue for each test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import randrange
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from cli.stack import LocalStack, Ports
from cli.temporal import binary
from domain.limits import SHANGHAI
from settings import Settings, sqlalchemy_url
from storage.blobs import Blobs
from storage.engine import make_engine
from storage.migrate import migrate
from storage.readers import as_app
from tests.line import Line, served, settings_for
from worker import build_worker
from workflows.attributes import KEYS
from workflows.converter import data_converter

DYNAMIC_CONFIG = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="1ms"',  # or it looks for due timers at most a second ahead, and waits that long
    "limit.historyCount.suggestContinueAsNew=500",  # 4,096 by itself; no ordinary case comes near
)
SERVER_OPTIONS = [word for value in DYNAMIC_CONFIG for word in ("--dynamic-config-value", value)]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--temporal", default="time-skipping", help="time-skipping, local, or host:port of a server")


@pytest.fixture(autouse=True)
def surroundings() -> Iterator[None]:
    """What a tool that runs in this process tells the ones it starts is not told to the next test."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    for name in before.keys() - {"PYTEST_CURRENT_TEST"}:
        os.environ[name] = before[name]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server with a migrated database to copy; its URL without a database name at the end."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        for variable in ("DATABASE_URL", "TEMPORAL_ADDRESS"):
            patch.delenv(variable, raising=False)
        with LocalStack(Path(name), ports=Ports(0, 0, 0), temporal=False) as stack:
            with psycopg.connect(stack.database_url, autocommit=True) as conn:
                conn.execute("CREATE DATABASE template_hotline")
            migrate(sqlalchemy_url(database_of(stack.database_url, "template_hotline")), samples=True)
            yield stack.database_url


@contextmanager
def copied(postgres: str, template: str = "template_hotline") -> Iterator[str]:
    """A copy of a database: its SQLAlchemy URL."""
    url = new(postgres, template)
    yield url
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


def new(postgres: str, template: str = "template_hotline") -> str:
    """The same, and nobody takes it away.

    It counts today's cases from somewhere of its own, for workflow IDs are case numbers and tests share a Temporal server.
    """
    name = f"test_{uuid4().hex}"
    count = "INSERT INTO counters (day, last) VALUES (%s, %s) ON CONFLICT (day) DO UPDATE SET last = excluded.last"
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        with psycopg.connect(database_of(postgres, name), autocommit=True) as copy:
            copy.execute(count, [datetime.now(SHANGHAI).date(), randrange(900_000)])
    return sqlalchemy_url(database_of(postgres, name))


@pytest.fixture
def template() -> str:
    """The database that each test gets a copy of: migrated and seeded."""
    return "template_hotline"


@pytest.fixture
def database(postgres: str, template: str) -> Iterator[str]:
    """A database of this test's own: its SQLAlchemy URL."""
    with copied(postgres, template) as url:
        yield url


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    """The house's own."""
    made = make_engine(as_app(database))
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
async def temporal(request: pytest.FixtureRequest) -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server; by default with a virtual clock for each workflow, which moves only when a test says so."""
    chosen = request.config.getoption("--temporal")
    options: dict[str, Any] = {
        "data_converter": data_converter,
        "dev_server_existing_path": binary(),
        "search_attributes": list[SearchAttributeKey[Any]](KEYS),
        "dev_server_log_level": "error",
    }
    if chosen == "time-skipping":
        environment = await WorkflowEnvironment.start_time_skipping_v2(
            ts_config=TimeSkippingConfig(enabled=False), dev_server_extra_args=SERVER_OPTIONS, **options
        )
    elif chosen == "local":
        environment = await WorkflowEnvironment.start_local(**options)
    else:
        environment = WorkflowEnvironment.from_client(await Client.connect(chosen, data_converter=data_converter))
    async with environment:
        yield environment


@asynccontextmanager
async def owning(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction of whoever owns the database of this engine."""
    made = make_engine(engine.url.set(username="postgres").render_as_string())
    async with made.begin() as conn:
        yield conn
    await made.dispose()


@pytest.fixture
def queue() -> str:
    """A task queue of this test's own."""
    return f"test-{uuid4().hex}"


@pytest.fixture
async def worker(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str, tmp_path: Path) -> AsyncIterator[None]:
    """A worker on this test's queue, database and folder."""
    async with build_worker(temporal.client, engine, queue, blobs=Blobs(str(tmp_path))):
        yield


@pytest.fixture
async def line(
    temporal: WorkflowEnvironment,
    database: str,
    queue: str,
    worker: None,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> AsyncIterator[Line]:
    """The whole house on this test's database and queue; parametrized indirectly: the code of its rule set."""
    settings = settings_for(as_app(database), queue, getattr(request, "param", "TJ-2015-18"), str(tmp_path))
    async with served(settings, temporal.client) as made:
        yield made


@dataclass(frozen=True)
class House:
    """A worker and an API on a database of their own."""

    line: Line
    engine: AsyncEngine
    settings: Settings

    @property
    def database(self) -> str:
        """Its name: once the house is closed, a template for copies."""
        return str(self.engine.url.database)


@asynccontextmanager
async def house_on(
    postgres: str, temporal: WorkflowEnvironment, blobs: Path, rule_set: str = "TJ-2015-18"
) -> AsyncIterator[House]:
    """For what many tests look at, or copy, and one makes. Its database goes with its server."""
    url, queue = as_app(new(postgres)), f"house-{uuid4().hex}"
    engine = make_engine(url)
    settings = settings_for(url, queue, rule_set, str(blobs))
    async with build_worker(temporal.client, engine, queue), served(settings, temporal.client) as line:
        yield House(line, engine, settings)
    await engine.dispose()


def database_of(url: str, name: str) -> str:
    """The same server, another database."""
    address, _, query = url.partition("?")
    server = address.rsplit("/", 1)[0]
    return f"{server}/{name}" + (f"?{query}" if query else "")
