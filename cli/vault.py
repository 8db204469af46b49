"""`hotline vault`: the keys that seal who asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from cli.surroundings import HERE, Data, database_around, plainly, surroundings
from settings import sqlalchemy_url
from storage.engine import make_engine
from storage.people import resealed
from storage.sealing import Unreadable
from storage.vault import open_vault

vault_app = typer.Typer(help="密钥库 · the keys that seal who asked", no_args_is_help=True)


@vault_app.callback()
def _vault() -> None:
    """密钥库 · the keys that seal who asked"""


@vault_app.command()
def rotate(data: Data = HERE) -> None:
    """Wrap every case's key under the first master key of the file, and make the phones' index anew.

    Broken off and started again, it goes on where it was. Then the older master keys may leave the file. Rows from
    before there were keys are sealed.
    """
    with plainly():
        try:
            wrapped, sealed, left = asyncio.run(_rotate(database_around(data), *told_vault(data)))
        except (RuntimeError, Unreadable) as error:
            raise ValueError(str(error)) from None
        typer.echo(f"{wrapped} keys wrapped anew, {sealed} persons sealed or indexed anew")
        if left:
            typer.echo(f"{left} keys are still under another master key: no master key may leave the file", err=True)
            raise typer.Exit(1)


def told_vault(data: Path) -> tuple[bytes | None, str | None]:
    """The master keys as the file holds them, and the URL of the vault if it is apart."""
    told = surroundings(data)
    file = told.get("HOTLINE_MASTER_KEYS_FILE")
    return Path(file).read_bytes() if file else None, told.get("HOTLINE_VAULT_URL")


async def _rotate(url: str, keys: bytes | None, apart: str | None) -> tuple[int, int, int]:
    engine = make_engine(sqlalchemy_url(url))
    try:
        async with open_vault(keys, engine, sqlalchemy_url(apart) if apart else None) as vault:
            await vault.prove()
            wrapped = max([done async for done in vault.rewrapped()], default=0)
            sealed = max([done async for done in resealed(engine, vault)], default=0)
            return wrapped, sealed, await vault.left()
    finally:
        await engine.dispose()
