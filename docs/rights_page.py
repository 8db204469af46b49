"""docs/rights.md: who may use which route and do which act, and of which cases; from the tables that guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.rights import OWNED, OWNERSHIP, PLAIN, PURPOSES, ROLES, SHIELDED
from docs.markdown import GENERATED, table
from domain.vocabulary import Role

WHO = [role for role in Role if role is not Role.SYSTEM]
"""The workflow itself uses no route."""


def rights() -> str:
    """The roles with what they own, then both matrices."""
    parts = [GENERATED, "# Rights", "", _INTRODUCTION, "", "## Roles", "", *_roles()]
    parts += ["", "## Role × route", "", *_matrix("route", ((f"`{route}`", roles) for route, roles in OWNED.items()))]
    parts += ["", "Of nobody's case:", ""]
    parts += [*_matrix("route", ((f"`{route}`", roles) for route, roles in PLAIN.items()), plain=True)]
    parts += ["", "## Role × purpose", "", _PURPOSES, "", *_purposes()]
    parts += ["", "## Role × act", "", _ACTS, ""]
    parts += [*_matrix("act", ((f"{act.zh} `{act}`", roles) for act, roles in ROLES.items()))]
    return "\n".join(parts) + "\n"


_INTRODUCTION = (
    "Derived from `api/rights.py`, from which the guard of every route derives too, and so do the tests that try every "
    "route as every role. The role comes from the sign-in, never from the request. A cell says of which cases: "
    "an empty one is a 403, and a case that is not the role's own is a 404, as if there were none."
)
_PURPOSES = (
    "What the full identity is read for (`POST /cases/{number}/person`). Who complains about staff or reports unlawful "
    "conduct is shielded from the units, unless they consented; to identify them asks for a reason."
)
_ACTS = (
    "By `domain/lifecycle.py`; while the case is where, [lifecycle](lifecycle.md#moves) says. The requester acts by "
    "`POST /tracking/{number}/…`, everybody else by `POST /cases/{number}/…`."
)


def _roles() -> Iterator[str]:
    rows = (
        (f"`{role}`", role.zh, role.en, f"{OWNERSHIP[role]}: {OWNERSHIP[role].zh}", OWNERSHIP[role].en) for role in WHO
    )
    yield from table(("role", "中文", "English", "owns", "that is"), rows)


def _purposes() -> Iterator[str]:
    rows = (
        (f"{purpose.zh} `{purpose}`", purpose.en, _named(roles), _named(SHIELDED.get(purpose, frozenset())))
        for purpose, roles in PURPOSES.items()
    )
    yield from table(("purpose", "that is", "who", "who, of a person that is shielded"), rows)


def _named(roles: frozenset[Role]) -> str:
    return ", ".join(f"`{role}`" for role in WHO if role in roles)


def _matrix(what: str, rows: Iterable[tuple[str, frozenset[Role]]], plain: bool = False) -> Iterator[str]:
    lines = (
        (name, *((("yes" if plain else OWNERSHIP[role]) if role in roles else "") for role in WHO))
        for name, roles in rows
    )
    yield from table((what, *(f"`{role}`" for role in WHO)), lines)
