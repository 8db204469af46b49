"""Uploads: begun with a size, sent in parts that an interruption does not lose, in the manner of the IETF draft
"Resumable Uploads for HTTP" (Upload-Offset, Upload-Complete, HEAD). Two doors: staff and systems, and the requester.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass as body
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.access import Caller, CallerDep
from api.acts import Key
from api.body import PART
from api.errors import Problem, documented, problem
from api.examples import shown
from api.house import House, HouseDep
from api.texts import Line
from api.tracking import SenderDep
from domain.attachments import A_CASE, ALLOWED, LARGEST, PARTS
from domain.vocabulary import Role
from storage import uploads
from storage.uploads import LOOSE, Upload

MEDIA = "application/partial-upload"
LIMIT = f"max-size={LARGEST}, max-append-size={PART}"

NOT_TAKEN: dict[str, tuple[int, str]] = {
    "Unlike": (422, "the content is not the one whose SHA-256 was announced: begin again"),
    "NotAllowed": (415, f"no such content is taken, whatever its name; there are: {ALLOWED}"),
    "TooLarge": (422, f"the content is larger than its kind may be; there are: {ALLOWED}"),
    "Infected": (422, "the scanner found malware: the content is deleted, that it came is on record"),
    "Damaged": (422, "the picture cannot be read, moves, or has too many pixels"),
}
"""What whoever sent it is told."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Id = Annotated[str, Path(alias="upload", description="the upload's ID, as it was begun", max_length=40)]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, description="how many bytes came before these")]


@body(config=ConfigDict(extra="forbid"))
class Announced:
    """What is to come: how many bytes, their SHA-256 if it is known, and what the person calls it."""

    size: Annotated[int, Field(ge=1, le=LARGEST)]
    sha256: Sha256 | None = None
    name: Line | None = None


@dataclass(frozen=True)
class Progress:
    """An upload as it stands; once `complete`, an act may bring it."""

    upload: str
    size: int
    offset: int
    complete: bool
    kind: str | None


async def begin(given: Announced, caller: Any, house: HouseDep, response: Response, key: Key = None) -> Progress:
    """Begin an upload. It is sent in one part or several, and brought by an act within a day; then it is removed."""
    said = {"size": given.size, "announced": given.sha256, "name": given.name}
    most = A_CASE if caller.role is Role.REQUESTER else LOOSE
    async with house.once.connect() as conn:
        made = await uploads.begin(conn, caller.subject, key, house.now(), said, most)
    if made is None:
        raise Problem(422, "TooMany", f"{most} uploads of yours wait already: let acts bring them")
    if (made.size, made.announced) != (given.size, given.sha256):
        raise Problem(422, "KeyReused", "this Idempotency-Key was used with another content: take another")
    response.headers["Upload-Limit"] = LIMIT
    return _told(made, response)


async def stand(upload: Id, caller: Any, house: HouseDep, response: Response) -> None:
    """How far it has come: `Upload-Offset`, and in `Upload-Complete` whether it is whole."""
    _told(await _found(house, upload, caller), response)


async def send(
    upload: Id, caller: Any, house: HouseDep, request: Request, response: Response, offset: Offset
) -> Progress | Response:
    """Send the next part. After an interruption HEAD says where to go on; nothing at the end tries the end again."""
    if request.headers.get("content-type") != MEDIA:
        raise Problem(415, "UnsupportedMediaType", f"a part comes as {MEDIA}")
    found = await _found(house, upload, caller)
    if offset == found.taken:
        content = await _content(request, response)
        if offset + len(content) > found.size:
            raise Problem(422, "TooLong", "more bytes than were announced")
        if found.state == "whole":
            return _told(found, response)
        if len(found.parts) >= PARTS:
            raise Problem(
                422, "TooManyParts", f"an upload comes in {PARTS} parts at most: begin again, with larger ones"
            )
        if taken := await house.reception.take(found, offset, content):
            return _told(taken, response)
        found = await _found(house, upload, caller)
    headers = {"Upload-Offset": str(found.taken)}
    return problem(409, "OffsetMismatch", "go on from `Upload-Offset`", headers)


async def _content(request: Request, response: Response) -> bytes:
    """What came of the part: one that is interrupted or falls silent is kept as far as it came. `BodyLimit` bounds it."""
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
    except ClientDisconnect:
        pass
    except HTTPException as silent:
        if silent.status_code != 408:
            raise
        response.headers["Connection"] = "close"
    return bytes(content)


async def _found(house: House, upload: str, caller: Caller) -> Upload:
    async with house.once.connect() as conn:
        found = await uploads.find(conn, upload, caller.subject)
    if found is None:
        raise Problem(404, "NoSuchUpload", "no such upload of yours; one that no act brings is removed after a day")
    return found


def _told(found: Upload, response: Response) -> Progress:
    """The upload, in body and headers; a Problem if it was not taken."""
    if found.refusal:
        status, detail = NOT_TAKEN[found.refusal]
        raise Problem(status, found.refusal, detail)
    complete = found.state == "whole"
    response.headers["Upload-Offset"] = str(found.taken)
    response.headers["Upload-Complete"] = "?1" if complete else "?0"
    return Progress(found.upload, found.size, found.taken, complete, found.kind)


BYTES = {"schema": {"type": "string", "format": "binary"}, "example": "the next bytes"}
SENT = {"requestBody": {"required": True, "content": {MEDIA: BYTES}}}
HEADERS = {
    name: {"description": what, "schema": {"type": "string"}}
    for name, what in (("Upload-Offset", "how many bytes have come"), ("Upload-Complete", "?1: whole; ?0: not yet"))
}
ROUTES: tuple[tuple[str, str, Callable[..., Any], int, str, str, dict[str, Any]], ...] = (
    ("POST", "", begin, 201, "开始上传 · begin an upload", "Begun.", shown({"size": 48213, "name": "样例照片"})),
    ("HEAD", "/{upload}", stand, 204, "上传进度 · how far an upload has come", "So far.", {}),
    ("PATCH", "/{upload}", send, 200, "续传 · send the next part", "Kept; the last part: recognised and taken.", SENT),
)
REFUSALS = {"POST": (413, 422, 503), "HEAD": (404, 422, 503), "PATCH": (404, 409, 413, 415, 422, 503)}


def _door(prefix: str, tag: str, who: Any, *more: int) -> APIRouter:
    """The three routes, for whoever `who` lets in."""
    door = APIRouter(prefix=prefix, tags=[tag])
    for method, path, do, status, summary, meaning, extra in ROUTES:
        door.add_api_route(
            path,
            _for(do, who),
            methods=[method],
            name=f"{tag}_{do.__name__}",
            status_code=status,
            summary=summary,
            response_description=meaning,
            response_model=Progress if status != 204 else None,
            responses={status: {"headers": HEADERS}, **documented(*sorted({*more, *REFUSALS[method]}))},
            openapi_extra=extra,
        )
    return door


def _for(do: Callable[..., Any], who: Any) -> Callable[..., Any]:
    """The same endpoint, with this dependency as its caller."""

    async def endpoint(*given: Any, **named: Any) -> Any:
        return await do(*given, **named)

    found = signature(do, eval_str=True)
    own = [each.replace(annotation=who) if each.name == "caller" else each for each in found.parameters.values()]
    endpoint.__signature__ = found.replace(parameters=own)  # type: ignore[attr-defined]
    endpoint.__doc__ = do.__doc__
    return endpoint


router = APIRouter()
router.include_router(_door("/uploads", "uploads", CallerDep, 401, 403))
router.include_router(_door("/tracking/{number}/uploads", "tracking", SenderDep, 404, 410))
