"""The workflow of a joint case: what was done once reaches each part once, in its order, by its arrival (Art. 11, 13)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import ActivityEnvironment

from activities.joints import BATCH, Joints
from activities.sweep import PAUSE, Beside
from domain.vocabulary import Act, Role, Text
from storage import joints
from storage.joints import JointAct
from tests.town import Request, Town, eventually
from tests.workflows.test_sweep import sweep_of
from workflows.client import tell
from workflows.joint import QUIET

RESULT = {Text.PUBLIC: "样例：水管已修复。"}


@pytest.fixture
async def town(own_town: Town) -> Town:
    """The sweep brings whatever waits in the tables: it gets tables of its own."""
    return own_town


async def joint_of(town: Town, *requests: Request) -> str:
    """A joint case that these have joined."""
    async with town.engine.begin() as conn:
        id = await joints.open_(conn, "样例小区停水", "agent-1", datetime.now(UTC))
    for request in requests:
        await request.agent("join", joint=id)
    return id


async def done(
    town: Town, id: str, act: Act, at: datetime, texts: dict[Text, str] | None = None, **codes: Any
) -> JointAct:
    """Something is done for all parts, at this instant, and waits to be carried."""
    by: dict[str, Any] = {"role": Role.AGENT} if act is Act.TRANSFER else {"role": Role.UNIT, "unit": "WATER"}
    made = JointAct(
        id=uuid4().hex, joint=id, act=act, actor="sample-1", received_at=at, body=codes, texts=texts or {}, **by
    )
    async with town.engine.begin() as conn:
        await joints.hold(conn, id)
        await joints.receive(conn, made, None, "")
    return made


async def carried(town: Town, id: str) -> int:
    reached: int = await ActivityEnvironment().run(Joints(town.engine, sweep_of(town)).carry, id)
    return reached


async def told(town: Town, made: JointAct) -> tuple[int, int]:
    """How many parts it has reached, and how many it was not for."""
    async with town.engine.connect() as conn:
        (row,) = [row for row in await joints.acts(conn, made.joint) if row["id"] == made.id]
    assert row["done_at"] is not None
    return row["carried"], row["passed"]


async def test_a_result_that_was_in_time_for_all_is_in_time_for_each_however_late_it_is_carried(town: Town) -> None:
    request = await town.transferred()
    id = await joint_of(town, request)
    due = await request.expire("handling", "WATER")
    assert "overdue" in await request.events()
    made = await done(town, id, Act.FEEDBACK, due - timedelta(minutes=1), RESULT, replied="phone")
    assert (await carried(town, id), await told(town, made)) == (1, (1, 0))
    assert (await request.last("breach_withdrawn")).detail["why"] == "arrived_in_time"
    case = await request.case()
    assert (case.status, case.overdue) == ("callback", False)


async def test_what_is_carried_twice_at_once_reaches_each_part_once(town: Town) -> None:
    requests = [await town.transferred() for _ in range(4)]
    id = await joint_of(town, *requests)
    made = await done(town, id, Act.SIGN, await requests[0].now())
    await asyncio.gather(carried(town, id), carried(town, id))
    assert await told(town, made) == (4, 0)
    for request in requests:
        assert (await request.events()).count("sign") == 1


async def test_what_one_part_still_waits_for_comes_first(town: Town) -> None:
    first, second = [await town.register(datetime.now(UTC) - timedelta(minutes=1)) for _ in range(2)]
    for request in (first, second):
        await request.agent("transfer", lead="WATER", at=datetime.now(UTC))
    id = await joint_of(town, first, second)
    await first.receive("sign", "unit", unit="WATER", at=datetime.now(UTC))
    made = await done(town, id, Act.FEEDBACK, datetime.now(UTC), RESULT, replied="phone")
    await carried(town, id)
    assert await told(town, made) == (2, 0)
    assert ((await first.case()).status, (await second.case()).status) == ("assigned", "callback")
    await ActivityEnvironment().run(sweep_of(town).hand_over_deeds, datetime.now(UTC) + 2 * PAUSE)
    assert (await first.events())[-2:] == ["sign", "feedback"]


async def test_a_part_that_it_is_not_for_keeps_no_trace_of_it(town: Town) -> None:
    ours, theirs = await town.transferred(), await town.transferred("GAS")
    id = await joint_of(town, ours, theirs)
    made = await done(town, id, Act.FEEDBACK, await ours.now(), RESULT, replied="phone")
    before = await theirs.deeds()
    await carried(town, id)
    assert await told(town, made) == (1, 1)
    assert await theirs.deeds() == before


async def test_what_was_registered_while_temporal_was_down_the_sweep_has_carried(town: Town) -> None:
    request = await town.register(datetime.now(UTC) - timedelta(minutes=1))
    id = await joint_of(town, request)
    await done(town, id, Act.TRANSFER, datetime.now(UTC), lead="WATER")
    await ActivityEnvironment().run(sweep_of(town).hand_over_deeds, datetime.now(UTC))
    assert (await request.case()).status == "registered", "it is still the API's that registered it"
    await ActivityEnvironment().run(sweep_of(town).hand_over_deeds, datetime.now(UTC) + 2 * PAUSE)

    async def assigned() -> bool:
        return (await request.case()).status == "assigned"

    await eventually(assigned)


async def test_it_ends_when_nothing_was_done_for_a_day_and_begins_again_with_the_next(town: Town) -> None:
    request = await town.transferred()
    id = await joint_of(town, request)
    handle = town.env.client.get_workflow_handle(id, result_type=int)
    for act, texts in ((Act.SIGN, {}), (Act.FEEDBACK, RESULT)):
        await done(town, id, act, await request.now(), texts)
        await tell(town.env.client, town.queue, Beside.JOINT, id)
        await eventually(partial(at_rest, handle))
        await town.env.fast_forward(handle, QUIET)
        assert await handle.result() == 1
    assert (await request.case()).status == "callback"


async def at_rest(handle: WorkflowHandle[Any, int]) -> bool:
    """Has it carried something, and waits for more?"""
    kinds = [event.event_type async for event in handle.fetch_history_events()]
    return EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED in kinds and kinds[-1] == EventType.EVENT_TYPE_TIMER_STARTED


async def test_more_parts_than_fit_a_batch(town: Town) -> None:
    """No workflow of theirs: registered, each waits for the sweep."""
    requests = [await town.register(begin=False) for _ in range(BATCH + 3)]
    async with town.engine.begin() as conn:
        id = await joints.open_(conn, "样例小区停水", "agent-1", datetime.now(UTC))
        made = JointAct(
            id=uuid4().hex, joint=id, act=Act.JOIN, role=Role.AGENT, actor="agent-1", body={}, texts={},
            received_at=(await requests[0].case()).registered_at, numbers=tuple(request.number for request in requests),
        )  # fmt: skip
        await joints.receive(conn, made, None, "")
    assert await carried(town, id) == len(requests)
    for request in requests:
        assert list(await request.deeds()) == [f"{made.id}.{request.number}"]
