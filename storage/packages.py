"""A sealed file as a package (归档包): what an auditor checks in five years, without this database (Art. 14).

A ZIP of `manifest.json`, `entries.json`, `texts.json` (with the words, or without) and `root.json`: the signed root of
the day under which the case last was, and the way from the case to it. With the words go `attachments.json` and the
attachments, each as `attachments/ID`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Entry
from domain.chain import Broken, broken, commitment, sealed
from domain.roots import Head, Proof, prove
from storage import archives, roots, verification
from storage.blobs import PIECE, Blobs
from storage.files import ENTRIES, entries_of
from storage.signing import Forged, Seal

PROOF: TypeAdapter[Proof | None] = TypeAdapter(Proof | None)
NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the same file gives the same package."""


async def write(conn: AsyncConnection, number: str, out: BinaryIO, blobs: Blobs | None) -> None:
    """Write the package of a sealed case, with its texts and attachments if `blobs` is given; a ValueError if not sealed.

    Of a case whose words are destroyed it says when (`destroyed`), and holds none. An attachment whose content is lost
    is left out, and whoever checks the package hears of it.
    """
    gone = await verification.destroyed(conn, number)
    blobs = None if gone else blobs
    parts = await _parts(conn, number, texts=blobs is not None)
    if gone:
        parts["manifest"]["destroyed"] = gone[0]["at"].isoformat()
    with ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(_member(f"{name}.json", ZIP_DEFLATED), json.dumps(part, ensure_ascii=False, indent=1))
        if blobs:
            for row in await _attached(conn, number):
                await _put(archive, row, blobs)


async def _put(archive: ZipFile, row: Any, blobs: Blobs) -> None:
    """One attachment, a piece at a time; its kinds are compressed already."""
    try:
        content = await blobs.get(row["blob"])
    except FileNotFoundError:
        return
    with archive.open(_member(f"attachments/{row['id']}", ZIP_STORED), "w", force_zip64=True) as member:
        async for piece in content:
            member.write(piece)


async def _parts(conn: AsyncConnection, number: str, *, texts: bool) -> dict[str, Any]:
    kept = await archives.find(conn, number)
    if kept is None:
        raise ValueError(f"{number} is not archived")
    root = await roots.latest_with(conn, number)
    proof = prove(await roots.heads_of(conn, root.day), number) if root else None
    notes = (await conn.execute(_NOTES, {"n": number})).mappings() if texts else ()
    held = set(kept.manifest["texts"])
    return {
        "manifest": {"number": number, "sealed_at": kept.sealed_at.isoformat(), **kept.manifest},
        "entries": ENTRIES.dump_python(await entries_of(conn, number), mode="json"),
        "texts": [dict(note) for note in notes if note["id"] in held],
        "root": {"signed": root.signed if root else None, "proof": PROOF.dump_python(proof, mode="json")},
        **({"attachments": [_without_key(row) for row in await _attached(conn, number)]} if texts else {}),
    }


async def _attached(conn: AsyncConnection, number: str) -> list[dict[str, Any]]:
    """The attachments that an entry names."""
    rows = await conn.execute(_ATTACHED, {"n": number})
    return [dict(row) for row in rows.mappings()]


_ATTACHED = text(
    "SELECT id, kind, salt, sha256, name, blob FROM attachments a WHERE case_number = :n AND EXISTS ("
    " SELECT 1 FROM entries e WHERE e.case_number = :n AND a.id = ANY(e.attachments)) ORDER BY id"
)


def _without_key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "blob"}


_NOTES = text("SELECT id, kind, salt, title, text FROM notes WHERE case_number = :n ORDER BY id")


@dataclass(frozen=True)
class Checked:
    """What in a package does not fit, and how many of its entries are under a signed root."""

    broken: list[str | Broken]
    rooted: int = 0


def check(package: BinaryIO, seal: Seal) -> Checked:
    """Recompute all that is in a package; whatever it holds, the answer says what does not fit."""
    try:
        parts = _unzipped(package)
        lost = [f"attachment {id}: {what}" for id, what in _lost(package, parts)]
        manifest, entries = parts["manifest"], ENTRIES.validate_python(parts["entries"])
        number, sealed = str(manifest["number"]), manifest["entries"]
        proof = PROOF.validate_python(parts["root"]["proof"])
    except (BadZipFile, KeyError, TypeError, ValueError, ValidationError):
        return Checked(["not a package, or a damaged one"])
    fault = broken(number, entries, len(sealed), entries[-1].chain if entries else "")
    found: list[str | Broken] = [fault] if fault else []
    found += [
        Broken(number, entry.seq, "the entry is not the one that was sealed")
        for entry in entries
        if sealed.get(str(entry.seq), entry.chain) != entry.chain
    ]
    found += [f"text {note['id']}: not what it was" for note in parts["texts"] if _changed(note)]
    found += lost
    if proof is None:
        return Checked(found)
    return Checked(found + _under_root(proof, parts["root"]["signed"], number, entries, seal), proof.head.entries)


def _changed(note: dict[str, Any]) -> bool:
    return note["id"] != commitment(note["salt"], note["title"], note["text"])  # type: ignore[no-any-return]


def _under_root(proof: Proof, signed: str, number: str, entries: Sequence[Entry], seal: Seal) -> list[str | Broken]:
    try:
        statement = seal.open(signed)
    except Forged as forged:
        return [f"the root: {forged}"]
    last = next((entry.chain for entry in entries if entry.seq == proof.head.entries), "")
    if proof.head != Head(number, proof.head.entries, last) or not proof.holds(statement):
        return [Broken(number, proof.head.entries, f"the entry is not the one under the root of {statement.day}")]
    return []


def _member(name: str, compression: int) -> ZipInfo:
    member = ZipInfo(name, NO_TIME)
    member.compress_type = compression
    return member


def _unzipped(package: BinaryIO) -> dict[str, Any]:
    """The parts; a package without the words, or of old, has no `attachments`."""
    with ZipFile(package) as archive:
        names = ["manifest", "entries", "texts", "root"]
        names += ["attachments"] if "attachments.json" in archive.namelist() else []
        return {name: json.loads(archive.read(f"{name}.json")) for name in names}


def _lost(package: BinaryIO, parts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Attachments that the manifest names, and that are not in the package, or not what they were."""
    if "attachments" not in parts:
        return
    rows = {row["id"]: row for row in parts["attachments"]}
    with ZipFile(package) as archive:
        for id in parts["manifest"].get("attachments", ()):
            row, member = rows.get(id), f"attachments/{id}"
            if row is None or member not in archive.namelist():
                yield id, "missing"
            elif sealed(row["salt"], row["kind"], row["sha256"]) != id or _sha256(archive, member) != row["sha256"]:
                yield id, "not what it was"


def _sha256(archive: ZipFile, member: str) -> str:
    """As hex; of what is damaged, nothing."""
    found = hashlib.sha256()
    try:
        with archive.open(member) as content:
            while piece := content.read(PIECE):
                found.update(piece)
    except (BadZipFile, zlib.error):
        return ""
    return found.hexdigest()
