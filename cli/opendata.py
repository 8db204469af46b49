"""`hotline opendata`: a quarter for everybody, as files (公开数据; Art. 21)."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer

from cli.surroundings import HERE, Data, database, database_around, plainly, rules_around
from domain.figures import Table
from domain.scores import Quarter
from storage.figures import Figures, of_quarter

README = """# 便民服务专线公开数据 · open data of the public-service hotline

`figures.json` holds everything; each table stands as CSV beside it (UTF-8), that of a unit under the unit's code.
A count below {least}, and what would let it be computed, is left empty. `in_time` of a unit is rounded down to a tenth,
and left empty for fewer than ten times as many. Matters, channels and districts
count the same requests, `ratings` and `resolved` the same ratings: all tell their total, or none does.
There is no total over the units: it would tell what is left empty. Counted from the record as it stood when this was
written; a correction on record changes it.
Quarters are those of Asia/Shanghai. Nothing here says anything of a single person (Art. 15, 21).
"""


def opendata(
    folder: Annotated[Path, typer.Argument(help="where the files go")],
    quarter: Annotated[str, typer.Option(help="which quarter that is over, such as 2026Q1")],
    data: Data = HERE,
) -> None:
    """公开数据 · a quarter in figures as JSON and CSV, for everybody; the same record gives the same bytes."""
    with plainly():
        asked = Quarter.parse(quarter)
        if not asked.over(datetime.now(UTC)):
            raise ValueError(f"{asked} is not over: two days of it, compared, would tell of single requests")
        figures = asyncio.run(_figures(database_around(data), asked, rules_around(data).numbers.least_shown))
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files_of(figures).items():
            (folder / name).write_text(content, encoding="utf-8", newline="")
            typer.echo(folder / name)


async def _figures(url: str, quarter: Quarter, least: int) -> Figures:
    async with database(url) as conn:
        return await of_quarter(conn, quarter, least)


def files_of(figures: Figures) -> dict[str, str]:
    """Every file by its name."""
    counted = [("", table) for table in figures.tables]
    counted += [(unit.unit, table) for unit in figures.units for table in unit.tables]
    meanings = {table.name: f"* `{table.name}.csv`: {table.meaning}\n" for _, table in counted}
    rows = {
        name: [row for unit, table in counted if table.name == name for row in _rows(unit, table)] for name in meanings
    }
    told = {
        "README.md": f"{README.format(least=figures.least)}\n{''.join(meanings.values())}",
        "figures.json": json.dumps(asdict(figures), ensure_ascii=False, indent=1) + "\n",
        "units.csv": _csv(("unit", "zh", "in_time"), ((each.unit, each.zh, each.in_time) for each in figures.units)),
    }
    return told | {f"{name}.csv": _csv(("unit", "key", "zh", "en", "count"), found) for name, found in rows.items()}


def _rows(unit: str, table: Table) -> Iterator[tuple[object, ...]]:
    for cell in table.cells:
        yield unit, cell.key, cell.zh, cell.en, cell.count
    yield unit, "total", "合计", "total", table.total


def _csv(names: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows([names, *rows])
    return out.getvalue()
