"""The reference path and its floor in alternating blocks on one stack, and the report on both."""

from __future__ import annotations

import asyncio
from itertools import cycle
from statistics import median
from typing import Any

from bench.floor import Floor
from bench.floor_rows import prepare
from bench.floor_worker import floor_service
from bench.hotline import Hotline
from bench.measure import Block, Cpu, History, Party, carry, history, statements
from bench.stack import stack
from cli.stack import LocalStack
from settings import Settings
from workflows.client import connect
from workflows.sweep import ID as SWEEP

SAMPLE = 40
"""Cases of each party whose histories are read."""

COUNTED = 10
"""Cases of each party whose statements are counted, apart from the timed blocks: counting is not for nothing."""


def run(cases: int, concurrency: int, blocks: int) -> dict[str, Any]:
    """Measure on a fresh stack; the report."""
    with stack({}, floor_service(), prepare=prepare) as running:
        return asyncio.run(_measure(running, cases, concurrency, blocks)) | {"concurrency": concurrency}


async def _measure(running: LocalStack, cases: int, concurrency: int, blocks: int) -> dict[str, Any]:
    """Warm both up, time both in the order A B B A …, and say what a case costs."""
    client, cpu = await connect(), Cpu(running.pids)
    async with Hotline(running.api_url, Settings.from_environment().secret, client) as hotline:
        parties: tuple[Party, Party] = (hotline, Floor(client))
        for party in parties:
            await carry(party, max(cases // blocks, concurrency), concurrency, cpu)
        sizes = [cases // blocks + (n < cases % blocks) for n in range(min(blocks, cases))]
        pairs: list[dict[str, Block]] = []
        for size, order in zip(sizes, cycle((parties, parties[::-1])), strict=False):
            pairs.append({party.name: await carry(party, size, concurrency, cpu) for party in order})
        histories = {p.name: [await history(client, id) for id in _sample(pairs, p)] for p in parties}
        await client.get_schedule_handle(SWEEP).pause()
        sql = {p.name: await statements(running, p, COUNTED) for p in parties}
    return report(pairs, histories, sql)


def _sample(pairs: list[dict[str, Block]], party: Party) -> list[str]:
    done = [id for pair in pairs for id in pair[party.name].done]
    return done[:: max(1, len(done) // SAMPLE)]


def report(
    pairs: list[dict[str, Block]], histories: dict[str, list[History]], sql: dict[str, float | None]
) -> dict[str, Any]:
    """The JSON object: the house without prefix, the floor with `floor_`; figures are per case of the timed blocks."""
    found: dict[str, Any] = {}
    for name, prefix in (("hotline", ""), ("floor", "floor_")):
        timed = [pair[name] for pair in pairs]
        done = sum(len(block.done) for block in timed)
        parts = {part: sum(b.cpu[part] for b in timed) / max(done, 1) for part in timed[0].cpu}
        found |= {
            f"{prefix}cases": done,
            f"{prefix}cases_per_s": round(done / sum(block.seconds for block in timed), 2),
            f"{prefix}events_per_case": _mean([each.events for each in histories[name]]),
            f"{prefix}transitions_per_case": _mean([each.transitions for each in histories[name]]),
            f"{prefix}sql_per_case": sql[name],
            f"{prefix}cpu_s_per_case": round(sum(s for part, s in parts.items() if part not in ("client", "other")), 4),
            f"{prefix}cpu_s": {part: round(seconds, 4) for part, seconds in parts.items()},
            f"{prefix}failed": sum(block.failed for block in timed),
        }
    ratios = [pair["hotline"].rate / pair["floor"].rate for pair in pairs if pair["floor"].done]
    found |= {"ratio": round(median(ratios), 3) if ratios else 0.0, "ratios": [round(each, 3) for each in ratios]}
    spent = {
        name: sum(sum(b.cpu.values()) - b.cpu["other"] for b in (pair[name] for pair in pairs)) for name in pairs[0]
    }
    found["cpu_ratio"] = round(spent["floor"] / spent["hotline"], 3)
    return found | {"failed": found["failed"] + found["floor_failed"]}


def _mean(values: list[int]) -> float:
    return round(sum(values) / len(values), 1) if values else 0.0
