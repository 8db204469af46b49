"""A role as an argument of a tool: one of those that it takes, which its help lists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import typer

from domain.vocabulary import Role


def role_among(roles: Collection[Role], meaning: str) -> Any:
    """The argument for `Annotated[str, …]`; another role is a BadParameter."""

    def known(given: str) -> str:
        if given not in set(roles):
            raise typer.BadParameter(f"none of {listed}")
        return given

    listed = ", ".join(sorted(roles))
    return typer.Argument(callback=known, metavar="ROLE", help=f"{meaning}: {listed}")
