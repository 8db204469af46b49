"""`hotline disposal`: carry out what approved lists of disposal say (decision 0019)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import typer

from cli.surroundings import HERE, Data, blobs_around, database_around, plainly
from cli.vault import told_vault
from settings import sqlalchemy_url
from storage.blobs import Blobs
from storage.destruction import carry_out
from storage.engine import make_engine, single
from storage.vault import open_vault

disposal_app = typer.Typer(help="销毁 · destroying what approved lists name", no_args_is_help=True)


@disposal_app.callback()
def _disposal() -> None:
    """销毁 · destroying what approved lists name"""


@disposal_app.command()
def run(data: Data = HERE) -> None:
    """Destroy the words, files and keys of every case on an approved list, for good. Broken off, run it again."""
    with plainly():
        try:
            asyncio.run(_run(database_around(data), *told_vault(data), blobs_around(data)))
        except RuntimeError as error:
            raise ValueError(str(error)) from None


async def _run(url: str, keys: bytes | None, apart: str | None, blobs: Blobs) -> None:
    engine, done = make_engine(sqlalchemy_url(url)), 0
    try:
        async with open_vault(keys, engine, sqlalchemy_url(apart) if apart else None) as vault:
            async for number in carry_out(single(engine), blobs, vault, lambda: datetime.now(UTC)):
                typer.echo(f"{number} destroyed")
                done += 1
    finally:
        await engine.dispose()
    typer.echo(f"{done} cases destroyed; GET /destructions is the register")
