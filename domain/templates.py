"""Templates (文书模板) for replies, refusals and notices: what each needs, by which provision, in which version (Art. 17)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from domain.refusals import Lacking, Unknown
from domain.regulation import Citation
from domain.vocabulary import Act, Wording

PROVISION = "provision"
"""Filled in by the template itself: its provision, as Chinese documents cite it."""


@dataclass(frozen=True)
class Template:
    """One version of a wording, used from a day on."""

    code: str
    version: int
    since: date
    wording: Wording
    act: Act
    """With which act its text goes."""
    basis: Citation
    zh: str
    text: str

    @property
    def fields(self) -> tuple[str, ...]:
        """What must be given to fill it, in the order of the text."""
        named = (name for _, name, _, _ in Formatter().parse(self.text) if name not in (None, PROVISION))
        return tuple(dict.fromkeys(map(str, named)))

    def filled(self, given: Mapping[str, str]) -> str:
        """The text. Lacking, with its provision, if a field is not given; Unknown if one is that it does not have."""
        if missing := [name for name in self.fields if name not in given]:
            raise Lacking(f"`fields`: {', '.join(missing)}", self.basis)
        if len(given) > len(self.fields):
            raise Unknown(f"`fields`: there are no others than {', '.join(self.fields)}")
        return self.text.format(**given, provision=self.basis.zh())


def read_templates(text: str) -> tuple[Template, ...]:
    """Parse the file. A word, provision or key that does not exist is a ValueError or TypeError; a field a ValueError."""
    raw = tomllib.loads(text)
    found = tuple(_template(row) for row in raw["template"])
    if unknown := {name for each in found for name in each.fields} - raw["field"].keys():
        raise ValueError(f"no such fields: {', '.join(sorted(unknown))}")
    return found


def _template(row: dict[str, Any]) -> Template:
    words = {"wording": Wording(row["wording"]), "act": Act(row["act"]), "basis": Citation.parse(row["basis"])}
    return Template(**row | words)


@cache
def _shipped() -> str:
    return (resources.files("domain") / "templates.toml").read_text(encoding="utf-8")


@cache
def templates() -> tuple[Template, ...]:
    """Every version of every template that ships."""
    return read_templates(_shipped())


@cache
def labels() -> Mapping[str, str]:
    """What each field is called in Chinese."""
    found: dict[str, str] = tomllib.loads(_shipped())["field"]
    return found


def in_use(versions: Iterable[Template], day: date) -> dict[str, Template]:
    """Of each template the last version that is used on this day, by code."""
    begun = sorted((each for each in versions if each.since <= day), key=lambda each: each.version)
    return {each.code: each for each in begun}
