"""Texts, as rows: each under its salted hash as ID (`domain.chain`)."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.chain import commitment
from domain.vocabulary import Text
from storage.tables import notes


def note(kind: Text, text: str, title: str | None = None) -> dict[str, Any]:
    """A new text's row, but for its case and instant. Its ID goes into deeds, entries and Temporal; words and salt never."""
    salt = token_hex(16)
    return {"id": commitment(salt, title, text), "kind": kind, "title": title, "text": text, "salt": salt}


async def known(conn: AsyncConnection, number: str, named: Mapping[Text, str]) -> dict[Text, str]:
    """Those of the named texts that this case has."""
    query = select(notes.c.id).where(notes.c.case_number == number, notes.c.id.in_(list(named.values())))
    found = set((await conn.execute(query)).scalars())
    return {kind: id for kind, id in named.items() if id in found}
