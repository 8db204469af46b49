"""`hotline rebuild`, `hotline doctor`: what operators do after a loss, and to know that there was none."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError

from cli import doctor as examination
from cli import rebuild as building
from cli.checks import Finding
from cli.processes import StackError
from cli.surroundings import HERE, Data, database_around, holds_cases, plainly, surroundings, temporal
from settings import sqlalchemy_url
from storage.engine import make_engine

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]


def rebuild(data: Data = HERE, as_json: AsJson = False) -> None:
    """Start every open case again from the file of record, after Temporal lost its store. A case that runs is left alone.

    By DATABASE_URL and TEMPORAL_ADDRESS, else those of the stack that runs on --data. May be repeated; exit code 1 if
    Temporal could not start some.
    """

    async def build() -> Counter[str]:
        async with _both_sides(data) as (engine, client):
            return await building.rebuild(engine, client)

    with plainly():
        counts = asyncio.run(build())
        typer.echo(json.dumps(counts) if as_json else ", ".join(f"{n} {what}" for what, n in counts.items()))
        if counts[building.FAILED]:
            raise typer.Exit(1)


def doctor(
    data: Data = HERE,
    as_json: AsJson = False,
    repair: Annotated[bool, typer.Option("--repair", help="mend what can safely be mended")] = False,
) -> None:
    """Compare PostgreSQL and Temporal, case by case. Exit code 0: all is well; 1: something was found.

    By DATABASE_URL and TEMPORAL_ADDRESS, else those of the stack that runs on --data.
    """

    async def examine() -> list[Finding]:
        async with _both_sides(data) as (engine, client):
            found = await examination.examine(engine, client)
            return await examination.repair(engine, client, found) if repair else found

    with plainly():
        findings = asyncio.run(examine())
        if as_json:
            counts = Counter(found.what for found in findings)
            typer.echo(json.dumps({"healthy": not findings, "counts": counts, "findings": list(map(asdict, findings))}))
        else:
            typer.echo("\n".join(map(_line, findings)) or "all is well")
        if findings:
            raise typer.Exit(1)


def _line(found: Finding) -> str:
    return "  ".join(filter(None, (found.number, found.what, found.detail, "repaired" if found.repaired else "")))


@asynccontextmanager
async def _both_sides(data: Path) -> AsyncIterator[tuple[AsyncEngine, Client]]:
    url = database_around(data)
    os.environ |= surroundings(data)
    await holds_cases(url)  # says whether it can be reached
    engine = make_engine(sqlalchemy_url(url))
    try:
        yield engine, await temporal()
    except RPCError as error:
        raise StackError(f"Temporal does not answer: {error.status.name}") from None
    finally:
        await engine.dispose()
