"""`hotline migrate` puts on record how a release's rule sets and rights read, who brought it, and why."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from api.rights import RIGHTS
from domain.ruleset import rule_sets
from domain.vocabulary import Change, Role
from tests.cli.test_keys import run

WHY = ("--reason", "第一版", "--by", "admin-1")


@pytest.fixture
def tool(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    url = database.replace("postgresql+psycopg", "postgresql").replace("hotline_app@", "postgres@")
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def on_record(url: str) -> list[dict[str, Any]]:
    with psycopg.connect(url) as conn:
        found = conn.execute("SELECT what, subject, actor, reason, detail FROM changes ORDER BY at, subject").fetchall()
    return [dict(zip(("what", "subject", "actor", "reason", "detail"), row, strict=True)) for row in found]


def test_every_rule_set_and_the_rights_are_on_record_once(tool: str) -> None:
    subjects = [*rule_sets(), "RIGHTS"]
    assert run("migrate", *WHY) == (0, "\n".join(f"{subject} is on record as it is now" for subject in subjects))
    assert run("migrate", *WHY) == (0, "")
    found = on_record(tool)
    assert sorted(row["subject"] for row in found) == sorted(subjects)
    assert {(row["actor"], row["reason"]) for row in found} == {("admin-1", "第一版")}


def test_a_right_that_a_release_gives_or_takes_is_told(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run("migrate", *WHY)
    monkeypatch.setitem(RIGHTS, "GET /changes", frozenset({Role.AUDITOR}))  # another release
    assert run("migrate", "--reason", "第二版", "--by", "admin-2") == (0, "RIGHTS is on record as it is now")
    last = on_record(tool)[-1]
    assert (last["what"], last["actor"], last["reason"]) == (Change.RIGHTS_RELEASED, "admin-2", "第二版")
    assert last["detail"]["went"] == ["GET /changes: administrator, auditor"]
    assert last["detail"]["came"] == ["GET /changes: auditor"]
    assert len(last["detail"]["lines"]) == len(RIGHTS), json.dumps(last["detail"])[:200]
