"""One house for all tests that look only at cases of their own: a database and a worker for each test would cost more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from settings import Settings
from storage.tables import metadata
from tests.conftest import House, house_on
from tests.line import Line

Stored = Callable[[], Awaitable[dict[str, int]]]


@pytest.fixture(scope="session")
async def common(
    temporal: WorkflowEnvironment, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    async with house_on(postgres, temporal, tmp_path_factory.mktemp("blobs")) as made:
        yield made


@pytest.fixture(scope="session")
def house_settings(common: House) -> Settings:
    return common.settings


@pytest.fixture(scope="session")
def record(common: House) -> AsyncEngine:
    """The house's database."""
    return common.engine


@pytest.fixture
def house(common: House) -> Line:
    """The house over real HTTP, its clock set right."""
    common.line.clock[0] = timedelta(0)
    return common.line


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
