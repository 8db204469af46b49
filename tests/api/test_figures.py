"""A quarter in figures, for everybody (Art. 15, 21): by HTTP without signing in, and as files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from api.access import tracking_code
from cli.main import app
from cli.opendata import files_of
from domain.limits import SHANGHAI
from domain.ruleset import rule_sets
from domain.scores import Quarter
from domain.vocabulary import Matter, Rating, Role
from storage.figures import of_quarter
from tests.line import SECRET, Line

LEAST = rule_sets()["demo"].numbers.least_shown
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
    assert [table["name"] for table in told["tables"]] == ["matters", "channels", "districts", "outcomes"]
    matters = {cell["key"]: cell["count"] for cell in told["tables"][0]["cells"]}
    assert set(matters) == set(Matter)
    assert (matters["suggestion"] or LEAST) >= LEAST
    assert len({table["total"] for table in told["tables"][:3]}) == 1, "they count the same"
    power = {table["name"]: table for unit in told["units"] if unit["unit"] == "POWER" for table in unit["tables"]}
    assert [power[name]["total"] >= LEAST for name in ("handled", "ratings", "resolved")] == [True] * 3
    assert power["ratings"]["total"] == power["resolved"]["total"]
    assert {cell["key"] for cell in power["ratings"]["cells"]} == set(Rating)


async def test_a_rating_that_does_not_say_whether_it_is_resolved_counts_as_that_and_as_the_centres(
    house: Line, record: AsyncEngine
) -> None:
    """Art. 13, 21: the person rates an answer of the Centre."""
    numbers = [(await house.register(matter="consultation"))["number"] for _ in range(LEAST)]
    before = await centre(record)
    for number in numbers:
        await house.done(number, "answer", Role.AGENT, public="样例。")
        rated = await house.http.post(
            f"/tracking/{number}/rate",
            json={"rating": "good"},
            headers={"Tracking-Code": tracking_code(SECRET, number)},
        )
        assert rated.status_code == 200, rated.text
    after = await centre(record)
    assert after["ratings"]["good"] - before["ratings"].get("good", 0) == LEAST
    assert after["resolved"]["unsaid"] - before["resolved"].get("unsaid", 0) == LEAST


async def centre(record: AsyncEngine) -> dict[str, dict[str, int]]:
    """What is counted of the Centre itself, nothing left out."""
    async with record.connect() as conn:
        figures = await of_quarter(conn, THIS, 1)
    tables = [table for unit in figures.units if unit.unit == "centre" for table in unit.tables]
    found: dict[str, dict[str, int]] = {"ratings": {}, "resolved": {}}
    return found | {table.name: {cell.key: cell.count or 0 for cell in table.cells} for table in tables}


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
            written.append(files_of(await of_quarter(conn, THIS, LEAST)))
    assert written[0] == written[1]
    assert {"README.md", "figures.json", "matters.csv", "units.csv"} <= written[0].keys()
    told = "".join(written[0].values())
    assert not [word for word in ("样例机密", "19900008890") if word in told]
    assert written[0]["matters.csv"].startswith("unit,key,zh,en,count\n,consultation,咨询,")


def test_no_files_are_written_of_a_quarter_that_is_not_over(tmp_path: Path) -> None:
    """Art. 15: two days of it, compared, would tell of single requests."""
    told = CliRunner().invoke(app, ["opendata", str(tmp_path / "out"), "--quarter", str(THIS)])
    assert told.exit_code == 1
    assert "is not over" in told.output
    assert not (tmp_path / "out").exists()


def test_files_of_a_quarter_that_is_over_are_written_by_the_numbers_of_the_rule_set(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    written = []
    for _ in range(2):
        told = CliRunner().invoke(app, ["opendata", str(tmp_path), "--quarter", str(THIS.before)])
        assert told.exit_code == 0, told.output
        written.append({path.name: path.read_bytes() for path in tmp_path.iterdir()})
    assert written[0] == written[1]
    assert f"A count below {LEAST}," in written[0]["README.md"].decode()
    monkeypatch.setenv("HOTLINE_RULE_SET", "none-such")
    refused = CliRunner().invoke(app, ["opendata", str(tmp_path), "--quarter", str(THIS.before)])
    assert refused.exit_code == 1
    assert "there is no rule set none-such" in refused.output
