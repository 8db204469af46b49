"""STATUS_OF: how a refusal becomes HTTP; every error is RFC 9457 problem+json and quotes nobody's words (Art. 15)."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from domain.refusals import Lacking, NotPermitted, NotYours, OwnCause, Refusal, TooLate, Unknown

STATUS_OF: dict[type[Refusal], int] = {
    NotPermitted: 409,
    TooLate: 409,
    OwnCause: 409,
    NotYours: 403,
    Lacking: 422,
    Unknown: 422,
}


class Problem(Exception):
    """An error of the API itself, with its HTTP status."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail, self.more = status, kind, detail, more


def problem(status: int, kind: str, detail: str, **more: Any) -> JSONResponse:
    """`type` names the kind, `provision` the article that refuses (with its text), where there is one."""
    headers = {"Retry-After": "5"} if status == 503 else None
    body = {"type": f"urn:hotline:{kind}", "title": kind, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def refused(refusal: Refusal, **more: Any) -> JSONResponse:
    """A refusal as a response; a rule of the house has no provision."""
    if refusal.basis:
        more |= {"provision": str(refusal.basis), "provision_zh": refusal.basis.zh()}
    return problem(STATUS_OF[type(refusal)], refusal.kind, refusal.detail, **more)


def install(app: FastAPI) -> None:
    """Let every error of the application end as problem+json."""

    @app.exception_handler(Refusal)
    async def _refusal(_: Request, refusal: Refusal) -> JSONResponse:
        return refused(refusal)

    @app.exception_handler(Problem)
    async def _problem(_: Request, found: Problem) -> JSONResponse:
        return problem(found.status, found.kind, found.detail, **found.more)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # Where and what, never the input: it may be a person's words.
        wrong = [{"at": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
        return problem(422, "Invalid", "the request does not fit its description", errors=wrong)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "Http", str(error.detail))

    async def _database(_: Request, error: Exception) -> JSONResponse:
        return problem(503, "Unavailable", "the file of record cannot be reached; the request may be repeated")

    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, _database)

    @app.exception_handler(DBAPIError)
    async def _broken(_: Request, error: DBAPIError) -> JSONResponse:
        if error.connection_invalidated:
            return await _database(_, error)
        raise error
