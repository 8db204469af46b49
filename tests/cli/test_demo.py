"""The demonstration as a process, from the command line to its report; and what it says and leaves."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy
from rich.console import Console
from typer.testing import CliRunner

from cli import main
from cli.beside import EXPECTED
from cli.demo import cast as cast_of
from cli.scenarios import LEFT_OPEN, PATIENT, SCENARIOS
from cli.stack import LocalStack

TOP = Path(main.__file__).parent.parent
KEYS = {
    "cases", "by_status", "by_outcome", "unexpected", "refused_acts", "errors", "seconds", "events_per_case",
    "transitions_per_case", "what", "beside",
}  # fmt: skip


@pytest.fixture
def directory() -> Iterator[Path]:
    """Gone after the test: a database takes 40 MB."""
    with TemporaryDirectory() as name:
        yield Path(name).resolve()


def environment() -> Mapping[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_URL", "TEMPORAL_", "HOTLINE_"))
    }


def played(directory: Path, *options: str) -> tuple[dict[str, Any], str]:
    """What `hotline demo` printed: its JSON object, and what it told the operator."""
    command = [sys.executable, "-m", "cli.main", "demo", "--exit", "--json", "--data", str(directory / "stack")]
    command += ["--port", "0", "--ui-port", "0", "--temporal-port", "0", *options]
    done = subprocess.run(command, cwd=TOP, env=environment(), capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report.keys() == KEYS
    assert (report["unexpected"], report["errors"], report["what"]) == (0, 0, [])
    assert report["beside"] == EXPECTED
    return report, done.stderr


def test_samples_go_from_intake_to_archive(directory: Path) -> None:
    report, _ = played(directory, "--limit", "6")
    assert report["cases"] == 6
    assert report["by_status"] == {"archived": 6}
    assert report["by_outcome"]["archived"] == report["by_outcome"]["closed"] == 6
    assert report["by_outcome"]["overdue"] == 1
    assert report["refused_acts"] >= 1


def test_rows_of_the_real_world_are_played_and_nothing_of_them_is_printed(directory: Path) -> None:
    rows = directory / "rows.jsonl"
    odd = [
        '{"title": "题XYZ", "text": "", "created": "2018/3/4 10:00", "phone": "199****0001", "name": " 张 样例 "}',
        '{"title": "", "text": "'
        + "XYZ字" * 5000
        + '", "created": "XYZ", "channel": "XYZ", "phone": "+86 199-0000 0001"}',
        '{"title": " ", "text": "", "created": "2018-03-04"}',
        "XYZ",
    ]
    rows.write_text("\n".join(odd), encoding="utf-8")
    report, told = played(directory, "--input", str(rows), "--limit", "6")
    assert report["by_status"] == {"archived": 2}
    assert "skipped, no JSON object: line 4\n" in told
    assert "skipped, no words: 1 row\n" in told
    assert "left out: a part of text of 1 row; channel of 1 row; created of 1 row; phone of 1 row\n" in told
    assert "XYZ" not in told


def test_without_a_row_to_play_nothing_is_started(directory: Path) -> None:
    (directory / "rows.jsonl").write_text("\n\n", encoding="utf-8")
    done = CliRunner().invoke(
        main.app, ["demo", "--input", str(directory / "rows.jsonl"), "--data", str(directory / "stack")]
    )
    assert done.exit_code == 1
    assert "no row to play" in done.output
    assert not (directory / "stack").exists()


def test_a_database_that_holds_cases_is_refused_and_nothing_is_started(
    directory: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlalchemy.create_engine(database).begin() as conn:
        conn.execute(sqlalchemy.text("ALTER TABLE cases RENAME TO other"))
        conn.execute(sqlalchemy.text("CREATE TABLE cases AS SELECT 1"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "")
    monkeypatch.setenv("DATABASE_URL", database)
    done = CliRunner().invoke(main.app, ["demo", "--data", str(directory / "stack")])
    assert done.exit_code == 1
    assert "this database holds cases" in done.output
    assert not (directory / "stack").exists()


def test_every_scenario_is_played_before_any_is_drawn() -> None:
    assert set(cast_of(len(SCENARIOS), seed=1)) == set(SCENARIOS)
    assert set(cast_of(60, seed=1, leave_open=True)) == {*SCENARIOS, *LEFT_OPEN}
    assert cast_of(60, seed=1) != cast_of(60, seed=2)
    assert set(cast_of(60, seed=1)[: len(PATIENT)]) <= set(PATIENT)


@pytest.mark.parametrize(("count", "left"), [(5, 0), (10, 1), (49, 4), (60, 5), (300, 5)])
def test_a_tenth_is_left_open_and_a_handful_at_most(count: int, left: int) -> None:
    chosen = cast_of(count, seed=1, leave_open=True)
    assert len(chosen) == count
    assert [scenario for scenario in chosen if scenario in LEFT_OPEN] == chosen[count - left :]
    assert not set(cast_of(count, seed=1)) & set(LEFT_OPEN)


def test_links_stand_on_one_line_each_however_narrow_the_terminal() -> None:
    told = Console(file=io.StringIO(), width=40)
    stack = SimpleNamespace(
        api_url="http://127.0.0.1:1",
        ui_url="http://127.0.0.1:2",
        metrics_urls={"API": "http://127.0.0.1:3/metrics", "worker": "http://127.0.0.1:4/metrics"},
        directory=Path("/a" * 40),
        external={},
    )
    main.links(told, cast(LocalStack, stack))
    lines = cast(io.StringIO, told.file).getvalue().splitlines()
    assert len(lines) == 7
    workflows = "http://127.0.0.1:2/namespaces/default/workflows?query="
    assert lines[1].endswith(f"{workflows}WorkflowType%3D%22Case%22%20AND%20ExecutionStatus%3D%22Running%22")
    assert lines[2].endswith(f"{workflows}WorkflowType%3D%22Case%22")
    assert [line.split()[-1] for line in lines[3:5]] == list(stack.metrics_urls.values())


@pytest.mark.parametrize(
    ("external", "kept"),
    [
        ({}, "/here"),
        ({"DATABASE_URL": "postgresql://me:XYZ@db/cases"}, "postgresql://me@db/cases and /here"),
        ({"TEMPORAL_ADDRESS": "there:7233"}, "/here and there:7233"),
        (
            {"DATABASE_URL": "postgresql://db/cases", "TEMPORAL_ADDRESS": "there:7233"},
            "postgresql://db/cases and there:7233",
        ),
    ],
)
def test_it_says_where_the_state_stays(external: dict[str, str], kept: str) -> None:
    told = Console(file=io.StringIO(), width=40)
    stack = SimpleNamespace(
        api_url="http://127.0.0.1:1", ui_url=None, metrics_urls={}, directory=Path("/here"), external=external
    )
    main.links(told, cast(LocalStack, stack))
    assert f"the state stays in {kept}\n" in cast(io.StringIO, told.file).getvalue()
