"""`hotline key` and `hotline unit` on a real database: what is made, shown and ended, and that it is on record."""

from __future__ import annotations

import json

import psycopg
import pytest
from typer.testing import CliRunner

from cli.main import app

WHY = ("--reason", "样例理由", "--by", "admin-1")


@pytest.fixture
def tool(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database that the tools find in the environment."""
    url = database.replace("postgresql+psycopg", "postgresql")
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, list(words))
    return found.exit_code, found.output.strip()


def made(*words: str) -> str:
    code, key = run("key", "create", *words, *WHY)
    assert code == 0, key
    return key


def test_a_key_is_shown_once_and_listed_without_its_secret(tool: str) -> None:
    first, second = made("channel", "web-1"), made("unit", "water-1", "--unit", "WATER", "--days", "30")
    code, listed = run("key", "list")
    assert code == 0
    ids = [key.split(".")[0] for key in (second, first)]
    assert [line.split()[0] for line in listed.splitlines()] == ids  # by client
    assert "unit WATER  live until" in listed
    _, as_json = run("key", "list", "--json")
    assert [(key["id"], key["live"], key["used_at"]) for key in json.loads(as_json)] == [(id, True, None) for id in ids]
    for said in (listed, as_json):
        assert not [key for key in (first, second) if key.split(".")[1] in said]


def test_a_key_is_ended_once(tool: str) -> None:
    id = made("channel", "web-1").split(".")[0]
    assert run("key", "revoke", id, *WHY) == (0, f"{id} is revoked")
    assert run("key", "revoke", id, *WHY) == (1, f"no live key {id}")
    assert f"{id}  web-1  channel  revoked" in run("key", "list")[1]


def test_what_cannot_be_is_said(tool: str) -> None:
    made("channel", "web-1"), made("channel", "web-1")
    assert run("key", "create", "channel", "web-1", *WHY) == (1, "web-1 has 2 live keys: revoke one")
    code, said = run("key", "create", "unit", "lock-1", "--unit", "P-LOCK", *WHY)
    assert (code, "no active unit of the role unit" in said) == (2, True)


def test_every_change_is_on_record_by_whoever_made_it(tool: str) -> None:
    id = made("channel", "web-1").split(".")[0]
    run("key", "revoke", id, *WHY)
    entered = (
        "unit",
        "set",
        "SAMPLE",
        "--zh",
        "样例",
        "--en",
        "Sample",
        "--kind",
        "enterprise",
        "--district",
        "和平区",
    )
    assert [run(*entered, *WHY)[1] for _ in range(2)] == [
        "SAMPLE is on record",
        "SAMPLE was so already; nothing was done",
    ]
    with psycopg.connect(tool) as conn:
        rows = conn.execute("SELECT what, subject, actor, reason FROM changes ORDER BY at").fetchall()
        district = conn.execute("SELECT district FROM units WHERE code = 'SAMPLE'").fetchone()
    said = [("key_created", id), ("key_revoked", id), ("unit_set", "SAMPLE")]
    assert rows == [(*what, "admin-1", "样例理由") for what in said]
    assert district == ("HP",)
