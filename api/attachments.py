"""Attachments (附件) as a case holds them: whoever sees the texts of an entry sees what came with it (`api.sight`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import CallerDep
from api.errors import Problem, destroyed, documented, problem
from api.house import House, HouseDep, Number
from api.sight import Sight, look
from api.tracking import PUBLIC_EVENTS, RequesterDep
from api.views import Attachment, Row, view
from domain.attachments import KINDS
from storage import reading

router = APIRouter()
Id = Annotated[str, Path(description="the attachment's ID, as the entry names it", max_length=64)]
Range = Annotated[str | None, Header(description="`bytes=first-last`: a part of it (RFC 9110)")]

HEADERS = {
    "Accept-Ranges": "bytes",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing is shown in the house's name, whatever it holds: a browser saves it (`Content-Disposition`)."""

BYTES: dict[str, Any] = {
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}, "example": "the bytes of it"}
    }
}
SERVED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The content, to be saved.", **BYTES},
    206: {"description": "The part of it that was asked for.", **BYTES},
}
LISTED = "What the caller may see, in the order of the entries."


@router.get(
    "/cases/{number}/attachments",
    tags=["reading"],
    summary="附件清单 · what is attached",
    response_description=LISTED,
    responses=documented(401, 403, 404, 410, 422, 503),
)
async def list_attachments(number: Number, caller: CallerDep, house: HouseDep) -> list[Attachment]:
    """With each entry what came with it; no picture and no recording to whoever is not told who asked (Art. 15)."""
    async with house.reading(caller) as conn:
        row, sight = await look(conn, number, caller)
        seen = await _seen(conn, row, sight)
    return [_shown(each) for each in seen]


@router.get(
    "/cases/{number}/attachments/{id}",
    tags=["reading"],
    summary="下载附件 · one attachment",
    response_class=Response,
    responses={**SERVED, **documented(401, 403, 404, 410, 416, 422, 503)},
)
async def get_attachment(number: Number, id: Id, caller: CallerDep, house: HouseDep, range: Range = None) -> Response:
    """As a file to save, or a part of it."""
    async with house.reading(caller) as conn:
        row, sight = await look(conn, number, caller)
        seen = await _seen(conn, row, sight)
    return await _served(house, seen, id, range)


@router.get(
    "/tracking/{number}/attachments",
    tags=["tracking"],
    summary="附件清单 · what is attached",
    response_description=LISTED,
    responses=documented(404, 410, 422, 503),
)
async def track_attachments(number: Number, caller: RequesterDep, house: HouseDep) -> list[Attachment]:
    """What the person sent, and what came with the steps that concern the person."""
    return [_shown(each) for each in await _persons(house, number, caller)]


@router.get(
    "/tracking/{number}/attachments/{id}",
    tags=["tracking"],
    summary="下载附件 · one attachment",
    response_class=Response,
    responses={**SERVED, **documented(404, 410, 416, 422, 503)},
)
async def track_attachment(
    number: Number, id: Id, caller: RequesterDep, house: HouseDep, range: Range = None
) -> Response:
    """As a file to save, or a part of it."""
    return await _served(house, await _persons(house, number, caller), id, range)


async def _persons(house: House, number: str, caller: RequesterDep) -> list[Row]:
    async with house.reading(caller, number) as conn:
        row, sight = await look(conn, number, caller, opened=True)
        return await _seen(conn, row, sight, PUBLIC_EVENTS)


async def _seen(conn: AsyncConnection, row: Row, sight: Sight, events: Any = None) -> list[Row]:
    if not sight.reads:
        return []
    if row["disposed_at"]:
        raise destroyed()
    entries = await reading.rows_of(conn, "entries", row["number"])
    attached = await reading.rows_of(conn, "attachments", row["number"])
    seen = sight.attachments(row, entries, attached)
    return [each for each in seen if events is None or each["event"] in events]


def _shown(row: Row) -> Attachment:
    return view(Attachment, row, media=KINDS[row["kind"]].media)


async def _served(house: House, seen: Sequence[Row], id: str, asked: str | None) -> Response:
    """The content, streamed; 416 for a range beyond it. What the list does not show is a 404."""
    found = next((row for row in seen if row["id"] == id), None)
    if found is None:
        raise Problem(404, "NoSuchAttachment", "no such attachment")
    kind, length = KINDS[found["kind"]], found["length"]
    span = _span(asked, length)
    if span is None:
        return problem(416, "NoSuchRange", "no such part of it", {"Content-Range": f"bytes */{length}"})
    start, end = span
    part = {"Content-Range": f"bytes {start}-{end - 1}/{length}"} if span != (0, length) else {}
    headers = {
        **HEADERS,
        **part,
        "Content-Length": str(end - start),
        "Content-Disposition": f'attachment; filename="{id[:16]}{kind.endings[0]}"',
        "ETag": f'"{id}"',
    }
    try:
        content = await house.reception.blobs.get(found["blob"], start, end - start)
    except FileNotFoundError:
        raise Problem(404, "Missing", "the content is no longer there; `hotline verify --case` says so") from None
    return StreamingResponse(content, 206 if part else 200, headers, kind.media)


def _span(asked: str | None, length: int) -> tuple[int, int] | None:
    """From where to before where; the whole, unless one range of bytes is asked for; None: nothing is there."""
    said = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", (asked or "").strip())
    if said is None or said.groups() == ("", ""):
        return 0, length
    first, last = said.groups()
    if not first:
        start, end = max(length - int(last), 0), length
    else:
        start, end = int(first), min(int(last) + 1, length) if last else length
    if last and first and int(last) < int(first):
        return 0, length
    return (start, end) if start < end else None
