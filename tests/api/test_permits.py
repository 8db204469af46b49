"""Where an application for a permit stands, asked of a real server (Art. 10(1), 16 ¶1)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.vocabulary import Role
from exchange.link import Peer
from tests.conftest import House
from tests.line import Line, served
from tests.receiver import Receiver, receiver

NUMBER = "SAMPLE-2026-000001"
STANDING = {"state": "under_review", "unit": "SC", "since": "2026-03-02T01:00:00Z"}


@pytest.fixture
def permits() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
async def connected(common: House, temporal: WorkflowEnvironment, permits: Receiver) -> AsyncIterator[Line]:
    """The house, connected to the permit system."""
    async with served(replace(common.settings, permits=Peer(permits.url)), temporal.client) as line:
        yield line


async def ask(line: Line, number: str = NUMBER) -> tuple[int, dict[str, str]]:
    answer = await line.post("/searches/permits", Role.AGENT, {"application": number})
    return answer.status_code, answer.json()


async def test_the_agent_is_told_where_it_stands(connected: Line, permits: Receiver) -> None:
    permits.standings[NUMBER] = STANDING
    assert await ask(connected) == (200, STANDING)


async def test_an_application_that_is_not_known_is_a_404(connected: Line) -> None:
    status, problem = await ask(connected)
    assert (status, problem["title"]) == (404, "NoSuchApplication")
    assert NUMBER not in str(problem)


async def test_a_permit_system_that_is_down_is_a_503_that_may_be_repeated(connected: Line, permits: Receiver) -> None:
    permits.down = True
    status, problem = await ask(connected)
    assert (status, problem["title"]) == (503, "NoAnswer")
    permits.down, permits.standings[NUMBER] = False, STANDING
    assert (await ask(connected))[0] == 200


async def test_a_house_that_is_not_connected_says_so(house: Line) -> None:
    status, problem = await ask(house)
    assert (status, problem["title"]) == (409, "NotConnected")
