"""An import of invented older cases into a PostgreSQL of its own: how many rows a second (decision 0028)."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from typer.testing import CliRunner

from cli.main import app
from cli.stack import LocalStack, Ports
from settings import sqlalchemy_url
from storage.migrate import migrate
from storage.readers import as_app
from storage.sealing import Masters

MAPPING = Path("docs/import/sample.toml")
HEADER = (
    "工单号", "受理时间", "状态", "来源", "类别", "区县", "标题", "内容", "姓名", "电话", "承办单位",
    "转办时间", "答复时间", "答复内容", "评价", "评价时间", "办结时间",
)  # fmt: skip


def run(rows: int) -> dict[str, Any]:
    """Import so many finished cases; the same lines copied bare into one table for comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, keys = folder / "rows.csv", folder / "keys"
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([HEADER, *_rows(rows)])
        keys.write_text(Masters.new("bench"))
        with LocalStack(folder / "stack", ports=Ports(0, 0, 0), temporal=False) as stack:
            migrate(sqlalchemy_url(stack.database_url))
            url = as_app(stack.database_url)
            os.environ |= {"DATABASE_URL": url, "HOTLINE_MASTER_KEYS_FILE": str(keys)}
            began = perf_counter()
            told = ["import", str(file), "--mapping", str(MAPPING), "--report", str(folder / "report.csv")]
            found = CliRunner().invoke(app, [*told, "--reason", "bench", "--by", "bench", "--json"])
            seconds = perf_counter() - began
            bare = _copied(stack.database_url, file)
    return {
        "rows": rows,
        "failed": found.exit_code != 0,
        "seconds": round(seconds, 1),
        "rows_per_s": round(rows / seconds),
        "copy_seconds": round(bare, 2),
        "times_copy": round(seconds / bare),
    }


def _rows(many: int) -> Iterator[tuple[str, ...]]:
    first = datetime(2011, 1, 1, 9)
    for n in range(many):
        at = [f"{first + timedelta(minutes=37 * n + 60 * hour):%Y-%m-%d %H:%M:%S}" for hour in (0, 1, 30, 50, 51)]
        words = f"样例路{n}号门前的样例设施第{n % 97}次需要修理，请尽快处理。" * 3
        asked = ("来电", "求助", "和平区", f"样例标题{n}", words, f"张样例{n}", f"199{n:08d}", "市水务集团")
        yield (f"B-{n:07d}", at[0], "已解决", *asked, at[1], at[2], "已修复样例设施。", "满意", at[3], at[4])


def _copied(url: str, file: Path) -> float:
    """Seconds for COPY of the same file into a table of texts."""
    with psycopg.connect(url) as conn:
        conn.execute(f"CREATE TABLE bare ({', '.join(f'c{n} text' for n in range(len(HEADER)))})".encode())
        began = perf_counter()
        with conn.cursor().copy("COPY bare FROM STDIN (FORMAT csv, HEADER true)") as copy:
            copy.write(file.read_bytes())
        conn.commit()
        return perf_counter() - began
