"""A door to PostgreSQL that a test can slow down or close: bytes wait in it, none is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Door:
    """A TCP server on loopback that passes bytes to a Unix socket and back. Its methods may be called from any thread."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._passing: set[asyncio.Task[None]] = set()
        self.port = 0
        self.delay = 0.0
        """Seconds that every piece takes on its way."""
        self.waiting = 0
        """Pieces that stand before the closed door."""

    def close(self) -> None:
        """From now on nothing passes."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def open(self) -> None:
        """What waited passes, then everything."""
        self._loop.call_soon_threadsafe(self._open.set)

    async def _serve(self, ready: threading.Event, ends: asyncio.Event) -> None:
        self._open.set()
        server = await asyncio.start_server(self._come, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await ends.wait()
        server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(str(self._socket))
        for task in (self._pass(reader, back), self._pass(there, writer)):
            self._passing.add(passing := asyncio.ensure_future(task))
            passing.add_done_callback(self._passing.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                self.waiting += 1
                await asyncio.sleep(self.delay)
                await self._open.wait()
                self.waiting -= 1
                writer.write(piece)
                await writer.drain()
        writer.close()


@contextmanager
def door_to(socket: Path) -> Iterator[Door]:
    """A door in a thread of its own."""
    door, ready, ends = Door(socket), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=door._loop.run_until_complete, args=[door._serve(ready, ends)])
    thread.start()
    ready.wait()
    try:
        yield door
    finally:
        door._loop.call_soon_threadsafe(ends.set)
        thread.join()
        door._loop.close()
