"""No word of a person in Temporal, logs, numbers, traces or errors, whatever way a case takes or is refused (Art. 15)."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest

from api.access import Caller, issue
from api.app import create_app
from api.rights import RIGHTS
from cli.demo import play
from cli.scenarios import SCENARIOS
from cli.stack import LocalStack
from domain.vocabulary import Act, Role, Text
from tests.collector import Collector, collector
from tests.drills.conftest import rows
from tests.line import settings_for, unit_for
from workflows.client import connect

SENTINEL = "哨兵样例暗语"
PERSON = {"name": "哨兵某某", "phone": "19977778890", "address": "哨兵样例路77号", "id_number": "120000190001010006"}
NAMES = {"id": "0" * 64, "upload": "0" * 32, "partner": "P-000000000", "seq": "1"}
"""What else stands in a path: of nothing that exists."""
CODE = Act.TRANSFER.zh
"""What does stand in Temporal."""
WORDS = {"title": f"标题{SENTINEL}", "text": f"正文{SENTINEL}：家住哨兵样例路99号。", "channel": "web", **PERSON}


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi()


@pytest.fixture(scope="module")
def collected() -> Iterator[Collector]:
    """The traces of the stack."""
    with collector() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        # FastAPI's own spans repeat the query: they stay off, whoever wants them.
        patch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
        yield running


@pytest.fixture(scope="module")
def stack(collected: Collector, stack: LocalStack) -> LocalStack:
    """The stack of all drills, here with traces."""
    return stack


@pytest.fixture(scope="module")
async def played(stack: LocalStack) -> list[str]:
    """Every scenario was played, refusals too; all that anybody wrote in them: texts as on record, and who asked."""
    secret = (stack.directory / "secret").read_bytes().strip()
    report = await play(stack.api_url, secret, [dict(WORDS) for _ in SCENARIOS], 1, lambda _: None)
    assert (report["unexpected"], report["errors"]) == (0, 0), report["what"]
    assert report["refused_acts"] > 0
    written = rows(stack, "SELECT kind, text, title FROM notes")
    assert {row["kind"] for row in written} == set(Text), "every kind of text was written"
    return [*{word for row in written for word in (row["text"], row["title"]) if word}, *PERSON.values()]


def forms(word: str) -> tuple[bytes, bytes, bytes]:
    """As it is, as JSON escapes it, and as it stands in a URL."""
    return word.encode(), json.dumps(word)[1:-1].encode(), quote(word).encode()


def said_in(found: bytes, words: list[str]) -> list[str]:
    return [word for word in words if any(form in found for form in forms(word))]


def every_file(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())


async def histories(stack: LocalStack) -> AsyncIterator[tuple[str, bytes]]:
    client = await connect()
    async for found in client.list_workflows():
        history = await client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        yield found.id, b"".join(event.SerializeToString() for event in history.events)


async def test_no_word_of_a_person_is_anywhere_but_in_their_tables(
    stack: LocalStack, collected: Collector, played: list[str], spec: dict[str, Any], http: httpx.AsyncClient
) -> None:
    echoed = [told async for told in refusals(stack, spec, http) if SENTINEL in told]
    assert echoed == []
    words = [*played, SENTINEL]
    kept = {workflow: events async for workflow, events in histories(stack)}
    assert len(kept) > len(SCENARIOS)
    assert any(said_in(events, [CODE]) for events in kept.values()), "the search finds what is there"
    assert {workflow: found for workflow, events in kept.items() if (found := said_in(events, words))} == {}
    files = [*stack.directory.glob("temporal.db*"), *every_file(stack.directory / "logs")]
    assert {"temporal.db", "api.log", "worker.log", "temporal.log", "postgres.log"} <= {path.name for path in files}
    assert any(said_in(path.read_bytes(), [CODE]) for path in files if path.name.startswith("temporal.db"))
    for path in files:
        assert said_in(path.read_bytes(), words) == [], path.name
    pages = {part: (await http.get(page)).content for part, page in stack.metrics_urls.items()}
    assert said_in(pages["API"], ['route="/cases/{number}/transfer"']), "the search finds what is there"
    assert said_in(pages["worker"], ['activity_type="transfer"'])
    numbers = [row["number"] for row in rows(stack, "SELECT number FROM cases")]
    for part, page in pages.items():
        assert said_in(page, [*words, *numbers]) == [], part
    await http.delete("/health")
    async with asyncio.timeout(30):
        while not {"DELETE /health", "RunActivity:transfer"} <= collected.names():
            await asyncio.sleep(0.1)
    assert {"POST /cases/{number}/transfer", "StartWorkflowUpdate:transfer"} <= collected.names()
    assert [found for body in collected.bodies if (found := said_in(body, words))] == []


async def test_who_asked_is_in_no_file_of_the_database_in_clear(stack: LocalStack, played: list[str]) -> None:
    """Tables, indexes and WAL, byte for byte; texts are there in clear, for they are searched (decision 0013)."""
    with psycopg.connect(stack.database_url, autocommit=True) as conn:
        conn.execute("CHECKPOINT")
    files = [path.read_bytes() for path in every_file(stack.directory / "postgres")]
    assert any(said_in(found, [SENTINEL]) for found in files), "the search finds what is there"
    assert [word for found in files for word in said_in(found, [*PERSON.values()])] == []
    assert set(PERSON.values()) <= set(played)


async def test_no_secret_is_in_a_log(stack: LocalStack, played: list[str], http: httpx.AsyncClient) -> None:
    """What opens something: of the house, of who signs in rightly and wrongly, of a person (Art. 15)."""
    secret = (stack.directory / "secret").read_bytes().strip()
    agent = issue(secret, Caller("agent-1", Role.AGENT), rows(stack, "SELECT now() AS at")[0]["at"])
    made = (await http.post("/cases", json=WORDS, headers={"Authorization": f"Bearer {agent}"})).json()
    keys = [line.split()[1] for line in (stack.directory / "master.keys").read_text().splitlines()]
    wrong = ["samplekey.wrongsecret0123456789", f"{agent[:-4]}AAAA", "WRONGCODEWRONGCO"]
    for told in wrong[:2]:
        assert (await http.get("/units", headers={"Authorization": f"Bearer {told}"})).status_code == 401
    codes = {wrong[2]: 404, made["tracking_code"]: 200}
    for code, status in codes.items():
        answer = await http.get(f"/tracking/{made['number']}", headers={"Tracking-Code": code})
        assert answer.status_code == status
    logs = {path.name: path.read_bytes() for path in every_file(stack.directory / "logs")}
    assert said_in(logs["api.log"], ["Started server process"]), "the search finds what is there"
    for name, log in logs.items():
        assert said_in(log, [secret.decode(), agent, *keys, *wrong, *codes]) == [], name


async def refusals(stack: LocalStack, spec: dict[str, Any], http: httpx.AsyncClient) -> AsyncIterator[str]:
    """What is answered with an error to a word where none belongs: in each field of each body, in path, query, header."""
    number = rows(stack, "SELECT number FROM cases WHERE status = 'archived' LIMIT 1")[0]["number"]
    secret = (stack.directory / "secret").read_bytes().strip()
    now = rows(stack, "SELECT now() AS at")[0]["at"]
    for route, roles in RIGHTS.items():
        method, path = route.split(" ")
        role = next((role for role in Role if role in roles and role is not Role.REQUESTER), None)
        sign_in = {}
        if role:
            sign_in = {"Authorization": f"Bearer {issue(secret, Caller(f'{role}-1', role, unit_for(role)), now)}"}
        for url, body, headers in spoilt(method, path, spec, number):
            answer = await http.request(method, url, json=body, headers=sign_in | headers)
            if answer.is_error:
                yield f"{route} {answer.status_code}: {answer.text}"


def spoilt(method: str, path: str, spec: dict[str, Any], number: str) -> Iterator[tuple[str, Any, dict[str, str]]]:
    """The request of the example, with the sentinel in one place at a time."""
    content = spec["paths"][path][method.lower()].get("requestBody", {}).get("content", {}).get("application/json", {})
    example, url = content.get("example"), path.format(**(NAMES | {"number": number}))
    ascii_word = SENTINEL.encode().hex()
    yield path.format(**dict.fromkeys((*NAMES, "number"), SENTINEL)), example, {}
    yield f"{url}?status={SENTINEL}&{SENTINEL}=1", example, {}
    yield url, example, {"Idempotency-Key": ascii_word * 20, "If-Match": ascii_word, "X-Tracking-Code": ascii_word}
    yield url, SENTINEL, {}
    if isinstance(example, dict):
        yield url, {**example, SENTINEL: SENTINEL}, {}
        for field in example:
            changed = copy.deepcopy(example)
            changed[field] = [SENTINEL] if isinstance(changed[field], list) else f"{SENTINEL}\x00"
            yield url, changed, {}
