"""Who asked: each word sealed under its case's key, and the phone findable by a keyed index (decision 0013; Art. 15)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.masking import dialled
from storage.reading import LISTED, PROVISIONAL, Order, Rows, page
from storage.sealing import FORM, KEY, Masters, Unreadable, opened, sealed
from storage.tables import PERSON, cases, people
from storage.vault import Vault

Words = Mapping[str, str | None]


def new_key() -> bytes:
    """A case's own."""
    return secrets.token_bytes(KEY)


def seal(masters: Masters, key: bytes, number: str, words: Words) -> dict[str, str | None]:
    """The columns of `people` for these words."""
    kept = {
        name: sealed(key, said.encode(), _about(name, number)) if (said := words[name]) is not None else None
        for name in PERSON
    }
    phone = words["phone"]
    index = blind(masters, masters.current, phone) if phone else None
    return kept | {"phone_index": index, "phone_master": masters.current if phone else None}


def open_words(key: bytes | None, number: str, row: Words) -> dict[str, str | None]:
    """The words of a row of `people`; Unreadable without its key. What was kept before there were keys is in clear."""
    return {name: None if (kept := row[name]) is None else open_word(key, number, name, kept) for name in PERSON}


def open_word(key: bytes | None, number: str, name: str, kept: str) -> str:
    """One of them."""
    if not kept.startswith(FORM):
        return kept
    if key is None:
        raise Unreadable("the case's key is gone")
    return opened(key, kept, _about(name, number)).decode()


def blind(masters: Masters, master: str, phone: str) -> str:
    """The index of a phone: equal for equal numbers, and no guess can be tried without the key."""
    return hmac.new(masters.derived(master, "people/phone_index"), dialled(phone).encode(), "sha256").hexdigest()


def _about(name: str, number: str) -> str:
    return f"people/{name}/{number}"


async def of_phone(conn: AsyncConnection, masters: Masters, phone: str, limit: int, cursor: str | None) -> Rows:
    """The cases of whoever has this phone, the latest first, whichever master key their index is under.

    None of whoever complains about staff or reports unlawful conduct: it would say who that is (Art. 9 ¶2, 15).
    """
    indexes = [blind(masters, master, phone) for master in masters.keys]
    query = select(*(cases.c[name] for name in LISTED), PROVISIONAL).join(
        people, people.c.case_number == cases.c.number
    )
    latest = Order((cases.c.registered_at, cases.c.number), last_first=True)
    theirs = people.c.phone_index.in_(indexes), ~func.sheltered(cases.c.number)
    return await page(conn, query.where(*theirs), latest, limit, cursor)


_UPDATE = text(
    "UPDATE people SET name = :name, phone = :phone, address = :address, id_number = :id_number,"
    " phone_index = :phone_index, phone_master = :phone_master WHERE case_number = :number"
)


async def resealed(engine: AsyncEngine, vault: Vault, page: int = 500) -> AsyncIterator[int]:
    """Seal what stands in clear, and make anew each index under an older master key, page by page; resumable.

    A row whose key is gone stays as it is.
    """
    masters, after, done = vault.masters, "", 0
    in_clear = [people.c[name].not_like(f"{FORM}%") for name in PERSON]
    stale = or_(people.c.phone_master != masters.current, *in_clear)
    while True:
        query = select(people).where(stale, people.c.case_number > after).order_by(people.c.case_number).limit(page)
        async with engine.begin() as conn:
            rows = [dict(row) for row in (await conn.execute(query)).mappings()]
            if not rows:
                return
            keys = await vault.keys(row["case_number"] for row in rows)
            for row in rows:
                done += await _resealed(conn, vault, keys.get(row["case_number"]), row)
        after = rows[-1]["case_number"]
        yield done


async def _resealed(conn: AsyncConnection, vault: Vault, key: bytes | None, row: Mapping[str, Any]) -> bool:
    number = row["case_number"]
    try:
        words = open_words(key, number, row)
    except Unreadable:
        return False
    if key is None:
        key = new_key()
        await vault.write(vault.row(number, key))
    await conn.execute(_UPDATE, seal(vault.masters, key, number, words) | {"number": number})
    return True
