"""Texts, as rows: each under its salted hash as ID (`domain.chain`)."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from domain.chain import commitment
from domain.vocabulary import Text


def note(kind: Text, text: str, title: str | None = None) -> dict[str, Any]:
    """A new text's row, but for its case and instant. Its ID goes into deeds, entries and Temporal; words and salt never."""
    salt = token_hex(16)
    return {"id": commitment(salt, title, text), "kind": kind, "title": title, "text": text, "salt": salt}
