"""Cases that an earlier version's worker began are carried on by the present one, and by both at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from domain.vocabulary import Role
from storage import verification
from storage.migrate import migrate
from tests.conftest import count_elsewhere
from tests.line import Line
from tests.town import PROMPT, Request, eventually
from tests.upgrades.conftest import Street

AGENT, UNIT, CALLER, OFFICE = Role.AGENT, Role.UNIT, Role.CALLER, Role.OFFICE
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


async def closed(line: Line) -> str:
    number = await registered(line)
    await line.done(number, "answer", AGENT, public=PUBLIC)
    await line.done(number, "decline" if False else "cease", AGENT, procedure="litigation", reason="样例理由。") if (
        await line.status(number)
    ) not in ("callback", "answered", "closed") else None
    return number


async def late(street: Street, number: str, desk: str, clock: str) -> None:
    """A clock runs out at a desk: the child marks it, and tells its case to look."""
    request = Request(street.town, number)
    found = [c for c in (await request.file()).clocks if c.clock == clock]
    handle = request.handle(desk)
    here = await street.town.env.get_current_time(handle)
    await street.town.env.fast_forward(handle, found[0].due - here + timedelta(seconds=1))

    async def told() -> bool:
        names = [e.workflow_execution_signaled_event_attributes.signal_name async for e in request.handle().fetch_history_events()]
        return "look" in names

    await eventually(told)


# -- and how the present one ends them --------------------------------------------------------------------------------


async def end(request: Request) -> None:
    """From wherever it stands to the archive."""
    for _ in range(12):
        file = await request.file()
        match file.case.status:
            case "archived":
                return
            case "registered" | "returned":
                await request.agent("transfer", lead="WATER")
            case "answered":
                await request.person("rate", rating="fair")
            case "escalated":
                await request.office("designate", lead="WATER")
            case "assigned":
                await request.unit("WATER", "feedback", replied="phone")
            case "review":
                await request.agent("approve")
            case "callback":
                await request.caller(reach="reached", resolved=True, rating="good")
            case "closed":
                if any(clock.clock == "dispute" for clock in file.clocks):
                    await request.expire("dispute")
                await request.until("archived")
            case other:
                raise AssertionError(other)
    raise AssertionError(await request.events())
