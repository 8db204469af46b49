"""A body that does not come is not waited for: 408, nothing stored; of an upload what came is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.vocabulary import Role
from tests.contents import SAMPLES
from tests.line import serve, settings_for, token

SAID = json.dumps({"title": "样例", "text": "样例。"}).encode()
WHO = token(Role.CHANNEL)
PICTURE = SAMPLES["jpeg"]


@dataclass
class Slow:
    """A house that waits a quarter of a second for a body, and a client that sends what it likes."""

    url: str

    async def send(self, head: dict[str, str], *pieces: bytes, line: str = "POST /cases") -> tuple[bytes, bool]:
        """The answer to what was sent and not gone on with, and whether the house closed the connection."""
        address = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        lines = [f"{line} HTTP/1.1", f"Host: {address.netloc}", *(f"{k}: {v}" for k, v in (WHO | head).items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(20):
            found = await reader.read()  # to the end: the house hangs up
        writer.close()
        return found, reader.at_eof()


@pytest.fixture
async def slow(database: str, temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Slow]:
    settings = replace(settings_for(database, "nobody-works-here", blobs=str(tmp_path)), body_seconds=0.25)
    async with serve(settings, temporal.client, [timedelta(0)]) as url:
        yield Slow(url)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("came", [b"", SAID[:10]])
async def test_a_body_that_does_not_come_is_a_408_and_nothing_is_stored(
    slow: Slow, came: bytes, engine: AsyncEngine
) -> None:
    head = {"Content-Type": "application/json", "Content-Length": str(len(SAID))}
    async with engine.connect() as conn:
        before = await conn.scalar(text("SELECT count(*) FROM cases"))
        answer, closed = await slow.send(head, came)
        assert (status(answer), closed) == (408, True)
        assert b"application/problem+json" in answer
        assert b"connection: close" in answer.lower()
        assert await conn.scalar(text("SELECT count(*) FROM cases")) == before


async def test_one_that_drips_in_pieces_is_not_waited_for_either(slow: Slow) -> None:
    """Each piece comes in time, the whole does not: the clock does not start again with every byte."""
    address = urlsplit(slow.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = ["POST /cases HTTP/1.1", f"Host: {address.netloc}", "Content-Length: 9999", *map(": ".join, WHO.items())]
    writer.write("\r\n".join([*head, "Content-Type: application/json", "", ""]).encode())

    async def drip() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"\r\n")
    dripping.cancel()
    assert status(answer) == 408


async def test_of_a_part_that_falls_silent_what_came_is_kept_and_it_goes_on_from_there(slow: Slow) -> None:
    async with httpx.AsyncClient(base_url=slow.url, headers=WHO) as http:
        told = {"size": len(PICTURE), "sha256": sha256(PICTURE).hexdigest(), "name": "样例照片"}
        upload = (await http.post("/uploads", json=told)).json()["upload"]
        part = {"Content-Type": "application/partial-upload", "Content-Length": str(len(PICTURE)), "Upload-Offset": "0"}
        answer, closed = await slow.send(part, PICTURE[:100], line=f"PATCH /uploads/{upload}")
        assert (status(answer), closed) == (200, True)
        assert b"upload-offset: 100" in answer
        rest = {"Content-Type": "application/partial-upload", "Upload-Offset": "100"}
        done = await http.patch(f"/uploads/{upload}", content=PICTURE[100:], headers=rest)
        assert (done.status_code, done.json()["complete"]) == (200, True)


async def test_whoever_sends_in_time_is_not_hurried(slow: Slow) -> None:
    head = {"Content-Type": "application/json", "Content-Length": str(len(SAID)), "Connection": "close"}
    answer, _ = await slow.send(head, SAID[:10], SAID[10:])
    assert status(answer) == 201
