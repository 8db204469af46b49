"""The vault: each case's data key, wrapped under a master key, kept apart from the data (decision 0013; Art. 15).

Whoever has the data without `vault.case_keys`, or both without the master keys, cannot read who asked.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import make_engine, single
from storage.readers import APP, role_made

FORM, NONCE, KEY = "v1.", 12, 32
"""How a sealed text begins; the bytes of a nonce, and of every key."""


class Unreadable(Exception):
    """It cannot be opened: its key is gone, or it was changed. Says nothing of what stood there."""


@dataclass(frozen=True)
class Masters:
    """The master keys by their IDs; the first is the current one."""

    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def read(cls, told: bytes | None) -> Self:
        """Lines `key-id base64(32 bytes)`. A RuntimeError, which quotes nothing, if it is none or holds no such keys."""
        if not told:
            raise RuntimeError("HOTLINE_MASTER_KEYS_FILE is not set: no key seals who asked (docs/deployment.md)")
        try:
            pairs = [line.split() for line in told.decode("ascii").splitlines() if line.strip()]
            keys = {name: b64decode(key, validate=True) for name, key in pairs}
        except ValueError:
            keys = {}
        if not keys or len(keys) < len(pairs) or any(len(key) != KEY for key in keys.values()):
            raise RuntimeError("HOTLINE_MASTER_KEYS_FILE: each line is `key-id base64(32 bytes)`, no ID twice")
        return cls(keys)

    @staticmethod
    def new(name: str) -> str:
        """A line of the file: a new key under this ID."""
        return f"{name} {b64encode(secrets.token_bytes(KEY)).decode()}\n"

    @property
    def current(self) -> str:
        return next(iter(self.keys))

    def derived(self, master: str, purpose: str) -> bytes:
        """A key of its own for this purpose."""
        return HKDF(SHA256(), KEY, salt=None, info=purpose.encode()).derive(self.keys[master])

    def wrap(self, number: str, key: bytes) -> str:
        """The case's key under the current master key."""
        return sealed(self.keys[self.current], key, f"vault/{number}")

    def unwrap(self, number: str, master: str, wrapped: str) -> bytes:
        """The case's key; Unreadable if the master key is not among these."""
        if master not in self.keys:
            raise Unreadable("the master key is not in HOTLINE_MASTER_KEYS_FILE")
        return opened(self.keys[master], wrapped, f"vault/{number}")


def sealed(key: bytes, content: bytes, about: str) -> str:
    """AES-GCM under a new nonce; `about` is where it stands: it opens nowhere else."""
    nonce = secrets.token_bytes(NONCE)
    return FORM + urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, content, about.encode())).decode()


def opened(key: bytes, text: str, about: str) -> bytes:
    """What `sealed` sealed; otherwise Unreadable."""
    try:
        raw = urlsafe_b64decode(text.removeprefix(FORM))
        return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], about.encode())
    except (InvalidTag, ValueError):
        raise Unreadable("it does not open") from None


KEEP = """
    INSERT INTO vault.case_keys (case_number, master, wrapped) VALUES (:sealed_number, :master, :wrapped)
    ON CONFLICT (case_number) DO UPDATE SET master = excluded.master, wrapped = excluded.wrapped
"""
"""A number that was not used up may have left its key here: the case that takes it brings its own."""
_FIND = text("SELECT case_number, master, wrapped FROM vault.case_keys WHERE case_number = ANY(:numbers)")
_DESTROY = text("DELETE FROM vault.case_keys WHERE case_number = :number")
_STALE = text(
    "SELECT case_number, master, wrapped FROM vault.case_keys WHERE master <> :current AND case_number > :after"
    " ORDER BY case_number LIMIT :limit"
)
_LEFT = text("SELECT count(*) FROM vault.case_keys WHERE master <> :current")
_REWRAP = text(
    "UPDATE vault.case_keys SET master = :master, wrapped = :wrapped WHERE case_number = :number AND master = :old"
)


