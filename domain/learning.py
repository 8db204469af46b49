"""What past cases teach (历史办件): which label a text suggests, how strongly, and the pieces of words that speak for it.

Multinomial logistic regression over single characters and pairs of them, weighted by how rare they are and by how much
they belong to one label (TF-IDF-IGM; Chen and others 2016). It suggests, and a person decides.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import exp, log, sqrt
from operator import mul
from random import Random

from domain.likeness import terms

FEWEST = 5
"""So many persons' cases must hold a piece of words, or a label: nobody's words can be read from what is learnt (Art. 15)."""

TITLE = 4
"""A word in the title counts as so many in the text."""

TELLING = 5
"""How much more a piece weighs that belongs to one label alone."""

STEEPNESS, RATE, ROUNDS, RIGHT = 5, 0.5, 10, 0.01
"""How scores become shares; how fast it learns, how often it looks at each example, and what is right enough to be let be.

Chosen by `python -m bench suggest`.
"""

REASONS = 5
"""How many pieces are named."""

_CHARACTERS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True)
class Example:
    """A text, what became of it, and whose it is: for one person one code."""

    title: str
    text: str
    label: str
    by: str


@dataclass(frozen=True)
class Guess:
    """A label, the share that speaks for it (those of all labels make 1), and the pieces of words that do most."""

    label: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Learnt:
    """Of each piece of words how much it weighs, and how much it speaks for each label."""

    labels: tuple[str, ...]
    telling: Mapping[str, float]
    weights: Mapping[str, Sequence[float]]

    def guesses(self, title: str, text: str, few: int) -> list[Guess]:
        """The labels that the text suggests, the likeliest first; none if it holds nothing that was learnt."""
        said = _said(self.telling, title, text)
        if not said or len(self.labels) < 2:
            return []
        shares = _shares(
            [sum(value * self.weights[piece][n] for piece, value in said.items()) for n, _ in enumerate(self.labels)]
        )
        likeliest = sorted(range(len(shares)), key=lambda label: -shares[label])[:few]
        return [Guess(self.labels[n], round(shares[n], 2), self._reasons(said, n)) for n in likeliest]

    def _reasons(self, said: Mapping[str, float], label: int) -> tuple[str, ...]:
        """The pieces that speak most for this label; of two of which one holds the other, the one that says more."""
        spoken = {piece: value * self.weights[piece][label] for piece, value in said.items()}
        found: list[str] = []
        for piece in sorted(spoken, key=lambda each: (-spoken[each], each)):
            if spoken[piece] > 0 and not any(piece in other or other in piece for other in found):
                found.append(piece)
        return tuple(found[:REASONS])


def learn(examples: Sequence[Example]) -> Learnt:
    """From these; the same examples in the same order teach the same."""
    labels = tuple(sorted(_shared(examples, lambda each: [each.label])))
    told = [each for each in examples if each.label in labels]
    telling = _telling(told, _shared(told, lambda each: _pieces(each.title, each.text)))
    places = {piece: place for place, piece in enumerate(telling)}
    lessons = [_lesson(_said(telling, each.title, each.text), places, labels.index(each.label)) for each in told]
    columns = [[0.0] * len(places) for _ in labels]
    order = Random(0)
    for _ in range(ROUNDS):
        order.shuffle(lessons)
        for lesson in lessons:
            lesson.correct(columns)
    weights = {piece: tuple(round(column[place], 3) for column in columns) for piece, place in places.items()}
    return Learnt(labels, {piece: round(weight, 3) for piece, weight in telling.items()}, weights)


@dataclass(frozen=True)
class _Lesson:
    """At which places the weights of a text's pieces stand, how much of the text each is, and its label's number."""

    places: Sequence[int]
    values: Sequence[float]
    label: int

    def correct(self, columns: Sequence[list[float]]) -> None:
        """Move the weights towards the right label, away from those that the text wrongly suggests."""
        shares = _shares([sum(map(mul, map(column.__getitem__, self.places), self.values)) for column in columns])
        for n, column in enumerate(columns):
            wrong = (n == self.label) - shares[n]
            if abs(wrong) > RIGHT:
                for place, value in zip(self.places, self.values, strict=True):
                    column[place] += RATE * wrong * value


def _lesson(said: Mapping[str, float], places: Mapping[str, int], label: int) -> _Lesson:
    return _Lesson([places[piece] for piece in said], list(said.values()), label)


def _shared(examples: Iterable[Example], of: Callable[[Example], Iterable[str]]) -> set[str]:
    """What the examples of enough persons have."""
    theirs: defaultdict[str, set[str]] = defaultdict(set)
    for each in examples:
        theirs[each.by].update(of(each))
    return {found for found, many in Counter(chain.from_iterable(theirs.values())).items() if many >= FEWEST}


def _pieces(title: str, text: str) -> Counter[str]:
    """How often each character, each pair and each word in Latin letters or digits occurs."""
    found = Counter(_CHARACTERS.findall(text)) + terms(text)
    for piece, times in (Counter(_CHARACTERS.findall(title)) + terms(title)).items():
        found[piece] += TITLE * times
    return found


def _telling(examples: Sequence[Example], known: set[str]) -> dict[str, float]:
    """How much each known piece weighs: the rarer it is, and the more it belongs to one label, the more."""
    totals = Counter(each.label for each in examples)
    held: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in examples:
        for piece in _pieces(each.title, each.text).keys() & known:
            held[piece][each.label] += 1
    return {piece: _weight(held[piece], totals) for piece in sorted(held)}


def _weight(held: Counter[str], totals: Counter[str]) -> float:
    shares = sorted((held[label] / many for label, many in totals.items()), reverse=True)
    belongs = shares[0] / sum(rank * share for rank, share in enumerate(shares, 1))
    return (1 + log((totals.total() + 1) / (held.total() + 1))) * (1 + TELLING * belongs)


def _said(telling: Mapping[str, float], title: str, text: str) -> dict[str, float]:
    """How much of a text each known piece is; the squares make 1."""
    found = {
        piece: (1 + log(times)) * telling[piece] for piece, times in _pieces(title, text).items() if piece in telling
    }
    length = sqrt(sum(value * value for value in found.values()))
    return {piece: value / length for piece, value in sorted(found.items())}


def _shares(scores: Sequence[float]) -> list[float]:
    """What speaks for each label, together 1."""
    highest = max(scores)
    raised = [exp(STEEPNESS * (score - highest)) for score in scores]
    return [each / sum(raised) for each in raised]
