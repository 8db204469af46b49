"""Imported cases on the real stack: an open one is worked to the archive, a finished one is left alone (Art. 9, 14)."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment
from typer.testing import CliRunner

from cli.main import app
from domain.legacy import INSTANTS
from domain.vocabulary import Role
from storage import files, intake, reading
from tests.line import MASTERS, Line
from workflows.client import start

SAMPLE = ("docs/import/sample.csv", "--mapping", "docs/import/sample.toml", "--reason", "样例导入", "--by", "admin-1")


@pytest.fixture
async def numbers(
    line: Line, database: str, temporal: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The sample, imported beside the running house: our number by the older system's."""
    (tmp_path / "keys").write_bytes(MASTERS)
    monkeypatch.setenv("DATABASE_URL", database.replace("+psycopg", ""))
    monkeypatch.setenv("HOTLINE_MASTER_KEYS_FILE", str(tmp_path / "keys"))
    report = tmp_path / "report.csv"
    found = await asyncio.to_thread(CliRunner().invoke, app, ["import", *SAMPLE, "--report", str(report), "--json"])
    assert json.loads(found.stdout)["imported"] == 5, found.output
    rows = [row.split(",") for row in report.read_text(encoding="utf-8").splitlines()[1:]]
    return {own: number for _, own, _, number, *_ in rows if number}


async def test_an_open_imported_case_is_worked_to_the_archive(
    line: Line, engine: AsyncEngine, temporal: WorkflowEnvironment, queue: str, numbers: dict[str, str]
) -> None:
    number = numbers["A-0004"]
    async with engine.connect() as conn:
        assert number in await intake.not_begun(conn, datetime.now(UTC))
        file = await files.load(conn, number)
    assert file is not None
    assert await start(temporal.client, queue, file)
    assert await line.done(number, "sign", Role.UNIT, "GAS") == "assigned"
    done = await line.done(number, "feedback", Role.UNIT, "GAS", public="已恢复。", replied="phone")
    if done == "review":  # its limit had ended: the Centre looks at the result first
        done = await line.done(number, "approve", Role.AGENT)
    assert done == "callback"
    closed = await line.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    assert closed == "closed"
    await line.sealed(number)
    entries = (await line.get(f"/cases/{number}/entries", Role.AGENT)).json()
    events = [entry["event"] for entry in entries]
    assert events[:4] == ["register", "transfer", "imported", "sign"]
    assert entries[0]["at"].startswith("2026-11-16T01:00:00")


async def test_a_finished_imported_case_is_read_like_any_other_and_never_begins(
    line: Line, engine: AsyncEngine, numbers: dict[str, str]
) -> None:
    number = numbers["A-0001"]
    async with engine.connect() as conn:
        assert number not in await intake.not_begun(conn, datetime.now(UTC))
        assert number not in await reading.open_cases(conn)
    case = (await line.get(f"/cases/{number}", Role.AGENT)).json()
    assert (case["status"], case["outcome"]) == ("archived", "resolved")
    assert (await line.get(f"/cases/{number}/archive", Role.AUDITOR)).status_code == 200
    refused = await line.act(number, "transfer", Role.AGENT, lead="GAS")
    assert refused.status_code == 409


@pytest.mark.parametrize("name", sorted({*INSTANTS, "standing", "source", "own", "client", "number"}))
async def test_no_intake_sets_what_an_import_sets(line: Line, name: str) -> None:
    body = {"title": "样例", "text": "样例内容。", name: "2012-03-05T09:10:00+08:00"}
    assert (await line.post("/cases", Role.CHANNEL, body)).status_code == 422