@dataclass(frozen=True)
class Vault:
    """The master keys, and where the cases' keys are."""

    masters: Masters
    engine: AsyncEngine
    apart: bool = False
    """In a database of its own?"""

    def row(self, number: str, key: bytes) -> dict[str, str]:
        """What is kept of a case's key."""
        return {"sealed_number": number, "master": self.masters.current, "wrapped": self.masters.wrap(number, key)}

    async def write(self, row: Mapping[str, str]) -> None:
        """Write a key before what it seals: an orphan key is harmless, the opposite is not."""
        async with self.engine.connect() as conn:
            await conn.execute(text(KEEP), row)

    async def keys(self, numbers: Iterable[str]) -> dict[str, bytes]:
        """The keys of these cases; one that is gone, or whose master key is, is not among them."""
        async with self.engine.connect() as conn:
            rows = (await conn.execute(_FIND, {"numbers": list(numbers)})).all()
        found = {}
        for row in rows:
            try:
                found[row.case_number] = self.masters.unwrap(row.case_number, row.master, row.wrapped)
            except Unreadable:
                continue
        return found

    async def destroy(self, number: str) -> None:
        """The key of a case whose person is destroyed, where the vault is apart; with the data, `destroy()` takes it."""
        if self.apart:
            async with self.engine.connect() as conn:
                await conn.execute(_DESTROY, {"number": number})

    async def rewrapped(self, page: int = 500) -> AsyncIterator[int]:
        """Wrap what is under an older master key under the current one, page by page: how many so far. Resumable.

        A key that does not open stays as it is (`left`).
        """
        masters, after, done = self.masters, "", 0
        while True:
            async with self.engine.connect() as conn:
                asked = {"current": masters.current, "after": after, "limit": page}
                rows = (await conn.execute(_STALE, asked)).all()
                if not rows:
                    return
                change = [again for row in rows if (again := self._again(row))]
                if change:
                    await conn.execute(_REWRAP, change)
            after, done = rows[-1].case_number, done + len(change)
            yield done

    def _again(self, row: Any) -> dict[str, str] | None:
        """The row's key under the current master key; None: it does not open."""
        try:
            key = self.masters.unwrap(row.case_number, row.master, row.wrapped)
        except Unreadable:
            return None
        wrapped = self.masters.wrap(row.case_number, key)
        return {"number": row.case_number, "old": row.master, "master": self.masters.current, "wrapped": wrapped}

    async def left(self) -> int:
        """How many keys are not under the current master key."""
        async with self.engine.connect() as conn:
            found: int = (await conn.execute(_LEFT, {"current": self.masters.current})).scalar_one()
        return found


@asynccontextmanager
async def open_vault(told: bytes | None, engine: AsyncEngine, url: str | None) -> AsyncIterator[Vault]:
    """The vault by these master keys: in the database `url`, or with the data. A RuntimeError without keys."""
    masters = Masters.read(told)
    if url is None:
        yield Vault(masters, single(engine))
        return
    own = make_engine(url)
    try:
        yield Vault(masters, single(own), apart=True)
    finally:
        await own.dispose()


def lay_out(connection: Connection) -> None:
    """The vault's schema and rights, as the owner of the database. Repeatable."""
    for statement in (
        role_made(APP, "LOGIN"),
        "CREATE SCHEMA IF NOT EXISTS vault",
        "CREATE TABLE IF NOT EXISTS vault.case_keys"
        " (case_number text PRIMARY KEY, master text NOT NULL, wrapped text NOT NULL)",
        f"GRANT USAGE ON SCHEMA vault TO {APP}",
        f"GRANT SELECT, INSERT, UPDATE ON vault.case_keys TO {APP}",
    ):
        connection.execute(text(statement))


def lay_out_at(url: str) -> None:
    """The same in the database of this URL, where the vault is apart."""
    engine = create_engine(url, hide_parameters=True)
    with engine.begin() as connection:
        lay_out(connection)
        connection.execute(text(f"GRANT DELETE ON vault.case_keys TO {APP}"))
    engine.dispose()
