"""docs/regulation-index.md: every provision with the code that carries it out and the test that shows it, or why not.

What has no code and no test must stand in docs/left_to_people.toml with its reason.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache

from docs.citations import ROOT, Place, code, tests
from docs.markdown import GENERATED, cell
from domain.regulation import PROVISIONS, REGULATION, Citation

MOST_TESTS = 6
CHAPTERS = {1: "第一章 总则", 7: "第二章 事项办理", 16: "第三章 专线建设", 22: "第四章 考核监督", 25: "第五章 附则"}
"""The first article of each chapter, and the chapter's heading."""


@dataclass(frozen=True)
class Left:
    """Why a provision is not carried out by code here, or only in part."""

    kind: str
    reason: str
    duty: str | None = None
    begun: bool = False
    by: tuple[Citation, ...] = ()


@cache
def left_to_people() -> dict[Citation, Left]:
    """The table of docs/left_to_people.toml; an unknown provision or a second row for one is a ValueError."""
    raw = tomllib.loads((ROOT / "docs" / "left_to_people.toml").read_text(encoding="utf-8"))
    assert isinstance(raw.pop("as_of"), date)
    found: dict[Citation, Left] = {}
    for kind, rows in raw.items():
        for row in rows:
            provision = Citation.parse(row.pop("provision"))
            if provision in found:
                raise ValueError(f"{provision} stands twice in left_to_people.toml")
            found[provision] = Left(kind, by=tuple(map(Citation.parse, row.pop("by", ()))), **row)
    return found


def leaves() -> list[Citation]:
    """The provisions that can be carried out: an article that has items or paragraphs stands for these."""
    parted = {c.article for c in PROVISIONS if c.item or c.paragraph}
    return [c for c in PROVISIONS if c.item or c.paragraph or c.article not in parted]


def regulation_index() -> str:
    """Every provision with its words, its code and its tests, or why there are none."""
    kinds = [left_to_people()[c].kind if c in left_to_people() else "carried out" for c in leaves()]
    lines = [
        GENERATED,
        "# Regulation index",
        "",
        f"{REGULATION.title} ({REGULATION.order}), provision by provision: what carries it out, and what shows it. "
        f"Of {len(kinds)} provisions {kinds.count('carried out')} are carried out, {kinds.count('through')} take effect "
        f"through others, {kinds.count('later')} come later, {kinds.count('people')} are left to people "
        "([why](left_to_people.toml)). Numbers in brackets are items (项), ¶ counts paragraphs (款).",
    ]
    for citation in PROVISIONS:
        if citation.article in CHAPTERS and not (citation.item or citation.paragraph):
            lines += [
                "",
                f"## {CHAPTERS[citation.article]}",
                "",
                "| provision | words | code | tests |",
                "|---|---|---|---|",
            ]
        lines.append(_index_row(citation))
    return "\n".join(lines) + "\n"


def _index_row(citation: Citation) -> str:
    parts = any(c.article == citation.article and c.paragraph for c in PROVISIONS) and not citation.paragraph
    head = f"| **{citation}**<br>{citation.zh()} | {'' if parts else cell(citation.text)} "
    if citation not in leaves():
        return f"{head}| | |"
    left = left_to_people().get(citation)
    found = _places(code().get(citation, ())), _sentences(tests().get(citation, ()))
    if left is None:
        return f"{head}| {found[0] or '**none**'} | {found[1] or '**none**'} |"
    why = {
        "people": "*Left to people.*",
        "later": f"*Later: {left.duty}.*",
        "through": f"*Through {', '.join(map(str, left.by))}.*",
    }[left.kind]
    prepared = f"{found[0]}<br>" if left.begun else ""
    return f"{head}| {prepared}{why} {cell(left.reason)} | {found[1] if left.begun else ''} |"


def _places(places: tuple[Place, ...]) -> str:
    """One line a file: its name, and the names in it."""
    files: dict[str, list[str]] = {}
    for place in places:
        files.setdefault(place.path, []).append(place.name)
    lines = []
    for path, names in files.items():
        named = ", ".join(f"`{name}`" for name in dict.fromkeys(names) if name)
        lines.append(f"[{path}](../{path})" + (f": {named}" if named else ""))
    return "<br>".join(lines)


def _sentences(places: tuple[Place, ...]) -> str:
    """Tests as the sentences that they are; the first few of many, those of the rules before all others."""
    places = tuple(sorted(places, key=lambda place: (not place.path.startswith("tests/domain/"), place)))
    shown = [
        f"[{place.name.removeprefix('test_').replace('_', ' ')}](../{place.path})" for place in places[:MOST_TESTS]
    ]
    more = [f"and {len(places) - MOST_TESTS} more"] if len(places) > MOST_TESTS else []
    return "<br>".join(shown + more)
