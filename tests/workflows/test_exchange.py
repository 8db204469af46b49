"""The schedules of the exchange: what waits goes at once, the consolidation comes by night (Art. 9 ¶3, 16 ¶2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import ScheduleOverlapPolicy
from temporalio.worker import Worker

from activities.exchange import Exchange
from activities.heartbeat import Heartbeats
from domain.limits import SHANGHAI
from exchange.link import Peer
from tests.receiver import Receiver, receiver
from tests.sandbox import SANDBOX
from tests.town import Town
from workflows import exchange
from workflows.exchange import CONSOLIDATION, HANDOVER, Consolidation, Handover


@pytest.fixture
async def town(own_town: Town) -> Town:
    """The exchange looks at every case: it gets tables of its own."""
    return own_town


@pytest.fixture
async def platform(town: Town) -> AsyncIterator[Receiver]:
    """A platform, and a worker that exchanges with it."""
    with receiver() as made:
        async with Worker(
            town.env.client,
            task_queue=f"{town.queue}-exchange",
            workflows=[Handover, Consolidation],
            activities=Exchange(town.engine, Peer(made.url)).activities(),
            interceptors=[Heartbeats()],
            workflow_runner=SANDBOX,
        ):
            yield made


async def consolidated(town: Town, later: timedelta = timedelta(0)) -> dict[str, int]:
    """What a run says that begins so much later."""
    handle = await town.env.client.start_workflow(
        Consolidation.run, id=f"c-{uuid4().hex}", task_queue=f"{town.queue}-exchange", start_delay=later
    )
    if later:
        await town.env.fast_forward(handle, later)
    return await handle.result()


async def handed_over(town: Town) -> int:
    return await town.env.client.execute_workflow(
        Handover.run, id=f"h-{uuid4().hex}", task_queue=f"{town.queue}-exchange"
    )


async def test_night_by_night_what_came_since_is_consolidated_and_compared(town: Town, platform: Receiver) -> None:
    first = await town.register(datetime.now(UTC), begin=False, report="unlawful")
    later = await town.register(datetime.now(UTC) + timedelta(hours=30), begin=False, report="unlawful")
    assert await consolidated(town, timedelta(hours=1)) == {"new": 1, "they_lack": 0, "we_lack": 0}
    assert await handed_over(town) == 1
    assert platform.records.keys() == {f"{first.number}-16.2"}
    assert await consolidated(town, timedelta(days=2)) == {"new": 1, "they_lack": 0, "we_lack": 0}
    assert await handed_over(town) == 1
    assert platform.records.keys() == {f"{first.number}-16.2", f"{later.number}-16.2"}
    assert set(platform.asked.values()) == {1}


async def test_the_schedules_stand_once_and_say_when(town: Town) -> None:
    client = town.env.client
    for every in (timedelta(seconds=10), timedelta(seconds=20)):  # as a second worker does at its start
        await exchange.schedule(client, f"{town.queue}-nobody", every)
    often = (await client.get_schedule_handle(HANDOVER).describe()).schedule
    nightly = (await client.get_schedule_handle(CONSOLIDATION).describe()).schedule
    assert [each.every for each in often.spec.intervals] == [timedelta(seconds=20)]
    [at] = nightly.spec.calendars
    assert (at.hour[0].start, at.minute[0].start, nightly.spec.time_zone_name) == (1, 0, SHANGHAI.key)
    assert often.policy.overlap is nightly.policy.overlap is ScheduleOverlapPolicy.SKIP
    for id in (HANDOVER, CONSOLIDATION):
        await client.get_schedule_handle(id).delete()
