"""Workers come and go: a case goes on where it stood, and what was written is never written again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from activities.ledger import Applied, Ledger
from activities.sweep import Desks, Sweep
from api.house import House
from domain.case import Deed, File, Rung
from domain.refusals import Refusal
from domain.vocabulary import Act
from storage.blobs import Blobs
from storage.calendar import CalendarInForce
from storage.engine import single
from storage.figures import Counted
from storage.learning import Learning
from storage.likeness import Alike
from storage.reception import Reception
from tests.line import settings_for, vault_on
from tests.town import PROMPT, Request, Town, eventually
from tests.workflows.clumsy import Clumsy
from workflows.callback import Callback
from workflows.case import AGAIN
from workflows.client import Elsewhere, Later, hand_over, start, tell, wake
from workflows.condition import condition
from workflows.designation import Designation

T = TypeVar("T")


class Forgetful(Ledger):
    """Writes what it is asked, but its first answer of each kind is lost on the way: it is asked again."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.lost: set[str] = set()

    @activity.defn
    async def turn_away(self, file: File, now: datetime) -> File:
        return self._lose("turn_away", await super().turn_away(file, now))

    async def apply(self, file: File, deed: Deed, now: datetime) -> Applied:
        return self._lose("apply", await super().apply(file, deed, now))

    async def strike(self, file: File, clock: str, rung: Rung, now: datetime) -> File:
        return self._lose("strike", await super().strike(file, clock, rung, now))

    @activity.defn
    async def seal(self, file: File, now: datetime) -> File:
        return self._lose("seal", await super().seal(file, now))

    def _lose(self, kind: str, answer: T) -> T:
        if kind in self.lost:
            return answer
        self.lost.add(kind)
        raise RuntimeError("the answer was lost")


class Slow(Ledger):
    """Writes one act at once, but answers only when it is told to."""

    def __init__(self, engine: AsyncEngine, act: Act) -> None:
        super().__init__(engine)
        self.act = act
        self.written, self.answer = asyncio.Event(), asyncio.Event()

    async def apply(self, file: File, deed: Deed, now: datetime) -> Applied:
        applied = await super().apply(file, deed, now)
        if deed.act is self.act:
            self.written.set()
            await self.answer.wait()
        return applied


async def finished(request: Request) -> None:
    """The rest of the reference path."""
    await request.unit("WATER", "feedback", replied="phone")
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until("archived")


async def test_another_worker_goes_on_in_the_middle_of_a_case(idle_town: Town) -> None:
    town = idle_town
    async with town.at_work():
        request = await town.transferred()
        await request.forward_to((await request.clock("handling", "WATER")).rungs[0].at)
    async with town.at_work(max_cached_workflows=0):
        urged = (await request.clock("handling", "WATER")).rungs[0]
        await request.forward_to(urged.at)
        assert urged.at <= (await request.last("urged")).at < urged.at + PROMPT
        await request.agent("escalate")
    async with town.at_work():
        await request.expire("designation", "office")
        await request.office("designate", lead="WATER")
        await request.unit("WATER", "sign")
    async with town.at_work(max_cached_workflows=0):
        await finished(request)
    assert (await request.events())[-6:] == ["overdue", "designate", "sign", "feedback", "attempt", "sealed"]


async def test_what_falls_due_while_no_worker_works_is_marked_when_one_comes(idle_town: Town) -> None:
    town = idle_town
    async with town.at_work():
        request = await town.transferred()
        due = (await request.clock("sign", "WATER")).due
        await request.forward_to(due - timedelta(seconds=20))
    await town.env.fast_forward(request.handle(), timedelta(seconds=20))
    assert "overdue" not in await request.events()
    async with town.at_work():
        await request.forward_to(due)
        assert due <= (await request.last("overdue")).at
        assert (await request.last("overdue")).detail["due"] == due.isoformat()


