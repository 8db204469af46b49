"""Signing in by a provider: its JWTs, checked with the keys that it publishes (OpenID Connect discovery, RFC 7517).

Its keys are kept. They are fetched again when a token names one that is not among them, or when they are an hour old,
so that a key that was withdrawn ends; but not more often than every `oidc.refresh_seconds`, whatever is sent. While the
provider cannot be reached, the last known keys go on; if none was ever known, that is a 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from api.access import INVALID, Caller, fitting, unauthenticated
from api.errors import Problem
from domain.vocabulary import Role
from settings import Oidc

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures that only the holder of a private key can make."""
WRONG = (JoseError, ValueError, KeyError, TypeError, AttributeError)
"""What comes of a token, or of a provider's document, that is not what it should be."""
OLD = 3600.0
"""Seconds after which the keys are fetched again though nobody missed one."""
LEEWAY = 30
"""Seconds by which the provider's clock may differ from ours."""
PATIENCE = 5.0
"""Seconds until a provider that does not answer is given up."""


class Provider:
    """One issuer, and what is known of its keys. `clock`: seconds of a clock that never goes back."""

    def __init__(self, oidc: Oidc, http: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._oidc, self._http, self._clock = oidc, http, clock
        self._keys: dict[str, Key] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._document: dict[str, Any] = {}
        self._fetching = asyncio.Lock()

    async def caller(self, token: str) -> Caller:
        """Who the token speaks of, by the claims that the settings name; a bad or expired one is a 401."""
        return await self._named(token, aud=self._oidc.audience)

    @property
    def for_browsers(self) -> bool:
        """Whether the house is registered there as a client of its own."""
        return self._oidc.client_secret is not None

    async def authorization(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser signs in (RFC 6749, 7636); a 503 if the provider was never reached."""
        endpoint = await self._endpoint("authorization_endpoint")
        async with self._client(back) as client:
            there, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        return str(there)

    async def exchanged(self, back: str, code: str, nonce: str, verifier: str) -> Caller:
        """Whom the code speaks of; a 401 if the provider does not take it, or it was given for another sign-in."""
        endpoint = await self._endpoint("token_endpoint")
        try:
            async with self._client(back) as client:
                told = await client.fetch_token(endpoint, code=code, code_verifier=verifier)
        except (OAuthError, ValueError):
            raise unauthenticated("the provider does not take this sign-in: begin again at GET /signin") from None
        except httpx.HTTPError:
            raise away() from None
        return await self._named(str(told.get("id_token")), aud=self._oidc.client_id, nonce=nonce)

    def _client(self, back: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._oidc.client_id,
            (self._oidc.client_secret or b"").decode(),
            token_endpoint_auth_method="client_secret_basic",
            scope="openid",
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=PATIENCE,
        )

    async def _endpoint(self, name: str) -> str:
        if self._fetched is None:
            await self._refresh(None)
        if name not in self._document:
            raise away()
        return str(self._document[name])

    async def _named(self, token: str, **must: str) -> Caller:
        try:
            key = await self._key(header(token).get("kid"))
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
            self._registry(must).validate(claims)
            role = Role(claims[self._oidc.role_claim])
            caller = Caller(claims["sub"], role, claims.get(self._oidc.unit_claim) or None)
        except WRONG:
            raise unauthenticated(INVALID) from None
        return fitting(caller)

    def _registry(self, must: Mapping[str, str]) -> jwt.JWTClaimsRegistry:
        named: dict[str, Any] = {name: {"essential": True, "value": value} for name, value in must.items()}
        needed: dict[str, Any] = {name: {"essential": True} for name in ("sub", "exp")}
        return jwt.JWTClaimsRegistry(
            leeway=LEEWAY, iss={"essential": True, "value": self._oidc.issuer}, **named, **needed
        )

    async def _key(self, kid: str | None) -> Key:
        """The key of this ID; a KeyError if the provider has none, a 503 if it was never reached."""
        if not self._has(kid) or self._aged():
            await self._refresh(kid)
        if self._fetched is None:
            raise away()
        return next(iter(self._keys.values())) if kid is None and len(self._keys) == 1 else self._keys[str(kid)]

    def _has(self, kid: str | None) -> bool:
        """A token may leave out the ID while only one key is published (OpenID Connect Core, 10.1)."""
        return len(self._keys) == 1 if kid is None else kid in self._keys

    async def _refresh(self, kid: str | None) -> None:
        """Fetch the keys, one caller at a time; who only finds them old does not wait for another."""
        if self._has(kid) and self._fetching.locked():
            return
        async with self._fetching:
            if (self._has(kid) and not self._aged()) or not self._may_try():
                return
            self._tried = self._clock()
            try:
                found = await self._fetch()
            except (httpx.HTTPError, *WRONG):
                return  # the last known keys go on
            self._keys, self._fetched = found, self._clock()

    def _aged(self) -> bool:
        return self._fetched is not None and self._clock() - self._fetched >= OLD

    def _may_try(self) -> bool:
        return self._tried is None or self._clock() - self._tried >= self._oidc.refresh_seconds

    async def _fetch(self) -> dict[str, Key]:
        """The keys for signatures by their IDs; a ValueError if the document is another issuer's."""
        where = await self._get(f"{self._oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
        if where["issuer"] != self._oidc.issuer:
            raise ValueError("the discovery document is another issuer's")
        self._document = where
        published = await self._get(where["jwks_uri"])
        signing = [key for key in published["keys"] if key.get("use", "sig") == "sig" and key["kty"] != "oct"]
        return {key.kid or "": key for key in KeySet.import_key_set({"keys": signing})}

    async def _get(self, url: str) -> dict[str, Any]:
        answer = (await self._http.get(url, timeout=PATIENCE)).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def away() -> Problem:
    return Problem(503, "Unavailable", "the sign-in provider cannot be reached; the request may be repeated")


def header(token: str) -> dict[str, Any]:
    """What the token says of itself, not checked; one of WRONG if it says nothing."""
    return dict(jws.extract_compact(token.encode()).headers())
