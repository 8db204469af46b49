"""Signing in with a browser: authorization code with PKCE at the provider, then a cookie (decision 0018; OpenID Connect).

What the flow must remember (state, nonce, verifier) is in a cookie of ten minutes that only this house can open. The
session's cookie is a random token, known to the house by its hash; it says nothing of anybody.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import CallerDep, unauthenticated
from api.cookies import SESSION, cookie, drop, keep
from api.errors import Problem, documented
from api.house import House, HouseDep
from api.oidc import Provider
from domain.vocabulary import Role
from storage import sessions
from storage.sealing import Unreadable, opened, sealed

FLOW = "hotline-signin"
LASTS = 600
"""Seconds that somebody may take to sign in at the provider."""
ABOUT = "signin/flow"

router = APIRouter(tags=["sign-in"])


@dataclass(frozen=True)
class Myself:
    """Who is signed in: codes, no name."""

    subject: str
    role: Role
    unit: str | None


def _provider(request: Request, house: HouseDep) -> Provider:
    provider: Provider | None = request.app.state.sign_in.provider
    if provider is None or not provider.for_browsers:
        raise Problem(404, "NoSignIn", "signing in with a browser is not set up here: bring a bearer token")
    if house.settings.production and request.url.scheme != "https":
        raise Problem(
            403, "NotSecure", "a browser signs in over TLS; a proxy that ends it is told by FORWARDED_ALLOW_IPS"
        )
    return provider


ProviderDep = Annotated[Provider, Depends(_provider)]


@router.get(
    "/signin",
    status_code=302,
    response_class=RedirectResponse,
    summary="登录 · sign in with a browser",
    response_description="To the provider.",
    responses=documented(403, 404, 422, 503),
)
async def get_signin(
    request: Request,
    house: HouseDep,
    provider: ProviderDep,
    next: Annotated[str, Query(pattern=r"^/([!-.0-\[\]-~][ -~]{0,200})?$", description="a path of this house")] = "/me",
) -> Response:
    """To the provider, and from there to `next`."""
    flow: dict[str, Any] = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    flow |= {"next": next, "until": int(time.time()) + LASTS}
    there = await provider.authorization(_back(request), flow["state"], flow["nonce"], flow["verifier"])
    answer = RedirectResponse(there, 302)
    keep(request, answer, FLOW, sealed(_key(house), json.dumps(flow).encode(), ABOUT), LASTS)
    return answer


@router.get(
    "/signin/callback",
    status_code=302,
    response_class=RedirectResponse,
    summary="登录返回 · back from the provider",
    response_description="Signed in: to where the sign-in was asked for.",
    responses=documented(401, 403, 404, 422, 503),
)
async def get_callback(
    request: Request,
    house: HouseDep,
    provider: ProviderDep,
    state: Annotated[str, Query(description="what this sign-in was begun with")] = "",
    code: Annotated[str, Query(description="by which the provider says who it is; none if nobody signed in")] = "",
) -> Response:
    """The provider's code is exchanged for who it is; a code that this browser did not ask for is a 401."""
    flow = _flow(request, house, state)
    if not code:
        raise unauthenticated("the provider signed nobody in: begin again at GET /signin")
    caller = await provider.exchanged(_back(request), code, flow["nonce"], flow["verifier"])
    async with house.once.connect() as conn:
        if former := cookie(request, SESSION):
            await sessions.end(conn, former, house.now())
        token = await sessions.begin(conn, caller.subject, caller.role, caller.unit, house.now())
    answer = RedirectResponse(flow["next"], 302)
    keep(request, answer, SESSION, token, int(sessions.LASTS.total_seconds()))
    drop(request, answer, FLOW)
    return answer


@router.post(
    "/signout",
    status_code=204,
    summary="退出 · sign out",
    response_description="The session is ended, here and for whoever has its cookie.",
    responses=documented(401, 403, 422, 503),
)
async def post_signout(request: Request, caller: CallerDep, house: HouseDep) -> Response:
    """The provider's own session goes on."""
    if token := cookie(request, SESSION):
        async with house.once.connect() as conn:
            await sessions.end(conn, token, house.now())
    answer = Response(status_code=204)
    drop(request, answer, SESSION)
    return answer


@router.get(
    "/me",
    summary="我 · who is signed in",
    response_description="By token, key or cookie.",
    responses=documented(401, 403, 422, 503),
)
async def get_me(caller: CallerDep) -> Myself:
    """Subject, role and unit, as the sign-in says."""
    return Myself(caller.subject, caller.role, caller.unit)


def _back(request: Request) -> str:
    return str(request.url_for("get_callback"))


def _key(house: House) -> bytes:
    return sha256(b"signin/" + house.settings.secret).digest()


def _flow(request: Request, house: House, state: str) -> dict[str, Any]:
    """What this browser's sign-in must remember; a 401 if it began none, too long ago, or another one."""
    try:
        flow: dict[str, Any] = json.loads(opened(_key(house), cookie(request, FLOW) or "", ABOUT))
    except Unreadable:
        flow = {"state": "", "until": 0}
    if not secrets.compare_digest(flow["state"].encode(), state.encode()) or flow["until"] < time.time():
        raise unauthenticated("this sign-in did not begin here, or too long ago: GET /signin")
    return flow
