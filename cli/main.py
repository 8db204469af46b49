"""`hotline`: start the stack, play the demonstration, and the small tools of operators and agents."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from api.access import Caller, issue
from api.rights import SIGNED_IN, UNITS
from cli import release
from cli.causes import By, Reason, cause
from cli.demo import play
from cli.disposal import disposal_app
from cli.keys import key_app
from cli.legacy import import_
from cli.opendata import opendata
from cli.processes import StackError
from cli.receiver import receiver
from cli.recovery import doctor, rebuild
from cli.roles import role_among
from cli.rows import read_rows
from cli.sessions import session_app
from cli.stack import LocalStack, Ports, hotline_services
from cli.surroundings import (
    HERE,
    Data,
    database,
    database_around,
    holds_cases,
    plainly,
    secret_around,
    spoken,
    surroundings,
    temporal,
)
from cli.units import unit_app
from cli.vault import vault_app
from cli.verify import export, verify
from domain.calendar import Calendar, compile_calendar, read_notice, seeded_notices
from domain.limits import Term, due
from domain.vocabulary import Role, Status
from settings import Settings, production, sqlalchemy_url, task_queue, vault_url
from storage.calendar import announce, read
from storage.files import load
from storage.migrate import migrate
from workflows.attributes import SEARCH_ATTRIBUTES
from workflows.client import Later, start

app = typer.Typer(help="便民服务专线 88908890 · the public-service hotline", no_args_is_help=True, add_completion=False)
archive_app = typer.Typer(help="归档 · sealed files", no_args_is_help=True)
calendar_app = typer.Typer(help="放假通知 · holiday notices", no_args_is_help=True)
app.add_typer(calendar_app, name="calendar")
app.add_typer(archive_app, name="archive")
app.command()(verify)
archive_app.command()(export)
app.add_typer(unit_app, name="unit")
app.add_typer(key_app, name="key")
app.add_typer(session_app, name="session")
app.add_typer(vault_app, name="vault")
app.add_typer(disposal_app, name="disposal")

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="the API's port; 0: a free one")]
UiPort = Annotated[int, typer.Option("--ui-port", min=0, max=65535, help="the port of Temporal's UI; 0: a free one")]
TemporalPort = Annotated[int, typer.Option("--temporal-port", min=0, max=65535, help="Temporal's port; 0: a free one")]
DEMO = HERE / "demo"
SATURDAY = 5
CASES = 'WorkflowType="Case"'
OPEN_CASES = f'{CASES} AND ExecutionStatus="Running"'


def local_stack(data: Path, ports: Ports, *, clean: bool = False) -> LocalStack:
    """PostgreSQL, Temporal with UI, migrations, worker, API; Ctrl-C ends it, from a script too.

    Servers that the environment names are shown and asked before anything starts; `clean` refuses one with cases.
    """
    if production():
        raise StackError("HOTLINE_MODE=production: the local stack has the local issuer, which is closed there")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stack = LocalStack(
        data,
        ports=ports,
        services=hotline_services(ports),
        search_attributes=SEARCH_ATTRIBUTES,
        migrate=lambda url: migrate(sqlalchemy_url(url), vault_url(), samples=True),
    )
    if url := stack.external.get("DATABASE_URL"):
        typer.echo(f"DATABASE_URL is used: {spoken(url)}", err=True)
        if asyncio.run(holds_cases(url)) and clean:
            raise StackError("this database holds cases: the demonstration would add to them; unset DATABASE_URL")
    if address := stack.external.get("TEMPORAL_ADDRESS"):
        typer.echo(f"TEMPORAL_ADDRESS is used: {address}", err=True)
        asyncio.run(temporal())
    return stack


@app.command()
def up(data: Data = HERE, port: Port = 8890, ui_port: UiPort = 8233, temporal_port: TemporalPort = 7233) -> None:
    """Start everything on this machine, empty or as it was left, until Ctrl-C.

    DATABASE_URL and TEMPORAL_ADDRESS, if set, name servers to use instead.
    """
    with plainly(), local_stack(data, Ports(port, ui_port, temporal_port)) as stack:
        links(Console(stderr=True), stack)
        stack.watch()


@app.command()
def demo(
    source: Annotated[
        Path | None, typer.Option("--input", exists=True, dir_okay=False, help="JSON lines {title, text, created …}")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many rows")] = 60,
    seed: Annotated[int, typer.Option(help="decides who plays what")] = 1,
    leave: Annotated[bool, typer.Option("--exit", help="do not stay up afterwards")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
    data: Data = DEMO,
    port: Port = 8890,
    ui_port: UiPort = 8233,
    temporal_port: TemporalPort = 7233,
) -> None:
    """Play sample requests through the HTTP API from intake to archive, with limits of seconds; then stay up.

    Without --exit a handful is left half-way (a tenth, five at most), so that Temporal's UI has open cases to show.
    DATABASE_URL and TEMPORAL_ADDRESS, if set, name servers to use instead; a database that holds cases is refused.
    """
    console = Console(stderr=True)
    os.environ |= {"HOTLINE_RULE_SET": "demo", "HOTLINE_SWEEP_SECONDS": "2"}
    with plainly():
        rows = read_rows(source, limit, seed)
        for line in rows.said():
            console.print(line, style="yellow", soft_wrap=True)
        if not rows.requests:
            raise ValueError("no row to play")
        with ExitStack() as running:
            platform = running.enter_context(receiver())
            os.environ |= {"HOTLINE_PLATFORM_URL": platform.url}
            stack = running.enter_context(local_stack(data, Ports(port, ui_port, temporal_port), clean=True))
            os.environ |= stack.environment
            secret = Settings.from_environment().secret
            with Progress(console=console, transient=True) as bar:
                task = bar.add_task("办理 cases", total=len(rows.requests))
                advance = partial(bar.advance, task)
                report = asyncio.run(play(stack.api_url, secret, rows.requests, seed, advance, not leave, platform))
            outcomes(console, report)
            if as_json:
                typer.echo(json.dumps(report, ensure_ascii=False))
            if not leave:
                links(console, stack)
                stack.watch()
        if report["errors"] or report["unexpected"]:
            raise typer.Exit(1)


def outcomes(console: Console, report: dict[str, Any]) -> None:
    """The table at the end."""
    table = Table("outcome", "cases", title=f"{report['cases']} cases in {report['seconds']} s")
    for word, count in report["by_outcome"].items():
        table.add_row(word, str(count))
    console.print(table)
    for word, count in report["beside"].items():
        console.print(f"{word}: {count}")
    if left := report["cases"] - report["by_status"].get("archived", 0):
        console.print(f"{left} cases are open")
    for line in report["what"]:
        console.print(f"[red]{line}[/red]")


def links(console: Console, stack: LocalStack) -> None:
    """Where to look."""
    console.print(f"API      接口文档     {stack.api_url}/docs", soft_wrap=True)
    for name, query in (("未办结 open", OPEN_CASES), ("全部   all ", CASES)) if stack.ui_url else ():
        console.print(
            f"Temporal {name}  {stack.ui_url}/namespaces/default/workflows?query={quote(query)}", soft_wrap=True
        )
    for part, page in stack.metrics_urls.items():
        console.print(f"{part:8} 指标 metrics {page}", soft_wrap=True)
    here, named = str(stack.directory), stack.external
    url, address = named.get("DATABASE_URL"), named.get("TEMPORAL_ADDRESS")
    kept = dict.fromkeys((spoken(url) if url else here, address or here))
    console.print(f"Ctrl-C stops everything; the state stays in {' and '.join(kept)}", soft_wrap=True)
    if stack.directory != HERE.resolve():
        console.print(f"hotline token, restart, due, calendar load here: --data {here}", soft_wrap=True)


@app.command()
def token(
    role: Annotated[str, role_among(SIGNED_IN, "as whom")],
    unit: Annotated[str | None, typer.Option(help="the unit's code, for the roles unit, unit_lead and partner")] = None,
    subject: Annotated[str | None, typer.Option(help="who it is for, by a code: never a name")] = None,
    data: Data = HERE,
) -> None:
    """Issue a bearer token of the local issuer, for 12 hours. In production nobody takes it.

    Signed with the secret of HOTLINE_SECRET_FILE or HOTLINE_SECRET, as the stack does; else with that of --data.
    """
    caller = Caller(subject or unit or role, Role(role), unit)
    if (caller.role in UNITS) != (unit is not None):
        raise typer.BadParameter("--unit goes with the roles unit, unit_lead and partner, and only with them")
    with plainly():
        secret = secret_around(data)
        try:
            typer.echo(issue(secret, caller, datetime.now(UTC)))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None


@app.command("due")
def due_(
    start: Annotated[str, typer.Argument(help="when it was received: 2025-09-26T15:00+08:00")],
    term: Annotated[str, typer.Argument(help="1wd, 4h, 30min, 10s")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    data: Data = HERE,
) -> None:
    """When a term ends, and which days counted and which did not.

    By the holiday notices in DATABASE_URL; else by those of the stack that runs on --data; else by those that ship,
    of 2004 to 2026.
    """
    with plainly():
        calendar = asyncio.run(_calendar(data))
    try:
        found = due(datetime.fromisoformat(start), Term.parse(term), calendar)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error)) from None
    shown = found.to_json()
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    last = f"  last day {found.last_day}" if found.last_day else ""
    typer.echo(f"{shown['due']}{last}{'  provisional' if found.provisional else ''}")
    for day in found.counted:
        makes_up = calendar.days[day].name if day.weekday() >= SATURDAY else ""
        typer.echo(f"  counted: {day} {makes_up and f'{makes_up}调休 (works instead)'}".rstrip())
    for skipped in shown["skipped"]:
        typer.echo(f"  not counted: {skipped['day']} {skipped['reason']}")


async def _calendar(data: Path) -> Calendar:
    url = surroundings(data).get("DATABASE_URL")
    try:
        if url:
            async with database(url) as conn:
                return await read(conn)
    except StackError:
        if os.environ.get("DATABASE_URL"):
            raise  # else a stack was killed there, and what it left says where it was
    notices = seeded_notices()
    return compile_calendar(notices, len(notices))


@calendar_app.command("load")
def calendar_load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a notice as in domain/calendars/")],
    reason: Reason,
    by: By = None,
    data: Data = HERE,
) -> None:
    """Publish a holiday notice; open cases that it concerns are recomputed by the sweep, never to less than announced.

    In the database of DATABASE_URL, else of the stack that runs on --data.
    """

    why = cause(reason, by)

    async def publish(url: str) -> tuple[int, int]:
        try:
            notice = read_notice(file.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise ValueError(f"line {line} is not in UTF-8") from None
        async with database(url) as conn:
            return await announce(conn, notice, why)

    with plainly():
        version, concerned = asyncio.run(publish(database_around(data)))
        typer.echo(f"published as version {version}; {concerned} open cases are recomputed")


@app.command()
def restart(
    number: Annotated[str, typer.Argument(help="the case's number")],
    data: Data = HERE,
) -> None:
    """Start a case's workflow again that somebody ended in Temporal: it goes on from the file of record.

    By DATABASE_URL and TEMPORAL_ADDRESS, else those of the stack that runs on --data.
    """

    async def begin(url: str) -> str:
        async with database(url) as conn:
            file = await load(conn, number)
        if file is None:
            raise typer.BadParameter(f"no case {number}")
        if file.case.status is Status.ARCHIVED:
            raise typer.BadParameter(f"{number} is archived")
        try:
            begun = await start(await temporal(), task_queue(), file, again=True)
        except Later:
            raise StackError(f"Temporal could not start {number} now") from None
        return "started again" if begun else "runs already; nothing was done"

    with plainly():
        url = database_around(data)
        os.environ |= surroundings(data)
        typer.echo(f"{number} {asyncio.run(begin(url))}")


app.command()(rebuild)
app.command()(opendata)
app.command("import")(import_)
app.command()(doctor)


app.command("migrate")(release.migrate)


def run() -> None:
    """The console script. Where Temporal's client was used, its threads may still call into an interpreter that
    unwinds, which aborts it: so it ends at once, with the exit code, when all is said.
    """
    try:
        app()
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else bool(ended.code))


if __name__ == "__main__":
    run()
