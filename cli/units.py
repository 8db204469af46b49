"""`hotline unit`: the register of units."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from pydantic import TypeAdapter

from api.texts import Code, District, Line
from cli.causes import By, Reason, cause
from cli.surroundings import HERE, Data, database, database_around, plainly
from domain.vocabulary import UnitKind
from storage.changes import Cause
from storage.units import Unit, put

unit_app = typer.Typer(help="承办单位 · the register of units", no_args_is_help=True)
_NAMED: TypeAdapter[tuple[Code, Line, Line, District | None]] = TypeAdapter(tuple[Code, Line, Line, District | None])


@unit_app.command("set")
def set_(
    code: Annotated[str, typer.Argument(help="its code; HP.XB is an office below HP")],
    zh: Annotated[str, typer.Option(help="its Chinese name")],
    en: Annotated[str, typer.Option(help="its English name")],
    kind: Annotated[UnitKind, typer.Option(help="what kind of unit")],
    reason: Reason,
    district: Annotated[str | None, typer.Option(help="the code of its district; none: of the whole city")] = None,
    active: Annotated[bool, typer.Option("--active/--closed", help="whether it takes new cases")] = True,
    by: By = None,
    data: Data = HERE,
) -> None:
    """Enter a unit, or say anew what it is; what it has in hand stays with it.

    In the database of DATABASE_URL, else of the stack that runs on --data.
    """
    why = cause(reason, by)
    if kind is UnitKind.PARTNER:
        raise typer.BadParameter("a partner applies and is admitted: POST /partners (Art. 20)")
    try:
        _, _, _, place = _NAMED.validate_python((code, zh, en, district))
    except ValueError:
        raise typer.BadParameter(
            "a unit has a code (letters, digits, `.`, `_`, `-`), two names, a known district"
        ) from None
    unit = Unit(code, zh, en, kind, place, active)
    with plainly():
        changed = asyncio.run(_put(database_around(data), unit, why))
        typer.echo(f"{code} {'is on record' if changed else 'was so already; nothing was done'}")


async def _put(url: str, unit: Unit, why: Cause) -> bool:
    async with database(url) as conn:
        return await put(conn, unit, why)
