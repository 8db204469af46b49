"""Which requests are about one thing (同类诉求): texts that share pairs of characters, rare pairs more than common ones.

The cosine of TF-IDF weights (Salton and Buckley 1988). It suggests, and a person decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt

SUGGESTED = 0.2
"""From here on a text is suggested: `python -m bench likeness` says how often rightly."""

_RUNS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z0-9]+")


def terms(words: str) -> Counter[str]:
    """How often each pair of characters that stand side by side occurs, and each word in Latin letters or digits."""
    flat = "".join(words.lower().split())
    runs: list[str] = _RUNS.findall(flat)
    return Counter(term for run in runs for term in ([run[:100]] if run.isascii() else _pairs(run)))


def _pairs(run: str) -> list[str]:
    return [run[n : n + 2] for n in range(len(run) - 1)]


@dataclass(frozen=True)
class Rarity:
    """How rare a term is among `many` texts: in how many of them it occurs."""

    many: int
    texts: Mapping[str, int]

    @classmethod
    def among(cls, words: Iterable[str]) -> Rarity:
        """Counted in these texts."""
        counted: Counter[str] = Counter()
        many = 0
        for each in words:
            counted.update(terms(each).keys())
            many += 1
        return cls(many, counted)

    def of(self, term: str) -> float:
        """0 for what is in every text; the most for what is in none."""
        return log((self.many + 1) / (self.texts.get(term, 0) + 1))

    def rarest(self, found: Mapping[str, int], count: int) -> list[str]:
        """The terms that tell a text from others, the rarest first; among equals those that occur more often."""
        return sorted(found, key=lambda term: (-self.of(term), -found[term], term))[:count]


def likeness(one: Mapping[str, int], other: Mapping[str, int], rarity: Rarity) -> float:
    """From 0 (nothing in common) to 1 (the same terms as often)."""
    shared = sum(_weight(one, term, rarity) * _weight(other, term, rarity) for term in one.keys() & other.keys())
    length = _length(one, rarity) * _length(other, rarity)
    return min(shared / length, 1.0) if length else 0.0


def _weight(found: Mapping[str, int], term: str, rarity: Rarity) -> float:
    return (1 + log(found[term])) * rarity.of(term)


def _length(found: Mapping[str, int], rarity: Rarity) -> float:
    return sqrt(sum(_weight(found, term, rarity) ** 2 for term in found))
