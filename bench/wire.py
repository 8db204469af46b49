"""HTTP with as little work as can be: what the client spends is not what is measured (httpx takes 1 ms a request)."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Kept-alive connections to one server on loopback; one request at a time on each, as many as are asked for."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._free: list[Connection] = []

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Post JSON; the status and the body. The server must say how long its answer is.

        Sent once more if the server hung up without an answer, as it does on connections long idle: give it a key.
        """
        lines = {"Host": self._host, "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = head.encode() + b"\r\n" + body
        try:
            return await self._exchange(request)
        except (asyncio.IncompleteReadError, ConnectionError):
            return await self._exchange(request)

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = await self._connection()
        writer.write(request)
        first, *fields = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        told = dict(field.lower().split(b": ", 1) for field in fields if field)
        answer = await reader.readexactly(int(told[b"content-length"]))
        if told.get(b"connection") == b"close":
            writer.close()
        else:
            self._free.append((reader, writer))
        return int(first.split(b" ")[1]), answer

    async def _connection(self) -> Connection:
        """One that is free and was not closed by the server meanwhile, or a new one."""
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)

    async def close(self) -> None:
        """Close every connection."""
        while self._free:
            _, writer = self._free.pop()
            writer.close()
            await writer.wait_closed()
