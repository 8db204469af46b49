"""Reception: a whole upload is put together, recognised, scanned and stripped, and kept; or refused and deleted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from secrets import token_hex
from tempfile import TemporaryFile
from typing import BinaryIO

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.attachments import Kind
from domain.chain import sealed
from storage import uploads
from storage.blobs import PIECE, Blobs
from storage.contents import Damaged, recognised, stripped
from storage.scanner import Scanner
from storage.uploads import Kept, Upload


class NotTaken(Exception):
    """Why the content is not taken: `Unlike`, `NotAllowed`, `TooLarge`, `Infected` or `Damaged`."""


@dataclass(frozen=True)
class Reception:
    """Holds the store, the scanner if there is one, and how many uploads are received at a time."""

    engine: AsyncEngine
    """Each statement is a transaction of its own."""
    blobs: Blobs
    scanner: Scanner | None
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))

    async def take(self, upload: Upload, offset: int, content: bytes) -> Upload | None:
        """Keep a part, and receive the whole if it was the last; None: not what comes next.

        Nothing sent at the end of a whole one that is still open: it is tried again.
        """
        if content:
            part = f"{upload.upload}/{offset}-{token_hex(4)}"
            await self.blobs.put(part, content)
            async with self.engine.connect() as conn:
                taken = await uploads.take(conn, upload.upload, offset, part, len(content))
            if taken is None:
                await self.blobs.delete_one(part)
                return None
            upload = taken
        return await self._receive(upload) if upload.taken == upload.size else upload

    async def _receive(self, upload: Upload) -> Upload:
        refusal = None
        async with self.gate:
            try:
                kept = await self._kept(upload)
            except NotTaken as why:
                refusal = str(why)
            except FileNotFoundError:  # another request has received it meanwhile, and taken its parts away
                async with self.engine.connect() as conn:
                    return await uploads.again(conn, upload.upload)
        async with self.engine.connect() as conn:
            if refusal:
                await uploads.refuse(conn, upload.upload, refusal)
                await self.blobs.delete(upload.upload)
            elif await uploads.complete(conn, upload.upload, kept):
                for part in upload.parts:
                    await self.blobs.delete_one(part)
            else:
                await self.blobs.delete_one(kept.blob)
            return await uploads.again(conn, upload.upload)

    async def _kept(self, upload: Upload) -> Kept:
        """The content as it is kept, in its blob."""
        with ExitStack() as files:
            raw = files.enter_context(TemporaryFile())
            for part in upload.parts:
                async for piece in await self.blobs.get(part):
                    await asyncio.to_thread(raw.write, piece)
            kind = await self._checked(raw, upload)
            try:
                made = files.enter_context(await asyncio.to_thread(stripped, raw, kind))
            except Damaged:
                raise NotTaken("Damaged") from None
            sha256, salt = await asyncio.to_thread(_sha256, made), token_hex(16)
            blob, length = f"{upload.upload}/whole-{token_hex(4)}", made.tell()
            await self.blobs.put(blob, _pieces(made))
        return Kept(sealed(salt, kind.code, sha256), salt, kind.code, sha256, length, blob)

    async def _checked(self, raw: BinaryIO, upload: Upload) -> Kind:
        """Its kind; a NotTaken if it is not what was announced, of no kind that is taken, too large, or infected."""
        if upload.announced not in (None, await asyncio.to_thread(_sha256, raw)):
            raise NotTaken("Unlike")
        kind = await asyncio.to_thread(recognised, raw)
        if kind is None:
            raise NotTaken("NotAllowed")
        if upload.size > kind.most:
            raise NotTaken("TooLarge")
        if self.scanner and await self.scanner.infected(_pieces(raw)):
            raise NotTaken("Infected")
        return kind


def _sha256(file: BinaryIO) -> str:
    """As hex; the file is at its end then."""
    found = hashlib.sha256()
    file.seek(0)
    while piece := file.read(PIECE):
        found.update(piece)
    return found.hexdigest()


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece
