"""Cases that an earlier version's worker began are carried on by the present one, and by both at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.vocabulary import Role
from storage import verification
from storage.migrate import migrate
from tests.conftest import count_elsewhere
from tests.line import Line
from tests.town import PROMPT, Request, eventually
from tests.upgrades.conftest import Street

AGENT, UNIT = Role.AGENT, Role.UNIT
PUBLIC = "样例答复：已修好。"


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
    numbers = await asyncio.gather(*(play(line) for play in LEFT.values()))
    requests = {name: Request(street.town, number) for name, number in zip(LEFT, numbers, strict=True)}
    await asyncio.gather(
        late(requests["late at the office"], "designation"),
        late(requests["called late"], "callback"),
    )
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


async def sound(street: Street) -> None:
    """Every case is archived, no workflow task has failed, and no chain is broken."""
    await street.town.look_for_faults()
    async with street.town.engine.connect() as conn:
        found = {number: broken async for number, broken in verification.cases(conn)}
    assert found == dict.fromkeys((request.number for request in street.town.requests), None)
    assert {(await request.case()).status for request in street.town.requests} == {"archived"}


async def test_the_present_worker_ends_what_an_earlier_one_began(street: Street) -> None:
    await count_elsewhere(street.town.engine)
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
    await count_elsewhere(street.town.engine)
    street.earlier.work(forgetful=True)
    street.present.work(forgetful=True)
    requests = await left(street)
    await asyncio.to_thread(migrate, street.database)
    await asyncio.gather(*(end(request) for request in requests.values()))
    street.earlier.kill()
    await sound(street)