async def test_a_deed_that_comes_while_no_worker_works_is_carried_out_when_one_comes(idle_town: Town) -> None:
    town = idle_town
    async with town.at_work():
        request = await town.transferred()
    deed = await request.receive("return", "unit", unit="WATER")
    await request.signal(deed)
    async with town.at_work():
        await request.until("returned")
    assert (await request.last("return")).at == deed.received_at


async def test_what_was_written_is_not_written_again_when_the_answer_is_lost(idle_town: Town) -> None:
    town = idle_town
    async with town.at_work(Forgetful):
        emergency = await town.register(datetime.now(UTC), exclusion="emergency")
        request = await town.transferred()
        await request.expire("sign", "WATER")
        await finished(request)
        await emergency.expire("dispute")
        await emergency.until("archived")
    events = await request.events()
    assert sorted(events[2:4]) == ["lapsed", "overdue"]  # at the same instant, in any order
    assert events[:2] + events[4:] == ["register", "transfer", "feedback", "attempt", "sealed"]
    assert await emergency.events() == ["register", "decline", "lapsed", "sealed"]


async def test_what_a_child_gives_back_never_replaces_what_the_case_knows_since(idle_town: Town) -> None:
    """A unit's signal reaches the case after the child has written its last step, and before it has given the file back."""
    town = idle_town
    made: list[Slow] = []

    def slow(engine: AsyncEngine) -> Slow:
        made.append(Slow(engine, Act.ATTEMPT))
        return made[0]

    async with town.at_work(slow):
        request = await town.transferred()
        await request.unit("WATER", "feedback", replied="phone")
        attempt = await request.receive("attempt", "caller", reach="reached", resolved=False, rating="bad")
        calling = asyncio.create_task(request.hand_over(attempt))
        await made[0].written.wait()
        await request.signal(await request.receive("feedback", "unit", unit="WATER", replied="visit"))
        await request.until("review")
        made[0].answer.set()
        await calling
        assert await request.agent("approve") == "callback"
        await request.caller(reach="reached", resolved=True, rating="good")
        await request.until("archived")


async def test_a_keeper_that_breaks_fails_the_workflow_task_and_a_mended_worker_goes_on(idle_town: Town) -> None:
    """An open case whose clocks have stopped must not look sound."""
    town = idle_town
    async with town.at_work(workflows=[Clumsy, Designation, Callback]):
        request = await town.transferred()
        first = min(rung.at for clock in (await request.file()).clocks for rung in clock.rungs)
        await town.env.fast_forward(request.handle(), first - await request.now())
        await eventually(lambda: _faulty(request, "the keeper of clocks broke"))
        await eventually(lambda: _stuck(request, "RuntimeError"))
    async with town.at_work():
        await request.until(lambda file: first not in {rung.at for clock in file.clocks for rung in clock.rungs})
        await finished(request)
    town.requests.remove(request)  # it is not free of faults: that is the point


async def _faulty(request: Request, what: str) -> bool:
    return any(what in fault for fault in await request.faults())


async def _stuck(request: Request, why: str) -> bool:
    """What the doctor says of it: the type of the error, and not its words."""
    found = await condition(request.town.env.client, request.number)
    return found is not None and found.problem == why


@pytest.mark.parametrize("to", ["designation", "callback"])
async def test_a_child_that_somebody_ended_is_opened_again(to: str, town: Town) -> None:
    request = await town.transferred()
    await (request.agent("escalate") if to == "designation" else request.unit("WATER", "feedback", replied="phone"))
    await request.now()
    await request.handle(await request.desk()).terminate("by mistake")

    async def pauses() -> bool:
        events = (await request.handle().fetch_history()).events
        return any(
            event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta() == AGAIN for event in events
        )

    async def rests() -> bool:
        """The new child has done its first task: its clock may be moved."""
        found = await request.handle(await request.desk()).describe()
        pending = found.raw_description.HasField("pending_workflow_task")
        return found.status is WorkflowExecutionStatus.RUNNING and found.history_length >= 5 and not pending

    await eventually(pauses)
    await town.env.fast_forward(request.handle(), AGAIN)
    await eventually(rests)
    if to == "designation":
        assert await request.office("designate", lead="WATER") == "assigned"
        await finished(request)
    else:
        await request.caller(reach="reached", resolved=True, rating="good")
        await request.until("archived")


