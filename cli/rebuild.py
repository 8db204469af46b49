"""Temporal lost its store: every open case is started again from the file of record, at its status, with its clocks.

May be repeated, and run while the house works: a case that runs is left alone, and what was registered meanwhile and
not applied is brought by the sweep.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from domain.vocabulary import Status
from settings import sweep_seconds, task_queue
from storage import files, intake, opinions, partners, reading
from storage.engine import single
from workflows import attributes
from workflows.client import Later, start
from workflows.sweep import schedule

T = TypeVar("T")

SIDE_BY_SIDE = 16
"""How many cases are started at a time."""

STARTED, RUNNING, FAILED = "started", "running", "failed"


async def rebuild(engine: AsyncEngine, client: Client) -> Counter[str]:
    """How many open cases were started, how many ran already, how many Temporal could not start now.

    Puts in place what a fresh store lacks: search attributes, and the schedule of the sweep.
    """
    await attributes.ensure(client)
    await schedule(client, task_queue(), timedelta(seconds=sweep_seconds()), renew=False)
    async with engine.begin() as conn:
        await partners.forget(conn)  # the sweep tells their workflows
        await opinions.forget(conn)
    counts = Counter({STARTED: 0, RUNNING: 0, FAILED: 0})
    async for page in open_cases(engine):
        counts.update(await side_by_side(page, lambda number: begin(engine, client, number)))
    return counts


async def begin(engine: AsyncEngine, client: Client, number: str) -> str:
    """Start one case from its file, whatever became of its workflow, unless it runs; it is begun then."""
    async with single(engine).connect() as conn:
        file = await files.load(conn, number)
        assert file is not None
        if file.case.status is Status.ARCHIVED:  # meanwhile
            return RUNNING
        try:
            started = await start(client, task_queue(), file, again=True)
        except Later:
            return FAILED
        await intake.begun(conn, number, datetime.now(UTC))
    return STARTED if started else RUNNING


async def open_cases(engine: AsyncEngine) -> AsyncIterator[list[str]]:
    """The numbers of all open cases, page by page."""
    last = ""
    while True:
        async with single(engine).connect() as conn:
            page = await reading.open_cases(conn, last)
        if not page:
            return
        yield page
        last = page[-1]


async def side_by_side(numbers: list[str], work: Callable[[str], Awaitable[T]]) -> list[T]:
    """Do it for all, a few at a time; in their order."""
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(number: str) -> T:
        async with gate:
            return await work(number)

    return await asyncio.gather(*map(one, numbers))
