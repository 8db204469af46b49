"""A quarter in figures, for everybody (Art. 15, 21): by HTTP without signing in, and as files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.opendata import files_of
from domain.figures import LEAST
from domain.limits import SHANGHAI
from domain.scores import Quarter
from domain.vocabulary import Matter, Role
from storage.figures import of_quarter
from tests.line import Line

THIS = Quarter.of(datetime.now(SHANGHAI).date())


@pytest.fixture
def over(house: Line) -> Iterator[Line]:
    """The house, once this quarter is over; its cases are of this quarter."""
    yield house
    house.clock[0] = timedelta(0)


async def asked(line: Line) -> dict[str, Any]:
    line.clock[0] = THIS.ends - datetime.now(SHANGHAI) + timedelta(hours=1)
    found = await line.http.get("/public/figures", params={"quarter": str(THIS)})
    assert found.status_code == 200, found.text
    told: dict[str, Any] = found.json()
    return told


async def test_everybody_may_know_volumes_limits_kept_and_ratings(over: Line) -> None:  # Art. 21
    numbers = [(await over.register(matter="suggestion", district="NK"))["number"] for _ in range(LEAST)]

    async def live(number: str) -> None:
        await over.done(number, "transfer", Role.AGENT, lead="POWER")
        await over.done(number, "feedback", Role.UNIT, "POWER", public="样例。", replied="phone")
        await over.done(number, "attempt", Role.CALLER, reach="reached", resolved="true", rating="good")

    await asyncio.gather(*map(live, numbers))
    told = await asked(over)
    tables = {table["name"]: table for table in told["tables"]}
    assert set(tables) == {"matters", "channels", "districts", "outcomes", "ratings"}
    matters = {cell["key"]: cell["count"] for cell in tables["matters"]["cells"]}
    assert set(matters) == set(Matter)
    assert (matters["suggestion"] or LEAST) >= LEAST
    (power,) = [unit for unit in told["units"] if unit["unit"] == "POWER"]
    assert power["ended"] >= LEAST
    assert (power["in_time"], power["satisfied"], power["resolved"]) == (1, 1, 1)


async def test_a_quarter_that_is_not_over_is_not_told(house: Line) -> None:
    found = await house.http.get("/public/figures", params={"quarter": str(THIS)})
    assert (found.status_code, found.json()["title"]) == (404, "NotOver")
    assert (await house.http.get("/public/figures")).json()["quarter"] == str(THIS.before)
    assert (await house.http.get("/public/figures", params={"quarter": "2026Q5"})).status_code == 422


async def test_the_files_hold_the_same_twice_and_no_person(house: Line, record: AsyncEngine, tmp_path: Path) -> None:
    """Art. 15, 21."""
    await house.register(
        name="张样例机密", phone="19900008890", title="样例机密", text="样例机密。", address="样例机密路"
    )
    written = []
    for _ in range(2):
        async with record.connect() as conn:
            written.append(files_of(await of_quarter(conn, THIS)))
    assert written[0] == written[1]
    assert {"README.md", "figures.json", "matters.csv", "units.csv"} <= written[0].keys()
    told = "".join(written[0].values())
    assert not [word for word in ("样例机密", "19900008890") if word in told]
    assert written[0]["matters.csv"].startswith("key,zh,en,count\nconsultation,咨询,")
