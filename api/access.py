"""Who calls: a bearer token speaks of subject, role and unit. The role never comes from the request itself.

Here: the caller, the guard of the routes, and the local issuer (`hotline token`). Which proofs are taken, `api.signin`
says. Tracking codes are derived from the number and the secret, so that none is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import TypeAdapter

from api.cookies import SESSION, cookie, same_site
from api.errors import Problem
from api.rights import NOBODY, RIGHTS, UNITS
from api.texts import Code
from domain.vocabulary import Role

ALGORITHM = "HS256"
AUDIENCE = "hotline-8890"
INVALID = "the bearer token is not valid, or has expired: get a new one"
TRACKING: dict[str, Any] = {"alias": "Tracking-Code", "min_length": 8, "max_length": 40}
"""The header with the code that intake gave the person; never in a URL (Art. 15)."""
_CODES: TypeAdapter[tuple[Code, Code | None]] = TypeAdapter(tuple[Code, Code | None])
_bearer = HTTPBearer(
    auto_error=False,
    description="a JWT of the sign-in provider, or an API key `id.secret`; on a local stack of `hotline token ROLE`",
)


@dataclass(frozen=True)
class Caller:
    """Who calls, in which role, and for which unit."""

    subject: str
    role: Role
    unit: str | None = None


def issue(secret: bytes, caller: Caller, now: datetime, lifetime: timedelta = timedelta(hours=12)) -> str:
    """A token of the local issuer; a ValueError if its subject or unit is no code."""
    _coded(caller)
    claims: dict[str, Any] = {
        "sub": caller.subject,
        "role": caller.role.value,
        "unit": caller.unit,
        "aud": AUDIENCE,
        "exp": int((now + lifetime).timestamp()),
    }
    return jwt.encode({"alg": ALGORITHM}, claims, OctKey.import_key(secret))


def _coded(caller: Caller) -> None:
    """They go into deeds, Temporal and logs, where nobody's name may stand (Art. 15): a ValueError if one is no code."""
    try:
        _CODES.validate_python((caller.subject, caller.unit))
    except ValueError:
        raise ValueError("the token's subject and unit are codes: letters, digits, `.`, `_`, `-`") from None


def unauthenticated(detail: str) -> Problem:
    """A 401; it quotes nothing of the token."""
    return Problem(401, "Unauthenticated", detail)


def fitting(caller: Caller) -> Caller:
    """The caller, whose subject and unit are codes and whose role and unit go together; otherwise a 401."""
    try:
        _coded(caller)
    except ValueError as error:
        raise unauthenticated(str(error)) from None
    if (caller.role in UNITS) != (caller.unit is not None) or caller.role in NOBODY:
        raise unauthenticated("the token's role and unit do not fit")
    return caller


class LocalIssuer:
    """Checks the tokens that `issue` makes, with the one secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = OctKey.import_key(secret)
        self._claims = jwt.JWTClaimsRegistry(
            sub={"essential": True}, exp={"essential": True}, aud={"essential": True, "value": AUDIENCE}
        )

    def caller(self, token: str) -> Caller:
        """Who the token speaks of; a bad or expired one is a 401."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            self._claims.validate(claims)
            caller = Caller(claims["sub"], Role(claims["role"]), claims.get("unit"))
        except (JoseError, ValueError, KeyError):
            raise unauthenticated(INVALID) from None
        return fitting(caller)


class Verifier(Protocol):
    """Whatever tells who a bearer token, or a session's cookie, speaks of; `api.signin`."""

    async def caller(self, token: str) -> Caller: ...

    async def seen(self, token: str) -> Caller: ...


async def _caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    sign_in: Verifier = request.app.state.sign_in
    if credentials:
        caller = await sign_in.caller(credentials.credentials)
    elif token := cookie(request, SESSION):
        same_site(request)
        caller = await sign_in.seen(token)
    else:
        raise unauthenticated("a bearer token is needed (Authorization: Bearer …), or GET /signin with a browser")
    _permit(caller, f"{request.method} {request.scope['route'].path}")
    return caller


def _permit(caller: Caller, route: str) -> None:
    """Let pass whom RIGHTS names; anybody else gets a 403 that says for whom it is."""
    if caller.role not in RIGHTS[route]:
        theirs = ", ".join(sorted(RIGHTS[route]))
        raise Problem(403, "Forbidden", f"not for the role {caller.role}; for: {theirs}")


CallerDep = Annotated[Caller, Depends(_caller)]
"""Who calls, and may use this route: a route that asks for it is guarded by RIGHTS."""


def tracking_code(secret: bytes, number: str) -> str:
    """The code that opens a case to its requester: 80 bits of an HMAC over the number."""
    digest = hmac.new(secret, f"tracking:{number}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode()


def opens(secret: bytes, number: str, code: str) -> bool:
    """Is this the case's tracking code? Compared in constant time."""
    return hmac.compare_digest(tracking_code(secret, number).encode(), code.strip().upper().encode())
