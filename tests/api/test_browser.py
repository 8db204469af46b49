"""Signing in with a browser, at a real provider on loopback: code with PKCE, a cookie, and nobody else's requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from temporalio.testing import WorkflowEnvironment
from typer.testing import CliRunner

from api.browser import FLOW
from api.cookies import SESSION
from cli.main import app
from domain.vocabulary import Role
from settings import Oidc
from storage.sessions import IDLE, LASTS
from tests.line import serve, settings_for, token

OWN = {"Sec-Fetch-Site": "same-origin"}
AGENT = {"role": "agent"}


@dataclass
class Browser:
    """A browser that keeps cookies, the house it visits, and the provider where somebody types their name."""

    http: httpx.AsyncClient
    provider: str
    clock: list[timedelta]

    async def to_provider(self, next: str = "/me") -> str:
        """Where the house sends the browser."""
        sent = await self.http.get("/signin", params={"next": next})
        assert sent.status_code == 302, sent.text
        return sent.headers["location"]

    async def at_provider(self, there: str, subject: str = "agent-9", action: str = "") -> str:
        """Where the provider sends it back to, once somebody signed in there or turned back."""
        async with httpx.AsyncClient() as elsewhere:
            await elsewhere.put(f"{self.provider}/users/{subject}", json=AGENT)
            sent = await elsewhere.post(there, data={"sub": subject} | ({"action": action} if action else {}))
        return sent.headers["location"]

    async def signed_in(self, subject: str = "agent-9", next: str = "/me", **claims: str) -> httpx.Response:
        """The answer to coming back."""
        back = await self.at_provider(await self.to_provider(next), subject)
        async with httpx.AsyncClient() as elsewhere:
            await elsewhere.put(f"{self.provider}/users/{subject}", json=claims or AGENT)
        return await self.http.get(back)

    async def me(self) -> int:
        return (await self.http.get("/me")).status_code


House = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def clock() -> list[timedelta]:
    return [timedelta(0)]


@pytest.fixture
def house(database: str, temporal: WorkflowEnvironment, clock: list[timedelta]) -> House:
    """A house with these settings, and a browser that visits it."""

    @asynccontextmanager
    async def opened(**changed: Any) -> AsyncIterator[httpx.AsyncClient]:
        settings = replace(settings_for(database, "nobody-works-here"), **changed)
        async with serve(settings, temporal.client, clock) as url, httpx.AsyncClient(base_url=url) as http:
            yield http

    return opened


@pytest.fixture
async def browser(house: House, clock: list[timedelta]) -> AsyncIterator[Browser]:
    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as server:
        provider = f"http://localhost:{server.server_port}"
        async with house(oidc=Oidc(provider, client_secret=b"sample")) as http:
            yield Browser(http, provider, clock)


async def test_who_signs_in_comes_back_to_where_they_were_and_is_known(browser: Browser) -> None:
    back = await browser.signed_in("u-1", "/cases?limit=1", role="unit_lead", unit="WATER")
    assert (back.status_code, back.headers["location"]) == (302, "/cases?limit=1")
    assert (await browser.http.get("/me")).json() == {"subject": "u-1", "role": "unit_lead", "unit": "WATER"}
    assert (await browser.http.get("/changes")).status_code == 403  # by the same table of rights as a token


async def test_the_code_is_asked_for_with_pkce_state_and_nonce(browser: Browser) -> None:
    asked = parse_qs(urlsplit(await browser.to_provider()).query)
    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == (["code"], ["openid"], ["S256"])
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))


async def test_the_cookies_are_not_for_scripts_nor_other_sites_and_say_nothing(browser: Browser) -> None:
    back = await browser.signed_in("agent-77")
    told = [cookie for cookie in back.headers.get_list("set-cookie") if cookie.startswith(SESSION)]
    assert [("HttpOnly" in cookie, "SameSite=lax" in cookie) for cookie in told] == [(True, True)]
    assert "agent" not in told[0]


async def test_a_code_that_this_browser_did_not_ask_for_signs_nobody_in(browser: Browser) -> None:
    back = await browser.at_provider(await browser.to_provider())
    answers = [await browser.http.get(back.replace("state=", "state=x"))]
    mine = browser.http.cookies[FLOW]
    browser.http.cookies.set(FLOW, mine[:-4] + "AAAA", domain="127.0.0.1")
    answers.append(await browser.http.get(back))
    browser.http.cookies.clear()
    answers.append(await browser.http.get(back))
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert await browser.me() == 401


async def test_a_code_serves_once(browser: Browser) -> None:
    back = await browser.at_provider(await browser.to_provider())
    flow = browser.http.cookies[FLOW]
    assert (await browser.http.get(back)).status_code == 302
    browser.http.cookies.clear()
    browser.http.cookies.set(FLOW, flow, domain="127.0.0.1")
    assert (await browser.http.get(back)).status_code == 401


async def test_who_turns_back_at_the_provider_is_not_signed_in(browser: Browser) -> None:
    back = await browser.at_provider(await browser.to_provider(), action="deny")
    assert parse_qs(urlsplit(back).query)["error"] == ["access_denied"]
    answer = await browser.http.get(back)
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthenticated")


async def test_what_a_provider_adds_to_its_answer_does_no_harm(browser: Browser) -> None:
    """RFC 6749, section 4.1.2: unrecognised parameters are ignored."""
    back = await browser.at_provider(await browser.to_provider())
    assert (await browser.http.get(f"{back}&session_state=1&iss={browser.provider}")).status_code == 302


@pytest.mark.parametrize("claims", [{"role": "emperor"}, {"role": "unit"}, {"email": "sample@example.org"}])
async def test_whose_role_is_none_or_does_not_fit_is_not_signed_in(browser: Browser, claims: dict[str, str]) -> None:
    assert (await browser.signed_in("somebody", **claims)).status_code == 401
    assert await browser.me() == 401


@pytest.mark.parametrize("next", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "me"])
async def test_the_way_back_leads_to_no_other_house(browser: Browser, next: str) -> None:
    assert (await browser.http.get("/signin", params={"next": next})).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, 201),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        (OWN | {"Origin": "https://elsewhere.example"}, 403),
    ],
)
async def test_another_sites_request_does_nothing(browser: Browser, headers: dict[str, str], status: int) -> None:
    await browser.signed_in()
    said = {"title": "样例", "text": "样例。"}
    assert (await browser.http.post("/cases", json=said, headers=headers)).status_code == status
    bearer = await browser.http.post("/cases", json=said, headers=headers | token(Role.AGENT))
    assert bearer.status_code == 201  # no browser sends a bearer by itself


async def test_who_signed_out_is_known_no_more_also_by_a_kept_cookie(browser: Browser) -> None:
    await browser.signed_in()
    kept = browser.http.cookies[SESSION]
    assert (await browser.http.post("/signout", headers=OWN)).status_code == 204
    assert SESSION not in browser.http.cookies
    browser.http.cookies.set(SESSION, kept, domain="127.0.0.1")
    assert await browser.me() == 401


async def test_an_operator_ends_the_sessions_of_one_person_and_of_nobody_else(
    browser: Browser, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.signed_in("agent-77")
    monkeypatch.setenv("DATABASE_URL", database.replace("postgresql+psycopg", "postgresql"))
    why = ("--reason", "样例理由", "--by", "admin-1")

    def ended(subject: str) -> str:
        return CliRunner().invoke(app, ["session", "end", subject, *why]).output.strip()

    assert await asyncio.to_thread(ended, "agent-78") == "0 ended"
    assert (await browser.http.get("/me")).status_code == 200
    assert await asyncio.to_thread(ended, "agent-77") == "1 ended"
    assert (await browser.http.get("/me")).status_code == 401
    told = await browser.http.get("/changes", headers=token(Role.AUDITOR))
    assert [(row["what"], row["subject"], row["detail"]) for row in told.json()["items"]] == [
        ("sessions_ended", "agent-77", {"sessions": 1}),
        ("sessions_ended", "agent-78", {"sessions": 0}),
    ]


async def test_whoever_signs_in_again_ends_the_session_before(browser: Browser) -> None:
    await browser.signed_in()
    kept = browser.http.cookies[SESSION]
    await browser.signed_in("agent-10")
    browser.http.cookies.set(SESSION, kept, domain="127.0.0.1")
    assert await browser.me() == 401


async def test_a_session_ends_idle_and_after_a_shift(browser: Browser) -> None:
    await browser.signed_in()
    browser.clock[0] += IDLE - timedelta(minutes=1)
    assert await browser.me() == 200
    browser.clock[0] += IDLE + timedelta(minutes=1)
    assert await browser.me() == 401
    await browser.signed_in()
    for _ in range(LASTS // (IDLE - timedelta(minutes=1))):
        browser.clock[0] += IDLE - timedelta(minutes=1)
        assert await browser.me() == 200
    browser.clock[0] += IDLE - timedelta(minutes=1)
    assert await browser.me() == 401


@pytest.mark.parametrize("oidc", [None, Oidc("http://127.0.0.1:1")])
async def test_without_a_provider_or_a_client_there_it_says_so(house: House, oidc: Oidc | None) -> None:
    async with house(oidc=oidc) as http:
        answer = await http.get("/signin")
        assert (answer.status_code, answer.json()["title"]) == (404, "NoSignIn")


async def test_a_provider_that_cannot_be_reached_is_a_503(house: House) -> None:
    async with house(oidc=Oidc("http://127.0.0.1:1", client_secret=b"sample")) as http:
        assert (await http.get("/signin")).status_code == 503


async def test_in_production_a_browser_signs_in_over_tls_only(browser: Browser, house: House) -> None:
    async with house(oidc=Oidc(browser.provider, client_secret=b"sample"), production=True) as http:
        refused = await http.get("/signin")
        assert (refused.status_code, refused.json()["title"]) == (403, "NotSecure")
        sent = await http.get("/signin", headers={"X-Forwarded-Proto": "https"})  # as a proxy on this machine says
        assert sent.status_code == 302
        assert parse_qs(urlsplit(sent.headers["location"]).query)["redirect_uri"][0].startswith("https://")
        kept = sent.headers["set-cookie"]
        assert kept.startswith(f"__Host-{FLOW}=")
        assert "Secure" in kept
