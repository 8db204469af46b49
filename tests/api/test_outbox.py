"""Notices for persons leave by the SMS gateway (docs/sms-gateway.md): each arrives once, whatever breaks on the way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from temporalio.testing import WorkflowEnvironment

from activities import outbox as sending
from activities.outbox import Outbox
from api.access import tracking_code
from domain.messages import MESSAGES, message
from domain.notices import NOTICES
from domain.vocabulary import Audience, Exclusion, Role
from storage.engine import single
from storage.outbox import FIRST_PAUSE, MAX_TRIES
from storage.sealing import Masters
from storage.tables import notices, people
from storage.vault import Vault
from tests.api import rows
from tests.api.gateway import Gateway
from tests.api.rows import case
from tests.line import SECRET, Line, unit_for, vault_on
from tests.storage.test_tables import registered
from worker import build_worker
from workflows.sweep import SweepWorkflow

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PHONE = "19900008890"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway().listening() as made:
        yield made


async def write(engine: AsyncEngine, *names: str, template: str = "register", **params: str) -> None:
    """A waiting notice under each name, of a case of its own."""
    async with engine.begin() as conn:
        known = (await conn.execute(select(func.count()).select_from(people))).scalar_one()
        for n, name in enumerate(names, known + 1):
            row = case(n)
            await rows.insert(conn, [row])
            await conn.execute(people.insert().values(case_number=row["number"], phone=PHONE))
            notice = {"id": name, "case_number": row["number"], "at": AT, "audience": "person", "template": template}
            await conn.execute(notices.insert().values(**notice, params=params, state="waiting", tries=0))


async def states(engine: AsyncEngine) -> dict[str, tuple[str, int, str | None]]:
    async with engine.connect() as conn:
        found = await conn.execute(select(notices.c.id, notices.c.state, notices.c.tries, notices.c.receipt))
        return {row.id: (row.state, row.tries, row.receipt) for row in found}


async def deliver(engine: AsyncEngine, gateway: Gateway | None, after: float = 0) -> int:
    """One batch, so many seconds after the notices were written."""
    at = AT + timedelta(seconds=after)
    return await Outbox(engine, vault_on(engine), gateway.url if gateway else None, now=lambda: at).deliver()


# -- sending -------------------------------------------------------------------------------------------------------------


async def test_each_notice_is_one_request_with_its_id_as_the_key(engine: AsyncEngine, gateway: Gateway) -> None:
    await write(engine, "a", "b")
    assert await deliver(engine, gateway) == 2
    assert await deliver(engine, gateway, after=3600) == 0
    assert [each["body"] for each in gateway.requests] == [
        {"id": name, "to": PHONE, "text": message("register", case(n)["number"], {})} for n, name in enumerate("ab", 1)
    ]
    assert [each["headers"]["idempotency-key"] for each in gateway.requests] == ["a", "b"]
    assert {each["headers"]["content-type"] for each in gateway.requests} == {"application/json"}
    assert await states(engine) == {"a": ("sent", 1, "R-1"), "b": ("sent", 1, "R-2")}


async def test_without_a_gateway_everything_waits(engine: AsyncEngine) -> None:
    await write(engine, "a")
    assert await deliver(engine, None) == 0
    assert await states(engine) == {"a": ("waiting", 0, None)}


async def test_a_message_waits_for_a_worker_that_has_the_key(
    engine: AsyncEngine, gateway: Gateway
) -> None:  # Art. 11(1)
    """As while a new master key is brought to one process after the other."""
    await registered(engine, "TJ20260302000001")
    known = set(await states(engine))
    assert known
    other = Vault(Masters.read(Masters.new("second").encode()), single(engine))
    assert await Outbox(engine, other, gateway.url, now=lambda: AT).deliver() == 0
    assert (await states(engine), gateway.requests) == (dict.fromkeys(known, ("waiting", 1, None)), [])
    assert await deliver(engine, gateway, after=FIRST_PAUSE) == len(known)


async def test_a_gateway_that_is_down_gets_everything_once_when_it_is_up(engine: AsyncEngine) -> None:
    names = [f"n-{n:02d}" for n in range(30)]
    await write(engine, *names)
    gateway = Gateway()
    async with gateway.listening():
        pass
    for _ in range(3):
        assert await deliver(engine, gateway) == 0
    tried = [tries for _, tries, _ in (await states(engine)).values()]
    assert sorted(tried) == [0] * 27 + [1] * 3  # an outage is not charged to each of them
    async with gateway.listening():
        assert await deliver(engine, gateway) == 27
        assert await deliver(engine, gateway, after=FIRST_PAUSE) == 3
    assert sorted(gateway.messages) == names
    assert len(gateway.requests) == 30
    assert {state for state, _, _ in (await states(engine)).values()} == {"sent"}


TEMPORARY = [Response(status_code=status) for status in (500, 502, 503, 504, 599, 401, 403, 404, 405, 408, 429)] + [
    RedirectResponse("http://127.0.0.1:1/")
]


async def test_what_is_not_about_the_message_is_tried_again(engine: AsyncEngine, gateway: Gateway) -> None:
    for n, answer in enumerate(TEMPORARY, 1):
        name = f"{answer.status_code}"
        await write(engine, name)
        gateway.answers = [answer]
        assert await deliver(engine, gateway) == 0
        assert (await states(engine))[name] == ("waiting", 1, None)
        assert await deliver(engine, gateway, after=FIRST_PAUSE) == 1
        assert (await states(engine))[name] == ("sent", 2, f"R-{n}")


async def test_what_the_gateway_refuses_has_failed_and_the_others_go_on(engine: AsyncEngine, gateway: Gateway) -> None:
    for n, status in enumerate((400, 410, 413, 422, 451), 1):
        refused, other = f"{status}-a", f"{status}-b"
        await write(engine, refused, other)
        gateway.answers = [JSONResponse({"error": "not a mobile number"}, status)]
        assert await deliver(engine, gateway) == 1
        assert await deliver(engine, gateway, after=86_400) == 0
        kept = await states(engine)
        assert (kept[refused], kept[other]) == (("failed", 1, None), ("sent", 1, f"R-{n}"))


async def test_pauses_double_until_it_has_failed(engine: AsyncEngine, gateway: Gateway) -> None:
    await write(engine, "a")
    gateway.answers = [Response(status_code=503) for _ in range(MAX_TRIES)]
    for tries in range(MAX_TRIES):
        due = FIRST_PAUSE * (2**tries - 1)
        if tries:
            await deliver(engine, gateway, after=due - 1)
        assert len(gateway.requests) == tries  # not a second too early
        await deliver(engine, gateway, after=due)
        assert len(gateway.requests) == tries + 1
    assert await states(engine) == {"a": ("failed", MAX_TRIES, None)}
    assert timedelta(seconds=due) > timedelta(days=1)  # an outage of a day loses nothing


async def test_a_gateway_that_does_not_answer_is_left_alone(
    engine: AsyncEngine, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.1)
    await write(engine, "a", "b")
    released = asyncio.Event()

    async def hang(_: dict[str, Any]) -> None:
        await released.wait()

    gateway.before_answer = [hang]
    assert await deliver(engine, gateway) == 0
    assert await states(engine) == {"a": ("waiting", 1, None), "b": ("waiting", 0, None)}
    released.set()
    assert await deliver(engine, gateway, after=FIRST_PAUSE) == 2
    assert [each["body"]["id"] for each in gateway.requests] == ["a", "b", "a"]
    assert sorted(gateway.messages) == ["a", "b"]


async def test_a_crash_after_sending_sends_the_same_id_again_and_one_message_arrives(
    engine: AsyncEngine, gateway: Gateway
) -> None:
    await write(engine, "a")

    async def crash(_: dict[str, Any]) -> None:
        async with engine.connect() as conn:  # PostgreSQL loses the sender before it can say that it sent
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await conn.execute(text(f"{others} AND pid <> pg_backend_pid()"))

    gateway.before_answer = [crash]
    with pytest.raises(OperationalError):
        await deliver(engine, gateway)
    assert await states(engine) == {"a": ("waiting", 0, None)}
    assert await deliver(engine, gateway) == 1
    assert [each["body"]["id"] for each in gateway.requests] == ["a", "a"]
    assert list(gateway.messages) == ["a"]
    assert await states(engine) == {"a": ("sent", 1, "R-1")}


ODD_ANSWERS = [
    PlainTextResponse("OK"), Response(status_code=204), JSONResponse([]), JSONResponse("R"), JSONResponse({}),
    JSONResponse({"receipt": None}), JSONResponse({"receipt": 7}), JSONResponse({"receipt": "\x00"}),
    JSONResponse({"receipt": "x" * 101}), JSONResponse({"receipt": "样例"}), Response(b"\xff", media_type="application/json"),
]  # fmt: skip


async def test_a_message_that_was_taken_without_a_receipt_is_sent_all_the_same(
    engine: AsyncEngine, gateway: Gateway
) -> None:
    names = [f"n-{n:02d}" for n in range(len(ODD_ANSWERS))]
    await write(engine, *names)
    gateway.answers = list(ODD_ANSWERS)
    assert await deliver(engine, gateway) == len(names)
    assert await states(engine) == dict.fromkeys(names, ("sent", 1, ""))


async def test_an_address_is_told_by_name_and_an_exclusion_by_where_to_turn(
    engine: AsyncEngine, gateway: Gateway
) -> None:  # Art. 10(4)
    await write(engine, "a", template="decline", turn_to="GA")
    await deliver(engine, gateway)
    assert "市公安局。" in gateway.messages["a"]["text"]
    assert "人民调解委员会" in message("decline", "TJ", {"turn_to": Exclusion.CIVIL})


def test_every_notice_for_a_person_has_a_message_without_a_persons_word() -> None:
    told = {event for event, audiences in NOTICES.items() if Audience.PERSON in audiences}
    assert told == MESSAGES.keys()
    for event in told:
        written = message(event.value, "TJ20260302000001", {"turn_to": "civil", "clock": "handling", "due": "2026"})
        assert "{" not in written
        assert "TJ20260302000001" in written


# -- receipts ------------------------------------------------------------------------------------------------------------


async def report(line: Line, notice: str, delivered: Any, role: Role = Role.CHANNEL, **more: Any) -> httpx.Response:
    body = {"id": notice, "delivered": delivered, **more}
    return await line.post("/notices/receipts", role, body, unit_for(role))


async def test_a_receipt_says_whether_it_arrived_and_arrived_is_final(line: Line, engine: AsyncEngine) -> None:
    await write(engine, "a", "b", "c")
    async with Gateway().listening() as gateway:
        await deliver(engine, gateway)
    for notice, delivered in (("a", True), ("a", True), ("a", False), ("b", False), ("c", False), ("c", True)):
        response = await report(line, notice, delivered)
        assert (response.status_code, response.content) == (204, b"")
    assert await states(engine) == {
        "a": ("delivered", 1, "R-1"),  # a late failure of a repetition changes nothing
        "b": ("failed", 1, "R-2"),
        "c": ("delivered", 1, "R-3"),
    }
    async with Gateway().listening() as gateway:
        assert await deliver(engine, gateway, after=86_400 * 30) == 0  # what failed is not sent again


async def test_a_receipt_may_overtake_the_answer(line: Line, engine: AsyncEngine, gateway: Gateway) -> None:
    await write(engine, "a", "b")

    async def arrived(sent: dict[str, Any]) -> None:
        assert (await report(line, sent["id"], True)).status_code == 204

    async def lost(sent: dict[str, Any]) -> None:
        assert (await report(line, sent["id"], False)).status_code == 204

    gateway.before_answer = [arrived, lost]
    assert await deliver(engine, gateway) == 2
    assert await states(engine) == {"a": ("delivered", 1, "R-1"), "b": ("failed", 1, "R-2")}


async def test_a_receipt_for_no_message_is_404(line: Line, engine: AsyncEngine) -> None:
    await write(engine, "a")
    async with engine.begin() as conn:
        await conn.execute(text("UPDATE notices SET audience = 'unit', unit = 'WATER', state = 'shown'"))
    for notice in ("a", "nothing", "0" * 32):
        response = await report(line, notice, True)
        assert (response.status_code, response.json()["title"]) == (404, "NoSuchNotice")
    assert await states(engine) == {"a": ("shown", 0, None)}


async def test_receipts_come_from_the_gateway_and_hold_nothing_else(untouched: Line) -> None:
    for role in Role:
        expected = {Role.CHANNEL: 404, Role.SYSTEM: 401, Role.REQUESTER: 401}.get(role, 403)
        assert (await report(untouched, "a", True, role)).status_code == expected, role
    unknown = await untouched.http.post("/notices/receipts", json={"id": "a", "delivered": True})
    assert unknown.status_code == 401
    for body in ({"id": "a"}, {"delivered": True}, {"id": "a", "delivered": "样例"}, {"id": "a b", "delivered": True}):
        response = await untouched.post("/notices/receipts", Role.CHANNEL, body)
        assert response.status_code == 422
    assert (await report(untouched, "a", True, to=PHONE)).status_code == 422


# -- the whole way, and nobody's words on it -----------------------------------------------------------------------------

WORDS = {
    "title": "样例机密标题",
    "text": "样例机密正文",
    "name": "张样例机密",
    "phone": PHONE,
    "address": "样例路99号机密",
}
SAID = {"explain": "样例机密理由", "public": "样例机密答复", "internal": "样例机密内部", "supplement": "样例机密补充"}


async def test_a_person_is_told_by_message_and_no_word_of_anybody_is_in_temporal_or_the_logs(
    line: Line,
    engine: AsyncEngine,
    temporal: WorkflowEnvironment,
    gateway: Gateway,
    caplog: pytest.LogCaptureFixture,
) -> None:  # Art. 15
    caplog.set_level(logging.INFO)
    number = (await line.register(**WORDS))["number"]
    await line.done(number, "transfer", Role.AGENT, lead="WATER", reason=SAID["explain"])
    await line.done(number, "ask", Role.UNIT, "WATER", question=SAID["explain"])
    headers = {"Tracking-Code": tracking_code(SECRET, number)}
    told = await line.http.post(f"/tracking/{number}/supplement", json={"request": SAID["supplement"]}, headers=headers)
    assert told.status_code == 200
    refused = await line.act(number, "answer", Role.AGENT, public=SAID["public"])
    assert refused.status_code == 409
    async_ = {"public": SAID["public"], "internal": SAID["internal"], "replied": "phone"}
    await line.post(f"/cases/{number}/feedback", Role.UNIT, async_, "WATER", Prefer="respond-async")
    await line.until(number, "callback")
    wrong = {"reach": "reached", "resolved": True, "rating": "good", "comment": "样例机密评语\x00"}
    assert (await line.post(f"/cases/{number}/attempt", Role.CALLER, wrong)).status_code == 422
    queue = f"outbox-{uuid4().hex}"
    async with build_worker(temporal.client, engine, queue, gateway.url, vault=vault_on(engine)):
        swept = await temporal.client.execute_workflow(SweepWorkflow.run, id=queue, task_queue=queue)
    assert swept["sent"] == 4
    templates = ("register", "transfer", "ask", "feedback")
    assert [sent["text"] for sent in gateway.messages.values()] == [message(t, number, {}) for t in templates]
    assert {sent["to"] for sent in gateway.messages.values()} == {PHONE}
    for notice in gateway.messages:
        assert (await report(line, notice, True)).status_code == 204
    assert {state for state, *_ in (await states(engine)).values() if state != "shown"} == {"delivered"}
    secret = [*WORDS.values(), *SAID.values(), "样例机密评语", headers["Tracking-Code"]]
    for workflow in (number, f"{number}-callback-1", queue):
        assert not found_in(secret, *await written(temporal, workflow)), workflow
    logged = [f"{record.getMessage()} {record.exc_text} {record.args}".encode() for record in caplog.records]
    assert logged
    assert not found_in(secret, *logged)


async def written(temporal: WorkflowEnvironment, workflow: str) -> list[bytes]:
    """Everything that Temporal keeps of a workflow: inputs, results, failures, summaries, memos, search attributes."""
    handle = temporal.client.get_workflow_handle(workflow)
    events = [event.SerializeToString() for event in (await handle.fetch_history()).events]
    return [*events, (await handle.describe()).raw_description.SerializeToString()]


def found_in(secret: Iterable[str], *blobs: bytes) -> list[str]:
    """Which of these words stand there, as they are or escaped as JSON does."""
    ways = {word: (word.encode(), json.dumps(word)[1:-1].encode()) for word in secret}
    return [word for word, spelt in ways.items() if any(way in blob for way in spelt for blob in blobs)]


async def test_a_word_that_was_in_temporal_would_be_found(temporal: WorkflowEnvironment, queue: str) -> None:
    starting: dict[str, Any] = {
        "id": queue,
        "task_queue": queue,
        "static_summary": SAID["public"],
        "memo": {"name": WORDS["name"]},
    }
    handle = await temporal.client.start_workflow("Nothing", WORDS["text"], **starting)
    words = [*WORDS.values(), *SAID.values()]
    assert found_in(words, *await written(temporal, queue)) == [WORDS["text"], WORDS["name"], SAID["public"]]
    await handle.terminate()
