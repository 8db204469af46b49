"""What is counted, scraped over HTTP: right numbers, and no label but words of closed lists (Art. 15)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest
from limits import parse
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from api.app import create_app
from api.metrics import METHODS, Counted
from cli.processes import free_port
from domain.vocabulary import Role, Status
from settings import Settings, metrics
from storage.engine import make_engine
from storage.numbers import FAILED, WAITING
from tests.line import serve, settings_for, token

REQUEST = {"title": "样例路灯不亮", "text": "样例路12号门前的路灯不亮。", "phone": "19900008890"}
AGENT = token(Role.AGENT)
SMALL = {"address": "1000/minute", "key": "1000/minute", "code": "1000/minute", "wrong": "1/15 minutes"}

Key = tuple[str, frozenset[tuple[str, str]]]


class Counting:
    """An API that is counted, and what its page says."""

    def __init__(self, http: httpx.AsyncClient, page: str) -> None:
        self.http, self._page = http, page

    async def scraped(self) -> dict[Key, float]:
        async with httpx.AsyncClient() as scraper:
            told = (await scraper.get(self._page)).raise_for_status().text
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(told)
            for sample in family.samples
        }

    async def number(self, name: str, **labels: str) -> float:
        return (await self.scraped()).get((name, frozenset(labels.items())), 0.0)


@pytest.fixture
def settings(database: str) -> Settings:
    limits = {name: parse(told) for name, told in SMALL.items()}
    return replace(settings_for(database, "nobody-works-here"), limits=limits, metrics=f"127.0.0.1:{free_port()}")


@pytest.fixture
async def counting(settings: Settings, temporal: WorkflowEnvironment) -> AsyncIterator[Counting]:
    async with (
        serve(settings, temporal.client, [timedelta(0)]) as url,
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        yield Counting(http, f"http://{settings.metrics}/metrics")


async def test_requests_are_counted_by_the_route_as_it_is_documented(counting: Counting) -> None:
    asked = {"method": "GET", "route": "/cases/{number}"}
    before = await counting.number("hotline_requests_total", **asked, status="200")
    made = (await counting.http.post("/cases", headers=AGENT, json=REQUEST)).json()
    for _ in range(3):
        assert (await counting.http.get(f"/cases/{made['number']}", headers=AGENT)).status_code == 200
    assert await counting.number("hotline_requests_total", **asked, status="200") == before + 3
    assert await counting.number("hotline_request_seconds_count", **asked) >= 3
    assert await counting.number("hotline_requests_in_hand") == 0
    assert await counting.number("hotline_requests_total", method="POST", route="/cases", status="201") >= 1


async def test_what_nobody_knows_is_one_word_whatever_it_is_called(counting: Counting) -> None:
    nowhere = {"route": "none", "status": "404"}
    before = await counting.number("hotline_requests_total", method="GET", **nowhere)
    for path in ("/哨兵某某", "/cases/TJ1/19900008890", "/cases/"):
        await counting.http.get(path)
    await counting.http.request("PROPFIND", "/cases")
    counted = await counting.scraped()
    assert counted[("hotline_requests_total", frozenset({"method": "GET", **nowhere}.items()))] >= before + 2
    assert not [name for name in counted if "19900008890" in str(name) or "哨兵" in str(name)]
    assert any(("method", "other") in labels for _, labels in counted)


async def test_who_is_refused_before_the_route_is_counted_by_the_limit(counting: Counting) -> None:
    before = await counting.number("hotline_refused_total", why="wrong")
    wrong = {"Authorization": "Bearer id.0123456789"}
    assert [(await counting.http.get("/units", headers=wrong)).status_code for _ in range(2)] == [401, 429]
    assert await counting.number("hotline_refused_total", why="wrong") == before + 1
    assert await counting.number("hotline_requests_total", method="GET", route="none", status="429") >= 1


async def test_what_waits_is_counted_from_the_record(
    counting: Counting, settings: Settings, engine: AsyncEngine
) -> None:
    """Nobody works here: what is registered waits."""
    made = (await counting.http.post("/cases", headers=AGENT, json=REQUEST)).json()
    await counting.http.post(f"/cases/{made['number']}/transfer", headers=AGENT, json={"lead": "WATER"})
    await counting.http.post("/joints", headers=AGENT, json={"title": "样例", "cases": [made["number"]]})
    async with engine.begin() as conn:
        await conn.execute(text("UPDATE cases SET begun_at = NULL, wakes_at = registered_at - interval '1 hour'"))
        dispatch = (
            "(id, case_number, basis, raised_at, state) VALUES (:number, :number, 'Art. 16 ¶2', now(), 'waiting')"
        )
        await conn.execute(text(f"INSERT INTO dispatches {dispatch}"), {"number": made["number"]})
        await conn.execute(text("UPDATE deeds SET received_at = received_at - interval '2 hours'"))
    found = await counting.scraped()
    told = {what: found[("hotline_waiting", frozenset({("what", what)}))] for what in WAITING}
    assert told == {"deed": 1, "joint": 1, "start": 1, "step": 1, "notice": 1, "dispatch": 1, "credit": 0}
    ages = {what: found[("hotline_waiting_oldest_seconds", frozenset({("what", what)}))] for what in WAITING}
    assert 3600 <= ages["step"] < 7200 <= ages["deed"] < 10800
    assert found[("hotline_cases_open", frozenset({("status", "registered")}))] == 1
    assert await counting.number("hotline_record_answers") == 1
    assert {what: found[("hotline_failed", frozenset({("what", what)}))] for what in FAILED} == dict.fromkeys(FAILED, 0)
    async with engine.begin() as conn:
        await conn.execute(text("UPDATE notices SET state = 'failed'"))
        await conn.execute(text("UPDATE dispatches SET state = 'refused'"))
    for what in ("notice", "dispatch"):
        assert await counting.number("hotline_failed", what=what) == 1
        assert await counting.number("hotline_waiting", what=what) == 0


async def test_scrapes_at_the_same_time_ask_the_record_once(counting: Counting) -> None:
    answers = await asyncio.gather(*(counting.number("hotline_record_answers") for _ in range(8)))
    assert set(answers) == {1.0}


async def test_a_record_that_does_not_answer_is_said_and_the_page_stays(
    database: str, temporal: WorkflowEnvironment, settings: Settings
) -> None:
    nowhere = replace(settings, database_url=f"postgresql+psycopg://127.0.0.1:{free_port()}/none", limits=None)
    assert make_engine(nowhere.database_url)
    async with serve(nowhere, temporal.client, [timedelta(0)]) as url, httpx.AsyncClient(base_url=url) as http:
        counting = Counting(http, f"http://{settings.metrics}/metrics")
        assert (await http.get("/health")).status_code == 200
        found = await counting.scraped()
    assert found[("hotline_record_answers", frozenset())] == 0
    assert not any(name in ("hotline_waiting", "hotline_cases_open") for name, _ in found)


async def test_every_label_is_a_word_of_a_closed_list(counting: Counting, settings: Settings) -> None:
    spec = create_app(settings).openapi()
    made = (await counting.http.post("/cases", headers=AGENT, json=REQUEST)).json()
    for path in spec["paths"]:
        await counting.http.get(path.replace("{number}", made["number"]), headers=AGENT)
        for method in ("POST", "PUT", "PROPFIND"):
            await counting.http.request(method, path.replace("{number}", "19900008890"), json={})
    closed = {
        "method": METHODS | {"other"},
        "route": {*spec["paths"], "none", "/", "/docs", "/docs/oauth2-redirect", "/openapi.json"},
        "status": {str(status) for status in range(200, 600)} | set(Status),
        "why": {*SMALL, "late"},
        "what": set(WAITING),
    }
    ours = [(name, labels) for name, labels in await counting.scraped() if name.startswith("hotline_")]
    used = {(label, value) for _, labels in ours for label, value in labels if label != "le"}
    assert {label for label, _ in used} == set(closed)
    assert [(label, value) for label, value in used if value not in closed[label]] == []
    assert len({value for label, value in used if label == "route"}) > 20


async def test_without_an_address_no_port_is_opened_and_nothing_is_counted(
    database: str, temporal: WorkflowEnvironment
) -> None:
    def listening() -> set[int]:
        return {each.laddr.port for each in psutil.Process().net_connections("tcp") if each.status == "LISTEN"}

    before = listening()
    silent = settings_for(database, "nobody-works-here")
    async with serve(silent, temporal.client, [timedelta(0)]) as url, httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/metrics")).status_code == 404
        assert listening() - before == {httpx.URL(url).port}
    guards: list[Any] = [each.cls for each in create_app(silent).user_middleware]
    assert Counted not in guards


async def test_the_port_is_free_again_afterwards(settings: Settings, temporal: WorkflowEnvironment) -> None:
    for _ in range(2):
        async with serve(settings, temporal.client, [timedelta(0)]):
            assert settings.metrics
    host, _, port = (settings.metrics or "").rpartition(":")
    with socket.create_server((host, int(port))):
        pass


@pytest.mark.parametrize("told", ["9464", "localhost:9464", "127.0.0.1:", "127.0.0.1:many"])
def test_an_address_that_is_none_is_named(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_METRICS", told)
    with pytest.raises(ValueError, match="HOTLINE_METRICS"):
        metrics()


def test_an_address_may_be_of_either_kind_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for told in ("127.0.0.1:9464", "[::1]:9464"):
        monkeypatch.setenv("HOTLINE_METRICS", told)
        assert metrics() == told
    monkeypatch.setenv("HOTLINE_METRICS", "")
    assert metrics() is None
