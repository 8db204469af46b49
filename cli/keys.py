"""`hotline key`: API keys of channels and of units' systems."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.rights import KEYED, UNITS
from api.texts import Code
from cli.causes import By, Reason, cause
from cli.roles import role_among
from cli.surroundings import HERE, Data, database, database_around, plainly
from domain.refusals import Unknown
from domain.vocabulary import Role
from storage import keys

key_app = typer.Typer(help="接口密钥 · API keys of channels and units' systems", no_args_is_help=True)
_CLIENT: TypeAdapter[str] = TypeAdapter(Code)
Made = TypeVar("Made")


async def _in(url: str, do: Callable[[AsyncConnection], Awaitable[Made]]) -> Made:
    async with database(url) as conn:
        return await do(conn)


@key_app.command()
def create(
    role: Annotated[str, role_among(KEYED, "as whom it acts")],
    client: Annotated[str, typer.Argument(help="which system it is for, by a code: it acts under this name")],
    reason: Reason,
    unit: Annotated[str | None, typer.Option(help="the unit's code, for the roles unit and partner")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="how long it lives; none: until it is revoked")] = None,
    by: By = None,
    data: Data = HERE,
) -> None:
    """Make a key and print it, this once: only its hash is kept. A client has two live ones at most, to change over.

    In the database of DATABASE_URL, else of the stack that runs on --data.
    """
    why = cause(reason, by)
    scope = Role(role)
    if (scope in UNITS) != (unit is not None):
        raise typer.BadParameter("--unit goes with the roles unit and partner, and only with them")
    try:
        _CLIENT.validate_python(client)
    except ValueError:
        raise typer.BadParameter("the client is a code: letters, digits, `.`, `_`, `-`") from None
    ends = why.at + timedelta(days=days) if days else None
    with plainly():
        url = database_around(data)
        try:
            typer.echo(asyncio.run(_in(url, lambda conn: keys.create(conn, client, scope, unit, ends, why))))
        except Unknown:
            raise typer.BadParameter(f"--unit: no active unit of the role {role} has this code") from None


@key_app.command()
def revoke(
    id: Annotated[str, typer.Argument(help="what stands before the dot; `hotline key list`")],
    reason: Reason,
    by: By = None,
    data: Data = HERE,
) -> None:
    """End a key now."""
    why = cause(reason, by)
    with plainly():
        if not asyncio.run(_in(database_around(data), lambda conn: keys.revoke(conn, id, why))):
            raise ValueError(f"no live key {id}")
        typer.echo(f"{id} is revoked")


@key_app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json")] = False, data: Data = HERE) -> None:
    """All keys there ever were, without their secrets; the last use to five minutes."""
    with plainly():
        found = asyncio.run(_in(database_around(data), keys.listed))
        if as_json:
            typer.echo(json.dumps([_facts(key) for key in found]))
            return
        for key in found:
            unit = f" {key.unit}" if key.unit else ""
            used = f"used {key.used_at:%Y-%m-%d %H:%M%z}" if key.used_at else "never used"
            typer.echo(f"{key.id}  {key.client}  {key.role}{unit}  {_life(key)}  {used}")


def _life(key: keys.Key) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "live"
    return f"{'live until' if key.live(datetime.now(UTC)) else 'expired'} {key.expires_at:%Y-%m-%d}"


def _facts(key: keys.Key) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(key).items() if name != "digest"}
    said = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()}
    return said | {"live": key.live(datetime.now(UTC))}
