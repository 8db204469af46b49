"""`hotline disposal run`, and what `hotline verify` says afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.test_disposals import approved, archived, asked
from tests.api.test_verification import SEAL, sign
from tests.cli.test_verify import hotline, verified
from tests.line import MASTERS, Line


@pytest.mark.parametrize("line", ["demo"], indirect=True)
async def test_an_approved_list_is_carried_out_and_verification_says_so(  # Art. 14
    line: Line, engine: AsyncEngine, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await archived(line)
    await asked(line, case)
    made = await approved(line)
    await sign(engine)
    (tmp_path / "key.pem").write_bytes(SEAL.public)
    monkeypatch.setenv("DATABASE_URL", database.replace("+psycopg", ""))
    monkeypatch.setenv("HOTLINE_SIGNING_KEY_FILE", str(tmp_path / "key.pem"))
    monkeypatch.setenv("HOTLINE_BLOBS", str(tmp_path))
    monkeypatch.delenv("HOTLINE_MASTER_KEYS_FILE", raising=False)
    code, said = await hotline("disposal", "run", "--data", str(tmp_path))
    assert (code, "HOTLINE_MASTER_KEYS_FILE" in said) == (1, True)
    (tmp_path / "masters").write_bytes(MASTERS)
    monkeypatch.setenv("HOTLINE_MASTER_KEYS_FILE", str(tmp_path / "masters"))

    number = case["number"]
    told = f"{number} destroyed\n1 cases destroyed; GET /destructions is the register"
    assert await hotline("disposal", "run", "--data", str(tmp_path)) == (0, told)
    assert (await hotline("disposal", "run", "--data", str(tmp_path)))[1].startswith("0 cases")
    code, report = await verified("--case", number)
    assert (code, report["broken"], [row["list"] for row in report["destroyed"]]) == (0, [], [made])
    code, said = await hotline("verify")
    assert (code, said.splitlines()[0]) == (0, "1 cases, 1 roots: whole")
    assert said.splitlines()[1].endswith(f"by list {made}")
