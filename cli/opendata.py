"""`hotline opendata`: a quarter for everybody, as files (公开数据; Art. 21)."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.surroundings import HERE, Data, database, database_around, plainly
from domain.figures import LEAST, Cell, KeptInTime
from domain.scores import Quarter
from storage.figures import Figures, of_quarter

README = f"""# 便民服务专线公开数据 · open data of the public-service hotline

`figures.json` holds everything; each table, and the units, stand as CSV beside it (UTF-8).
A count below {LEAST}, and what would let it be computed, is left empty; so are shares of fewer than {LEAST}.
Quarters are those of Asia/Shanghai. Nothing here says anything of a single person (Art. 15, 21).
"""


def opendata(
    folder: Annotated[Path, typer.Argument(help="where the files go")],
    quarter: Annotated[str, typer.Option(help="which quarter, such as 2026Q1")],
    data: Data = HERE,
) -> None:
    """公开数据 · a quarter in figures as JSON and CSV, for everybody; the same record gives the same bytes."""
    with plainly():
        figures = asyncio.run(_figures(database_around(data), Quarter.parse(quarter)))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files_of(figures).items():
        (folder / name).write_text(content, encoding="utf-8", newline="")
        typer.echo(folder / name)


async def _figures(url: str, quarter: Quarter) -> Figures:
    async with database(url) as conn:
        return await of_quarter(conn, quarter)


def files_of(figures: Figures) -> dict[str, str]:
    """Every file by its name."""
    meanings = "".join(f"* `{table.name}.csv`: {table.meaning}\n" for table in figures.tables)
    told = {"README.md": f"{README}\n{meanings}", "figures.json": _json(asdict(figures))}
    told |= {f"{table.name}.csv": _csv(Cell, table.cells) for table in figures.tables}
    return told | {"units.csv": _csv(KeptInTime, figures.units)}


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _csv(shape: type[Any], rows: Iterable[Any]) -> str:
    names, out = [field.name for field in fields(shape)], StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([getattr(row, name) for name in names] for row in rows)
    return out.getvalue()
