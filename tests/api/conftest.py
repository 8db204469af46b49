"""One house for all tests that look only at cases of their own: a database and a worker for each test would cost more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from settings import Settings, sqlalchemy_url
from storage.engine import make_engine
from storage.readers import as_app
from storage.tables import metadata
from tests.conftest import count_elsewhere, database_of
from tests.line import Line, serve, settings_for
from worker import build_worker

Stored = Callable[[], Awaitable[dict[str, int]]]


@pytest.fixture(scope="session")
def house_settings(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A database and a task queue of the house's own; the database goes with its server."""
    name = f"house_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template_hotline")
    blobs = str(tmp_path_factory.mktemp("blobs"))
    url = as_app(sqlalchemy_url(database_of(postgres, name)))
    return settings_for(url, f"house-{uuid4().hex}", blobs=blobs)


@pytest.fixture(scope="session")
async def record(house_settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The house's database."""
    engine = make_engine(house_settings.database_url)
    await count_elsewhere(engine)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def house_line(
    temporal: WorkflowEnvironment, house_settings: Settings, record: AsyncEngine
) -> AsyncIterator[Line]:
    clock = [timedelta(0)]
    async with (
        build_worker(temporal.client, record, house_settings.task_queue),
        serve(house_settings, temporal.client, clock) as url,
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        yield Line(http, clock)


@pytest.fixture
def house(house_line: Line) -> Line:
    """The house over real HTTP, its clock set right."""
    house_line.clock[0] = timedelta(0)
    return house_line


@pytest.fixture
def stored(record: AsyncEngine) -> Stored:
    """Counts the rows of every table of the house."""

    async def count() -> dict[str, int]:
        async with record.connect() as conn:
            return {
                table.name: (await conn.execute(select(func.count()).select_from(table))).scalar_one()
                for table in metadata.sorted_tables
            }

    return count


@pytest.fixture
async def untouched(house: Line, stored: Stored) -> AsyncIterator[Line]:
    """The house; the test fails if it left a row in any table."""
    before = await stored()
    yield house
    assert await stored() == before
