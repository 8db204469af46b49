"""How often one may ask, and be wrong: through the real API with small limits; when it opens again, with a clock of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from limits import parse
from starlette.types import Receive, Scope, Send
from temporalio.testing import WorkflowEnvironment

from api.throttle import Throttle
from domain.vocabulary import Role
from settings import LIMITS, limits
from tests.line import serve, settings_for, token

SMALL = {"address": "40/minute", "key": "4/minute", "code": "3/minute", "wrong": "2/15 minutes"}
AGENT = token(Role.AGENT)


@pytest.fixture
async def http(database: str, temporal: WorkflowEnvironment) -> AsyncIterator[httpx.AsyncClient]:
    narrow = replace(
        settings_for(database, "nobody-works-here"), limits={name: parse(told) for name, told in SMALL.items()}
    )
    async with serve(narrow, temporal.client, [timedelta(0)]) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def statuses(http: httpx.AsyncClient, path: str, headers: dict[str, str], times: int) -> list[int]:
    return [(await http.get(path, headers=headers)).status_code for _ in range(times)]


async def test_a_key_asks_so_often_and_another_is_not_hindered(http: httpx.AsyncClient) -> None:
    assert await statuses(http, "/units", AGENT, 5) == [200] * 4 + [429]
    refused = await http.post("/cases", headers=AGENT, json={"title": "样例", "text": "样例。"})
    assert (refused.status_code, refused.json()["title"]) == (429, "TooManyRequests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["content-type"] == "application/problem+json"
    assert await statuses(http, "/units", token(Role.SUPERVISOR), 1) == [200]
    assert (await http.get("/cases", headers=token(Role.SUPERVISOR))).json()["items"] == []


async def test_an_address_asks_so_often_whatever_it_brings(http: httpx.AsyncClient) -> None:
    answers = [await statuses(http, "/units", token(Role.AGENT, subject=f"agent-{n}"), 1) for n in range(41)]
    assert [status for [status] in answers] == [200] * 40 + [429]
    assert await statuses(http, "/health", {}, 3) == [200] * 3


async def test_who_guesses_codes_is_locked_out_and_does_not_learn_that_one_is_right(http: httpx.AsyncClient) -> None:
    made = (await http.post("/cases", headers=AGENT, json={"title": "样例", "text": "样例。"})).json()
    path, right = f"/tracking/{made['number']}", {"Tracking-Code": made["tracking_code"]}
    assert await statuses(http, path, right, 1) == [200]
    assert await statuses(http, path, {"Tracking-Code": "AAAAAAAAAAAAAAAA"}, 1) == [404]
    assert await statuses(http, "/tracking/TJ20010101000001", right, 2) == [404, 429]
    locked = await http.get(path, headers=right)
    assert locked.status_code == 429
    assert 60 < int(locked.headers["retry-after"]) <= 900


async def test_who_guesses_keys_is_locked_out(http: httpx.AsyncClient) -> None:
    wrong = {"Authorization": "Bearer id.0123456789"}
    assert await statuses(http, "/units", wrong, 3) == [401, 401, 429]
    assert await statuses(http, "/units", AGENT, 1) == [429]


async def test_wrong_codes_at_a_channels_page_do_not_stop_its_intake(http: httpx.AsyncClient) -> None:  # Art. 9 ¶1
    """Everybody at the page comes from the channel's one address."""
    channel = token(Role.CHANNEL)
    wrong = channel | {"Tracking-Code": "AAAAAAAAAAAAAAAA"}
    for status in (404, 404, 429):
        answer = await http.post("/cases/TJ20010101000001/urge", headers=wrong, json={})
        assert answer.status_code == status
    taken = await http.post("/cases", headers=channel, json={"title": "样例", "text": "样例。"})
    assert taken.status_code == 201


async def test_a_code_opens_its_case_so_often(http: httpx.AsyncClient) -> None:
    made = (await http.post("/cases", headers=AGENT, json={"title": "样例", "text": "样例。"})).json()
    path, right = f"/tracking/{made['number']}", {"Tracking-Code": made["tracking_code"]}
    assert await statuses(http, path, right, 4) == [200] * 3 + [429]


async def test_a_code_or_key_counts_however_it_is_written(http: httpx.AsyncClient) -> None:
    made = (await http.post("/cases", headers=AGENT, json={"title": "样例", "text": "样例。"})).json()
    code = made["tracking_code"]
    spelt = [code, code.lower(), code.title(), code.swapcase()]
    asked = [await statuses(http, f"/tracking/{made['number']}", {"Tracking-Code": each}, 1) for each in spelt]
    assert asked == [[200]] * 3 + [[429]]
    scheme, proof = token(Role.AUDITOR)["Authorization"].split(" ")
    written = [f"{each} {proof}" for each in (scheme, scheme.upper(), scheme.lower(), "bEaReR", "BeArEr")]
    asked = [await statuses(http, "/units", {"Authorization": each}, 1) for each in written]
    assert asked == [[200]] * 4 + [[429]]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
async def test_one_subscriber_is_one_address(one: str, other: str, same: bool) -> None:
    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guarded = Throttle(nothing, {name: parse(told) for name, told in SMALL.items()})

    async def wrong(address: str) -> int:
        way = httpx.ASGITransport(guarded, client=(address, 1))
        async with httpx.AsyncClient(transport=way, base_url="http://hotline.example") as client:
            return (await client.get("/", headers={"Tracking-Code": "WRONGCODE"})).status_code

    assert [await wrong(one), await wrong(one)] == [404, 404]
    assert await wrong(other) == (429 if same else 404)


async def test_it_opens_again_and_a_stranger_locks_nobody_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route that knows one code, asked from two addresses; the library's clock is ours."""
    clock = [1_000_000.0]
    monkeypatch.setattr("time.time", lambda: clock[0])

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        right = (b"tracking-code", b"RIGHT") in scope["headers"]
        await send({"type": "http.response.start", "status": 200 if right else 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guarded = Throttle(route, {name: parse(told) for name, told in SMALL.items()})

    async def asked(address: str, code: str) -> int:
        way = httpx.ASGITransport(guarded, client=(address, 1))
        async with httpx.AsyncClient(transport=way, base_url="http://hotline.example") as client:
            return (await client.get("/tracking/TJ1", headers={"Tracking-Code": code})).status_code

    assert [await asked("192.0.2.1", code) for code in ("A", "B", "RIGHT")] == [404, 404, 429]
    assert await asked("192.0.2.2", "RIGHT") == 200
    clock[0] += 2 * 15 * 60
    assert await asked("192.0.2.1", "RIGHT") == 200


def test_the_environment_says_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOTLINE_LIMITS", *(f"HOTLINE_LIMIT_{name.upper()}" for name in LIMITS)):
        monkeypatch.delenv(name, raising=False)
    assert limits() == {name: parse(usual) for name, usual in LIMITS.items()}
    monkeypatch.setenv("HOTLINE_LIMIT_KEY", "7/hour")
    assert (limits() or {})["key"] == parse("7/hour")
    monkeypatch.setenv("HOTLINE_LIMIT_KEY", "many")
    with pytest.raises(ValueError, match="HOTLINE_LIMIT_KEY"):
        limits()
    monkeypatch.setenv("HOTLINE_LIMITS", "off")
    assert limits() is None
