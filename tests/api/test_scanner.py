"""The scanner hook, against a server that answers as clamd does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.vocabulary import Role
from storage.scanner import Scanner, ScannerAway
from tests.contents import SAMPLES
from tests.line import serve, settings_for, token

MARKED = SAMPLES["pdf"] + b"sample malware"


@asynccontextmanager
async def clamd(answer: bytes | None = None, port: int = 0) -> AsyncIterator[str]:
    """Takes INSTREAM, and finds what is marked; or says the same whatever comes."""

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            content += await reader.readexactly(length)
        found = b"stream: Sample.Malware FOUND\0" if b"malware" in content else b"stream: OK\0"
        writer.write(found if answer is None else answer)
        writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", port)
    async with server:
        yield f"clamd://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def content(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_it_says_what_is_infected_and_what_is_not() -> None:
    async with clamd() as address:
        assert await Scanner(address).infected(content(MARKED[:5], MARKED[5:]))
        assert not await Scanner(address).infected(content(b"clean", b"x" * 100_000))


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: error\0"])
async def test_a_scanner_that_does_not_say_takes_nothing(answer: bytes) -> None:
    async with clamd(answer) as address:
        with pytest.raises(ScannerAway):
            await Scanner(address).infected(content(b"clean"))


@pytest.mark.parametrize("address", ["127.0.0.1:3310", "clamd://127.0.0.1", "http://127.0.0.1:3310"])
def test_another_address_is_said_at_start(address: str) -> None:
    with pytest.raises(ValueError, match="clamd://host:port"):
        Scanner(address)


async def test_what_is_infected_is_refused_deleted_and_on_record(
    temporal: WorkflowEnvironment, engine: AsyncEngine, database: str, tmp_path: Path
) -> None:
    who = token(Role.CHANNEL)

    async def send(http: httpx.AsyncClient, whole: bytes) -> tuple[str, httpx.Response]:
        upload = (await http.post("/uploads", json={"size": len(whole), "name": "样例"}, headers=who)).json()["upload"]
        return upload, await patch(http, upload, whole, 0)

    async def patch(http: httpx.AsyncClient, upload: str, part: bytes, offset: int) -> httpx.Response:
        headers = who | {"Content-Type": "application/partial-upload", "Upload-Offset": str(offset)}
        return await http.patch(f"/uploads/{upload}", content=part, headers=headers)

    async with clamd() as address:
        port = int(address.rpartition(":")[2])
        settings = replace(settings_for(database, "none", blobs=str(tmp_path)), scanner=address)
        async with (
            serve(settings, temporal.client, [timedelta(0)]) as url,
            httpx.AsyncClient(base_url=url, timeout=30) as http,
        ):
            infected, answer = await send(http, MARKED)
            assert (answer.status_code, answer.json()["title"]) == (422, "Infected")
            assert (await send(http, SAMPLES["pdf"]))[1].json()["complete"]
    async with (
        serve(settings, temporal.client, [timedelta(0)]) as url,
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        waiting, answer = await send(http, SAMPLES["pdf"])
        assert (answer.status_code, answer.json()["title"]) == (503, "Unavailable")
        async with clamd(port=port):
            assert (await patch(http, waiting, b"", len(SAMPLES["pdf"]))).json()["complete"]
    assert infected not in os.listdir(tmp_path)
    async with engine.connect() as conn:
        row = text("SELECT state, refusal, actor, name FROM attachments WHERE upload = :upload")
        assert (await conn.execute(row, {"upload": infected})).one() == ("refused", "Infected", "channel-1", None)
