"""`hotline due`: which notices it goes by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.stack import ENVIRONMENT, LocalStack, Ports
from settings import sqlalchemy_url
from storage.migrate import migrate

WOMENS_DAY = """
[notice]
year = 2027
title = "样例通知"

[[holiday]]
name = "样例节"
off = [2027-03-08]
"""


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("DATABASE_URL", "TEMPORAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    with TemporaryDirectory() as name:
        yield Path(name).resolve()


def hotline(*words: str | Path) -> str:
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_notice_loaded_into_the_stack_counts_while_the_stack_runs(directory: Path) -> None:
    notice = directory / "notice.toml"
    notice.write_text(WOMENS_DAY, encoding="utf-8")
    question = ("due", "2027-03-05T15:00+08:00", "1wd", "--data", directory / "stack")
    shipped = hotline(*question)
    assert "last day 2027-03-08" in shipped

    ports = Ports(0, 0, 0)
    with LocalStack(directory / "stack", ports=ports, temporal=False, migrate=lambda url: migrate(sqlalchemy_url(url))):
        assert hotline(*question) == shipped
        hotline("calendar", "load", notice, "--reason", "样例", "--data", directory / "stack")
        told = hotline(*question)
        assert "last day 2027-03-09" in told
        assert "2027-03-08 样例节" in told
    assert hotline(*question) == shipped


def test_what_a_killed_stack_left_does_not_hinder(directory: Path) -> None:
    (directory / ENVIRONMENT).write_text('{"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}')
    assert "last day 2025-10-09" in hotline("due", "2025-09-30T15:00+08:00", "1wd", "--data", directory)
