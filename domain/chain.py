"""The chain of a case's entries (Art. 14): each is hashed with the one before it, so that none can be changed unseen.

A text stands outside its entry, under an ID that is its salted hash: an entry that names the ID vouches for the words,
and once text and salt are destroyed the ID tells nobody anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from domain.case import Entry

GENESIS = ""
"""What stands before the first entry."""


def link(before: str, number: str, entry: Entry) -> str:
    """The hash of an entry, as hex: of the hash before it, the case's number, and all that the entry says."""
    return digest([before, number, said(entry)])


def said(entry: Entry) -> dict[str, Any]:
    """What an entry says, its own hash apart; what is empty is left out, so that a later field changes no old hash."""
    found = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name != "chain"}
    return {name: _plain(value) for name, value in found.items() if value not in (None, "", {}, ())}


def forge(before: str, number: str, entries: Iterable[Entry]) -> list[str]:
    """The hashes of entries that follow one another, after this one."""
    found = []
    for entry in entries:
        found.append(before := link(before, number, entry))
    return found


def commitment(salt: str, title: str | None, text: str) -> str:
    """The ID of a text, as hex: a hash that only these words give, with this salt."""
    return digest([salt, title, text])


def sealed(salt: str, kind: str, sha256: str) -> str:
    """The ID of an attachment, as hex: a hash that only this content gives, with this salt."""
    return digest([salt, kind, sha256])


def digest(value: Any) -> str:
    """SHA-256, as hex, of JSON with sorted keys, no white space and no character escaped that JSON lets stand, in UTF-8."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Broken:
    """The first place at which a case's record is not what it was."""

    case: str
    seq: int
    """The entry's number; one more than the last where entries are missing at the end."""
    what: str


def broken(number: str, entries: Sequence[Entry], last: int, chain: str) -> Broken | None:
    """Where a chain breaks; None: it holds. `last`, `chain`: how far it came, and to which hash, as kept elsewhere."""
    before = GENESIS
    for seq, entry in enumerate(entries, 1):
        if entry.seq != seq:
            return Broken(number, seq, "the entry is missing")
        if link(before, number, entry) != entry.chain:
            return Broken(number, seq, "the entry is not what its hash was made of")
        before = entry.chain
    if len(entries) < last:
        return Broken(number, len(entries) + 1, "the entry is missing")
    if entries and (len(entries), before) != (last, chain):
        return Broken(number, last, "the case's own row names another last entry")
    return None
