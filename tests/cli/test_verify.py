"""`hotline verify` and `hotline archive export` against a real database: what they say, and how they end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from cli.main import app
from storage.signing import Seal
from tests.api.test_verification import DAY, SEAL, archived, sign, tampered
from tests.line import Line


@pytest.fixture
async def number(
    line: Line, engine: AsyncEngine, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """An archived case under a root, and an open one; the surroundings name database and key."""
    made = await archived(line)
    await line.register()
    await sign(engine)
    (tmp_path / "key.pem").write_bytes(SEAL.public)
    monkeypatch.setenv("DATABASE_URL", database.replace("+psycopg", ""))
    monkeypatch.setenv("HOTLINE_SIGNING_KEY_FILE", str(tmp_path / "key.pem"))
    return made


async def hotline(*words: str) -> tuple[int, str]:
    """Its exit code, and what it said."""
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    return result.exit_code, result.output.strip()


async def verified(*words: str) -> tuple[int, dict[str, Any]]:
    code, said = await hotline("verify", "--json", *words)
    return code, json.loads(said)


async def test_a_whole_record_is_verified_as_a_whole_by_case_and_by_day(number: str) -> None:  # Art. 14
    assert await hotline("verify") == (0, "2 cases, 1 roots: whole")
    assert await verified("--case", number) == (0, {"cases": 1, "roots": 1, "broken": []})
    assert await verified("--day", str(DAY)) == (0, {"cases": 2, "roots": 1, "broken": []})


async def test_a_broken_one_is_named_and_ends_with_1(number: str, engine: AsyncEngine) -> None:  # Art. 14
    await tampered(engine, "UPDATE entries SET actor = 'agent-9' WHERE case_number = :n AND seq IN (2, 4)", n=number)
    code, said = await verified()
    assert (code, [(each["case"], each["seq"]) for each in said["broken"]]) == (1, [(number, 2)])
    code, words = await hotline("verify", "--case", number)
    assert (code, words.splitlines()[1]) == (1, f"{number} entry 2: the entry is not what its hash was made of")


async def test_a_package_is_checked_with_the_key_alone(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "package.zip"
    assert await hotline("archive", "export", number, "--out", str(file)) == (0, str(file))
    monkeypatch.delenv("DATABASE_URL")
    code, said = await verified("--package", str(file))
    assert (code, said["broken"], said["rooted"] > 1) == (0, [], True)
    (tmp_path / "other.pem").write_bytes(Seal.new().public)
    assert (await verified("--package", str(file), "--key", str(tmp_path / "other.pem")))[0] == 1


async def test_what_is_not_there_is_said_in_one_line(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await hotline("verify", "--day", "2001-01-01") == (1, "no root was signed for 2001-01-01")
    assert (await verified("--case", "TJ20990101000001"))[1]["broken"][0]["what"] == "no such case"
    assert await hotline("archive", "export", "TJ20990101000001") == (1, "TJ20990101000001 is not archived")
    monkeypatch.setenv("HOTLINE_SIGNING_KEY_FILE", "nowhere.pem")
    code, said = await hotline("verify")
    assert (code, "nowhere.pem is not there" in said) == (1, True)
