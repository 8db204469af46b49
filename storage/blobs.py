"""Blobs: contents too large for a table, by key, in a local folder or an S3-compatible store; one interface for both.

Whoever encrypts them stands between: `put` and `get` see a stream of bytes and a key that begins with the upload's ID.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.store import LocalStore, S3Store

PIECE = 256 * 1024
"""Bytes that are in memory at a time when a blob is read."""


class Blobs:
    """The store at a place: a folder's path, or `s3://bucket/prefix?endpoint=…&region=…`.

    The credentials of S3 are those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY). An object store that
    does not answer is an `obstore.exceptions.BaseError`.
    """

    def __init__(self, place: str) -> None:
        self.place = place

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        """Made at first use: only then is the folder."""
        if not self.place.startswith("s3://"):
            return LocalStore(Path(self.place).absolute(), automatic_cleanup=True, mkdir=True)
        named = urlsplit(self.place)
        said = {name: values[-1] for name, values in parse_qs(named.query).items()}
        prefix, plain = named.path.strip("/") or None, said.get("endpoint", "").startswith("http://")
        return S3Store(named.netloc, prefix=prefix, client_options={"allow_http": plain}, **said)  # type: ignore[arg-type]

    async def put(self, key: str, content: AsyncIterator[bytes] | bytes) -> None:
        """Keep a content under a key, whole or not at all; a longer stream is never in memory whole."""
        await obstore.put_async(self._store, key, content)

    async def get(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The content, or `length` bytes of it from `start` on; a FileNotFoundError if there is none."""
        options: obstore.GetOptions = {"range": {"offset": start} if length is None else (start, start + length)}
        found = await obstore.get_async(self._store, key, options=options)
        return _pieces(found)

    async def delete_one(self, key: str) -> None:
        """The blob of this key; none there is no error."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def delete(self, folder: str) -> None:
        """Everything whose key begins with `folder/`; nothing there is no error."""
        async for page in obstore.list(self._store, f"{folder}/"):
            await obstore.delete_async(self._store, [each["path"] for each in page])


async def sha256_of(content: AsyncIterator[bytes]) -> str:
    """As hex."""
    found = hashlib.sha256()
    async for piece in content:
        found.update(piece)
    return found.hexdigest()


async def _pieces(found: obstore.GetResult) -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=PIECE):
        yield bytes(piece)
