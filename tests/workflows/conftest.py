"""A town for each test. What holds of every case is asked of every case that a test made."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests import conftest
from tests.town import Town

# The server looks for due timers at most a second ahead, and waits that long: a test would wait as well.
conftest.SERVER_OPTIONS += ["--dynamic-config-value", 'history.timerProcessorMaxTimeShift="1ms"']


@pytest.fixture
async def idle_town(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> AsyncIterator[Town]:
    """A town in which no worker works; the test puts one to work (`Town.at_work`)."""
    made = Town(temporal, engine, queue)
    await made.open()
    yield made
    for request in made.requests:
        assert await request.faults() == []


@pytest.fixture
async def town(idle_town: Town) -> AsyncIterator[Town]:
    """A town with a worker at work."""
    async with idle_town.at_work():
        yield idle_town
