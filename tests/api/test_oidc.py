"""Signing in by a provider: whose tokens are taken, how its keys change over, and what holds while it is away."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey
from temporalio.testing import WorkflowEnvironment

from api.access import Caller, issue
from api.errors import Problem
from api.oidc import OLD, Provider
from domain.vocabulary import Role
from settings import Oidc, Settings
from tests.line import SECRET, serve
from tests.provider import SampleProvider, sample_provider


@dataclass
class Knowing:
    """A provider's keys as the API knows them, by a clock that the test sets."""

    sample: SampleProvider
    http: httpx.AsyncClient
    oidc: Oidc
    now: list[float] = field(default_factory=lambda: [1000.0])

    def __post_init__(self) -> None:
        self.provider = Provider(self.oidc, self.http, lambda: self.now[0])

    async def status(self, token: str) -> int:
        """200 for a token that is taken."""
        try:
            await self.provider.caller(token)
        except Problem as found:
            return found.status
        return 200


@pytest.fixture
def sample() -> Iterator[SampleProvider]:
    with sample_provider() as provider:
        yield provider


@pytest.fixture
async def knowing(sample: SampleProvider) -> AsyncIterator[Knowing]:
    async with httpx.AsyncClient() as http:
        yield Knowing(sample, http, sample.oidc)


async def test_who_it_is_say_the_claims(knowing: Knowing) -> None:
    found = await knowing.provider.caller(knowing.sample.token(sub="u-1", role="unit_lead", unit="WATER"))
    assert found == Caller("u-1", Role.UNIT_LEAD, "WATER")
    nowhere = await knowing.provider.caller(knowing.sample.token(unit=""))  # as some providers say that there is none
    assert nowhere == Caller("agent-9", Role.AGENT)


async def test_which_claims_say_it_say_the_settings(sample: SampleProvider) -> None:
    oidc = replace(sample.oidc, role_claim="https://city.example/role", unit_claim="office")
    claims: dict[str, Any] = {"role": "auditor", "https://city.example/role": "unit", "office": "GAS", "unit": "WATER"}
    token = sample.token(**claims)
    async with httpx.AsyncClient() as http:
        assert await Knowing(sample, http, oidc).provider.caller(token) == Caller("agent-9", Role.UNIT, "GAS")


def seconds(delta: int) -> int:
    return int((datetime.now(UTC) + timedelta(seconds=delta)).timestamp())


BAD: dict[str, dict[str, Any]] = {
    "expired": {"exp": seconds(-60)},
    "not yet valid": {"nbf": seconds(600)},
    "never expires": {"exp": None},
    "another issuer's": {"iss": "http://127.0.0.1:1"},
    "of no issuer": {"iss": None},
    "for another house": {"aud": ["hotline-12345"]},
    "for nobody": {"aud": None},
    "of nobody": {"sub": None},
    "no role": {"role": None},
    "an unknown role": {"role": "mayor"},
    "several roles": {"role": ["agent", "auditor"]},
    "the workflow itself": {"role": "system"},
    "a requester": {"role": "requester"},
    "a unit without its code": {"role": "unit"},
    "an agent with a unit": {"unit": "WATER"},
    "a unit that is no code": {"role": "unit", "unit": "样例 单位"},
    "a unit that is no text": {"role": "unit", "unit": {"code": "WATER"}},
    "a name for a subject": {"sub": "张样例机密"},
}


@pytest.mark.parametrize("what", BAD)
async def test_a_token_that_does_not_fit_is_no_token(knowing: Knowing, what: str) -> None:
    assert await knowing.status(knowing.sample.token(**BAD[what])) == 401
    assert await knowing.status(knowing.sample.token()) == 200


def with_secret(token: str, secret: bytes) -> str:
    """The token as if the secret were one: HS256, which a careless reader checks with what the provider publishes."""
    kid, payload = json.loads(b64decode(token.split(".", maxsplit=1)[0] + "=="))["kid"], token.split(".")[1]
    head = urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": kid}).encode()).rstrip(b"=").decode()
    signature = hmac.new(secret, f"{head}.{payload}".encode(), hashlib.sha256).digest()
    return f"{head}.{payload}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_only_the_providers_own_keys_sign(knowing: Knowing) -> None:
    sample = knowing.sample
    strange, known = ECKey.generate_key("P-256", auto_kid=True), sample.keys[0]
    by_public_key = with_secret(sample.token(), known.as_pem(private=False))
    unsigned = sample.token().rsplit(".", 1)[0] + "."
    forged = [
        sample.token(strange),
        sample.token(strange, {"kid": known.kid}),
        sample.token(strange, {"kid": None}),
        sample.token(head={"kid": ""}),
        by_public_key,
        unsigned,
        sample.token()[:-6],
        "a.b.c",
        "W10.W10.W10",  # headers that are no object
        "IiI.e30.e30",
        "MQ.e30.e30",
    ]
    assert [await knowing.status(token) for token in forged] == [401] * len(forged)


