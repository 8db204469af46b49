"""One hash over many (RFC 9162, section 2.1): a tree, so that a single leaf can be shown to belong without the others."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

Path = list[str]
"""The hashes beside a leaf's way to the root, as hex, from the bottom up."""


def root(leaves: Sequence[bytes]) -> str:
    """The tree's hash, as hex."""
    return _tree(leaves).hex()


def path(leaves: Sequence[bytes], index: int) -> Path:
    """What the leaf at this index needs to reach the root."""
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    left, right = leaves[:half], leaves[half:]
    if index < half:
        return [*path(left, index), _tree(right).hex()]
    return [*path(right, index - half), _tree(left).hex()]


def reached(leaf: bytes, index: int, size: int, beside: Path) -> str:
    """The root that a leaf reaches by its path, as hex; a ValueError if no tree of this size has such a path."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    if size == 1:
        if beside:
            raise ValueError("the path is too long")
        return _leaf(leaf).hex()
    if not beside:
        raise ValueError("the path is too short")
    half = _half(size)
    other = bytes.fromhex(beside[-1])
    if index < half:
        return _node(bytes.fromhex(reached(leaf, index, half, beside[:-1])), other).hex()
    return _node(other, bytes.fromhex(reached(leaf, index - half, size - half, beside[:-1]))).hex()


def _tree(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return _leaf(leaves[0]) if leaves else sha256(b"").digest()
    half = _half(len(leaves))
    return _node(_tree(leaves[:half]), _tree(leaves[half:]))


def _half(size: int) -> int:
    """The largest power of two below it."""
    return 1 << ((size - 1).bit_length() - 1)


def _leaf(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
