"""Cases by the thousand, made by SQL: for lists, whose cases nobody has to act on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Case
from domain.vocabulary import Channel, Matter, Status
from storage.files import CASE
from storage.tables import cases

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DISTRICTS = ("HP", "HX", "NK", None)
STATUSES = (Status.REGISTERED, Status.ASSIGNED, Status.ESCALATED, Status.CALLBACK, Status.CLOSED)


def case(n: int, **facts: Any) -> dict[str, Any]:
    """The n-th case's row: ten are due at the same instant, every ninth has no due instant."""
    made = Case(
        number=f"TJ20260302{n:06d}",
        desk=f"TJ20260302{n:06d}",
        registered_at=START,
        channel=tuple(Channel)[n % 3],
        matter=tuple(Matter)[n % 5],
        rule_set="TJ-2015-18",
        status=STATUSES[n % 5],
        district=DISTRICTS[n % 4],
        holder=f"agent-{n % 3}" if n % 5 == 0 else None,
        due_at=None if n % 9 == 0 else START + timedelta(hours=n * 7919 % 250 // 10),
        overdue=n % 7 == 0 and n % 9 != 0,
    )
    row: dict[str, Any] = CASE.dump_python(made)
    return row | {"units": [], "client": "test", "intake_digest": "", "begun_at": START} | facts


async def insert(conn: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await conn.execute(cases.insert(), rows)


MANY = """
INSERT INTO cases (number, registered_at, channel, matter, rule_set, version, entries, desk, status, urgency,
                   infringement, reachable, holder, hands, units, due_at, overdue, round, returns, redos, attempts,
                   callbacks, designations, urges, call_at, client, intake_digest, begun_at, district)
SELECT 'TJ20260302' || lpad(n::text, 6, '0'), at, 'phone', 'help', 'TJ-2015-18', 1, 1, 'x',
       (ARRAY['assigned', 'archived', 'archived', 'callback', 'escalated', 'registered'])[n % 6 + 1], 'normal',
       true, true, CASE WHEN n % 40 = 0 THEN 'agent-' || n % 7 END, 'centre', '{}',
       CASE WHEN n % 6 IN (1, 2) THEN NULL ELSE at + n % 977 * interval '1 hour' END, n % 50 = 0, 1, 0, 0, 0, 0, 0, 0,
       CASE WHEN n % 6 = 3 THEN at + n % 977 * interval '1 hour' END, 'test', '', at, 'HP'
FROM generate_series(1, :n) n, (SELECT timestamptz '2026-03-02 01:00Z' AS at) start;
INSERT INTO people (case_number, phone) SELECT number, '19900000001' FROM cases;
INSERT INTO assignments (case_number, round, unit, part, delivered_at, handling, complex, designated)
SELECT number, 1, 'U' || substr(number, 14), 'lead', registered_at,
       CASE status WHEN 'assigned' THEN 'signed' ELSE 'done' END, false, false FROM cases;
INSERT INTO clocks (case_number, id, clock, owner, round, start, due, term, rungs, passed, state)
SELECT case_number, 'handling/' || unit || '/1', 'handling', unit, 1, delivered_at,
       delivered_at + right(case_number, 3)::int * interval '1 hour', '5wd', '[]', false,
       CASE handling WHEN 'signed' THEN 'running' ELSE 'stopped' END FROM assignments;
INSERT INTO notices (id, case_number, at, audience, unit, template, params, state, tries)
SELECT md5(number || audience), number, registered_at + right(number, 4)::int * interval '1 minute', audience,
       CASE audience WHEN 'unit' THEN 'U' || substr(number, 14) END, 'transfer', '{}',
       CASE WHEN audience <> 'person' THEN 'shown' WHEN right(number, 2) = '00' THEN 'waiting' ELSE 'sent' END, 0
FROM cases, unnest(ARRAY['unit', 'centre', 'office', 'person']) audience;
INSERT INTO handovers (case_number, raised_at, basis, state)
SELECT number, registered_at + right(number, 4)::int * interval '1 minute', 'Art. 9 ¶3', 'waiting' FROM cases
"""


async def insert_many(conn: AsyncConnection, count: int) -> None:
    """So many cases with person, assignment, clock, notices and handover each; then what the planner knows of them."""
    for statement in MANY.split(";"):
        await conn.execute(text(statement), {"n": count} if ":n" in statement else {})
    for table in ("cases", "people", "assignments", "clocks", "notices", "handovers"):
        await conn.execute(text(f"ANALYZE {table}"))
