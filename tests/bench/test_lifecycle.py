"""The bench carries a few cases of both parties on a stack of its own; how fast is not a test's business."""

from __future__ import annotations

import asyncio
import json
import sys

KEYS = {"cases_per_s", "events_per_case", "transitions_per_case", "sql_per_case", "cpu_s_per_case", "cpu_s", "failed"}


async def test_both_parties_carry_every_case() -> None:
    command = ["-m", "bench", "lifecycle", "--cases", "6", "--concurrency", "3", "--blocks", "2", "--json"]
    pipe = asyncio.subprocess.PIPE
    bench = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=pipe, stderr=pipe)
    told, said = await bench.communicate()
    assert bench.returncode == 0, said.decode()
    report = json.loads(told)
    assert report.keys() >= KEYS | {f"floor_{key}" for key in KEYS} | {"ratio", "ratios"}
    assert (report["cases"], report["floor_cases"], report["failed"]) == (6, 6, 0)
    assert len(report["ratios"]) == 2
    for figure in ("events_per_case", "transitions_per_case", "sql_per_case"):
        assert report[figure] > 0
        assert report[f"floor_{figure}"] > 0
