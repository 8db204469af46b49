"""Files that nobody should hand in (`tests/fuzz`): each is read rightly, or refused in one line that quotes nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from api.intake import INTAKE
from cli.main import app
from cli.rows import Rows, read_rows
from domain.calendar import read_notice

FOLDER = Path(__file__).parent.parent / "fuzz"
ROWS = sorted((FOLDER / "rows").iterdir())
NOTICES = sorted((FOLDER / "notices").iterdir())
SENTINEL = "样例机密原话"
FUZZ = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# -- rows: JSON lines ----------------------------------------------------------------------------------------------------

TITLES: dict[str, list[str]] = {
    "nul-escaped": ["samplelight"],
    "lone-surrogate": ["samplelight"],
    "surrogate-in-a-key": ["sample"],
    "byte-order-mark": ["样例路灯"],
    "byte-order-mark-inside": ["样例路灯"],
    "truncated-utf-8": ["样例路灯"],
    "truncated-line": ["样例路灯"],
    "crlf": ["样例路灯"] * 2,
    "empty-lines": ["样例路灯"],
    "beyond-a-float": ["sample"],
    "huge-integer": ["sample"],
    "wrong-types": ["sample"],
    "comment": ["样例路灯"],
    "dates-out-of-range": ["sample"] * 7,
    "right-to-left": ["sample"],
    "line-separators": ["sample\u2028light\u0085on"],
}
"""What is read of a file; of one that is not here, nothing."""


@pytest.mark.parametrize("file", ROWS, ids=lambda file: file.stem)
def test_of_rows_what_can_be_read_is_and_the_rest_is_counted(file: Path) -> None:
    rows = read_rows(file, limit=100, seed=1)
    assert [row["title"] for row in rows.requests] == TITLES.get(file.stem, [])
    _holds(rows, file.read_bytes())


@pytest.mark.parametrize("file", [file for file in ROWS if file.stem not in TITLES], ids=lambda file: file.stem)
def test_a_file_without_a_row_to_play_starts_nothing(file: Path, tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["demo", "--exit", "--input", str(file), "--data", str(tmp_path / "stack")])
    _one_line(found, "no row to play")
    assert list(tmp_path.iterdir()) == []


def test_a_line_of_a_megabyte_and_one_without_end_are_read_or_counted(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    lines = ['{"title": "sample", "text": "%s"}' % ("字" * 400_000), "[" * 200_000, '{"a":' * 100_000]
    file.write_text("\n".join(lines), encoding="utf-8")
    rows = read_rows(file, limit=10, seed=1)
    assert len(rows.requests) == 1
    assert rows.unread == [2, 3]
    _holds(rows, file.read_bytes())


MUTATIONS = [
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\n",
    b"\r",
    b'"',
    b"{",
    b"[",
    b"NaN",
    b"1e999",
]


@st.composite
def mutated(draw: st.DrawFn, good: bytes) -> bytes:
    """A good file with a few pieces cut out and something odd put in their place."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(good)))
        cut = draw(st.integers(0, 8))
        good = good[:at] + draw(st.sampled_from(MUTATIONS) | st.binary(max_size=4)) + good[at + cut :]
    return good


GOOD_ROWS = (
    '{"title": "样例", "text": "灯不亮", "created": "2025-03-04 10:00", "phone": "19900000001"}\n'
    '{"title": "例二", "created": 1520128800, "district": "和平区", "channel": "微信", "name": "张样例"}\n'
).encode()


@settings(FUZZ, max_examples=300)
@given(content=mutated(GOOD_ROWS))
def test_rows_that_were_damaged_are_read_or_counted(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    _holds(read_rows(file, limit=100, seed=1), content)


def _holds(rows: Rows, content: bytes) -> None:
    """Every line is accounted for, the API takes what was read, and what is said quotes nothing."""
    begun = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert len(rows.requests) + rows.wordless + len(rows.unread) == sum(bool(line.strip()) for line in begun)
    for row in rows.requests:
        INTAKE.validate_json(json.dumps(row))
    said = " ".join(rows.said())
    assert said.isascii()
    assert "sample" not in said


# -- notices: TOML -------------------------------------------------------------------------------------------------------

GOOD = {"good", "good-crlf", "good-byte-order-mark", "cr-alone"}


def test_a_notice_is_published_or_refused_in_one_line_and_nothing_of_it_is_stored(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deep = tmp_path / "deep.toml"
    deep.write_text(f"[notice]\nyear = {'[' * 100_000}", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", database)
    for file in (*NOTICES, deep):
        before = _published(database)
        found = CliRunner().invoke(app, ["calendar", "load", str(file), "--reason", "sample"])
        if file.stem in GOOD:
            assert found.exit_code == 0, (file.stem, found.output)
            assert _published(database) > before
        else:
            assert found.exit_code == 1, file.stem
            _one_line(found, "")
            assert _published(database) == before, file.stem


GOOD_NOTICE = """[notice]
year = 2027
title = "样例通知"
published = 2026-11-12
ordinary = [2027-05-06]

[[holiday]]
name = "样例节"
off = [[2027-10-01, 2027-10-05], 2027-10-08]
works = [2027-10-09]
""".encode()


@settings(FUZZ, max_examples=500)
@given(content=mutated(GOOD_NOTICE))
@example(content=GOOD_NOTICE)
def test_a_notice_that_was_damaged_is_read_or_refused(content: bytes) -> None:
    try:
        read = read_notice(content.decode())
    except ValueError:
        return
    words = [read.title, *(day.name for day in read.days)]
    assert all(word.isprintable() for word in words)
    assert all(read.year - 1 <= day.day.year <= read.year for day in read.days)


def _published(database: str) -> tuple[int, int, int]:
    counted = ", ".join(f"(SELECT count(*) FROM {table})" for table in ("calendar_notices", "calendar_days", "changes"))
    with psycopg.connect(database.replace("+psycopg", "")) as conn:
        found = conn.execute(f"SELECT {counted}").fetchone()
    assert found is not None
    return found[0], found[1], found[2]


def _one_line(found: Result, said: str) -> None:
    """Exit code 1; the last line is the reason, short, without a word of the file; no traceback."""
    assert isinstance(found.exception, SystemExit), found.exception
    assert found.exit_code == 1, found.output
    *_, last = found.output.splitlines()
    assert said in last
    assert 0 < len(last) < 300
    assert SENTINEL not in found.output
    assert "Traceback" not in found.output
