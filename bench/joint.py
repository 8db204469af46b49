"""Many cases about one thing, handled as a joint case (并案): handled once, each person called, none left open or late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from api.access import Caller, issue
from bench.hotline import REQUEST, UNIT, Hotline
from bench.stack import stack
from cli.stack import LocalStack
from domain.vocabulary import Role
from settings import Settings
from workflows.client import connect

AT_ONCE = 32
"""Clients."""

CHUNK = 1000
"""How many cases join by one request."""

FAULTS = """
    SELECT (SELECT count(*) FROM cases WHERE status NOT IN ('closed', 'archived')) AS open,
           (SELECT count(*) FROM entries WHERE event = 'overdue') AS overdue,
           (SELECT count(*) FROM (SELECT FROM entries WHERE event IN ('join', 'transfer', 'sign', 'feedback')
                                  GROUP BY case_number, event HAVING count(*) > 1) twice) AS twice,
           (SELECT count(*) FROM cases WHERE number NOT IN
                   (SELECT case_number FROM entries WHERE event = 'feedback')) AS not_told
"""
"""What must not be: none of them."""


def run(cases: int) -> dict[str, Any]:
    """Carry so many cases through a joint case on a fresh stack; the report."""
    with stack({}) as running:
        return asyncio.run(_measure(running, cases))


async def _measure(running: LocalStack, cases: int) -> dict[str, Any]:
    secret = Settings.from_environment().secret
    took: dict[str, float] = {}

    async def timed(name: str, work: Awaitable[Any]) -> Any:
        began = time.monotonic()
        found = await work
        took[f"{name}_s"] = round(time.monotonic() - began, 1)
        return found

    async with Hotline(running.api_url, secret, await connect()) as hotline:
        told = {**REQUEST, "matter": "issue"}
        made = await timed("intake", _at_once(lambda _: hotline.post(Role.CHANNEL, "/cases", told, 201), range(cases)))
        numbers = [case["number"] for case in made]
        opened = {"title": "样例小区停水", "cases": numbers[:CHUNK]}
        id: str = (await hotline.post(Role.AGENT, "/joints", opened, 201))["id"]
        path = f"/joints/{id}"
        for start in range(CHUNK, cases, CHUNK):
            await _send(running, secret, Role.AGENT, f"{path}/join", {"cases": numbers[start : start + CHUNK]})
        await timed("join", _carried(running, secret, path))
        for act, role, body in (
            ("transfer", Role.AGENT, {"lead": UNIT}),
            ("sign", Role.UNIT, {}),
            ("feedback", Role.UNIT, {"public": "样例：水管已修复。", "replied": "phone"}),
        ):
            await _send(running, secret, role, f"{path}/{act}", body)
            await timed(act, _carried(running, secret, path))
        content = {"reach": "reached", "resolved": True, "rating": "good"}
        call = lambda number: hotline.act(number, Role.CALLER, "attempt", **content)  # noqa: E731
        await timed("callbacks", _at_once(call, numbers))
        await hotline.post(Role.AGENT, f"{path}/close", {}, 200)
    with psycopg.connect(running.database_url) as conn:
        cursor = conn.execute(FAULTS)
        faults = dict(zip((column.name for column in cursor.description or ()), cursor.fetchone() or (), strict=True))
    return {"cases": cases, **faults, **took, "carried_per_s": round(cases / took["feedback_s"], 1)}


def is_sound(report: dict[str, Any]) -> bool:
    return not any(report[name] for name in ("open", "overdue", "twice", "not_told"))


async def _at_once(work: Callable[[Any], Awaitable[Any]], each: Iterable[Any]) -> list[Any]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: Any) -> Any:
        async with gate:
            return await work(item)

    return await asyncio.gather(*map(one, each))


async def _send(running: LocalStack, secret: bytes, role: Role, path: str, body: dict[str, Any]) -> None:
    async with _client(running, secret, role) as http:
        (await http.post(path, json=body)).raise_for_status()


async def _carried(running: LocalStack, secret: bytes, path: str) -> None:
    """Until all that was done has reached every part."""
    async with _client(running, secret, Role.AGENT) as http:
        while not all(act["done_at"] for act in (await http.get(path)).json()["acts"]):
            await asyncio.sleep(0.2)


def _client(running: LocalStack, secret: bytes, role: Role) -> httpx.AsyncClient:
    caller = Caller(f"{role.value}-bench", role, UNIT if role is Role.UNIT else None)
    token = issue(secret, caller, datetime.now(UTC))
    return httpx.AsyncClient(base_url=running.api_url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
