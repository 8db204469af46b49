"""`hotline verify` and `hotline archive export`: whether the record is what it was, from the database or from a package."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, BinaryIO

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.processes import StackError
from cli.surroundings import HERE, Data, blobs_around, database, database_around, plainly, surroundings
from domain.chain import Broken
from storage import packages, roots, verification
from storage.blobs import Blobs
from storage.signing import Seal

Found = AsyncIterator[str | Broken]
Key = Annotated[
    Path | None,
    typer.Option("--key", help="the key (PEM) of the roots; else HOTLINE_SIGNING_KEY_FILE, or that of --data"),
]


def verify(
    case: Annotated[
        str | None, typer.Option("--case", help="only this case, with the latest root that it is under")
    ] = None,
    day: Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="only this day's root")] = None,
    package: Annotated[
        Path | None, typer.Option("--package", exists=True, dir_okay=False, help="a package alone")
    ] = None,
    attachments: Annotated[bool, typer.Option(help="read every attachment; of one --case, it is done anyway")] = False,
    key: Key = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    data: Data = HERE,
) -> None:
    """Recompute every hash and signature; name the first broken entry of each case. Exit code 1 if there is any."""
    with plainly():
        seal = _seal(key, data)
        if package:
            with package.open("rb") as content:
                checked = packages.check(content, seal)
            report = _report(1, int(bool(checked.rooted)), checked.broken) | {"rooted": checked.rooted}
        else:
            blobs = blobs_around(data) if case or attachments else None
            report = asyncio.run(_verify(database_around(data), seal, case, day.date() if day else None, blobs))
    typer.echo(json.dumps(report, ensure_ascii=False) if as_json else _told(report))
    if report["broken"]:
        raise typer.Exit(1)


def export(
    case: Annotated[str, typer.Argument(help="the case's number")],
    out: Annotated[Path | None, typer.Option("--out", dir_okay=False, help="the file; else NUMBER.zip here")] = None,
    texts: Annotated[bool, typer.Option(help="with words and attachments, for whoever is entitled to them")] = True,
    data: Data = HERE,
) -> None:
    """Write a sealed file as a package that `hotline verify --package` checks without the database (Art. 14)."""

    file = out or Path(f"{case}.zip")

    async def write(url: str, content: BinaryIO) -> None:
        async with database(url) as conn:
            await packages.write(conn, case, content, blobs_around(data) if texts else None)

    with plainly(), TemporaryDirectory(dir=file.parent) as beside:
        made = Path(beside) / file.name
        with made.open("wb") as content:
            asyncio.run(write(database_around(data), content))
        os.replace(made, file)
        typer.echo(str(file))


def _seal(key: Path | None, data: Path) -> Seal:
    named = surroundings(data).get("HOTLINE_SIGNING_KEY_FILE")
    file = key or (Path(named) if named else data / "signing.pem")
    if not file.exists():
        raise StackError(f"no key to verify the roots with: {file} is not there; name it with --key")
    return Seal.read(file)


async def _verify(url: str, seal: Seal, case: str | None, day: date | None, blobs: Blobs | None) -> dict[str, Any]:
    async with database(url) as conn:
        signed = await _roots(conn, case, day)
        numbers = await _numbers(conn, case, day)
        checked, found = 0, list[str | Broken]()
        async for _, fault in verification.cases(conn, numbers, blobs):
            checked += 1
            found += [fault] if fault else []
        for before, root in signed:
            found += [fault async for fault in verification.day(conn, root, before, seal)]
        gone = await verification.destroyed(conn, case) if day is None else []
        if case and not checked:
            found.append(Broken(case, 0, "no such case"))
    told = _report(checked, len(signed), [each for each in found if not case or _of(each, case)])
    return told | ({"destroyed": [{**row, "at": row["at"].isoformat()} for row in gone]} if gone else {})


def _of(found: str | Broken, case: str) -> bool:
    return isinstance(found, str) or found.case == case


async def _roots(
    conn: AsyncConnection, case: str | None, day: date | None
) -> list[tuple[roots.Root | None, roots.Root]]:
    """Those to check, each with the one before it."""
    every = await roots.listed(conn)
    pairs = list(zip([None, *every], every, strict=False))
    if case:
        latest = await roots.latest_with(conn, case)
        return [pair for pair in pairs if pair[1] == latest]
    chosen = [pair for pair in pairs if day in (None, pair[1].day)]
    if day and not chosen:
        raise StackError(f"no root was signed for {day}")
    return chosen


async def _numbers(conn: AsyncConnection, case: str | None, day: date | None) -> list[str] | None:
    if case:
        return [case]
    return [head.case for head in await roots.heads_of(conn, day)] if day else None


def _report(cases: int, signed: int, found: list[str | Broken]) -> dict[str, Any]:
    """One line a case: the first place at which it is broken."""
    first: dict[str, Broken] = {}
    for each in found:
        if isinstance(each, Broken) and (each.case not in first or each.seq < first[each.case].seq):
            first[each.case] = each
    words = [{"what": each} for each in found if isinstance(each, str)]
    return {"cases": cases, "roots": signed, "broken": words + [asdict(each) for each in first.values()]}


def _told(report: dict[str, Any]) -> str:
    lines = [f"{report['cases']} cases, {report['roots']} roots: {'broken' if report['broken'] else 'whole'}"]
    for row in report.get("destroyed", ()):
        lines.append(f"{row['case_number']}: its words were destroyed on {row['at'][:10]}, by list {row['list']}")
    for each in report["broken"]:
        lines.append(f"{each['case']} entry {each['seq']}: {each['what']}" if "case" in each else each["what"])
    return "\n".join(lines)
