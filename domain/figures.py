"""Figures for everybody (公开数据): counts of a quarter, of which none says anything of a single person (Art. 15, 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEAST = 5
"""A smaller count is not shown, nor what would let anybody compute it; a number of the house."""


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
class KeptInTime:
    """Of one unit: limits kept, and what persons said. A share of fewer than `LEAST` is not shown."""

    unit: str
    zh: str
    ended: int | None
    in_time: float | None
    rated: int | None
    satisfied: float | None
    resolved: float | None


def table(name: str, meaning: str, counts: Mapping[str, int], labels: Mapping[str, tuple[str, str]]) -> Table:
    """A table in the order of its labels, with nothing small in it; what stands on record without a label is an error."""
    hidden = suppressed(counts)
    cells = tuple(
        Cell(key=key, zh=zh, en=en, count=None if key in hidden else counts.get(key, 0))
        for key, (zh, en) in labels.items()
    )
    if unknown := counts.keys() - labels.keys():
        raise KeyError(f"{name} counts what it has no label for: {sorted(unknown)}")
    total = sum(counts.values())
    return Table(name=name, meaning=meaning, total=None if hidden == _all(counts) and hidden else total, cells=cells)


def suppressed(counts: Mapping[str, int]) -> frozenset[str]:
    """Which counts are not shown: those below `LEAST`, and the next larger ones until none can be told from the total.

    What is hidden is at least one each, so each of `n` hidden ones that come to `s` may be up to `s - n + 1`.
    """
    there = sorted(_all(counts), key=lambda key: (counts[key], key))
    hidden = [key for key in there if counts[key] < LEAST]
    rest = [key for key in there if counts[key] >= LEAST]
    while hidden and rest and not _safe([counts[key] for key in hidden]):
        hidden.append(rest.pop(0))
    return frozenset(hidden if not hidden or _safe([counts[key] for key in hidden]) else there)


def _safe(hidden: list[int]) -> bool:
    return len(hidden) > 1 and sum(hidden) - len(hidden) + 1 >= LEAST


def _all(counts: Mapping[str, int]) -> frozenset[str]:
    return frozenset(key for key, count in counts.items() if count)


def kept(unit: str, zh: str, counts: Mapping[str, int]) -> KeptInTime:
    """A unit's quarter by counts: ended, in_time, rated, satisfied, resolved."""

    def share(good: str, of: str) -> float | None:
        return round(counts.get(good, 0) / counts[of], 2) if counts.get(of, 0) >= LEAST else None

    def shown(name: str) -> int | None:
        return counts.get(name, 0) if counts.get(name, 0) >= LEAST else None

    return KeptInTime(
        unit=unit,
        zh=zh,
        ended=shown("ended"),
        in_time=share("in_time", "ended"),
        rated=shown("rated"),
        satisfied=share("satisfied", "rated"),
        resolved=share("resolved", "rated"),
    )
