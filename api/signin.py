"""SignIn: which proof a bearer token is, and so who checks it: an API key, a token of the provider, or a local one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from api.access import ALGORITHM, INVALID, Caller, LocalIssuer, fitting, unauthenticated
from api.keys import KEY, Keys
from api.oidc import WRONG, Provider, header
from domain.vocabulary import Role
from settings import Settings
from storage import keys, sessions

NOBODY_COULD = "HOTLINE_MODE=production, and nobody could sign in: set HOTLINE_OIDC_ISSUER, or `hotline key create`"


@dataclass(frozen=True)
class SignIn:
    """The ways in that are open here."""

    keys: Keys
    provider: Provider | None
    local: LocalIssuer | None
    """None in production: there it is closed."""
    once: AsyncEngine
    now: Callable[[], datetime]

    async def caller(self, token: str) -> Caller:
        """Who calls; a 401 if the token proves nobody. Which algorithm it names only decides who checks it."""
        if KEY.fullmatch(token):
            return await self.keys.caller(token)
        try:
            algorithm = header(token)["alg"]
        except WRONG:
            raise unauthenticated(INVALID) from None
        if self.local and algorithm == ALGORITHM:
            return self.local.caller(token)
        if self.provider and algorithm != ALGORITHM:
            return await self.provider.caller(token)
        raise unauthenticated(INVALID)

    async def seen(self, token: str) -> Caller:
        """Who signed in with this browser; a 401 once the session ended. The role still has to fit."""
        async with self.once.connect() as conn:
            found = await sessions.see(conn, token, self.now())
        if found is None:
            raise unauthenticated("this session has ended: GET /signin")
        return fitting(Caller(found.subject, Role(found.role), found.unit))


async def open_sign_in(
    settings: Settings, once: AsyncEngine, http: httpx.AsyncClient, now: Callable[[], datetime]
) -> SignIn:
    """The ways in by the settings; a RuntimeError in production if there is no provider and no key lives."""
    provider = Provider(settings.oidc, http, time.monotonic) if settings.oidc else None
    if settings.production and provider is None:
        async with once.connect() as conn:
            if not await keys.any_live(conn, now()):
                raise RuntimeError(NOBODY_COULD)
    return SignIn(Keys(once, now), provider, None if settings.production else LocalIssuer(settings.secret), once, now)
