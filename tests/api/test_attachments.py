"""Attachments: sent in parts, recognised by content, brought by acts, seen as the case is, never run by a browser."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.attachments import KINDS
from domain.vocabulary import Role
from tests.contents import OTHERS, PLACE, SAMPLES
from tests.line import Line, token

MEDIA = {"Content-Type": "application/partial-upload"}
Headers = dict[str, str]


async def begun(house: Line, who: Headers, content: bytes, door: str = "", **said: Any) -> str:
    """A new upload; its ID."""
    made = await house.http.post(f"{door}/uploads", json={"size": len(content)} | said, headers=who)
    assert made.status_code == 201, made.text
    found: str = made.json()["upload"]
    return found


async def sent(
    house: Line, who: Headers, upload: str, content: bytes, offset: int = 0, door: str = ""
) -> httpx.Response:
    headers = who | MEDIA | {"Upload-Offset": str(offset)}
    return await house.http.patch(f"{door}/uploads/{upload}", content=content, headers=headers)


async def uploaded(house: Line, who: Headers, content: bytes, door: str = "", **said: Any) -> str:
    """A whole upload; its ID."""
    upload = await begun(house, who, content, door, **said)
    answer = await sent(house, who, upload, content, door=door)
    assert answer.json().get("complete"), answer.text
    return upload


async def listed(house: Line, number: str, role: Role, unit: str | None = None) -> list[dict[str, Any]]:
    answer = await house.get(f"/cases/{number}/attachments", role, unit)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize("code", KINDS)
async def test_every_kind_is_taken_by_its_content_and_comes_back_as_a_file_to_save(house: Line, code: str) -> None:
    upload = await uploaded(house, token(Role.CHANNEL), SAMPLES[code], name="样例附件.exe")
    number = (await house.register(attachments=[upload]))["number"]
    (found,) = await listed(house, number, Role.AGENT)
    assert (found["kind"], found["media"], found["entry"]) == (code, KINDS[code].media, 1)
    answer = await house.get(f"/cases/{number}/attachments/{found['id']}", Role.AGENT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == KINDS[code].media
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert len(answer.content) == found["length"]
    assert PLACE.encode() not in answer.content


@pytest.mark.parametrize("what", OTHERS)
async def test_what_is_no_kind_is_refused_whatever_its_name_and_deleted(
    house: Line, record: AsyncEngine, what: str
) -> None:
    who = token(Role.CHANNEL)
    upload = await begun(house, who, OTHERS[what], name="样例.jpg")
    answer = await sent(house, who, upload, OTHERS[what])
    assert (answer.status_code, answer.json()["title"]) == (415, "NotAllowed")
    assert all(code in answer.json()["detail"] for code in KINDS)
    assert (await sent(house, who, upload, b"")).status_code == 409
    async with record.connect() as conn:
        row = await conn.execute(text("SELECT blob, name FROM attachments WHERE upload = :upload"), {"upload": upload})
        assert row.one() == (None, None)
