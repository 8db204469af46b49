"""`python -m bench chaos`: every part is killed under load, again and again; then nothing may be lost, double or half done."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import psycopg

from bench.clients import Client, Log, Sent
from bench.lives import live
from bench.stack import stack
from bench.verdict import Verdict, verdict
from cli.receiver import Receiver, receiver
from cli.stack import LocalStack
from settings import Settings
from workflows.client import connect

PARTS = ("api", "worker", "temporal", "postgres")
AT_ONCE = 64
"""How many cases are lived at a time."""

IN_FLIGHT = 20
"""How many acts are under way when a part is killed, at least."""

DOWN = (1.0, 4.0)
"""Seconds until a killed part is started again, at least and at most."""

PATIENCE, LONGEST = 180.0, 1800.0
"""Seconds in which the load must come to the point of the next kill, everything to rest at the end, and all be over."""

SURROUNDINGS = {"HOTLINE_RULE_SET": "demo", "HOTLINE_SWEEP_SECONDS": "2"}


WAITING = """
    SELECT FROM deeds WHERE state = 'received' UNION ALL SELECT FROM handovers WHERE state = 'waiting'
    UNION ALL SELECT FROM dispatches WHERE state = 'waiting' LIMIT 1
"""
"""What the house has still to do."""


@dataclass(frozen=True)
class Kill:
    """One outage: what was under way, from when to when, by the clock of the clients."""

    part: str
    in_flight: Sequence[Sent]
    down: float
    up: float

    @property
    def recovered(self) -> list[float]:
        """Seconds from the restart until each act under way at the kill was carried out or refused."""
        return [max(0.0, sent.answered_at - self.up) for sent in self.in_flight if sent.answered_at]


def run(cases: int, kills: int, seed: int) -> dict[str, Any]:
    """Kill under load on a fresh stack; the report."""
    with receiver() as platform, stack(SURROUNDINGS | {"HOTLINE_PLATFORM_URL": platform.url}) as running:
        return asyncio.run(_suffer(running, platform, cases, kills, seed))


async def _suffer(running: LocalStack, platform: Receiver, cases: int, kills: int, seed: int) -> dict[str, Any]:
    log, chance = Log(), random.Random(seed)
    secret = Settings.from_environment().secret
    limits = httpx.Limits(max_connections=2 * AT_ONCE, max_keepalive_connections=2 * AT_ONCE)
    async with httpx.AsyncClient(base_url=running.api_url, limits=limits) as http:
        numbers = count()

        async def carrier(killing: asyncio.Task[Any]) -> None:
            """The load never ends before the last kill."""
            while (n := next(numbers)) < cases or not killing.done():
                await live(Client(http, secret, log, random.Random(f"{seed}/{n}")))

        async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
            killing = group.create_task(_kill(running, platform, log, order(kills, chance), chance, cases))
            for _ in range(min(AT_ONCE, cases)):
                group.create_task(carrier(killing))
    outages = killing.result()
    await _rest(running.database_url)
    found = await verdict(running.database_url, await connect(), log, platform.records)
    _say(found, outages)
    return report(log, outages, found) | {"handed_over": len(platform.records)}


def order(kills: int, chance: random.Random) -> list[str]:
    """Which part is killed when: each as often as any other, in an order of chance."""
    drawn: list[str] = []
    while len(drawn) < kills:
        drawn += chance.sample(PARTS, len(PARTS))
    return drawn[:kills]


async def _kill(
    running: LocalStack, platform: Receiver, log: Log, parts: Sequence[str], chance: random.Random, cases: int
) -> list[Kill]:
    """Kill one part after the other, evenly over the intakes, each when enough is under way.

    With each the enforcement-supervision platform takes a record and never says so.
    """
    outages, up = list[Kill](), 0.0
    for n, part in enumerate(parts, 1):
        async with asyncio.timeout(PATIENCE):
            while _registered(log) < cases * n / (len(parts) + 1) or len(log.open_since(up)) < IN_FLIGHT:
                await asyncio.sleep(0.005)
        under_way, down = log.open_since(up), time.monotonic()
        platform.silent += 1
        await asyncio.to_thread(running.kill, part)
        await asyncio.sleep(chance.uniform(*DOWN))
        await asyncio.to_thread(running.start, part)
        up = time.monotonic()
        outages.append(Kill(part, under_way, down, up))
        print(f"{part:8} {len(under_way):3} in flight, down {up - down:.1f} s", file=sys.stderr)
    return outages


def _registered(log: Log) -> int:
    return sum(sent.acknowledged and sent.actor == "channel" for sent in log.sent)


async def _rest(database_url: str) -> None:
    """Until every act on record is decided on, and what is for other systems has its receipt."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        async with asyncio.timeout(PATIENCE):
            while conn.execute(WAITING).fetchone():
                await asyncio.sleep(0.5)


def report(log: Log, outages: Sequence[Kill], found: Verdict) -> dict[str, Any]:
    """The JSON object. All of `lost`, `duplicated`, `early`, `diverged` must be 0, and `chains_ok` true."""
    return {
        "acknowledged": len(log.acknowledged),
        "in_flight_min": min((len(each.in_flight) for each in outages), default=0),
        "lost": len(found.lost),
        "duplicated": len(found.duplicated),
        "early": len(found.early),
        "diverged": len(found.diverged),
        "chains_ok": not found.broken,
        "late_p99_s": p99(found.late),
        "outage_max_s": round(max((each.up - each.down for each in outages), default=0.0), 1),
        "recover_s_p99": p99([seconds for each in outages for seconds in each.recovered]),
        "kills": len(outages),
    }


def is_sound(told: dict[str, Any]) -> bool:
    """Nothing lost, double, early or half done; and no mark later than the longest outage explains."""
    wrong = not told["chains_ok"] or any(told[name] for name in ("lost", "duplicated", "early", "diverged"))
    return not wrong and bool(told["late_p99_s"] < told["outage_max_s"] + 5)


def p99(values: Sequence[float]) -> float:
    """The value that one in a hundred exceeds."""
    ordered = sorted(values)
    return round(ordered[int(len(ordered) * 0.99)], 2) if ordered else 0.0


def _say(found: Verdict, outages: Sequence[Kill]) -> None:
    """The first of each kind of fault, for whoever looks into it."""
    for kind in ("lost", "duplicated", "early", "diverged", "broken"):
        for each in getattr(found, kind)[:5]:
            print(f"{kind}: {each}", file=sys.stderr)
    for each in outages:
        print(f"{each.part:8} recovered in {max(each.recovered, default=0):.1f} s at most", file=sys.stderr)
