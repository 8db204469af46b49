"""SignIn: which proof a bearer token is, and so who checks it: an API key, or a token of an issuer."""

from __future__ import annotations

from dataclasses import dataclass

from api.access import Caller, LocalIssuer
from api.keys import KEY, Keys


@dataclass(frozen=True)
class SignIn:
    """The ways in that are open here."""

    keys: Keys
    local: LocalIssuer

    async def caller(self, token: str) -> Caller:
        """Who calls; a 401 if the token proves nobody."""
        if KEY.fullmatch(token):
            return await self.keys.caller(token)
        return self.local.caller(token)
