"""STATUS_OF: how a refusal becomes HTTP; every error is RFC 9457 problem+json and quotes nobody's words (Art. 15)."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from obstore.exceptions import BaseError
from pydantic import TypeAdapter
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.fields import describe
from api.samples import sample
from domain.refusals import Lacking, MovedOn, NotPermitted, NotYours, OwnCause, Refusal, TooLate, Unknown
from domain.vocabulary import Act
from storage.scanner import ScannerAway

STATUS_OF: dict[type[Refusal], int] = {
    NotPermitted: 409,
    TooLate: 409,
    OwnCause: 409,
    NotYours: 403,
    MovedOn: 412,
    Lacking: 422,
    Unknown: 422,
}

MEANING: dict[int, str] = {
    401: "No valid token.",
    403: "Not for this role, or the case is in other hands.",
    404: "No such case, or none that the caller may see.",
    408: "The body did not come in time; nothing of it is stored.",
    409: "Refused: the case stands elsewhere (`allowed` says what may be done), or it is too late. Names the provision.",
    410: "The words of this case were destroyed (销毁); what stays is codes, hashes and the register.",
    412: "Somebody acted since the version that `If-Match` names.",
    413: "The body is too large.",
    415: "No such content is taken; the kinds that are taken are named.",
    416: "No byte of what was asked for is there.",
    422: "Something is missing or does not fit. Never quotes what was sent.",
    429: "Too many requests, or too many wrong codes from this address; `Retry-After` says when again.",
    503: "The file of record, or what is beside it, cannot be reached; the request may be repeated.",
}
"""What an error's status says, in OpenAPI."""

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No room for a file, where an upload is put together."""
JSON = "a JSON object in UTF-8 is wanted, with Content-Type: application/json"
"""What is said of a body that is none."""


@dataclass(frozen=True)
class Wrong:
    """One thing that does not fit: where, and what is wrong with it."""

    at: str
    what: str


@dataclass(frozen=True)
class Details:
    """An error (RFC 9457): `title` is its kind; `provision` the one that refuses, where it is no rule of the house."""

    type: str
    title: str
    status: int
    detail: str
    provision: str | None = None
    provision_zh: str | None = None
    errors: tuple[Wrong, ...] | None = None
    allowed: tuple[Act, ...] | None = None


class NotNow(Exception):
    """A refusal by where the case stands, with the acts that the same role may do instead."""

    def __init__(self, refusal: NotPermitted, allowed: list[Act]) -> None:
        super().__init__(refusal.detail)
        self.refusal, self.allowed = refusal, allowed


class Problem(Exception):
    """An error of the API itself, with its HTTP status."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail


def destroyed() -> Problem:
    """A 410: the words that were asked for, or that an act would add to, are no longer kept."""
    return Problem(410, "Destroyed", "the words of this case were destroyed: the register says when, and by which list")


def problem(status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """`type` names the kind, `provision` the article that refuses (with its text), where there is one."""
    usual = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status, {})
    body = {"type": f"urn:hotline:{kind}", "title": kind, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, usual | (headers or {}), media_type=MEDIA_TYPE)


def refused(refusal: Refusal, **more: Any) -> JSONResponse:
    """A refusal as a response; a rule of the house has no provision."""
    basis = refusal.basis
    provision: dict[str, Any] = {"provision": str(basis), "provision_zh": basis.zh()} if basis else {}
    return problem(STATUS_OF[type(refusal)], refusal.kind, refusal.detail, **provision, **more)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route documents for these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    more = (408, 429) if 413 in statuses else (429,)
    return {status: {"description": MEANING[status], "content": content} for status in sorted({*statuses, *more})}


async def _refusal(_: Request, refusal: Any) -> Response:
    return refused(refusal)


async def _not_now(_: Request, found: Any) -> Response:
    return refused(found.refusal, allowed=found.allowed)


async def _problem(_: Request, found: Any) -> Response:
    return problem(found.status, found.kind, found.detail)


async def _invalid(request: Request, error: Any) -> Response:
    return _unfit([_wrong(found, request) for found in error.errors()[:MOST_ERRORS]])


async def _http(_: Request, error: Any) -> Response:
    if error.status_code == HTTPStatus.BAD_REQUEST:  # a body that is no JSON, or in no known encoding
        return _unfit([{"at": "body", "what": f"cannot be read: {JSON}"}])
    status = HTTPStatus(error.status_code)
    kind = status.phrase.title().replace(" ", "")
    detail = "no such path; /docs lists them" if status is HTTPStatus.NOT_FOUND else status.description or status.phrase
    return problem(status, kind, detail, dict(error.headers or {}))


async def _unstorable(_: Request, __: Any) -> Response:
    """A NUL in a path or a query: no row can hold it."""
    return _unfit([{"at": "request", "what": "holds a value that cannot be on record"}])


async def _unreachable(_: Request, __: Any) -> Response:
    return problem(503, "Unavailable", "the file of record cannot be reached; the request may be repeated")


async def _beside(_: Request, __: Any) -> Response:
    return problem(503, "Unavailable", "the store of attachments, or its scanner, cannot be reached; try again")


async def _database(request: Request, error: Any) -> Response:
    if error.connection_invalidated:
        return await _unreachable(request, error)
    raise error


async def _full(request: Request, error: Any) -> Response:
    if error.errno in FULL:
        return await _beside(request, error)
    raise error


async def _broken(_: Request, __: Any) -> Response:
    return problem(500, "Broken", "an error of ours; it is in the log")


HANDLERS: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
    Refusal: _refusal,
    NotNow: _not_now,
    Problem: _problem,
    RequestValidationError: _invalid,
    HTTPException: _http,
    DataError: _unstorable,
    OperationalError: _unreachable,
    InterfaceError: _unreachable,
    PoolTimeout: _unreachable,
    DBAPIError: _database,
    BaseError: _beside,
    ScannerAway: _beside,
    OSError: _full,
    Exception: _broken,
}
"""Every error of the application ends as problem+json."""


def install(app: FastAPI) -> None:
    """Let errors end as problem+json, and OpenAPI say so."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.openapi = lambda: _with_problem(app)  # type: ignore[method-assign]


def _unfit(wrong: list[dict[str, str]]) -> JSONResponse:
    return problem(422, "Invalid", "the request does not fit its description", errors=wrong)


def _wrong(found: dict[str, Any], request: Request) -> dict[str, str]:
    """Where and what, never the input: it may be a person's words. The name of an unknown field is input too."""
    place, kind, what = list(map(str, found["loc"])), found["type"], found["msg"]
    if kind == "json_invalid":
        place, what = ["body"], f"no JSON, from character {found['loc'][1] + 1} on: {JSON}"
    elif place == ["body"]:
        what = JSON
    elif kind == "unexpected_keyword_argument":
        shape = request.scope["route"].body_field.field_info.annotation
        place[-1], what = "?", f"no such field; there are: {', '.join(field.name for field in fields(shape))}"
    elif kind == "value_error":
        what = "does not fit"
    return {"at": ".".join(place), "what": what}


def _with_problem(app: FastAPI) -> dict[str, Any]:
    """FastAPI's own description, the schema that `documented` refers to, and what each field means."""
    if app.openapi_schema is None:
        spec = FastAPI.openapi(app)
        schemas = spec.setdefault("components", {}).setdefault("schemas", {})
        own = TypeAdapter(Details).json_schema(ref_template="#/components/schemas/{model}")
        schemas |= own.pop("$defs", {}) | {"Problem": own | {"title": "Problem"}}
        describe(spec)
        sample(spec)
    assert app.openapi_schema is not None
    return app.openapi_schema
