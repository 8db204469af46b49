"""The small tools say in one line what they miss, and find the stack that runs beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.stack import ENVIRONMENT

NOTICE = '[notice]\nyear = 2027\ntitle = "样例通知"\n'


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DATABASE_URL", "TEMPORAL_ADDRESS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["token", "agent"], "no stack was ever started"),
        (["token", "system"], "signs in nowhere"),
        (["token", "unit"], "--unit goes with the role unit"),
        (["restart", "TJ20260302000001"], "no stack runs"),
        (["calendar", "load", "NOTICE"], "no stack runs"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_is_missing_is_said_in_one_line(words: list[str], said: str, tmp_path: Path) -> None:
    notice = tmp_path / "notice.toml"
    notice.write_text(NOTICE, encoding="utf-8")
    named = [str(notice) if word == "NOTICE" else word for word in words]
    found = CliRunner().invoke(app, [*named, "--data", str(tmp_path)])
    assert found.exit_code == 2
    assert said in " ".join(found.output.replace("│", " ").split())
    assert "Traceback" not in found.output


def test_a_subject_is_a_code(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("样例" * 20, encoding="utf-8")
    assert CliRunner().invoke(app, ["token", "agent", "--subject", "王小明", "--data", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, ["token", "agent", "--data", str(tmp_path)]).exit_code == 0


@pytest.mark.parametrize("tool", [["restart", "TJ20260302000001"]])
def test_a_stack_that_was_killed_is_not_reached(tool: list[str], tmp_path: Path) -> None:
    """What it left says where it was; nobody answers there."""
    gone = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    (tmp_path / ENVIRONMENT).write_text(json.dumps(gone), encoding="utf-8")
    found = CliRunner().invoke(app, [*tool, "--data", str(tmp_path)])
    assert found.exit_code == 2
    assert "the database cannot be reached" in " ".join(found.output.replace("│", " ").split())


def test_the_schema_is_brought_to_a_named_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DATABASE_URL is not set" in CliRunner().invoke(app, ["migrate"]).output
    monkeypatch.setenv("DATABASE_URL", "样例")
    found = CliRunner().invoke(app, ["migrate"])
    assert (found.exit_code, "样例" in found.output) == (2, False)


def test_due_says_which_days_counted_and_why(tmp_path: Path) -> None:
    """A working Sunday: 28 September 2025 made up for the National Day."""
    said = (
        CliRunner().invoke(app, ["due", "2025-09-26T15:00+08:00", "1wd", "--data", str(tmp_path)]).output.splitlines()
    )
    assert said[0] == "2025-09-29T00:00:00+08:00  last day 2025-09-28"
    assert said[1].startswith("  counted: 2025-09-28 国庆节调休")
    assert said[2] == "  not counted: 2025-09-27 星期六"
    hours = CliRunner().invoke(app, ["due", "2025-09-26T15:00+08:00", "2h", "--data", str(tmp_path)]).output
    assert hours == "2025-09-26T17:00:00+08:00\n"
