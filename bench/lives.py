"""A case from intake to archive, as its cast would live it: whoever is to act looks where it stands, and acts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bench.clients import Client
from domain.vocabulary import Role, Status

UNITS = ("WATER", "GAS", "HEAT", "POWER", "HX", "HP", "NK")
REQUEST = {
    "title": "样例路灯不亮",
    "text": "样例路12号门前的路灯已三天不亮，晚上出行不便。",
    "matter": "help",
    "phone": "19900008890",
    "name": "张样例",
}
WHY = "样例理由。"
REPLY = "样例答复：已修好。"
LATE = 9.0
"""Seconds: longer than the demonstration's limit for signing."""

INFRINGED = 0.15
"""The share of persons who believe that enforcement infringed their rights (Art. 9 ¶3): a record for another system."""

LOOKS = 0.5
"""Seconds between two looks at a case that only waits for a clock."""

Turn = Callable[[Client, dict[str, Any]], Awaitable[object]]


async def live(client: Client) -> str:
    """The number of the case, which is archived."""
    believed = {"infringement": True} if client.chance.random() < INFRINGED else {}
    return await carry(client, await client.register(REQUEST | believed))


async def carry(client: Client, number: str) -> str:
    """From wherever it stands to the archive."""
    while True:
        case = await client.read(f"/cases/{number}")
        if case["status"] == Status.ARCHIVED:
            return number
        if turn := TURNS.get(case["status"]):
            await turn(client, case)
        else:
            await asyncio.sleep(LOOKS)


async def _dispatch(client: Client, case: dict[str, Any]) -> None:
    """The Centre chooses one of its ways; most go to a unit, some to two."""
    number, lot = case["number"], client.chance.random()
    if lot < 0.08:
        await client.act(number, Role.AGENT, "answer", public=REPLY)
    elif lot < 0.16:
        await client.act(number, Role.AGENT, "escalate", reason=WHY)
    elif lot < 0.2:
        await client.act(number, Role.AGENT, "decline", exclusion="civil", public=REPLY)
    else:
        lead, *assisting = client.chance.sample(UNITS, 1 + (lot > 0.8))
        await client.act(number, Role.AGENT, "transfer", lead=lead, assisting=assisting)


async def _handle(client: Client, case: dict[str, Any]) -> None:
    """Every unit handles its part, side by side, and somebody urges meanwhile."""
    number = case["number"]
    urging = [client.act(number, Role.AGENT, "urge")] if client.chance.random() < 0.5 else []
    await asyncio.gather(*(_unit(client, number, unit) for unit in case["units"]), *urging)


async def _unit(client: Client, number: str, unit: str) -> None:
    lot = client.chance.random()
    if lot < 0.1:
        await client.act(number, Role.UNIT, "return", unit, reason=WHY)
        return
    if lot < 0.2:
        await asyncio.sleep(LATE)
    await client.act(number, Role.UNIT, "sign", unit)
    await client.act(number, Role.UNIT, "feedback", unit, public=REPLY, replied="phone")


async def _call(client: Client, case: dict[str, Any]) -> None:
    content = client.chance.random() < 0.8
    rating = "good" if content else "bad"
    await client.act(case["number"], Role.CALLER, "attempt", reach="reached", resolved=content, rating=rating)


TURNS: dict[str, Turn] = {
    Status.REGISTERED: _dispatch,
    Status.RETURNED: _dispatch,
    Status.ASSIGNED: _handle,
    Status.ESCALATED: lambda client, case: client.act(
        case["number"], Role.OFFICE, "designate", lead=client.chance.choice(UNITS), reason=WHY
    ),
    Status.REVIEW: lambda client, case: client.act(case["number"], Role.AGENT, "approve"),
    Status.CALLBACK: _call,
    Status.SUPERVISED: lambda client, case: client.act(case["number"], Role.SUPERVISOR, "conclude", reason=WHY),
}
"""Whose turn it is; where none is named, a clock's."""
