"""`hotline session`: browsers that are signed in."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli.causes import By, Reason, cause
from cli.surroundings import HERE, Data, database, database_around, plainly
from domain.vocabulary import Change
from storage import changes, sessions
from storage.changes import Cause

session_app = typer.Typer(help="登录会话 · browsers that are signed in", no_args_is_help=True)


@session_app.callback()
def session() -> None:
    """Each thing to do is a command."""


@session_app.command()
def end(
    subject: Annotated[str, typer.Argument(help="who: the `sub` of the provider, the actor of their acts")],
    reason: Reason,
    by: By = None,
    data: Data = HERE,
) -> None:
    """End all sessions of one person now, on record. Take their role away at the provider first, or they sign in again."""
    why = cause(reason, by)
    with plainly():
        many = asyncio.run(_end(database_around(data), subject, why))
        typer.echo(f"{many} ended")


async def _end(url: str, subject: str, why: Cause) -> int:
    async with database(url) as conn:
        many = await sessions.end_all(conn, subject, why.at)
        await changes.record(conn, why, Change.SESSIONS_ENDED, subject, sessions=many)
    return many
