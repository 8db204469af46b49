"""The drill: the master key is changed while cases go on, and the old one thrown away (decision 0013; Art. 15)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.access import Caller, issue
from cli.main import app
from cli.stack import LocalStack
from domain.vocabulary import Role
from storage.sealing import Masters
from tests.drills.conftest import proof, rows


def again(stack: LocalStack) -> None:
    for part in ("api", "worker"):
        stack.kill(part)
        stack.start(part)


def test_after_a_rotation_the_old_master_key_is_needed_no_more(stack: LocalStack) -> None:
    file = stack.directory / "master.keys"
    secret = (stack.directory / "secret").read_bytes().strip()
    headers = {"Authorization": f"Bearer {issue(secret, Caller('agent-1', Role.AGENT), datetime.now(UTC))}"}
    said = {"title": "样例", "text": "样例。", "name": "张样例", "phone": "19900008890"}
    with httpx.Client(base_url=stack.api_url, headers=headers) as http:
        number = http.post("/cases", json=said).raise_for_status().json()["number"]
        file.write_text(Masters.new("second") + file.read_text())
        again(stack)
        done = CliRunner().invoke(app, ["vault", "rotate", "--data", str(stack.directory)])
        assert (done.exit_code, "1 persons" in done.output) == (0, True), done.output
        file.write_text(file.read_text().splitlines()[0] + "\n")
        again(stack)
        assert http.get(f"/cases/{number}").json()["person"]["name"] == "张＊＊"
        found = http.post("/searches/phone", json={"phone": said["phone"]}).json()["items"]
    assert [case["number"] for case in found] == [number]
    assert {row["master"] for row in rows(stack, "SELECT master FROM vault.case_keys")} == {"second"}


def started(stack: LocalStack, part: Sequence[str], keys: str) -> subprocess.CompletedProcess[str]:
    """A process of the house with the master keys of this file, when it has ended."""
    return subprocess.run(
        [sys.executable, "-m", *part],
        cwd=Path(__file__).parents[2],
        env=os.environ | stack.environment | {"HOTLINE_MASTER_KEYS_FILE": keys},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_worker_without_master_keys_says_so_and_ends(stack: LocalStack) -> None:
    ended = started(stack, ["worker"], "")
    assert ended.returncode == 1
    assert "HOTLINE_MASTER_KEYS_FILE is not set" in ended.stderr


@pytest.mark.parametrize("part", [["worker"], ["uvicorn", "--factory", "api.app:create_app", "--port", "0"]])
def test_nothing_starts_with_the_master_keys_of_another_house(
    stack: LocalStack, part: Sequence[str], tmp_path: Path
) -> None:
    """Or the next person would be sealed under a key that the house does not keep (Art. 15)."""
    with httpx.Client(base_url=stack.api_url, headers=proof(stack, Role.AGENT)) as http:
        http.post("/cases", json={"title": "样例", "text": "样例。", "phone": "19900008890"}).raise_for_status()
    theirs = tmp_path / "master.keys"
    theirs.write_text(Masters.new("theirs"))
    ended = started(stack, part, str(theirs))
    assert ended.returncode != 0
    assert "a new key stands above those in use" in ended.stderr