@pytest.mark.parametrize("asleep", [True, False], ids=["asleep", "at work"])
async def test_a_case_that_somebody_ended_is_started_again_from_its_file(asleep: bool, town: Town) -> None:
    request = await town.register()
    if not asleep:
        await request.agent("transfer", lead="WATER")
    await request.handle().terminate("by mistake")
    file, client = await request.file(), town.env.client
    assert not await start(client, town.queue, file), "the ordinary way leaves it alone"
    assert await start(client, town.queue, file, again=True)
    assert not await start(client, town.queue, file, again=True), "it runs"
    if asleep:
        await request.agent("transfer", lead="WATER")
    await request.expire("sign", "WATER")
    await finished(request)
    assert (await request.events())[:2] == ["register", "transfer"]


async def test_a_desk_that_forgot_that_it_did_it_refuses_and_the_answer_is_as_it_is_on_record(
    town: Town, database: str
) -> None:
    """The worker died after the act was written, and before it answered; the file that is read then has it done."""
    request = await town.transferred()
    deed = await request.receive("sign", "unit", unit="WATER")
    await request.hand_over(deed)
    await request.handle().terminate("forgets")
    assert await start(town.env.client, town.queue, await request.file(), again=True)
    with pytest.raises(Refusal):
        await hand_over(town.env.client, request.number, deed)
    house = house_of(town, database)
    answer = await house.settled(deed)
    assert answer
    assert (answer.deed, answer.state, answer.status) == (deed.id, "applied", "assigned")
    with pytest.raises(Refusal):
        await house.settled(await request.receive("sign", "unit", unit="WATER"))
    assert list((await request.deeds()).values()).count("applied") == 2


def house_of(town: Town, database: str) -> House:
    once = single(town.engine)
    settings = settings_for(database, town.queue)
    return House(
        settings=settings,
        engine=town.engine,
        once=once,
        vault=vault_on(town.engine),
        temporal=town.env.client,
        calendar=CalendarInForce(once),
        alike=Alike(),
        counted=Counted(once, 5),
        learning=Learning(),
        now=lambda: datetime.now(UTC),
        reception=Reception(once, Blobs(settings.blobs), None),
    )


async def missed(request: Request, act: str, role: str, **codes: Any) -> None:
    """The act is written, and the desk never hears of it: the worker died with the answer."""
    deed = await request.receive(act, role, **codes)
    applied = await Ledger(request.town.engine).apply(await request.file(), deed, await request.now())
    assert applied.refusal is None


def sweep_of(town: Town) -> Sweep:
    client = town.env.client

    async def start_case(file: File) -> None:
        raise Later

    ways = partial(hand_over, client), partial(wake, client), partial(tell, client, town.queue)
    return Sweep(town.engine, Desks(start_case, *ways, Later, Elsewhere))


async def sweep(town: Town, now: datetime) -> None:
    await ActivityEnvironment().run(sweep_of(town).hand_over_deeds, now)


async def test_a_desk_that_missed_a_step_refuses_nothing_that_the_record_permits(town: Town, database: str) -> None:
    request = await town.register()
    await missed(request, "transfer", "agent", lead="WATER")
    assert await _shows(request, "registered")
    sign = await request.receive("sign", "unit", unit="WATER")
    with pytest.raises(Refusal):
        await hand_over(town.env.client, request.number, sign)
    answer = await house_of(town, database)._hand_over(request.number, sign)
    assert (answer.state, answer.status) == ("applied", "assigned")
    await finished(request)


