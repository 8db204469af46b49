"""Figures for everybody (公开数据): counts of a quarter, of which none says anything of a single person (Art. 15, 21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One count. None: not shown."""

    key: str
    zh: str
    en: str
    count: int | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Counts that add up to their total, with what they mean."""

    name: str
    meaning: str
    total: int | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class OfUnit:
    """A unit's quarter. `in_time`: the share within the limit, down to a tenth; None: of too few."""

    unit: str
    zh: str
    in_time: float | None
    tables: tuple[Table, ...]


@dataclass(frozen=True, kw_only=True)
class Counting:
    """What a table is made of: counts by key, and a label for each key that there may be, in their order."""

    name: str
    meaning: str
    counts: Mapping[str, int]
    labels: Mapping[str, tuple[str, str]]


def tables(ways: Sequence[Counting], least: int) -> tuple[Table, ...]:
    """Tables of the same things, each counted another way: each tells the total of all, so all tell it, or none does.

    Nothing below `least` is in them, nor what would let anybody compute it (Art. 15). A key without a label is a KeyError.
    """
    counted = [_in_order(way) for way in ways]
    hidden = [suppressed(counts, least) for counts in counted]
    if None in hidden:
        hidden = [None] * len(ways)
    return tuple(_table(*each) for each in zip(ways, counted, hidden, strict=True))


def _in_order(way: Counting) -> dict[str, int]:
    if unknown := way.counts.keys() - way.labels.keys():
        raise KeyError(f"{way.name} counts what it has no label for: {sorted(unknown)}")
    return {key: way.counts.get(key, 0) for key in way.labels}


def suppressed(counts: Mapping[str, int], least: int) -> frozenset[str] | None:
    """Which counts are not shown beside their total; None: not even the total is.

    Zero tells of nobody. The others stand in pairs, by their order and whatever they are, and what a pair hides it hides
    whole: the pairs with a count below `least`, then the smallest ones, until `n` hidden counts that come to `s` leave
    `s - n + 1 >= least`. So who knows this rule computes nothing either: each of them may be 1, or `s - n + 1`, with a 1
    beside it in the pair and in every other, and the same would be hidden.
    """
    pairs = sorted(_pairs([key for key in counts if counts[key]]), key=lambda pair: sum(counts[key] for key in pair))
    small = [any(counts[key] < least for key in pair) for pair in pairs]
    hidden = [key for pair, so in zip(pairs, small, strict=True) if so for key in pair]
    rest = [pair for pair, so in zip(pairs, small, strict=True) if not so]
    while hidden and sum(counts[key] for key in hidden) - len(hidden) + 1 < least:
        if not rest:
            return None
        hidden += rest.pop(0)
    return frozenset(hidden)


def _pairs(keys: list[str]) -> list[list[str]]:
    """In their order; the last of an odd number is a third."""
    pairs = [keys[at : at + 2] for at in range(0, len(keys), 2)]
    if len(keys) > 1 and len(pairs[-1]) == 1:
        pairs[-2:] = [pairs[-2] + pairs[-1]]
    return pairs


def share(part: int, whole: int, least: int) -> float | None:
    """Rounded down to a tenth, of ten times `least` or more: the same whichever small count is on either side."""
    return (10 * part // whole) / 10 if whole >= 10 * least else None


def _table(way: Counting, counts: Mapping[str, int], hidden: frozenset[str] | None) -> Table:
    """`hidden` None: its total, and all that is not zero."""
    unsaid = frozenset(key for key in counts if counts[key]) if hidden is None else hidden
    cells = tuple(
        Cell(key=key, zh=zh, en=en, count=None if key in unsaid else counts[key])
        for key, (zh, en) in way.labels.items()
    )
    total = None if hidden is None else sum(counts.values())
    return Table(name=way.name, meaning=way.meaning, total=total, cells=cells)
