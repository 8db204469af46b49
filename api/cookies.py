"""Cookies of a browser that signed in: for this host only, unreadable to scripts, never sent along by another site."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.errors import Problem

SESSION = "hotline-session"
SAFE = ("GET", "HEAD", "OPTIONS")


def cookie(request: Request, name: str) -> str | None:
    """What the browser brings under this name."""
    return request.cookies.get(_named(request, name))


def keep(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(_named(request, name), value, max_age=seconds, **_kind(request))


def drop(request: Request, answer: Response, name: str) -> None:
    answer.delete_cookie(_named(request, name), **_kind(request))


def same_site(request: Request) -> None:
    """A 403 for whatever another site makes a browser send. A browser says from where; what says nothing is none."""
    if request.method in SAFE:
        return
    here = f"{request.url.scheme}://{request.url.netloc}"
    told = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if told[0] not in (None, "same-origin") or told[1] not in (None, here) or told == (None, None):
        raise Problem(403, "CrossSite", "with a cookie, only this house's own pages may act")


def _named(request: Request, name: str) -> str:
    """`__Host-` binds it to this host over TLS; plain HTTP is for a local stack."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def _kind(request: Request) -> dict[str, Any]:
    return {"path": "/", "secure": request.url.scheme == "https", "httponly": True, "samesite": "lax"}
