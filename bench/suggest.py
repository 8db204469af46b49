"""How often the category of a text is rightly suggested: repeated stratified cross-validation on labelled messages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from domain.learning import Example, learn

DRAWN = 1000
"""How often the messages are drawn anew, with repeats, for the interval (bootstrap)."""

Judged = list[tuple[str, str]]
"""What a message is, and what was suggested; once for each repeat."""


def run(messages: Path, folds: int, repeats: int) -> dict[str, Any]:
    """Judge by the messages of this file (JSON lines of user, title, text, label1); the report."""
    with messages.open(encoding="utf-8") as lines:
        rows = list(map(json.loads, lines))
    examples = [Example(row["title"], row["text"], row["label1"], row["user"]) for row in rows]
    judged = [_judged(examples, folds, Random(repeat)) for repeat in range(repeats)]
    by_message: list[Judged] = [[each[n] for each in judged] for n in range(len(examples))]
    order = Random(0)
    drawn = [order.choices(by_message, k=len(by_message)) for _ in range(DRAWN)]
    return {
        "messages": len(examples),
        "labels": len({each.label for each in examples}),
        "folds": folds,
        "repeats": repeats,
        "top_1": round(_accuracy(by_message), 3),
        "top_1_interval": _interval([_accuracy(each) for each in drawn]),
        "macro_f1": round(_macro_f1(by_message), 3),
        "macro_f1_interval": _interval([_macro_f1(each) for each in drawn]),
    }


def _judged(examples: Sequence[Example], folds: int, order: Random) -> Judged:
    """Each message by what all folds but its own teach, in the messages' order."""
    found: dict[int, tuple[str, str]] = {}
    for held in _stratified(examples, folds, order):
        learnt = learn([each for n, each in enumerate(examples) if n not in held])
        for n in held:
            guesses = learnt.guesses(examples[n].title, examples[n].text, 1)
            found[n] = examples[n].label, guesses[0].label if guesses else ""
    return [found[n] for n in range(len(examples))]


def _stratified(examples: Sequence[Example], folds: int, order: Random) -> Iterator[set[int]]:
    """Folds that each hold about the same share of every label."""
    of_label: defaultdict[str, list[int]] = defaultdict(list)
    for n, each in enumerate(examples):
        of_label[each.label].append(n)
    for numbers in of_label.values():
        order.shuffle(numbers)
    dealt = [n for label in sorted(of_label) for n in of_label[label]]
    yield from (set(dealt[fold::folds]) for fold in range(folds))


def _accuracy(messages: Sequence[Judged]) -> float:
    return mean(right == suggested for each in messages for right, suggested in each)


def _macro_f1(messages: Sequence[Judged]) -> float:
    """The mean over the labels of the harmonic mean of precision and recall."""
    pairs = [pair for each in messages for pair in each]
    return mean(_f1(pairs, label) for label in {right for right, _ in pairs})


def _f1(pairs: Judged, label: str) -> float:
    hits = sum(right == suggested == label for right, suggested in pairs)
    return 2 * hits / (sum(right == label for right, _ in pairs) + sum(given == label for _, given in pairs))


def _interval(values: Sequence[float]) -> str:
    """From the 2.5th to the 97.5th percentile."""
    ordered = sorted(values)
    return f"{ordered[round(0.025 * len(values))]:.3f} to {ordered[round(0.975 * len(values)) - 1]:.3f}"
