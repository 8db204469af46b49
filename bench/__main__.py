"""`python -m bench lifecycle`: what a case costs through the whole house, beside the floor that Temporal sets."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bench.lifecycle import run

app = typer.Typer(help="measurements on a local stack of their own", no_args_is_help=True, add_completion=False)


@app.callback()
def bench() -> None:
    """Each measurement is a command."""


@app.command()
def lifecycle(
    cases: Annotated[int, typer.Option(min=1, help="how many cases each party carries, over all timed blocks")] = 300,
    concurrency: Annotated[int, typer.Option(min=1, help="how many cases are under way at once")] = 32,
    blocks: Annotated[int, typer.Option(min=1, help="timed blocks of each party")] = 6,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Carry cases along the reference path through HTTP, alternating with the floor (bench/floor.py)."""
    report = run(cases, concurrency, blocks)
    if as_json:
        typer.echo(json.dumps(report))
    else:
        for name, value in report.items():
            typer.echo(f"{name:24} {value}")
    if report["failed"]:
        raise typer.Exit(1)


app()
