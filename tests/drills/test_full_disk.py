"""A disk is full, PostgreSQL's or that of the attachments: whoever asks hears 503, nothing is lost, it goes on afterwards.

The kernel's own ENOSPC: an empty table's file becomes `/dev/full` while the server is down. For attachments the API may
write no file beyond a few kilobytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest
from PIL import Image

from cli.stack import LocalStack
from domain.vocabulary import Role
from tests.drills.conftest import post, proof, rows, until

FULL = Path("/dev/full")
REQUEST = {"title": "样例路灯不亮", "text": "样例路12号门前的路灯不亮。", "phone": "19900008890"}
MEDIA = {"Content-Type": "application/partial-upload"}
FILM = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + b"% sample\n" * 8_000 + b"%%EOF\n"
NO_SPACE = "No space left on device"
ROOM = 40_000
"""Bytes that a file may hold while there is no room for more."""

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


@contextmanager
def full(stack: LocalStack, table: str) -> Iterator[None]:
    """While inside there is no room for the first row of this table."""
    (found,) = rows(stack, f"SELECT pg_relation_filepath('{table}') AS file, pg_relation_size('{table}') AS size")
    assert found["size"] == 0
    file = stack.directory / "postgres" / found["file"]
    kept = file.with_name(f"{file.name}.kept")
    stack.stop("postgres")
    file.rename(kept)
    file.symlink_to(FULL)
    stack.start("postgres")
    log = stack.directory / "logs" / "postgres.log"
    before = log.read_text().count(NO_SPACE)
    try:
        yield
        assert log.read_text().count(NO_SPACE) > before, "the disk was never full"
    finally:
        stack.stop("postgres")
        kept.replace(file)
        stack.start("postgres")


async def again(stack: LocalStack, path: str, role: Role, body: dict[str, Any], key: str) -> httpx.Response:
    """As a client does: the same again while it hears 503, as it does once for each server that went."""
    async with asyncio.timeout(60):
        while (answer := await post(stack, path, role, body, key)).status_code == 503:
            pass
    return answer


async def test_on_a_full_disk_nothing_is_half_registered_and_the_same_key_succeeds_once_afterwards(
    stack: LocalStack,
) -> None:
    key = uuid4().hex
    with full(stack, "notes"):
        for _ in range(3):
            answer = await post(stack, "/cases", Role.CHANNEL, REQUEST, key)
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert int(answer.headers["retry-after"]) > 0
        for table in ("cases", "people", "entries", "counters"):
            assert rows(stack, f"SELECT 1 FROM {table}") == [], table
    answers = [await again(stack, "/cases", Role.CHANNEL, REQUEST, key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    assert len({answer.text for answer in answers}) == 1
    assert len(rows(stack, "SELECT 1 FROM cases")) == 1


async def test_an_act_that_meets_a_full_disk_is_repeated_safely(stack: LocalStack) -> None:
    number, key = (await post(stack, "/cases", Role.CHANNEL, REQUEST)).json()["number"], uuid4().hex
    path, act = f"/cases/{number}/transfer", {"lead": "WATER"}
    with full(stack, "deeds"):
        for _ in range(3):
            answer = await post(stack, path, Role.AGENT, act, key)
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (await again(stack, path, Role.AGENT, act, key)).status_code in (200, 202)
    assert await until(stack, number, "assigned") == ["register", "transfer"]
    assert len(rows(stack, f"SELECT 1 FROM deeds WHERE case_number = '{number}'")) == 1


async def test_a_step_for_which_there_is_no_room_is_taken_as_soon_as_there_is(stack: LocalStack) -> None:
    number = (await post(stack, "/cases", Role.CHANNEL, REQUEST)).json()["number"]
    with full(stack, "handovers"):
        key, act = uuid4().hex, {"request": "执法人员损坏了样例物品。", "infringement": True}
        answer = await again(stack, f"/cases/{number}/supplement", Role.AGENT, act, key)
        assert (answer.status_code, answer.json()["state"]) == (202, "received")  # Art. 9 ¶2: it is on record
        assert await until(stack, number, "registered") == ["register"]
    done = await again(stack, f"/cases/{number}/transfer", Role.AGENT, {"lead": "WATER"}, uuid4().hex)
    assert done.status_code in (200, 202)
    assert sorted(await until(stack, number, "assigned")) == ["register", "supplement", "transfer"]
    assert len(rows(stack, f"SELECT 1 FROM handovers WHERE case_number = '{number}'")) == 1


@contextmanager
def no_room(stack: LocalStack, most: int) -> Iterator[None]:
    """While inside the API may make no file larger than this."""
    api = psutil.Process(stack.pids["api"])
    soft, hard = api.rlimit(psutil.RLIMIT_FSIZE)
    api.rlimit(psutil.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        api.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))


async def test_an_upload_for_which_there_is_no_room_goes_on_where_it_stood(stack: LocalStack) -> None:
    who, half = proof(stack, Role.CHANNEL), len(FILM) // 2
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60, headers=who) as http:
        upload = (await http.post("/uploads", json={"size": len(FILM)})).json()["upload"]

        async def send(content: bytes, offset: int) -> httpx.Response:
            return await http.patch(
                f"/uploads/{upload}", content=content, headers=MEDIA | {"Upload-Offset": str(offset)}
            )

        with no_room(stack, ROOM):
            whole = await send(FILM, 0)  # too large for one file
            assert (whole.status_code, whole.headers["content-type"]) == (503, "application/problem+json"), whole.text
            assert (await http.head(f"/uploads/{upload}")).headers["upload-offset"] == "0"
            assert (await send(FILM[:half], 0)).is_success
            last = await send(FILM[half:], half)  # each part fits, what is made of them does not
            assert (last.status_code, last.headers["content-type"]) == (503, "application/problem+json"), last.text
        kept = await send(b"", len(FILM))
        assert kept.json().get("complete"), kept.text
        made = await post(stack, "/cases", Role.CHANNEL, REQUEST | {"attachments": [upload]})
        assert made.status_code == 201, made.text
        seen = proof(stack, Role.AGENT)
        (found,) = (await http.get(f"/cases/{made.json()['number']}/attachments", headers=seen)).json()
        again = await http.get(f"/cases/{made.json()['number']}/attachments/{found['id']}", headers=seen)
        assert again.content == FILM


async def test_a_picture_for_which_there_is_no_room_is_not_kept_cut_off(stack: LocalStack) -> None:
    noise, made = Image.frombytes("RGB", (560, 560), Random(1).randbytes(560 * 560 * 3)), BytesIO()
    noise.save(made, "JPEG", quality=10)
    content = made.getvalue()
    assert len(content) < ROOM  # written anew, it is larger
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60, headers=proof(stack, Role.CHANNEL)) as http:
        path = f"/uploads/{(await http.post('/uploads', json={'size': len(content)})).json()['upload']}"
        with no_room(stack, ROOM):
            answer = await http.patch(path, content=content, headers=MEDIA | {"Upload-Offset": "0"})
            assert answer.status_code == 503, answer.text
        kept = await http.patch(path, content=b"", headers=MEDIA | {"Upload-Offset": str(len(content))})
        assert kept.json().get("complete"), kept.text