async def test_a_token_may_leave_out_its_key_while_only_one_is_published(knowing: Knowing) -> None:
    """OpenID Connect Core, section 10.1."""
    nameless = knowing.sample.token(head={"kid": None})
    assert await knowing.status(nameless) == 200
    knowing.sample.keys.append(ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True))
    knowing.now[0] += OLD
    assert await knowing.status(nameless) == 401


async def test_which_signatures_are_taken_we_say_and_not_the_token(knowing: Knowing) -> None:
    knowing.sample.keys = [RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)]
    taken = {
        name: await knowing.status(knowing.sample.token(head={"alg": name})) for name in ("RS256", "PS256", "RS512")
    }
    assert taken == {"RS256": 200, "PS256": 200, "RS512": 401}


# -- keys that change ------------------------------------------------------------------------------------------------------


async def test_keys_are_fetched_once_and_again_when_one_is_missing(knowing: Knowing) -> None:
    first = knowing.sample.token()
    assert [await knowing.status(first) for _ in range(3)] == [200] * 3
    assert knowing.sample.fetched == 1
    knowing.sample.rotate()
    knowing.now[0] += knowing.oidc.refresh_seconds
    assert await knowing.status(knowing.sample.token()) == 200
    assert await knowing.status(first) == 200  # the former key is still published
    assert knowing.sample.fetched == 2


async def test_unknown_keys_do_not_make_it_ask_more_often_than_the_settings_say(knowing: Knowing) -> None:
    strange = knowing.sample.token(ECKey.generate_key("P-256", auto_kid=True))
    assert await knowing.status(knowing.sample.token()) == 200
    for _ in range(20):
        assert await knowing.status(strange) == 401
    assert knowing.sample.fetched == 1
    knowing.sample.rotate()
    assert await knowing.status(knowing.sample.token()) == 401  # not yet
    knowing.now[0] += knowing.oidc.refresh_seconds
    answers = await asyncio.gather(*(knowing.status(knowing.sample.token()) for _ in range(10)))
    assert (answers, knowing.sample.fetched) == ([200] * 10, 2)


async def test_a_key_that_was_withdrawn_ends_within_the_hour(knowing: Knowing) -> None:
    first = knowing.sample.token()
    assert await knowing.status(first) == 200
    knowing.sample.rotate(keep=False)
    knowing.now[0] += OLD - 1
    assert await knowing.status(first) == 200
    knowing.now[0] += 1
    assert await knowing.status(first) == 401
    assert await knowing.status(knowing.sample.token()) == 200


async def test_while_the_provider_is_away_the_last_known_keys_go_on(knowing: Knowing) -> None:
    known = knowing.sample.token()
    assert await knowing.status(known) == 200
    knowing.sample.stop()
    knowing.sample.rotate()
    for _ in range(3):
        knowing.now[0] += OLD
        assert await knowing.status(known) == 200
        assert await knowing.status(knowing.sample.token()) == 401
    knowing.sample.start()
    knowing.now[0] += knowing.oidc.refresh_seconds
    assert await knowing.status(knowing.sample.token()) == 200


async def test_a_provider_that_was_never_reached_is_a_503_until_it_is(knowing: Knowing) -> None:
    knowing.sample.stop()
    token = knowing.sample.token()
    assert [await knowing.status(token) for _ in range(2)] == [503, 503]
    knowing.sample.start()
    assert await knowing.status(token) == 503  # it is not asked more often
    knowing.now[0] += knowing.oidc.refresh_seconds
    assert await knowing.status(token) == 200


async def test_the_document_of_another_issuer_brings_no_keys(knowing: Knowing) -> None:
    knowing.sample.says = "http://127.0.0.1:1"
    assert await knowing.status(knowing.sample.token()) == 503


# -- over HTTP -------------------------------------------------------------------------------------------------------------


async def ask(url: str, token: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url) as http:
        return await http.get("/units", headers={"Authorization": f"Bearer {token}"})


async def test_an_api_with_a_provider_takes_its_tokens(
    temporal: WorkflowEnvironment, house_settings: Settings, sample: SampleProvider
) -> None:
    local = issue(SECRET, Caller("agent-1", Role.AGENT), datetime.now(UTC))
    for production, expected in ((False, 200), (True, 401)):
        settings = replace(house_settings, oidc=sample.oidc, production=production)
        async with serve(settings, temporal.client, [timedelta(0)]) as url:
            assert (await ask(url, sample.token())).status_code == 200
            assert (await ask(url, local)).status_code == expected
            refused = await ask(url, sample.token(role="mayor"))
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_provider_never_reached_is_a_problem_that_may_be_repeated(
    temporal: WorkflowEnvironment, house_settings: Settings, sample: SampleProvider
) -> None:
    sample.stop()
    async with serve(replace(house_settings, oidc=sample.oidc), temporal.client, [timedelta(0)]) as url:
        answer = await ask(url, sample.token())
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "retry-after" in answer.headers
