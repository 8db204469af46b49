"""A town for each test. What holds of every case is asked of every case that a test made."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from storage.engine import make_engine
from tests import conftest
from tests.town import Town


@pytest.fixture(scope="session")
async def common_ground(temporal: WorkflowEnvironment, postgres: str) -> AsyncIterator[AsyncEngine]:
    """One database for all towns that leave its calendar alone: a town sees no cases but its own."""
    with conftest.copied(postgres) as url:
        engine = make_engine(url)
        await Town(temporal, engine, "nobody").open()
        yield engine
        await engine.dispose()


@pytest.fixture
async def idle_town(temporal: WorkflowEnvironment, common_ground: AsyncEngine, queue: str) -> AsyncIterator[Town]:
    """A town in which no worker works; the test puts one to work (`Town.at_work`)."""
    made = Town(temporal, common_ground, queue)
    yield made
    await made.look_for_faults()


@pytest.fixture
async def town(idle_town: Town) -> AsyncIterator[Town]:
    """A town with a worker at work."""
    async with idle_town.at_work():
        yield idle_town


@pytest.fixture
async def own_idle_town(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> AsyncIterator[Town]:
    """A town with a database of its own, for whoever publishes notices or sweeps; no worker works."""
    made = Town(temporal, engine, queue)
    await made.open()
    yield made
    await made.look_for_faults()


@pytest.fixture
async def own_town(own_idle_town: Town) -> AsyncIterator[Town]:
    """The same with a worker at work."""
    async with own_idle_town.at_work():
        yield own_idle_town
