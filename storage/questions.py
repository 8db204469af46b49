"""What the knowledge base answers to a question today, and what was asked of it in vain (Art. 5(1), 7(1))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, cast, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.knowledge import asked_in_vain, invalid
from domain.limits import SHANGHAI
from domain.refusals import Refusal, Unknown
from domain.vocabulary import Act
from storage.reading import Order, Rows, page
from storage.search import terms_of
from storage.tables import entries, questions

VALID = """
    k.stage = 'released' AND :today BETWEEN k.valid_from AND k.valid_until
    AND NOT EXISTS (SELECT FROM knowledge l WHERE l.entry = k.entry AND l.version > k.version
                    AND l.stage IN ('released', 'withdrawn') AND l.valid_from <= :today)
    AND EXISTS (SELECT FROM units u WHERE u.code = k.owner AND u.active)
"""
"""Is a version `k` what its entry says on the day `today`? A later one takes its place for good: one that expired or was
withdrawn does not bring back what it had replaced."""

ENOUGH = 0.5
"""An answer is found if it holds so great a share of what is looked for."""

FOUND = "found(k.said, CAST(terms AS tsquery[]))"
ANY = "k.said @@ CAST(array_to_string(terms, ' | ') AS tsquery)"
"""Which share of the `terms` a version holds; does it hold any? The second is what the index serves."""

_SEARCH = text(
    f"""
    WITH held AS MATERIALIZED (
        SELECT k.entry, k.version, CAST(terms AS tsquery[]) AS terms, {FOUND} AS share
        FROM (SELECT CAST(:terms AS text[]) AS terms) looked_for, knowledge k WHERE {ANY} AND {VALID}
    ), likely AS (
        SELECT k.*, round(CAST((found(k.asked, terms) + share) / 2 AS numeric), 1) AS relevance
        FROM held JOIN knowledge k USING (entry, version) WHERE share >= {ENOUGH}
        ORDER BY relevance DESC, k.entry LIMIT :likely
    )
    SELECT k.entry, k.version, k.owner, k.matter, k.question, k.answer, k.valid_until, relevance, uses
    FROM likely k, LATERAL (
        SELECT count(*) AS uses FROM entries e WHERE e.event = 'answer' AND e.detail ? 'entry'
        AND e.detail ->> 'entry' = CAST(k.entry AS text)
    ) given
    ORDER BY relevance DESC, uses DESC, k.entry LIMIT :limit
    """
)
LIKELY = 200
"""Among how many of the most relevant ones use decides."""


async def search(conn: AsyncConnection, words: str, now: datetime, limit: int) -> Sequence[dict[str, Any]]:
    """What answers these words today: the most relevant first, of equally relevant ones the most used.

    `relevance`, in tenths: the share of the words' terms that it holds, half of it by its question alone. `uses`: how
    often it was answered with, by the file of record. Unknown if there is nothing to look for.
    """
    asked = {"terms": terms_of(words), "today": now.astimezone(SHANGHAI).date(), "likely": LIKELY, "limit": limit}
    return [dict(row) for row in (await conn.execute(_SEARCH, asked)).mappings()]


_STANDING = text(f"SELECT {VALID} AS valid FROM knowledge k WHERE k.entry = :entry AND k.version = :version")


async def refused(conn: AsyncConnection, entry: int, version: int, now: datetime) -> Refusal | None:
    """Why nobody may answer with this version at this instant; None: they may."""
    asked = {"entry": entry, "version": version, "today": now.astimezone(SHANGHAI).date()}
    valid = (await conn.execute(_STANDING, asked)).scalar_one_or_none()
    if valid is None:
        return Unknown("`version`: the knowledge base has no such version of such an entry")
    return None if valid else invalid(entry, version)


_IN_VAIN = text(
    "INSERT INTO questions (words, terms, times, first_at, last_at) VALUES (:words, :terms, 1, :now, :now)"
    " ON CONFLICT (words) DO UPDATE SET times = questions.times + 1, last_at = excluded.last_at"
)


async def in_vain(conn: AsyncConnection, words: str, now: datetime) -> None:
    """Count what was asked and not answered; without who asked, and nothing that may name somebody (Art. 15)."""
    if kept := asked_in_vain(words):
        await conn.execute(_IN_VAIN, {"words": kept, "terms": terms_of(kept), "now": now})


async def unanswered(conn: AsyncConnection, now: datetime, limit: int, cursor: str | None) -> Rows:
    """What was asked in vain and is not answered today either, the most frequent first."""
    nothing = text(f"NOT EXISTS (SELECT FROM knowledge k WHERE {ANY} AND {FOUND} >= {ENOUGH} AND {VALID})")
    query = select(*questions.columns).where(nothing.bindparams(today=now.astimezone(SHANGHAI).date()))
    return await page(conn, query, Order((questions.c.times, questions.c.words), last_first=True), limit, cursor)


_ENTRY, _VERSION = (cast(entries.c.detail[name].astext, Integer).label(name) for name in ("entry", "version"))


async def given(conn: AsyncConnection, entry: int | None, version: int | None, limit: int, cursor: str | None) -> Rows:
    """The answers that were given with the knowledge base, or with this entry, in this version; the latest first."""
    wanted = [entries.c.event == Act.ANSWER, entries.c.detail.has_key("entry")]
    wanted += [entries.c.detail[name].astext == str(n) for name, n in (("entry", entry), ("version", version)) if n]
    query = select(entries.c.case_number, entries.c.at, _ENTRY, _VERSION).where(*wanted)
    return await page(conn, query, Order((entries.c.at, entries.c.case_number, entries.c.seq), True), limit, cursor)
