"""`hotline import` on a real database: what comes in, what is refused and why, and that it may be broken off (Art. 14)."""

from __future__ import annotations

import asyncio
import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli import legacy, surroundings
from cli.main import app
from domain.scores import Quarter
from settings import sqlalchemy_url
from storage import roots, verification
from storage.engine import make_engine
from storage.figures import of_quarter
from storage.readers import as_app
from storage.signing import Seal
from tests.line import MASTERS

SAMPLE = Path("docs/import/sample.csv")
MAPPING = Path("docs/import/sample.toml")
SEAL = Seal.new()
WHY = ("--reason", "样例导入", "--by", "admin-1", "--json")


@pytest.fixture
def tool(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The database and the master keys that the tool finds in the environment."""
    url = as_app(database).replace("postgresql+psycopg", "postgresql")
    keys = tmp_path / "keys"
    keys.write_bytes(MASTERS)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("HOTLINE_MASTER_KEYS_FILE", str(keys))
    return database.replace("postgresql+psycopg", "postgresql")


def bring(tmp_path: Path, file: Path = SAMPLE, *words: str, mapping: Path = MAPPING) -> tuple[int, Any, list[Any]]:
    """Exit code, summary, report."""
    report = tmp_path / "report.csv"
    told = ["import", str(file), "--mapping", str(mapping), "--report", str(report), *WHY, *words]
    found = CliRunner().invoke(app, told)
    assert found.exit_code in (0, 1), found.output
    assert not isinstance(found.exception, Exception), found.output
    said = json.loads(found.stdout) if found.stdout.startswith("{") else found.output
    rows = list(csv.DictReader(report.open(encoding="utf-8"))) if report.exists() else []
    return found.exit_code, said, rows


def asked(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as conn:
        return conn.execute(query).fetchall()


def test_the_sample_comes_in_at_its_own_instants_and_what_is_rejected_has_its_reasons(
    tool: str, tmp_path: Path
) -> None:
    code, said, report = bring(tmp_path)
    assert code == 1
    assert {name: said[name] for name in ("rows", "imported", "finished", "open", "rejected")} == {
        "rows": 7, "imported": 5, "finished": 3, "open": 2, "rejected": 2,
    }  # fmt: skip
    assert report[0] | {"reasons": ""} == {
        "line": "2", "own": "A-0001", "outcome": "imported", "number": "TJ20120305000001", "reasons": "",
    }  # fmt: skip
    assert "rating: is missing" in report[5]["reasons"]
    assert {"standing", "phone", "unit"} <= {part.split(":")[0] for part in report[6]["reasons"].split("; ")}
    entries = asked(
        tool,
        "SELECT event, at AT TIME ZONE 'Asia/Shanghai' FROM entries WHERE case_number = 'TJ20120305000001' ORDER BY seq",
    )
    assert [event for event, _ in entries] == [
        "register", "transfer", "feedback", "rate", "closed", "imported", "before_rules", "sealed",
    ]  # fmt: skip
    assert [str(at) for _, at in entries[:2]] == ["2012-03-05 09:10:00", "2012-03-05 10:00:00"]


def everything(url: str) -> dict[str, Any]:
    """Every row of the database, and of the keys' vault."""
    tables = [name for (name,) in asked(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return {name: sorted(map(str, asked(url, f"SELECT * FROM {name}"))) for name in (*tables, "vault.case_keys")}


def test_a_dry_run_judges_every_row_and_writes_nothing(tool: str, tmp_path: Path) -> None:
    before = everything(tool)
    _, said, report = bring(tmp_path, SAMPLE, "--dry-run")
    assert (said["imported"], said["rejected"], {row["number"] for row in report}) == (5, 2, {""})
    assert everything(tool) == before


def test_the_same_file_again_adds_nothing_and_another_content_under_the_same_number_is_rejected(
    tool: str, tmp_path: Path
) -> None:
    bring(tmp_path)
    before = everything(tool) | {"changes": []}
    _, said, report = bring(tmp_path)
    assert (said["imported"], said["already_there"], said["rejected"]) == (0, 5, 2)
    assert report[0]["number"] == "TJ20120305000001"
    other = tmp_path / "other.csv"
    other.write_text(SAMPLE.read_text(encoding="utf-8").replace("水管漏水。", "水管不漏水。"), encoding="utf-8")
    _, said, report = bring(tmp_path, other)
    assert (report[0]["outcome"], report[0]["reasons"]) == ("rejected", "own: is on record with another content")
    assert everything(tool) | {"changes": []} == before


def test_an_import_that_is_broken_off_between_batches_goes_on_where_it_was(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy, "BATCH", 2)
    whole, batches = legacy.Run.bring, []

    async def killed(run: legacy.Run, batch: list[legacy.Judged]) -> list[legacy.Told]:
        batches.append(batch)
        if len(batches) == 3:
            raise KeyboardInterrupt
        return await whole(run, batch)

    monkeypatch.setattr(legacy.Run, "bring", killed)
    CliRunner().invoke(app, ["import", str(SAMPLE), "--mapping", str(MAPPING), "--report", str(tmp_path / "r"), *WHY])
    assert asked(tool, "SELECT count(*) FROM cases") == [(4,)]
    monkeypatch.setattr(legacy.Run, "bring", whole)
    _, said, _ = bring(tmp_path)
    assert (said["already_there"], said["imported"]) == (4, 1)
    assert asked(tool, "SELECT intake_key FROM cases ORDER BY 1") == [(f"A-000{n}",) for n in range(1, 6)]


def test_finished_cases_have_nothing_to_begin_and_open_ones_wait_for_the_sweep(tool: str, tmp_path: Path) -> None:
    bring(tmp_path)
    rows = asked(tool, "SELECT intake_key, status, begun_at IS NULL FROM cases ORDER BY 1")
    assert [(status, waits) for _, status, waits in rows] == [
        ("archived", False), ("archived", False), ("archived", False), ("assigned", True), ("registered", True),
    ]  # fmt: skip


def test_limits_of_an_open_case_count_from_its_own_day_and_what_ended_before_is_not_marked_again(
    tool: str, tmp_path: Path
) -> None:
    bring(tmp_path)
    clocks = asked(
        tool,
        "SELECT clock, start = registered_at, due < now(), passed FROM clocks JOIN cases ON number = case_number"
        " WHERE cases.status = 'registered' AND state = 'running'",
    )
    assert clocks == [("triage", True, True, True)]
    events = "SELECT DISTINCT event FROM entries JOIN cases ON number = case_number WHERE cases.status = 'registered'"
    assert {event for (event,) in asked(tool, events)} == {"register", "imported"}
    assert asked(tool, "SELECT count(*) FROM notices") == [(0,)]


def test_cases_older_than_the_first_rule_set_are_marked_so_and_only_they(tool: str, tmp_path: Path) -> None:
    bring(tmp_path)
    marked = "SELECT intake_key FROM cases JOIN entries ON number = case_number WHERE event = 'before_rules'"
    assert asked(tool, marked) == [("A-0001",)]


def test_numbers_follow_those_of_the_day_and_retention_counts_from_the_old_closing_art_14(
    tool: str, tmp_path: Path
) -> None:
    with psycopg.connect(tool) as conn:
        conn.execute("INSERT INTO counters VALUES ('2012-03-05', 41)")
    bring(tmp_path)
    [(number, closed)] = asked(
        tool,
        "SELECT number, sealed_at AT TIME ZONE 'Asia/Shanghai' FROM archives JOIN cases ON number = case_number"
        " WHERE intake_key = 'A-0001'",
    )
    assert (number, str(closed)) == ("TJ20120305000042", "2012-03-08 09:30:00")


def test_who_asked_is_sealed_and_the_record_proves_itself(tool: str, tmp_path: Path) -> None:
    bring(tmp_path)
    assert all(name.startswith("v1.") for (name,) in asked(tool, "SELECT name FROM people"))
    assert asked(tool, "SELECT count(*) FROM vault.case_keys") == [(5,)]
    broken = asyncio.run(_broken(tool))
    assert broken == dict.fromkeys(broken)
    assert len(broken) == 5


async def _broken(url: str) -> dict[str, object]:
    engine = make_engine(sqlalchemy_url(url))
    async with engine.connect() as conn:
        found: dict[str, object] = {number: what async for number, what in verification.cases(conn)}
    await engine.dispose()
    return found


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO cases SELECT (jsonb_populate_record(c, \'{"number": "TJ1", "intake_key": "x"}\')).* FROM cases c',
        "INSERT INTO entries SELECT (jsonb_populate_record(e, '{\"seq\": 99}')).* FROM entries e WHERE event = 'imported'",
    ],
)
def test_only_the_import_right_writes_such_rows(tool: str, tmp_path: Path, statement: str) -> None:
    bring(tmp_path)
    with (
        psycopg.connect(as_app(tool).replace("+psycopg", "")) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute(statement.encode())


def test_a_day_signed_before_an_import_holds_after_it(tool: str, tmp_path: Path) -> None:
    """A root is over the chains that moved since the last one, whatever instants their entries bear (Art. 14)."""
    first, second = asyncio.run(_signed(tool, tmp_path))
    assert (first, second) == (0, 5)


async def _signed(url: str, tmp_path: Path) -> tuple[int, int]:
    engine = make_engine(sqlalchemy_url(url))
    today = datetime.now(UTC).date()
    heads = []
    for day in (today, today + timedelta(days=1)):
        async with engine.begin() as conn:
            await roots.sign(conn, day, datetime.now(UTC), SEAL.sign)
            heads.append(len(await roots.heads_of(conn, day)))
        await asyncio.to_thread(bring, tmp_path)
    async with engine.connect() as conn:
        before = None
        for root in await roots.listed(conn):
            assert [fault async for fault in verification.day(conn, root, before, SEAL)] == []
            before = root
    await engine.dispose()
    return heads[0], heads[1]


HEADER = SAMPLE.read_text(encoding="utf-8").splitlines()[0]
GOOD = dict(zip(HEADER.split(","), SAMPLE.read_text(encoding="utf-8").splitlines()[1].split(","), strict=True))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"工单号": ""}, "own: is missing"),
        ({"内容": "长" * 10_001}, "text: String should have at most 10000 characters"),
        ({"内容": "坏\x00字"}, "text: a text must not contain NUL"),
        ({"受理时间": "2999-01-01 00:00:00"}, "registered_at: lies in the future"),
        ({"办结时间": "2012-03-01 00:00:00"}, "closed_at: lies before rated_at"),
        ({"受理时间": "去年"}, "registered_at: is no instant of the mapping's format"),
        ({"承办单位": "NOBODY"}, "unit: is no unit of the register"),
        ({"区县": "海淀区"}, "district: a district of Tianjin"),
        ({"类别": "投诉"}, "respondent: is missing"),
        ({"状态": "待办"}, "unit: is there, and a case that is registered has none"),
    ],
)
def test_each_fault_of_a_row_is_a_reason_and_quotes_nothing(
    tool: str, tmp_path: Path, changed: dict[str, str], reason: str
) -> None:
    file = tmp_path / "rows.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out, lineterminator="\r\n").writerows([HEADER.split(","), (GOOD | changed).values()])
    code, said, [row] = bring(tmp_path, file)
    assert (code, said["rejected"]) == (1, 1)
    assert reason in row["reasons"]
    assert not [word for word in ("张样例", "19900000001", "样例路1号") if word in row["reasons"]]


