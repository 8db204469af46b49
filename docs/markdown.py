"""Tables of the generated pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

GENERATED = "<!-- Written by `python -m docs.generate` (make docs). Change the code, not this file. -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = list(head)
    yield _line(titles)
    yield "|" + "---|" * len(titles)
    yield from (_line([cell(text) for text in row]) for row in rows)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")
