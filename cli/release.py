"""`hotline migrate`: the schema of this release, and on record what the release says of rules and rights."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Annotated

import typer

from api.rights import RIGHTS
from cli.causes import By, cause
from cli.processes import StackError
from cli.surroundings import database, holds_cases, plainly
from domain.ruleset import read_rule_set, rule_files
from domain.vocabulary import Change
from settings import sqlalchemy_url, vault_url
from storage.changes import Cause, release
from storage.migrate import migrate as bring

Reason = Annotated[str, typer.Option(help="which release, or why; it stays on record where rules or rights changed")]


def migrate(reason: Reason = "发布 release", by: By = None) -> None:
    """Bring the database of DATABASE_URL to the present schema; put on record how rule sets and rights changed."""
    why = cause(reason, by)
    with plainly():
        url = os.environ.get("DATABASE_URL")
        if not url:
            raise StackError("DATABASE_URL is not set")
        asyncio.run(holds_cases(url))  # says whether it can be reached
        bring(sqlalchemy_url(url), vault_url())
        for said in asyncio.run(_release(url, why)):
            typer.echo(f"{said} is on record as it is now")


async def _release(url: str, why: Cause) -> list[str]:
    async with database(url) as conn:
        return [subject for what, subject, lines in _tables() if await release(conn, why, what, subject, lines)]


def _tables() -> Iterator[tuple[Change, str, list[str]]]:
    for text in rule_files():
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        yield Change.RULES_RELEASED, read_rule_set(text).code, lines
    rights = [f"{route}: {', '.join(sorted(roles))}" for route, roles in sorted(RIGHTS.items())]
    yield Change.RIGHTS_RELEASED, "RIGHTS", rights
