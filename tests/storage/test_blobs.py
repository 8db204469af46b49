"""The store of contents: the same on a folder and on an S3-compatible server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from storage.blobs import Blobs, sha256_of


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3-compatible server on loopback, with a bucket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, ends = f"http://127.0.0.1:{port}", time.monotonic() + 60
    try:
        while True:
            try:
                assert httpx.put(f"{url}/sample-bucket").status_code == 200
                break
            except httpx.TransportError:
                assert process.poll() is None
                assert time.monotonic() < ends
        yield url
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    if request.param == "folder":
        return Blobs(str(tmp_path / "blobs"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sample")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sample")
    server = request.getfixturevalue("server")
    return Blobs(f"s3://sample-bucket/{tmp_path.name}?endpoint={server}&region=us-east-1")


async def read(blobs: Blobs, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([piece async for piece in await blobs.get(key, start, length)])


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def test_what_is_put_comes_back_whole_and_in_parts(blobs: Blobs) -> None:
    await blobs.put("a/one", b"0123456789")
    assert await read(blobs, "a/one") == b"0123456789"
    assert await read(blobs, "a/one", 3) == b"3456789"
    assert await read(blobs, "a/one", 3, 4) == b"3456"
    await blobs.put("a/one", b"anew")
    assert await read(blobs, "a/one") == b"anew"


async def test_a_long_stream_is_put_in_several_parts(blobs: Blobs) -> None:
    mebibyte = bytes(range(256)) * 4096
    await blobs.put("b/long", pieces(*[mebibyte] * 12))
    assert len(await read(blobs, "b/long")) == 12 * len(mebibyte)
    assert await sha256_of(await blobs.get("b/long", len(mebibyte), len(mebibyte))) == await sha256_of(pieces(mebibyte))


async def test_a_stream_that_breaks_leaves_nothing(blobs: Blobs) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await blobs.put("c/half", broken())
    with pytest.raises(FileNotFoundError):
        await blobs.get("c/half")


async def test_what_lies_in_a_folder_goes_and_nothing_else(blobs: Blobs) -> None:
    for key in ("d/one", "d/two", "dd/three"):
        await blobs.put(key, b"1")
    await blobs.delete("d")
    await blobs.delete("d")
    await blobs.delete_one("nowhere/none")
    for key in ("d/one", "d/two"):
        with pytest.raises(FileNotFoundError):
            await blobs.get(key)
    assert await read(blobs, "dd/three") == b"1"
