"""The scanner hook: ClamAV's daemon, spoken to by its INSTREAM command over TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

PATIENCE = 120.0
"""Seconds for one content."""


class ScannerAway(Exception):
    """The scanner does not answer, or says that it cannot scan: nothing unscanned is taken."""


class Scanner:
    """By its address, `clamd://host:port`; a ValueError if it is another."""

    def __init__(self, address: str) -> None:
        named = urlsplit(address)
        if named.scheme != "clamd" or not named.hostname or not named.port:
            raise ValueError("HOTLINE_SCANNER is clamd://host:port")
        self._host, self._port = named.hostname, named.port

    async def infected(self, content: AsyncIterator[bytes]) -> bool:
        """Does it find something in the content? A ScannerAway if it does not say."""
        try:
            async with asyncio.timeout(PATIENCE):
                said = await self._ask(content)
        except (OSError, TimeoutError, EOFError) as error:
            raise ScannerAway from error
        if said == b"stream: OK":
            return False
        if said.endswith(b" FOUND"):
            return True
        raise ScannerAway

    async def _ask(self, content: AsyncIterator[bytes]) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(b"zINSTREAM\0")
            async for piece in content:
                writer.write(len(piece).to_bytes(4, "big") + piece)
                await writer.drain()
            writer.write(bytes(4))
            await writer.drain()
            return (await reader.read(4096)).rstrip(b"\0\n")
        finally:
            writer.close()
