"""Signs the day's root, and puts it where it leaves the house."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from storage import roots
from storage.signing import Seal

KEY = "key.pem"
"""The public key, beside the roots that were signed with it."""


class Roots:
    """Holds the seal, and the directory to which the signed roots are exported."""

    def __init__(self, engine: AsyncEngine, seal: Seal, directory: Path) -> None:
        self._engine = engine
        self._seal = seal
        self._directory = directory

    @activity.defn(name="sign_day")
    async def sign(self, day: date, now: datetime) -> str:
        """Sign the root of a day and export it; the name of its file. A day that is signed is only exported again."""
        async with self._engine.begin() as conn:
            root = await roots.sign(conn, day, now, self._seal.sign)
        self._directory.mkdir(parents=True, exist_ok=True)
        _write(self._directory / KEY, self._seal.public)
        return _write(self._directory / f"{day}.jws", root.signed.encode())


def _write(file: Path, content: bytes) -> str:
    """Whole or not at all; the file's name."""
    beside = file.with_suffix(".new")
    beside.write_bytes(content)
    os.replace(beside, file)
    return file.name
