"""A sealed file as a package (归档包): what an auditor checks in five years, without this database (Art. 14).

A ZIP of `manifest.json`, `entries.json`, `texts.json` (with the words, or without) and `root.json`: the signed root of
the day under which the case last was, and the way from the case to it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Entry
from domain.chain import Broken, broken, commitment
from domain.roots import Head, Proof, prove
from storage import archives, roots
from storage.files import ENTRIES, entries_of
from storage.signing import Forged, Seal

PROOF: TypeAdapter[Proof | None] = TypeAdapter(Proof | None)
NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the same file gives the same package."""


async def make(conn: AsyncConnection, number: str, *, texts: bool = True) -> bytes:
    """The package of a sealed case; a ValueError if it is not sealed."""
    kept = await archives.find(conn, number)
    if kept is None:
        raise ValueError(f"{number} is not archived")
    root = await roots.latest_with(conn, number)
    proof = prove(await roots.heads_of(conn, root.day), number) if root else None
    notes = (await conn.execute(_NOTES, {"n": number})).mappings() if texts else ()
    held = set(kept.manifest["texts"])
    return _zipped(
        {
            "manifest": {"number": number, "sealed_at": kept.sealed_at.isoformat(), **kept.manifest},
            "entries": ENTRIES.dump_python(await entries_of(conn, number), mode="json"),
            "texts": [dict(note) for note in notes if note["id"] in held],
            "root": {"signed": root.signed if root else None, "proof": PROOF.dump_python(proof, mode="json")},
        }
    )


_NOTES = text("SELECT id, kind, salt, title, text FROM notes WHERE case_number = :n ORDER BY id")


@dataclass(frozen=True)
class Checked:
    """What in a package does not fit, and how many of its entries are under a signed root."""

    broken: list[str | Broken]
    rooted: int = 0


def check(package: bytes, seal: Seal) -> Checked:
    """Recompute all that is in a package; whatever it holds, the answer says what does not fit."""
    try:
        parts = _unzipped(package)
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


def _zipped(parts: dict[str, Any]) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, part in parts.items():
            member = ZipInfo(f"{name}.json", NO_TIME)
            member.compress_type = ZIP_DEFLATED
            archive.writestr(member, json.dumps(part, ensure_ascii=False, indent=1))
    return made.getvalue()


def _unzipped(package: bytes) -> dict[str, Any]:
    with ZipFile(BytesIO(package)) as archive:
        return {name: json.loads(archive.read(f"{name}.json")) for name in ("manifest", "entries", "texts", "root")}
