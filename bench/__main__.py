"""`python -m bench lifecycle`: what a case costs through the whole house, beside the floor that Temporal sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bench import chaos as faults
from bench import joint as together
from bench import legacy as older
from bench import likeness as alike
from bench import suggest as learning
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
    _tell(report, as_json)
    if report["failed"]:
        raise typer.Exit(1)


@app.command()
def chaos(
    cases: Annotated[int, typer.Option(min=1, help="how many cases are lived from intake to archive, at least")] = 300,
    kills: Annotated[int, typer.Option(min=0, help="how often a part is killed, evenly over the intakes")] = 12,
    seed: Annotated[int, typer.Option(help="decides what is killed when, and who does what")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Kill API, worker, Temporal and PostgreSQL under load; exit code 1 if anything was lost, double, early or half done."""
    report = faults.run(cases, kills, seed)
    _tell(report, as_json)
    if not faults.is_sound(report):
        raise typer.Exit(1)


@app.command()
def joint(
    cases: Annotated[int, typer.Option(min=1, help="how many cases are parts of the joint case")] = 5000,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Handle many cases about one thing as a joint case; exit code 1 if one is left open, late, told twice or not at all."""
    report = together.run(cases)
    _tell(report, as_json)
    if not together.is_sound(report):
        raise typer.Exit(1)


@app.command()
def legacy(
    rows: Annotated[int, typer.Option(min=1, help="how many invented finished cases")] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Import the cases of an older hotline; exit code 1 if one was rejected."""
    report = older.run(rows)
    _tell(report, as_json)
    if report["failed"]:
        raise typer.Exit(1)


@app.command()
def likeness(
    messages: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines of id, title, text")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Judge the labelled pairs of bench/likeness.csv: how often a text is rightly suggested as about the same thing."""
    _tell(alike.run(messages), as_json)


@app.command()
def suggest(
    messages: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines of user, title, text, label1")
    ],
    folds: Annotated[int, typer.Option(min=2, help="into how many parts the messages are dealt")] = 10,
    repeats: Annotated[int, typer.Option(min=1, help="how often they are dealt anew")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Learn from labelled messages and judge those that were held back: how often a category is rightly suggested."""
    _tell(learning.run(messages, folds, repeats), as_json)


def _tell(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report))
        return
    for name, value in report.items():
        typer.echo(f"{name:24} {value}")


app()
