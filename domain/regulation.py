"""The provisions as data: what the code rests on is cited, and a provision that does not exist cannot be cited."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from importlib import resources
from typing import Any

Key = tuple[int, int | None, int | None]

HOUSE = "house"
"""How a limit says that it is the Centre's own and not the law's."""

_TOML: dict[str, Any] = tomllib.loads((resources.files("domain") / "regulation.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Regulation:
    """The act itself."""

    title: str
    title_en: str
    order: str
    issuer: str
    promulgated: date
    in_force: date


REGULATION = Regulation(**{name: _TOML[name] for name in Regulation.__dataclass_fields__})


def _provisions(article: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """The article as a whole, then its paragraphs where it has several, then its items."""
    number, paragraphs = article["number"], article["paragraphs"]
    yield (number, None, None), "\n".join(paragraphs)
    if len(paragraphs) > 1:
        yield from (((number, n, None), text) for n, text in enumerate(paragraphs, 1))
    yield from (((number, None, n), text) for n, text in enumerate(article.get("items", ()), 1))


_TEXT: dict[Key, str] = {key: text for article in _TOML["article"] for key, text in _provisions(article)}


@total_ordering
@dataclass(frozen=True)
class Citation:
    """One provision that exists: an article (条), one of its paragraphs (款) or one of its items (项).

    Sorted as the regulation reads. Naming what does not exist is a ValueError.
    """

    article: int
    paragraph: int | None = None
    item: int | None = None

    def __post_init__(self) -> None:
        if self._key not in _TEXT:
            raise ValueError(f"the regulation has no {self}")

    def __str__(self) -> str:
        paragraph = f" ¶{self.paragraph}" if self.paragraph is not None else ""
        item = f"({self.item})" if self.item is not None else ""
        return f"Art. {self.article}{paragraph}{item}"

    def __lt__(self, other: Citation) -> bool:
        return self._place < other._place

    def zh(self) -> str:
        """As Chinese documents cite it: 第十一条第（三）项."""
        paragraph = f"第{_numeral(self.paragraph)}款" if self.paragraph is not None else ""
        item = f"第（{_numeral(self.item)}）项" if self.item is not None else ""
        return f"第{_numeral(self.article)}条{paragraph}{item}"

    @property
    def text(self) -> str:
        """The provision's own words. An article with items gives its opening sentence, an item only itself."""
        return _TEXT[self._key]

    @classmethod
    def parse(cls, text: str) -> Citation:
        """Read what `str()` wrote; anything else is a ValueError."""
        found = re.fullmatch(r"Art\. ([1-9]\d*)(?: ¶([1-9]\d*))?(?:\(([1-9]\d*)\))?", text, re.ASCII)
        if found is None:
            raise ValueError(f"not a citation: {text!r}")
        article, paragraph, item = found.groups()
        return cls(int(article), int(paragraph) if paragraph else None, int(item) if item else None)

    @property
    def _key(self) -> Key:
        return self.article, self.paragraph, self.item

    @property
    def _place(self) -> tuple[int, int, int]:
        return self.article, self.paragraph or 0, self.item or 0


def art(article: int, *, paragraph: int | None = None, item: int | None = None) -> Citation:
    """The provision, as tables write it: `art(11, item=3)`."""
    return Citation(article, paragraph, item)


def basis(text: str) -> Citation | None:
    """What a limit rests on: a provision, or None for `house`; anything else is a ValueError."""
    return None if text == HOUSE else Citation.parse(text)


def _numeral(number: int) -> str:
    """1 to 99 as Chinese writes it: 三, 十, 十一, 二十五."""
    tens, ones = divmod(number, 10)
    digits = "〇一二三四五六七八九"
    return f"{digits[tens] if tens > 1 else ''}{'十' if tens else ''}{digits[ones] if ones else ''}"


PROVISIONS: Mapping[Citation, str] = {Citation(*key): text for key, text in _TEXT.items()}
"""Every provision that can be cited, with its text, in the order of the regulation."""
