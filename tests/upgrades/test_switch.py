"""Cases that an earlier version's worker began are carried on by the present one, and by both at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.service import RPCError

from domain.vocabulary import Role
from storage import verification
from storage.migrate import migrate
from tests.line import Line
from tests.town import PROMPT, Request, eventually
from tests.upgrades.conftest import Street

AGENT, UNIT = Role.AGENT, Role.UNIT
PUBLIC = "样例答复：已修好。"
UNHEARD_OF = ("Non-deprecated patch marker", "look() takes 1 positional argument")
"""How an earlier worker fails a task that only the present version can do (docs/upgrades.md)."""


# -- as the earlier version leaves them -----------------------------------------------------------------------------


async def registered(line: Line) -> str:
    return str((await line.register(matter="consultation"))["number"])


async def transferred(line: Line) -> str:
    number = await registered(line)
    await line.done(number, "transfer", AGENT, lead="WATER")
    return number


async def signed(line: Line) -> str:
    number = await transferred(line)
    await line.done(number, "sign", UNIT, "WATER")
    return number


async def escalated(line: Line) -> str:
    number = await registered(line)
    await line.done(number, "escalate", AGENT, reason="样例理由。")
    return number


async def in_callback(line: Line) -> str:
    number = await signed(line)
    await line.done(number, "feedback", UNIT, "WATER", public=PUBLIC, replied="phone")
    return number


async def answered(line: Line) -> str:
    number = await registered(line)
    await line.done(number, "answer", AGENT, public=PUBLIC)
    return number


async def declined(line: Line) -> str:
    number = await registered(line)
    await line.done(number, "decline", AGENT, exclusion="civil", public=PUBLIC)
    return number


LEFT: dict[str, Callable[[Line], Awaitable[str]]] = {
    "registered": registered,
    "transferred": transferred,
    "signed": signed,
    "escalated": escalated,
    "late at the office": escalated,
    "in callback": in_callback,
    "called late": in_callback,
    "answered": answered,
    "waiting for the archive": declined,
}
"""How the earlier version leaves cases, and by which acts."""


async def left(street: Street) -> dict[str, Request]:
    """Cases that the earlier version's API and worker have brought to these standings."""
    line = await street.earlier.serve()
    requests = {name: Request(street.town, await play(line)) for name, play in LEFT.items()}
    await late(requests["late at the office"], "designation")
    await late(requests["called late"], "callback")
    street.town.requests += requests.values()
    return requests


async def late(request: Request, clock: str) -> None:
    """A clock runs out at a child: it marks that, and tells its case to look."""
    handle = request.handle(f"{request.number}-{clock}-1")
    due = next(c.due for c in (await request.file()).clocks if c.clock == clock)
    here = await request.town.env.get_current_time(handle)
    await request.town.env.fast_forward(handle, due - here + timedelta(seconds=1))

    async def told() -> bool:
        events = (await request.handle().fetch_history()).events
        return "look" in [event.workflow_execution_signaled_event_attributes.signal_name for event in events]

    await eventually(told)


# -- and how the present one ends them --------------------------------------------------------------------------------


async def closed(request: Request) -> None:
    if any(clock.clock == "dispute" for clock in (await request.file()).clocks):
        await request.expire("dispute")
    await request.until("archived")


NEXT: dict[str, Callable[[Request], Awaitable[object]]] = {
    "registered": lambda request: request.agent("transfer", lead="WATER"),
    "answered": lambda request: request.person("rate", rating="fair"),
    "escalated": lambda request: request.office("designate", lead="WATER"),
    "assigned": lambda request: request.unit("WATER", "feedback", replied="phone"),
    "review": lambda request: request.agent("approve"),
    "callback": lambda request: request.caller(reach="reached", resolved=True, rating="good"),
    "closed": closed,
}


async def end(request: Request) -> None:
    """From wherever it stands to the archive."""
    while (status := (await request.case()).status) != "archived":
        await NEXT[status](request)


async def sound(street: Street, but: Sequence[str] = ()) -> None:
    """Every case is archived, no workflow task has failed (but these), and no chain is broken."""
    assert [fault for request in street.town.requests for fault in await request.faults()] == list(but)
    async with street.town.engine.connect() as conn:
        found = {number: broken async for number, broken in verification.cases(conn)}
    assert found == dict.fromkeys((request.number for request in street.town.requests), None)
    assert {(await request.case()).status for request in street.town.requests} == {"archived"}


async def test_the_present_worker_ends_what_an_earlier_one_began(street: Street) -> None:
    street.earlier.work()
    requests = await left(street)
    await asyncio.to_thread(street.earlier.stop)  # a killed one's tasks would wait for it: ten seconds in that version
    await asyncio.to_thread(migrate, street.database)
    street.present.work()

    due = await requests["transferred"].expire("sign", "WATER")
    assert due <= (await requests["transferred"].last("overdue")).at < due + PROMPT
    assert await requests["called late"].agent("correct", matter="help")  # its case is told
    await asyncio.gather(*(end(request) for request in requests.values()))
    await sound(street)


async def test_both_versions_serve_one_queue_while_cases_run(street: Street) -> None:
    """A rolling deployment: any task of any case may come to either, and neither remembers."""
    await asyncio.to_thread(migrate, street.database)
    street.earlier.work(forgetful=True)
    street.present.work(forgetful=True)
    for request in (await left(street)).values():  # one by one: without a cache a second case pushes the first one out
        await end(request)
    faults = [fault for request in street.town.requests for fault in await request.faults()]
    assert all(any(word in fault for word in UNHEARD_OF) for fault in faults), faults
    await sound(street, but=faults)


async def test_a_version_that_names_its_build_takes_the_cases_over_when_it_is_made_current(street: Street) -> None:
    """Worker versioning: only the current build gets tasks, and a case goes on there with its next one."""
    await asyncio.to_thread(migrate, street.database)
    name = street.town.queue
    street.present.work(HOTLINE_BUILD_ID="1", HOTLINE_DEPLOYMENT=name)
    street.present.work(HOTLINE_BUILD_ID="2", HOTLINE_DEPLOYMENT=name)
    await make_current(street, "1")
    line = await street.present.serve()
    request = Request(street.town, await transferred(line))
    street.town.requests.append(request)
    assert await builds(request) == ["1"]
    await make_current(street, "2")
    await end(request)
    assert await builds(request) == ["1", "2"]
    await sound(street)


async def make_current(street: Street, build: str) -> None:
    """As `temporal worker deployment set-current-version` does, once the build's worker has been seen."""
    client = street.town.env.client
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=street.town.queue, build_id=build
    )

    async def made() -> bool:
        with suppress(RPCError):
            await client.workflow_service.set_worker_deployment_current_version(request)
            return True
        return False

    await eventually(made)


async def builds(request: Request) -> list[str]:
    """The builds that have done tasks of a case, in their order."""
    events = (await request.handle().fetch_history()).events
    done = [event.workflow_task_completed_event_attributes.deployment_version.build_id for event in events]
    return list(dict.fromkeys(filter(None, done)))
