"""The desks' lists: filters, keyset paging that loses no row and shows none twice, and the indexes that serve them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.limits import SHANGHAI
from domain.vocabulary import Role
from storage import outbox, reading
from storage.reading import CaseFilter, Rows
from tests.api import rows
from tests.api.rows import START, case
from tests.conftest import owning
from tests.line import Line, token

COUNT = 250


@pytest.fixture
async def filled(line: Line, engine: AsyncEngine) -> Line:
    """A house with 250 cases that SQL made."""
    async with engine.begin() as conn:
        await rows.insert(conn, [case(n) for n in range(1, COUNT + 1)])
    return line


async def pages(line: Line, path: str, role: Role = Role.AGENT, **params: Any) -> AsyncIterator[list[dict[str, Any]]]:
    """Every page of a list, one after the other."""
    cursor: dict[str, str] = {}
    while True:
        response = await line.get(path, role, **params, **cursor)
        assert response.status_code == 200, response.text
        page = response.json()
        yield page["items"]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


async def numbers(line: Line, **params: Any) -> list[str]:
    return [item["number"] async for page in pages(line, "/cases", **params) for item in page]


def soonest(row: dict[str, Any]) -> tuple[datetime, str]:
    return row["due_at"] or datetime.max.replace(tzinfo=UTC), row["number"]


ALL = sorted((case(n) for n in range(1, COUNT + 1)), key=soonest)


# -- paging --------------------------------------------------------------------------------------------------------------


async def test_every_case_comes_once_the_one_due_soonest_first(filled: Line) -> None:
    for limit in (7, 50, 125, 200):
        found = [page async for page in pages(filled, "/cases", limit=limit)]
        assert [item["number"] for page in found for item in page] == [row["number"] for row in ALL]
        assert {len(page) for page in found[:-1]} == {limit}
        assert 0 < len(found[-1]) <= limit


async def test_rows_that_come_meanwhile_push_none_out_and_show_none_twice(filled: Line, engine: AsyncEngine) -> None:
    seen: list[str] = []
    added = 0
    async for page in pages(filled, "/cases", limit=20):
        seen += [item["number"] for item in page]
        async with engine.begin() as conn:  # before the page, on its last instant, and at the end
            for due in (START - timedelta(days=1), page[-1]["due_at"], None):
                added += 1
                at = datetime.fromisoformat(due) if isinstance(due, str) else due
                await rows.insert(conn, [case(1000 + added, due_at=at)])
        assert added < 100
    assert len(seen) == len(set(seen))
    assert [number for number in seen if number <= ALL[-1]["number"][:10] + f"{COUNT:06d}"] == [
        row["number"] for row in ALL
    ]


async def test_a_cursor_stays_good_when_the_row_it_stands_on_is_gone(filled: Line, engine: AsyncEngine) -> None:
    first = (await filled.get("/cases", Role.AGENT, limit=10)).json()
    async with owning(engine) as conn:
        await conn.execute(text("DELETE FROM cases WHERE number = :n"), {"n": first["items"][-1]["number"]})
    rest = await filled.get("/cases", Role.AGENT, limit=200, cursor=first["next"])
    assert rest.json()["items"][0]["number"] == ALL[10]["number"]


def as_cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


BAD_CURSORS = [
    "", "x", "样例机密", "%00", "=", "A" * 400, ">dt:2026-03-02~s:TJ", as_cursor(None), as_cursor([]), as_cursor({}),
    as_cursor([1, 2]), as_cursor(["2026-03-02T00:00:00Z"]), as_cursor(["2026-03-02T00:00:00Z", "TJ", "TJ"]),
    as_cursor(["no instant", "TJ"]), as_cursor(["2026-03-02T00:00:00Z", None]), as_cursor([True, "TJ"]),
    as_cursor(["2026-03-02T00:00:00Z", "\x00"]), as_cursor(["2026-03-02T00:00:00Z", ["TJ"]]), as_cursor("x" * 50),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(), base64.urlsafe_b64encode(b'["2026-03-02T00:00:00Z","\\ud800"]').decode(),
]  # fmt: skip


async def test_a_bad_cursor_is_422_in_every_list(house: Line) -> None:
    for path in ("/cases", "/assignments", "/designations", "/callbacks", "/handovers", "/notices"):
        for cursor in BAD_CURSORS:
            response = await house.get(path, Role.AGENT, cursor=cursor)
            assert response.status_code == 422, (path, cursor, response.text)
            assert response.headers["content-type"] == "application/problem+json"
            assert len(cursor) < 10 or cursor not in response.text
    assert (await house.get("/cases", Role.AGENT, cursor="A" * 401)).status_code == 422


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0}, {"limit": 201}, {"limit": -1}, {"limit": "all"}, {"status": "lost"}, {"matter": "样例"},
        {"channel": "fax"}, {"overdue": "maybe"}, {"due_by": "soon"}, {"due_by": "2026-03-02T00:00:00"},
        {"district": "x" * 41}, {"district": "\x00"}, {"district": "朝阳区"},
    ],
)  # fmt: skip
async def test_a_filter_that_is_none_is_422(house: Line, params: dict[str, Any]) -> None:
    response = await house.get("/cases", Role.AGENT, **params)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/cases", "/assignments"])
async def test_a_filter_by_a_unit_that_no_register_knows_is_an_error(house: Line, path: str) -> None:
    for unit in ("NOBODY", "样例机密", "", "\x00"):
        response = await house.http.get(path, params={"unit": unit}, headers=token(Role.AGENT))
        found = response.json()
        assert (response.status_code, found["title"]) == (422, "Unknown"), unit
        assert ("`unit`" in found["detail"], "GET /units" in found["detail"]) == (True, True)
        assert not unit or unit not in response.text
    assert (await house.http.get(path, params={"unit": "P-LOCK"}, headers=token(Role.AGENT))).status_code == 200


# -- filters -------------------------------------------------------------------------------------------------------------

Holds = Callable[[dict[str, Any]], bool]
FIVE = START + timedelta(hours=5)
FILTERS: list[tuple[dict[str, Any], Holds]] = [
    ({"status": "assigned"}, lambda row: row["status"] == "assigned"),
    ({"matter": "staff"}, lambda row: row["matter"] == "staff"),
    ({"district": "NK"}, lambda row: row["district"] == "NK"),
    ({"district": "南开"}, lambda row: row["district"] == "NK"),
    ({"district": "120103"}, lambda row: row["district"] == "HX"),
    ({"channel": "web"}, lambda row: row["channel"] == "web"),
    ({"holder": "agent-1"}, lambda row: row["holder"] == "agent-1"),
    ({"overdue": True}, lambda row: row["overdue"]),
    ({"overdue": False}, lambda row: not row["overdue"]),
    ({"status": "callback", "district": "HX"}, lambda row: (row["status"], row["district"]) == ("callback", "HX")),
    ({"due_by": FIVE.isoformat()}, lambda row: row["due_at"] is not None and row["due_at"] <= FIVE),
    ({"status": "archived"}, lambda row: False),
]


async def test_filters_narrow_and_narrow_together(filled: Line) -> None:
    for params, holds in FILTERS:
        wanted = [row["number"] for row in ALL if holds(row)]
        assert await numbers(filled, limit=23, **params) == wanted, params
        assert len(wanted) != COUNT


async def test_due_today_is_what_ends_with_today_in_shanghai_or_has_ended(line: Line, engine: AsyncEngine) -> None:
    now = datetime(2026, 3, 4, 1, 30, tzinfo=SHANGHAI)
    line.clock[0] = now - datetime.now(UTC)
    ends = datetime.combine(now.date() + timedelta(days=1), time(0), SHANGHAI)  # exclusive: its last day is today
    dues = [ends - timedelta(days=2), ends - timedelta(days=1), now + timedelta(hours=1), ends]
    later = [ends + timedelta(microseconds=1), ends + timedelta(days=1), None]
    async with engine.begin() as conn:
        await rows.insert(conn, [case(n, due_at=due) for n, due in enumerate((*dues, *later), 1)])
    assert await numbers(line, due_today=True) == [case(n)["number"] for n in range(1, len(dues) + 1)]


async def test_a_units_list_holds_what_it_handles_or_reported_on_and_the_centres_what_it_ever_had(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="JY", assisting=["WJ"])
    await house.done(number, "feedback", Role.UNIT, "WJ", public="已办。", replied="phone")
    for unit in ("JY", "WJ"):
        mine = (await house.get("/cases", Role.UNIT, unit, limit=200)).json()["items"]
        assert number in {item["number"] for item in mine}
    await house.done(number, "recall", Role.AGENT)
    for unit, still in (("JY", False), ("WJ", True)):
        mine = (await house.get("/cases", Role.UNIT, unit, limit=200)).json()["items"]
        assert (number in {item["number"] for item in mine}) is still
        asked = await house.http.get("/cases", params={"unit": unit, "limit": 200}, headers=token(Role.AGENT))
        assert number in {item["number"] for item in asked.json()["items"]}
    other = (await house.get("/cases", Role.UNIT, "RS", limit=200)).json()["items"]
    assert number not in {item["number"] for item in other}


# -- indexes -------------------------------------------------------------------------------------------------------------

Asked = Callable[[AsyncConnection], Awaitable[Any]]


LISTS: dict[str, tuple[Callable[[AsyncConnection, str | None], Awaitable[Rows]], str]] = {
    "cases": (lambda c, at: reading.list_cases(c, CaseFilter(), 50, at), "ix_cases_soonest"),
    "cases of a status": (
        lambda c, at: reading.list_cases(c, CaseFilter(status="assigned"), 50, at),
        "ix_cases_status_soonest",
    ),
    "an agent's cases": (
        lambda c, at: reading.list_cases(c, CaseFilter(holder="agent-2"), 20, at),
        "ix_cases_holder_soonest",
    ),
    "due by": (
        lambda c, at: reading.list_cases(c, CaseFilter(due_by=START + timedelta(days=9)), 50, at),
        "ix_cases_soonest",
    ),
    "overdue": (lambda c, at: reading.list_cases(c, CaseFilter(overdue=True), 50, at), "ix_cases_soonest"),
    "callbacks": (lambda c, at: reading.callbacks(c, None, 50, at), "ix_cases_call_at"),
    "all inboxes": (lambda c, at: reading.inbox(c, None, True, 50, at), "ix_clocks_running_due"),
    "handovers": (lambda c, at: reading.list_handovers(c, 50, at), "ix_handovers_raised_at"),
    "the Centre's notices": (
        lambda c, at: reading.list_notices(c, "centre", None, None, 50, at),
        "ix_notices_audience",
    ),
}


async def test_each_list_reads_twenty_thousand_rows_by_its_index_and_sorts_none(engine: AsyncEngine) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda _c, _cur, sql, args, *_: asked.append((sql, args)))
    async with owning(engine) as conn:
        await rows.insert_many(conn, 20_000)
    async with engine.begin() as conn:
        for what, (ask, index) in LISTS.items():
            asked.clear()
            first = await ask(conn, None)
            assert first.next is not None, what
            assert (await ask(conn, first.next)).items, what
            for sql, args in [each for each in asked if " ORDER BY " in each[0]]:
                nodes = await plan(conn, sql, args)
                kinds = {node["Node Type"] for node in nodes}
                assert index in {node.get("Index Name") for node in nodes}, (what, nodes)
                assert not kinds & {"Seq Scan", "Sort"}, (what, nodes)
        for what, (ask_rest, index) in REST.items():
            asked.clear()
            await ask_rest(conn)
            nodes = [node for sql, args in tuple(asked) for node in await plan(conn, sql, args)]
            assert index in {node.get("Index Name") for node in nodes}, (what, nodes)
            whole = {node.get("Relation Name") for node in nodes if node["Node Type"] == "Seq Scan"}
            assert whole <= {"units"}, (what, nodes)


REST: dict[str, tuple[Asked, str]] = {
    "a unit's cases": (
        lambda conn: reading.list_cases(conn, CaseFilter(reader="U018"), 50, None),
        "ix_assignments_inbox",
    ),
    "the cases that a unit ever had": (
        lambda conn: reading.list_cases(conn, CaseFilter(unit="U018"), 50, None),
        "ix_assignments_inbox",
    ),
    "a unit's inbox": (lambda conn: reading.inbox(conn, "U018", True, 50, None, reader="U018"), "ix_clocks_inbox"),
    "a unit's whole inbox": (
        lambda conn: reading.inbox(conn, "U018", False, 50, None, reader="U018"),
        "ix_clocks_inbox",
    ),
    "a unit's notices": (
        lambda conn: reading.list_notices(conn, "unit", "U018", None, 50, None),
        "ix_notices_unit",
    ),
    "callbacks due": (
        lambda conn: reading.callbacks(conn, START + timedelta(days=9), 50, None),
        "ix_cases_call_at",
    ),
    "the outbox": (lambda conn: outbox.waiting(conn, datetime.now(UTC)), "ix_notices_waiting"),
    "the entries of a case": (lambda conn: reading.rows_of(conn, "entries", "TJ20260302000017"), "pk_entries"),
    "the deeds of a case": (
        lambda conn: reading.rows_of(conn, "deeds", "TJ20260302000017"),
        "ix_deeds_case_number_received_at",
    ),
    "the clocks of a case": (lambda conn: reading.rows_of(conn, "clocks", "TJ20260302000017"), "pk_clocks"),
}
"""Few rows each, found by an index; sorting them costs nothing."""


async def plan(conn: AsyncConnection, sql: str, args: Any) -> list[dict[str, Any]]:
    """Every node of the plan of a statement as it was sent; a page by an index costs what it costs on today's disks."""
    await conn.exec_driver_sql("SET random_page_cost = 1.1")
    found = (await conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", args)).scalar_one()
    return list(_nodes(found[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Any:
    yield {key: value for key, value in node.items() if key != "Plans"}
    for child in node.get("Plans", ()):
        yield from _nodes(child)
