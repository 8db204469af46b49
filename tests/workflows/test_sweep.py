"""Registered first: what could not be handed over to Temporal waits in the tables, and the sweep brings it (Art. 9 ¶2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from temporalio import activity
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollActivityTaskQueueRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, TimeoutError, TimeoutType
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.heartbeat import Heartbeats
from activities.sweep import PAUSE, Beside, Desks, Sweep
from domain.case import Deed, File
from domain.vocabulary import Status
from storage import deeds, intake
from tests.sandbox import SANDBOX
from tests.town import PROMPT, Request, Town, eventually
from workflows.client import Elsewhere, Later, hand_over, start, tell, wake
from workflows.converter import data_converter
from workflows.sweep import SILENCE, SweepWorkflow

NOBODY = "127.0.0.1:1"
"""An address at which no Temporal answers."""


@pytest.fixture
async def town(own_town: Town) -> Town:
    """The sweep brings whatever waits in the tables: it gets tables of its own."""
    return own_town


def sweep_of(town: Town, client: Client | None = None, patience: timedelta = timedelta(seconds=8)) -> Sweep:
    """The sweep of `worker.py`, with this client."""
    temporal = client or town.env.client

    async def start_case(file: File) -> None:
        await start(temporal, town.queue, file)

    async def give(desk: str, deed: Deed) -> str:
        return await hand_over(temporal, desk, deed, patience)

    return Sweep(town.engine, Desks(start_case, give, *usual(town, temporal), later=Later, elsewhere=Elsewhere))


def usual(
    town: Town, client: Client
) -> tuple[Callable[[str], Awaitable[None]], Callable[[Beside, str], Awaitable[None]]]:
    """How cases are woken, and workflows beside them told."""
    return partial(wake, town.env.client), partial(tell, client, town.queue)


async def down() -> Client:
    """A client of a Temporal that is down."""
    return await Client.connect(NOBODY, lazy=True, data_converter=data_converter)


async def registered(town: Town, ago: timedelta = timedelta(minutes=1), **facts: object) -> Request:
    """A case that was registered some time ago, and nothing more."""
    return await town.register(datetime.now(UTC) - ago, begin=False, **facts)


async def running(request: Request) -> bool:
    try:
        await request.handle().describe()
    except RPCError:
        return False
    return True


def soon() -> datetime:
    """An instant at which everything that was registered just now is old enough."""
    return datetime.now(UTC) + PAUSE * 2


# -- cases ----------------------------------------------------------------------------------------------------------


async def test_a_case_registered_while_temporal_is_down_is_started_when_it_returns(town: Town) -> None:
    """先行登记 (Art. 9 ¶2): the number is given first."""
    request = await registered(town)
    with pytest.raises(Later):
        await start(await down(), town.queue, await request.file())
    assert await sweep_of(town, await down()).start_registered(soon()) == 0
    assert not await running(request)
    assert await sweep_of(town).start_registered(soon()) == 1
    assert await running(request)
    assert await sweep_of(town).start_registered(soon()) == 0
    await request.agent("transfer", lead="WATER")
    assert await request.events() == ["register", "transfer"]


async def test_what_was_registered_just_now_is_left_to_the_api_that_registered_it(town: Town) -> None:
    request = await registered(town, timedelta(0))
    deed = await request.receive("claim", "agent", at=datetime.now(UTC))
    assert await sweep_of(town).start_registered(datetime.now(UTC)) == 0
    assert await sweep_of(town).hand_over_deeds(datetime.now(UTC)) == 0
    assert not await running(request)
    assert (await request.deeds())[deed.id] == "received"


async def test_a_case_that_was_started_and_not_marked_as_begun_is_left_alone(town: Town) -> None:
    """The API died between the two."""
    request = await registered(town)
    await start(town.env.client, town.queue, await request.file())
    await request.agent("transfer", lead="WATER")
    assert await sweep_of(town).start_registered(soon()) == 1
    assert await request.events() == ["register", "transfer"]
    await request.unit("WATER", "sign")


async def test_many_cases_are_started_side_by_side_and_one_that_fails_holds_up_no_other(town: Town) -> None:
    requests = [await registered(town, timedelta(minutes=minutes)) for minutes in (3, 1, 2)]
    begun: list[str] = []

    async def start_case(file: File) -> None:
        if file.case.number == requests[0].number:
            raise ValueError("样例")
        begun.append(file.case.number)

    async def give(desk: str, deed: Deed) -> str:
        raise AssertionError

    swept = await Sweep(
        town.engine, Desks(start_case, give, *usual(town, town.env.client), Later, Elsewhere)
    ).start_registered(soon())
    assert (swept, sorted(begun)) == (2, sorted(request.number for request in requests[1:]))


async def test_a_case_that_the_sweep_starts_late_is_marked_at_its_instants(town: Town) -> None:
    request = await registered(town, timedelta(hours=2))
    await sweep_of(town).start_registered(soon())
    warned, overdue = (await request.clock("triage")).rungs
    for rung in (warned, overdue):
        await request.forward_to(rung.at)
        assert rung.at <= (await request.last(rung.mark)).at < rung.at + PROMPT


async def test_a_case_that_is_started_after_its_limit_is_overdue_at_once(town: Town) -> None:
    request = await registered(town, timedelta(hours=5))
    await sweep_of(town).start_registered(soon())
    await request.until(lambda file: file.case.overdue)
    assert await request.events() == ["register", "warned", "overdue"]


async def test_an_emergency_registered_while_temporal_is_down_is_turned_away_when_it_returns(town: Town) -> None:
    """Art. 8(1)."""
    request = await registered(town, exclusion="emergency")
    await sweep_of(town).start_registered(soon())
    await request.until("closed")


# -- deeds ----------------------------------------------------------------------------------------------------------


async def begun(town: Town) -> Request:
    request = await registered(town)
    await request.begin()
    return request


async def test_a_deed_that_was_registered_and_not_handed_over_is_handed_over(town: Town) -> None:
    request = await begun(town)
    deed = await request.receive("transfer", "agent", lead="WATER")
    with pytest.raises(Later):
        await hand_over(await down(), request.number, deed)
    assert await sweep_of(town, await down()).hand_over_deeds(soon()) == 0
    assert (await request.deeds())[deed.id] == "received"
    assert await sweep_of(town).hand_over_deeds(soon()) == 1
    assert (await request.deeds())[deed.id] == "applied"
    assert (await request.last("transfer")).at == deed.received_at
    assert await sweep_of(town).hand_over_deeds(soon()) == 0


async def test_everything_that_happened_during_an_outage_is_carried_out_in_the_order_of_its_arrival(town: Town) -> None:
    """Registered, claimed, sent out, signed for and given back before any workflow was there."""
    request = await registered(town)
    at = (await request.case()).registered_at
    acts = [("claim", "agent", {}), ("transfer", "agent", {"lead": "WATER"}), ("sign", "unit", {"unit": "WATER"})]
    for nth, (act, role, codes) in enumerate([*acts, ("return", "unit", {"unit": "WATER"})]):
        await request.receive(act, role, at=at + timedelta(seconds=nth), **codes)
    sweep = sweep_of(town)
    assert (await sweep.start_registered(soon()), await sweep.hand_over_deeds(soon())) == (1, 4)
    assert await request.events() == ["register", "claim", "transfer", "sign", "return"]
    assert (await request.case()).status is Status.RETURNED


async def test_a_deed_that_is_refused_is_refused_on_record(town: Town) -> None:
    request = await begun(town)
    deed = await request.receive("approve", "agent")
    assert await sweep_of(town).hand_over_deeds(soon()) == 1
    assert (await request.deeds())[deed.id] == "NotPermitted"
    assert await sweep_of(town).hand_over_deeds(soon()) == 0


async def test_a_deed_for_a_child_finds_the_child(town: Town) -> None:
    request = await begun(town)
    await request.agent("escalate")
    await request.receive("designate", "office", lead="JW")
    assert await sweep_of(town).hand_over_deeds(soon()) == 1
    assert (await request.case()).units == ("JW",)


async def test_a_deed_whose_desk_has_just_changed_waits_for_the_next_sweep(town: Town) -> None:
    request = await begun(town)
    deed = await request.receive("claim", "agent")

    async def elsewhere(desk: str, _: Deed) -> str:
        raise Elsewhere

    async def start_case(file: File) -> None: ...

    assert (
        await Sweep(
            town.engine, Desks(start_case, elsewhere, *usual(town, town.env.client), Later, Elsewhere)
        ).hand_over_deeds(soon())
        == 0
    )
    assert (await request.deeds())[deed.id] == "received"
    assert await sweep_of(town).hand_over_deeds(soon()) == 1


async def test_a_deed_on_an_archived_case_is_refused_on_record(town: Town) -> None:
    """Art. 14: nobody answers for it any more, and the auditor sees the attempt."""
    request = await begun(town)
    await request.person("withdraw")
    await request.until("archived")
    await request.handle().result()
    deed = await request.receive("supplement", "requester")
    await sweep_of(town).hand_over_deeds(soon())
    assert (await request.deeds())[deed.id] == "NotPermitted"


async def test_a_signalled_deed_that_found_no_workflow_is_brought_by_the_sweep(town: Town) -> None:
    request = await registered(town)
    deed = await request.receive("feedback", "unit", unit="WATER", at=(await request.case()).registered_at)
    with pytest.raises(Elsewhere):
        await request.signal(deed)
    sweep = sweep_of(town)
    await sweep.start_registered(soon())
    await sweep.hand_over_deeds(soon())
    assert (await request.deeds())[deed.id] == "NotPermitted"


async def test_one_case_that_does_not_answer_holds_up_no_other(town: Town) -> None:
    silent, other = await registered(town), await begun(town)
    await start(town.env.client, f"{town.queue}-of-nobody", await silent.file())
    await silent.receive("claim", "agent", at=datetime.now(UTC) - timedelta(minutes=1))
    deed = await other.receive("claim", "agent")
    await sweep_of(town, patience=timedelta(milliseconds=500)).hand_over_deeds(soon())
    assert (await other.deeds())[deed.id] == "applied"


# -- the schedule's workflow ----------------------------------------------------------------------------------------


async def test_one_sweep_starts_cases_and_hands_over_deeds(town: Town) -> None:
    request = await registered(town)
    await request.receive("transfer", "agent", at=datetime.now(UTC) - PAUSE * 2, lead="WATER")
    counted = await town.env.client.execute_workflow(SweepWorkflow.run, id=f"sweep-{town.queue}", task_queue=town.queue)
    assert (counted["begun"], counted["handed_over"]) == (1, 1)
    assert (await request.case()).status is Status.ASSIGNED


async def test_what_waits_is_read_page_by_page_so_that_what_stays_hides_nothing(town: Town) -> None:
    requests = [await registered(town) for _ in range(3)]
    kept = [await request.receive("urge", "requester", at=request_at(n)) for n, request in enumerate(requests)]
    async with town.engine.connect() as conn:
        numbers, last = [], ""
        while page := await intake.not_begun(conn, soon(), last, limit=2):
            numbers += page
            last = page[-1]
        found: list[Deed] = []
        while deeds_page := await deeds.waiting(conn, soon(), found[-1] if found else None, limit=2):
            found += [deed for deed, _ in deeds_page]
    assert numbers == sorted(request.number for request in requests)
    assert found == sorted(kept, key=lambda deed: (deed.received_at, deed.id))


def request_at(n: int) -> datetime:
    """Two at the same instant, then one."""
    return datetime(2026, 11, 2, 8, n // 2, tzinfo=UTC)


async def test_a_sweep_whose_activity_was_lost_ends_soon_and_makes_room_for_the_next(town: Town) -> None:
    """A worker that died, or an answer that met a server that was down, must not stop the sweep for ten minutes."""
    client, queue = town.env.client, f"{town.queue}-lost"
    async with Worker(client, task_queue=queue, workflows=[SweepWorkflow], workflow_runner=SANDBOX):
        sweep = await client.start_workflow(SweepWorkflow.run, id=queue, task_queue=queue)
        poll = PollActivityTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue))
        taken = await client.workflow_service.poll_activity_task_queue(poll)  # and never answered
        assert taken.activity_type.name == "start_registered"
        await town.env.fast_forward(sweep, SILENCE)
        with pytest.raises(WorkflowFailureError) as failed:
            await sweep.result()
    assert isinstance(failed.value.cause, ActivityError)
    assert isinstance(failed.value.cause.cause, TimeoutError)
    assert failed.value.cause.cause.type is TimeoutType.HEARTBEAT


async def test_an_activity_that_is_asked_for_heartbeats_gives_them_while_it_works(town: Town) -> None:
    done = asyncio.Event()

    @activity.defn
    async def work() -> None:
        await done.wait()

    client, queue = town.env.client, f"{town.queue}-beating"
    async with Worker(client, task_queue=queue, activities=[work], interceptors=[Heartbeats()]):
        asked = await client.start_activity(
            work, id=queue, task_queue=queue, start_to_close_timeout=PAUSE * 20, heartbeat_timeout=SILENCE
        )

        async def beaten() -> bool:
            return (await asked.describe()).last_heartbeat_time is not None

        await eventually(beaten)
        done.set()
        await asked.result()
