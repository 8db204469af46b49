"""`python -m bench.floor_worker`: carries the floor's cases, with every option of the house's own worker."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import cast

from temporalio.worker import Worker, WorkerConfig

from bench.floor import QUEUE, FloorCallback, FloorCase
from bench.floor_rows import Rows
from cli.processes import Service
from settings import Settings
from storage.engine import make_engine
from worker import build_worker
from workflows.client import connect


def floor_service() -> Service:
    """It as a process of a local stack."""
    return Service("floor", [sys.executable, "-m", "bench.floor_worker"])


async def main() -> None:
    """Work until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    client = await connect()
    house = build_worker(client, make_engine(Settings.from_environment().database_url), "never run")
    rows = Rows(os.environ["DATABASE_URL"])
    own = {"task_queue": QUEUE, "workflows": [FloorCase, FloorCallback], "activities": [rows.insert]}
    options = cast(WorkerConfig, house.config() | own)
    async with Worker(**options):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main())
