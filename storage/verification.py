"""Verification: the record as it is, against its own hashes and against the roots that were signed (Art. 14)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Entry
from domain.chain import Broken, broken, commitment, sealed
from domain.roots import Head, follows, state
from storage import roots
from storage.blobs import Blobs, sha256_of
from storage.files import ENTRIES
from storage.roots import Root
from storage.signing import Forged, Seal
from storage.tables import disposals

PAGE = 500
COMMITTED = 64
"""How long the ID of a text is that is its hash; older ones are random and vouch for nothing."""

_CASES = text(
    """
    SELECT c.number, c.entries AS last, c.chain, a.manifest -> 'entries' AS sealed,
           CASE WHEN d.at IS NOT NULL THEN jsonb_build_array(d.entries, d.chain) END AS destroyed,
           (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.seq), '[]') FROM entries e WHERE e.case_number = c.number)
               AS entries,
           (SELECT coalesce(jsonb_object_agg(n.id, jsonb_build_array(n.salt, n.title, n.text)), '{}')
            FROM notes n WHERE n.case_number = c.number) AS texts,
           (SELECT coalesce(jsonb_object_agg(t.id, to_jsonb(t)), '{}')
            FROM attachments t WHERE t.case_number = c.number) AS attachments
    FROM cases c LEFT JOIN archives a ON a.case_number = c.number LEFT JOIN disposals d ON d.case_number = c.number
    WHERE c.number > :after AND (NOT :some OR c.number IN :numbers) ORDER BY c.number LIMIT :page
    """
).bindparams(bindparam("numbers", expanding=True))


async def cases(
    conn: AsyncConnection, numbers: list[str] | None = None, blobs: Blobs | None = None
) -> AsyncIterator[tuple[str, Broken | None]]:
    """Every case, or these, by number: where its record breaks first, or None. `blobs`: the attachments' bytes are read too."""
    after = ""
    while True:
        parameters = {"after": after, "some": numbers is not None, "numbers": numbers or [""], "page": PAGE}
        rows = (await conn.execute(_CASES, parameters)).all()
        for row in rows:
            entries = ENTRIES.validate_python(row.entries)
            found = broken(row.number, entries, row.last, row.chain)
            found = found or next(_sealed(row.number, entries, row.sealed), None)
            if row.destroyed:
                yield row.number, found or next(_left(row.number, entries, row), None)
                continue
            found = found or next(_texts(row.number, entries, row.texts), None)
            yield row.number, found or await anext(_attachments(row.number, entries, row.attachments, blobs), None)
        if len(rows) < PAGE:
            return
        after = rows[-1].number


def _texts(number: str, entries: tuple[Entry, ...], texts: dict[str, list[str | None]]) -> Iterator[Broken]:
    """Texts that an entry names and that are gone, or other words now."""
    for entry in entries:
        for kind, id in entry.notes.items():
            if id not in texts:
                yield Broken(number, entry.seq, f"its text `{kind}` is missing")
            elif len(id) == COMMITTED and commitment(*texts[id]) != id:  # type: ignore[arg-type]
                yield Broken(number, entry.seq, f"its text `{kind}` is not what it was")


def _left(number: str, entries: tuple[Entry, ...], row: Any) -> Iterator[Broken]:
    """Of a case that the register says is destroyed: texts and attachments that are still there, or another chain."""
    if [len(entries), entries[-1].chain if entries else ""] != row.destroyed:
        yield Broken(number, len(entries), "the entry is not the last one of the register of destruction")
    for entry in entries:
        if {*entry.notes.values(), *entry.attachments} & {*row.texts, *row.attachments}:
            yield Broken(number, entry.seq, "the register says that its words are destroyed, and they are there")


async def _attachments(
    number: str, entries: tuple[Entry, ...], rows: dict[str, dict[str, Any]], blobs: Blobs | None
) -> AsyncIterator[Broken]:
    """Attachments that an entry names and that are gone, or other bytes now."""
    for entry in entries:
        for id in entry.attachments:
            if what := await _fault(id, rows.get(id), blobs):
                yield Broken(number, entry.seq, f"its attachment {id[:16]} is {what}")


async def _fault(id: str, row: dict[str, Any] | None, blobs: Blobs | None) -> str | None:
    if row is None:
        return "missing"
    if sealed(row["salt"], row["kind"], row["sha256"]) != id:
        return "not what it was"
    try:
        kept = await sha256_of(await blobs.get(row["blob"])) if blobs else row["sha256"]
    except FileNotFoundError:
        return "missing"
    return None if kept == row["sha256"] else "not what it was"


def _sealed(number: str, entries: tuple[Entry, ...], sealed: dict[str, str] | None) -> Iterator[Broken]:
    """Entries that are not those of the manifest under which the file was sealed."""
    chains = {str(entry.seq): entry.chain for entry in entries}
    for seq, chain in sorted((sealed or {}).items(), key=lambda item: int(item[0])):
        if chains.get(seq) != chain:
            yield Broken(number, int(seq), "the entry is not the one that was sealed")


async def day(conn: AsyncConnection, root: Root, before: Root | None, seal: Seal) -> AsyncIterator[str | Broken]:
    """What does not fit the root of a day: a word on the root itself, and the cases that it holds to be otherwise."""
    heads = await roots.heads_of(conn, root.day)
    try:
        statement = seal.open(root.signed)
    except Forged as forged:
        yield f"root of {root.day}: {forged}"
        return
    if statement != state(root.day, heads, before.signed if before else None):
        what = (
            "does not follow the one before"
            if statement.before != follows(before.signed if before else None)
            else "is over others"
        )
        yield f"root of {root.day}: what was signed {what}"
    held = {(row.case_number, row.seq): row.chain for row in await conn.execute(_HELD, {"day": root.day})}
    for head in heads:
        if held.get((head.case, head.entries)) != head.chain:
            yield _lost(head, root.day)


def _lost(head: Head, day: date) -> Broken:
    return Broken(head.case, head.entries, f"the entry is not the one under the root of {day}")


_HELD = text(
    """
    SELECT e.case_number, e.seq, e.chain FROM root_heads h
    JOIN entries e ON e.case_number = h.case_number AND e.seq = h.entries WHERE h.day = :day
    """
)


async def destroyed(conn: AsyncConnection, number: str | None = None) -> list[dict[str, Any]]:
    """What is destroyed on register, by case: this one, or all."""
    query = select(disposals.c.case_number, disposals.c.at, disposals.c.list).order_by(disposals.c.case_number)
    if number:
        query = query.where(disposals.c.case_number == number)
    return [dict(row) for row in (await conn.execute(query)).mappings()]
