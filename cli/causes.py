"""Why something of the house's own is changed, and by whom: the options that every such tool has."""

from __future__ import annotations

from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated

import typer
from pydantic import TypeAdapter

from api.texts import Code, Words
from storage.changes import Cause

Reason = Annotated[str, typer.Option(help="why; it stays on record, with who and when")]
By = Annotated[str | None, typer.Option(help="who, by a code; else the account that runs this")]

_CAUSE: TypeAdapter[tuple[Code, Words]] = TypeAdapter(tuple[Code, Words])


def cause(reason: str, by: str | None) -> Cause:
    """What is put on record with a change; a BadParameter if the reason is blank or who is no code."""
    try:
        actor, said = _CAUSE.validate_python((by or getuser(), reason))
    except (ValueError, OSError, KeyError):
        raise typer.BadParameter("--reason says why, --by is a code: letters, digits, `.`, `_`, `-`") from None
    return Cause(actor, datetime.now(UTC), said)
