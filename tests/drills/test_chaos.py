"""A small chaos: every part is killed once under load, and nothing is lost, double, early or half done."""

from __future__ import annotations

import asyncio
import json
import sys

KEYS = {
    "acknowledged", "in_flight_min", "lost", "duplicated", "early", "late_p99_s", "diverged", "chains_ok", "recover_s_p99",
    "outage_max_s", "kills", "handed_over",
}  # fmt: skip


async def test_every_part_is_killed_under_load_and_nothing_is_lost_double_early_or_half_done() -> None:
    command = ["-m", "bench", "chaos", "--cases", "40", "--kills", "4", "--seed", "8890", "--json"]
    pipe = asyncio.subprocess.PIPE
    bench = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=pipe, stderr=pipe)
    told, said = await bench.communicate()
    assert told, said.decode()
    report = json.loads(told)
    assert report.keys() == KEYS
    faults = {name: report[name] for name in ("lost", "duplicated", "early", "diverged")}
    assert faults == {"lost": 0, "duplicated": 0, "early": 0, "diverged": 0}, said.decode()
    assert report["chains_ok"]
    assert report["handed_over"] >= 1
    assert report["kills"] == 4
    assert report["in_flight_min"] >= 20
    assert report["acknowledged"] > 40 * 4