async def test_the_sweep_refuses_nothing_that_the_record_permits(own_town: Town) -> None:
    request = await own_town.register()
    await missed(request, "transfer", "agent", lead="WATER")
    sign = await request.receive("sign", "unit", unit="WATER")
    await sweep(own_town, sign.received_at + timedelta(minutes=1))
    assert (await request.deeds())[sign.id] == "received"
    await eventually(lambda: _shows(request, "assigned"))
    await sweep(own_town, sign.received_at + timedelta(minutes=1))
    assert (await request.deeds())[sign.id] == "applied"
    await finished(request)


async def test_a_desk_that_missed_a_step_is_woken_when_it_lets_an_instant_pass(own_town: Town) -> None:
    request = await own_town.register()
    await missed(request, "transfer", "agent", lead="WATER")
    first = (await request.file()).soonest
    assert first
    await sweep(own_town, first + timedelta(seconds=5))
    assert await _shows(request, "registered")
    await sweep(own_town, first + timedelta(seconds=30))
    await eventually(lambda: _shows(request, "assigned"))
    await request.expire("sign", "WATER")
    await finished(request)


async def test_who_was_woken_in_vain_is_woken_again_after_as_long_again(own_town: Town) -> None:
    request = await own_town.transferred()
    woken: list[str] = []

    async def wakes(number: str) -> None:
        woken.append(number)

    at = (await request.file()).soonest
    assert at
    desks = replace(sweep_of(own_town)._desks, wake=wakes)
    one = Sweep(own_town.engine, desks)
    counts = []
    for seconds in (9, 20, 39, 40, 60, 90, 4000):
        await ActivityEnvironment().run(one.hand_over_deeds, at + timedelta(seconds=seconds))
        counts.append(woken.count(request.number))
    assert counts == [0, 1, 1, 2, 2, 3, 4]


async def test_a_callback_that_missed_its_end_hears_of_it_through_its_case(town: Town) -> None:
    """The child holds the case by its own file; by the record the case's own workflow does."""
    request = await town.transferred()
    await request.unit("WATER", "feedback", replied="phone")
    child = await request.desk()
    await eventually(lambda: _runs(request, child))
    await missed(request, "attempt", "caller", reach="reached", resolved=False, rating="poor")
    assert await request.desk() == request.number != child
    await wake(town.env.client, request.number)
    await eventually(lambda: _ended(request, child))
    await request.unit("WATER", "feedback", replied="phone")
    await request.agent("approve")
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until("archived")


async def test_a_case_that_missed_that_it_must_be_called_back_opens_the_callback(town: Town) -> None:
    request = await town.transferred()
    await request.unit("WATER", "sign")
    await missed(request, "feedback", "unit", unit="WATER", replied="phone")
    await wake(town.env.client, request.number)
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until("archived")


async def _runs(request: Request, desk: str) -> bool:
    found = await condition(request.town.env.client, desk)
    return found is not None and found.runs


async def _ended(request: Request, desk: str) -> bool:
    return not await _runs(request, desk)


async def _shows(request: Request, status: str) -> bool:
    found = await condition(request.town.env.client, request.number)
    return found is not None and found.shows == status


async def test_a_history_that_has_grown_long_is_left_behind_and_the_case_goes_on(town: Town) -> None:
    """Temporal takes 2,000 updates a run: a person who urges day after day must not freeze the case."""
    request = await town.transferred()
    begun = await request.handle().describe()

    async def urged_on() -> bool:
        await asyncio.gather(*(request.person("urge") for _ in range(9)))
        return (await request.handle().describe()).run_id != begun.run_id

    await eventually(urged_on)
    anew = await request.handle().describe()
    shown, before = (
        {p.key.name: p.value for p in d.typed_search_attributes if p.key.name != "BuildIds"} for d in (anew, begun)
    )
    assert shown == before
    urges = (await request.case()).urges
    assert (await request.events()).count("urge") == urges
    await request.expire("sign", "WATER")
    assert (await request.last("overdue")).detail["clock"] == "sign"
    await finished(request)
