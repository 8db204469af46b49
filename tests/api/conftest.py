"""One house for all tests that look only at cases of their own: a database and a worker for each test would cost more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from settings import Settings
from storage.engine import make_engine
from storage.readers import as_app
from storage.tables import metadata
from tests.conftest import copied
from tests.line import Line, serve, settings_for
from worker import build_worker

Stored = Callable[[], Awaitable[dict[str, int]]]


@pytest.fixture(scope="session")
def house_settings(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A database and a task queue of the house's own."""
    with copied(postgres) as url:
        blobs = str(tmp_path_factory.mktemp("blobs"))
        yield settings_for(as_app(url), f"house-{uuid4().hex}", blobs=blobs)


@pytest.fixture(scope="session")
async def record(house_settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The house's database."""
    engine = make_engine(house_settings.database_url)
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
