"""Which cases' texts hold these words: Chinese by pairs of characters, so that no dictionary decides what is found."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.refusals import Unknown
from storage.reading import LISTED, PROVISIONAL, CaseFilter, Order, Rows, conditions, page
from storage.tables import cases, notes

_TERMS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z0-9]+")
WORDS = func.bigrams(func.coalesce(notes.c.title, literal_column("''")) + literal_column("' '") + notes.c.text)
"""As `ix_notes_words` is made."""


def query_of(words: str) -> str:
    """All of the words, as PostgreSQL asks for them; Unknown if there is nothing to look for."""
    return " & ".join(terms_of(words))


def terms_of(words: str) -> list[str]:
    """The same, one by one, each once."""
    plain = unicodedata.normalize("NFKC", words).lower()
    terms = [term for run in _TERMS.findall(plain) for term in _pairs(run)]
    if not terms:
        raise Unknown("`words`: Chinese characters, Latin letters or digits")
    return list(dict.fromkeys(terms))


def _pairs(run: str) -> list[str]:
    if run.isascii():
        return [f"'{run[:100]}'"]
    return [f"'{run[n : n + 2]}'" for n in range(len(run) - 1)] or [f"'{run}':*"]


async def search(
    conn: AsyncConnection, words: str, reader: str | None = None, limit: int = 50, cursor: str | None = None
) -> Rows:
    """Cases with a text that holds all the words, the latest registered first. `reader`: the unit that asks.

    It finds no case that shields the person: by looking for a name it would learn whose it is.
    """
    asked = func.to_tsquery(literal_column("'simple'"), query_of(words))
    found = select(notes.c.case_number).where(WORDS.bool_op("@@")(asked))
    query = select(*(cases.c[name] for name in LISTED), PROVISIONAL).where(
        cases.c.number.in_(found), *conditions(CaseFilter(reader=reader))
    )
    if reader:
        query = query.where(~func.shielded(cases.c.number))
    return await page(conn, query, Order((cases.c.number,), last_first=True), limit, cursor)
