"""The day's root: which day is signed, once, and what a missed day leaves to the next (Art. 14)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from temporalio.worker import Worker

from activities.roots import Roots
from domain.limits import SHANGHAI
from storage.signing import Seal
from tests.sandbox import SANDBOX
from tests.town import Town
from workflows.roots import DayRoot

SEAL = Seal.new()


@pytest.fixture
async def town(own_town: Town) -> Town:
    """A root is over every case of the house: it gets tables of its own."""
    return own_town


@pytest.fixture
async def exported(town: Town, tmp_path: Path) -> AsyncIterator[Path]:
    """Where a worker that signs puts the roots."""
    roots = Roots(town.engine, SEAL, tmp_path)
    async with Worker(
        town.env.client,
        task_queue=f"{town.queue}-roots",
        workflows=[DayRoot],
        activities=[roots.sign],
        workflow_runner=SANDBOX,
    ):
        yield tmp_path


async def run(town: Town, later: timedelta = timedelta(0)) -> tuple[str, date]:
    """The file that a run exported, and the day in Tianjin on which it ran."""
    handle = await town.env.client.start_workflow(
        DayRoot.run, id="roots", task_queue=f"{town.queue}-roots", start_delay=later
    )
    if later:
        await town.env.fast_forward(handle, later)
    file = await handle.result()
    return file, ((await handle.describe()).start_time + later).astimezone(SHANGHAI).date()


async def signed(town: Town) -> dict[date, int]:
    """The signed days, and over how many cases each."""
    query = "SELECT r.day, count(h.day) AS heads FROM roots r LEFT JOIN root_heads h USING (day) GROUP BY 1 ORDER BY 1"
    async with town.engine.connect() as conn:
        return {row.day: row.heads for row in await conn.execute(text(query))}


async def test_the_day_that_has_just_ended_in_tianjin_is_signed_once(town: Town, exported: Path) -> None:
    await town.register(datetime.now(UTC), begin=False)
    file, today = await run(town)
    yesterday = today - timedelta(days=1)
    assert file == f"{yesterday}.jws"
    content = (exported / file).read_bytes()
    assert await run(town) == (file, today)
    assert (exported / file).read_bytes() == content
    assert await signed(town) == {yesterday: 1}


async def test_what_moved_on_a_day_that_nobody_signed_is_under_the_next_root(town: Town, exported: Path) -> None:
    await run(town)
    await town.register(datetime.now(UTC), begin=False)
    await town.register(datetime.now(UTC), begin=False)
    _, today = await run(town, timedelta(days=3))  # nobody signed on the two between
    heads = list((await signed(town)).items())
    assert heads[1:] == [(today - timedelta(days=1), 2)]
