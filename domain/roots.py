"""The root of a day (日根): one hash over the chains of all cases, which is signed and leaves the house (Art. 14).

Whoever could change chains in the database cannot change what was signed: what they changed no longer fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from domain.merkle import Path, path, reached, root


@dataclass(frozen=True)
class Head:
    """How far a case's chain had come: the number of its entries, and the hash of the last one."""

    case: str
    entries: int
    chain: str

    @property
    def leaf(self) -> bytes:
        return f"{self.case} {self.entries} {self.chain}".encode()


@dataclass(frozen=True)
class Statement:
    """What is signed for a day: the root over the heads that moved since the one before, in the order of the numbers."""

    day: date
    before: str
    """The SHA-256, as hex, of the signed statement before; empty at the first."""
    heads: int
    root: str


def state(day: date, heads: Sequence[Head], before: str | None) -> Statement:
    """The statement over these heads; `before`: the last signed statement."""
    return Statement(day, follows(before), len(heads), root([head.leaf for head in heads]))


def follows(before: str | None) -> str:
    """What a statement says of the signed one before it."""
    return sha256(before.encode()).hexdigest() if before else ""


@dataclass(frozen=True)
class Proof:
    """That a head is one of those under a root."""

    head: Head
    index: int
    beside: Path

    def holds(self, statement: Statement) -> bool:
        """Does the head reach the root?"""
        try:
            return reached(self.head.leaf, self.index, statement.heads, self.beside) == statement.root
        except ValueError:
            return False


def prove(heads: Sequence[Head], case: str) -> Proof:
    """The proof for this case's head among all that are under the root."""
    index = next(n for n, head in enumerate(heads) if head.case == case)
    return Proof(heads[index], index, path([head.leaf for head in heads], index))
