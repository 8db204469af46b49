"""The vault: each case's data key, wrapped under a master key, kept apart from the data (decision 0013; Art. 15).

Whoever has the data without `vault.case_keys`, or both without the master keys, cannot read who asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, TextClause, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import make_engine, single
from storage.readers import APP, IMPORT, role_made
from storage.sealing import Masters, Unreadable

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
_SOME = text("SELECT case_number, master, wrapped FROM vault.case_keys WHERE master = :master LIMIT 3")
_FOREIGN = text("SELECT master FROM vault.case_keys WHERE master <> ALL(:masters) LIMIT 1")
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

    async def prove(self) -> None:
        """That the master keys are those which the cases' keys are under; a RuntimeError that names the one that is not.

        A new current key is taken only beside every older one that is in use: who asked would be sealed under a key of
        nobody's otherwise, and what is on record could not be read.
        """
        for master in self.masters.keys:
            rows = await self._rows(_SOME, master=master)
            if rows and not any(self._again(row) for row in rows):
                raise RuntimeError(
                    f"HOTLINE_MASTER_KEYS_FILE: `{master}` is not the key that the cases' keys are under"
                )
            new = master == self.masters.current and not rows
            if new and (foreign := await self._rows(_FOREIGN, masters=list(self.masters.keys))):
                missing = foreign[0].master
                raise RuntimeError(f"HOTLINE_MASTER_KEYS_FILE lacks `{missing}`: a new key stands above those in use")

    async def _rows(self, query: TextClause, **asked: object) -> Sequence[Row[Any]]:
        async with self.engine.connect() as conn:
            return (await conn.execute(query, asked)).all()

    def row(self, number: str, key: bytes) -> dict[str, str]:
        """What is kept of a case's key."""
        return {"sealed_number": number, "master": self.masters.current, "wrapped": self.masters.wrap(number, key)}

    async def write(self, row: Mapping[str, str]) -> None:
        """Write a key before what it seals: an orphan key is harmless, the opposite is not."""
        async with self.engine.connect() as conn:
            await conn.execute(text(KEEP), row)

    async def keys(self, numbers: Iterable[str]) -> dict[str, bytes]:
        """The keys of these cases; one that is gone, or whose master key is, is not among them."""
        found = {}
        for row in await self._rows(_FIND, numbers=list(numbers)):
            try:
                found[row.case_number] = self.masters.unwrap(row.case_number, row.master, row.wrapped)
            except Unreadable:
                continue
        return found

    async def kept(self, numbers: Collection[str]) -> set[str]:
        """Those of these cases whose key is there, whether it can be opened here or not."""
        return {row.case_number for row in await self._rows(_FIND, numbers=list(numbers))} if numbers else set()

    async def destroy(self, number: str) -> None:
        """The key of a case whose person is destroyed, where the vault is apart; with the data, `destroy()` takes it."""
        if self.apart:
            async with self.engine.connect() as conn:
                await conn.execute(_DESTROY, {"number": number})

    async def rewrapped(self, page: int = 500) -> AsyncIterator[int]:
        """Wrap what is under an older master key under the current one, page by page: how many so far. Resumable.

        A key that does not open stays as it is (`left`).
        """
        after, done = "", 0
        while True:
            rows = await self._rows(_STALE, current=self.masters.current, after=after, limit=page)
            if not rows:
                return
            if change := [again for row in rows if (again := self._again(row))]:
                async with self.engine.connect() as conn:
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
        [found] = await self._rows(_LEFT, current=self.masters.current)
        return int(found[0])


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
        role_made(IMPORT, "LOGIN"),
        "CREATE SCHEMA IF NOT EXISTS vault",
        "CREATE TABLE IF NOT EXISTS vault.case_keys"
        " (case_number text PRIMARY KEY, master text NOT NULL, wrapped text NOT NULL)",
        f"GRANT USAGE ON SCHEMA vault TO {APP}, {IMPORT}",
        f"GRANT SELECT, INSERT, UPDATE ON vault.case_keys TO {APP}, {IMPORT}",
    ):
        connection.execute(text(statement))


def lay_out_at(url: str) -> None:
    """The same in the database of this URL, where the vault is apart."""
    engine = create_engine(url, hide_parameters=True)
    with engine.begin() as connection:
        lay_out(connection)
        connection.execute(text(f"GRANT DELETE ON vault.case_keys TO {APP}"))
    engine.dispose()
