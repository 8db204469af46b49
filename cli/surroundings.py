"""What is around the tools: database and Temporal, named by the environment or by the stack that runs on a directory.

Whatever is missing or cannot be reached there is a StackError, and `plainly` says it in one line.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import typer
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import Client

from cli.processes import StackError
from cli.stack import ENVIRONMENT
from domain.ruleset import RuleSet, rule_sets
from settings import RULE_SET, Settings, production, sqlalchemy_url, told_secret
from storage.blobs import Blobs
from storage.engine import make_engine
from workflows.client import connect

HERE = Path(".hotline")
"""Where a stack keeps its state, if not said otherwise."""
Data = Annotated[Path, typer.Option("--data", file_okay=False, help="where the stack keeps its state")]

PATIENCE = 10
"""Seconds until a server that does not answer is given up."""


@contextmanager
def plainly() -> Iterator[None]:
    """What was to be expected becomes one line on standard error and exit code 1; Ctrl-C is no error."""
    try:
        yield
    except StackError as error:
        said = str(error)
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except (ValueError, SQLAlchemyError) as error:
        said = str(error).partition("\n")[0]
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
        return
    else:
        return
    typer.secho(said, fg="red", err=True)
    raise typer.Exit(1)


def surroundings(data: Path) -> dict[str, str]:
    """The environment, and for what it does not say that of the stack that runs on the directory."""
    told: dict[str, str] = {}
    with suppress(FileNotFoundError):
        told = json.loads((data / ENVIRONMENT).read_text(encoding="utf-8"))
    return told | {name: value for name, value in os.environ.items() if value}


def database_around(data: Path) -> str:
    """Its URL; a StackError if neither the environment nor a running stack names one."""
    if url := surroundings(data).get("DATABASE_URL"):
        return url
    raise StackError(f"no stack runs in {data}: `hotline up`, or name its --data, or set DATABASE_URL")


def rules_around(data: Path) -> RuleSet:
    """The rule set in force; a StackError if there is none of that code."""
    code = surroundings(data).get("HOTLINE_RULE_SET", RULE_SET)
    if rules := rule_sets().get(code):
        return rules
    raise StackError(f"HOTLINE_RULE_SET: there is no rule set {code}")


def blobs_around(data: Path) -> Blobs:
    """Where the attachments are."""
    return Blobs(surroundings(data).get("HOTLINE_BLOBS") or Settings.blobs)


def secret_around(data: Path) -> bytes:
    """What local tokens are signed with: the environment's, as a stack keeps it, else that of the stack's directory.

    A StackError if there is neither, or in production, where the local issuer is closed.
    """
    if production():
        raise StackError("HOTLINE_MODE=production: the local issuer is closed; sign in by the provider, or by a key")
    if (told := told_secret()) is not None:
        return told
    try:
        return (data / "secret").read_bytes().strip()
    except FileNotFoundError:
        raise StackError(f"no stack was ever started in {data}: `hotline up`, or name its --data") from None


@asynccontextmanager
async def database(url: str) -> AsyncIterator[AsyncConnection]:
    """One transaction on it; a StackError if it is none of ours, or cannot be reached."""
    shown = spoken(url)
    try:
        engine = make_engine(sqlalchemy_url(url))
    except (SQLAlchemyError, ImportError):
        raise StackError(f"{shown} is no PostgreSQL database") from None
    async with AsyncExitStack() as leaving:
        leaving.push_async_callback(engine.dispose)
        try:
            async with asyncio.timeout(PATIENCE):
                conn = await leaving.enter_async_context(engine.begin())
        except (DBAPIError, OSError, ValueError):
            raise StackError(f"the database cannot be reached: {shown}") from None
        try:
            yield conn
        except ProgrammingError:
            raise StackError(f"{shown} has not the present schema: `hotline migrate`") from None


def spoken(url: str) -> str:
    """A database URL to be shown: without its password. A StackError, which does not quote it, if it is none."""
    try:
        named = make_url(url)
    except (SQLAlchemyError, ValueError):
        raise StackError("DATABASE_URL is no URL: postgresql://USER:PASSWORD@HOST/DATABASE") from None
    shown = URL.create(named.get_backend_name(), named.username, None, named.host, named.port, named.database)
    where = {"host": named.query["host"]} if "host" in named.query else {}
    return unquote(shown.set(query=where).render_as_string())


async def holds_cases(url: str) -> bool:
    """Was a case ever registered there? Also a database without our tables is asked."""
    async with database(url) as conn:
        if await conn.scalar(text("SELECT to_regclass('cases')")) is None:
            return False
        return bool(await conn.scalar(text("SELECT EXISTS (SELECT FROM cases)")))


async def temporal() -> Client:
    """A client by the environment; a StackError if nobody answers."""
    address = os.environ.get("TEMPORAL_ADDRESS") or "127.0.0.1:7233"
    try:
        async with asyncio.timeout(PATIENCE):
            return await connect()
    except (RuntimeError, ValueError, OSError):
        raise StackError(f"Temporal cannot be reached: {address}") from None