@pytest.mark.parametrize(
    ("content", "rejected"),
    [
        ((HEADER + "\n").encode() + b"A-1,2012", 1),
        ((HEADER + "\n").encode() + ",".join(GOOD.values()).encode("gb18030"), 1),
        ((HEADER + "\n").encode() + b'"' + ",".join(GOOD.values()).encode(), 1),
        ((HEADER + "\n").encode(), 0),
        (HEADER.encode("gb18030"), None),
        (b"\x00\xff\xfe", None),
        (b"", None),
    ],
)
def test_a_file_of_another_kind_is_refused_plainly(
    tool: str, tmp_path: Path, content: bytes, rejected: int | None
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    _, said, _ = bring(tmp_path, file)
    assert (said["rejected"] if isinstance(said, dict) else None) == rejected


def test_json_lines_come_in_like_csv(tool: str, tmp_path: Path) -> None:
    file, mapping = tmp_path / "rows.jsonl", tmp_path / "map.toml"
    mapping.write_text('format = "jsonl"\n' + MAPPING.read_text(encoding="utf-8"), encoding="utf-8")
    lines = [
        json.dumps(GOOD),
        "[1]",
        "{",
        "[" * 100_000,
        '{"\u5de5\u5355\u53f7": "\ud800"}'.encode("unicode_escape").decode(),
        json.dumps(GOOD),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    _, said, report = bring(tmp_path, file, mapping=mapping)
    assert [row["outcome"] for row in report] == ["imported", *["rejected"] * 4, "already_there"]
    assert said["rows"] == 6


def test_a_mapping_is_refused_with_all_its_faults_at_once(tool: str, tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        'source = "a b"\nzone = "Mars"\n[columns]\nown = "a"\nfoo = "b"\n[values.matter]\nx = "y"\n', encoding="utf-8"
    )
    code, said, _ = bring(tmp_path, mapping=mapping)
    assert code == 1
    for part in ("`source`", "`zone`", "unknown field `foo`", "unknown code `y`", "no column for `text`"):
        assert part in said


def test_an_older_hotlines_limits_and_seals_are_in_no_figure_for_everybody(tool: str, tmp_path: Path) -> None:
    """What was asked of it, and what persons said, is (Art. 21, 22)."""
    bring(tmp_path)

    async def figures(quarter: str) -> set[str]:
        async with surroundings.database(tool) as conn:
            found = await of_quarter(conn, Quarter.parse(quarter), 1)
        tables = (*found.tables, *(table for unit in found.units for table in unit.tables))
        return {table.name for table in tables if table.total}

    assert asyncio.run(figures("2012Q1")) == {"matters", "channels", "districts", "ratings", "resolved"}
    now = Quarter.of(datetime.now(UTC).date())
    assert "outcomes" not in asyncio.run(figures(str(now)))
