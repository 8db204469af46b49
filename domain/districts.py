"""The districts of Tianjin (`districts.toml`): one code each, and every way in which a channel may name it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class District:
    """A district. `code` is what a case and a unit have on record; `gb` the code of GB/T 2260."""

    code: str
    gb: str
    zh: str
    en: str


_ROWS = tomllib.loads((resources.files("domain") / "districts.toml").read_text(encoding="utf-8"))["district"]

DISTRICTS: tuple[District, ...] = tuple(District(code, gb, zh, en) for code, gb, zh, en, _ in _ROWS)
"""By their code of GB/T 2260."""

_NAMED: dict[str, District] = {
    name: district
    for district, (*_, others) in zip(DISTRICTS, _ROWS, strict=True)
    for name in (district.code, district.gb, district.zh, district.zh.removesuffix("区"), *others)
}


def district(name: str) -> District | None:
    """The district of this code (HP, 120101) or Chinese name (和平区, 和平); None: not one of Tianjin's."""
    return _NAMED.get(name.strip())
