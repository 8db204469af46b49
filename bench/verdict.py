"""After the chaos: what the clients were told, against what is on record and what Temporal carries."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row
from temporalio.client import Client as Temporal

from bench.clients import Log, Sent
from domain.chain import Broken
from settings import sqlalchemy_url
from storage.engine import make_engine
from storage.verification import cases
from workflows.condition import condition

SIDE_BY_SIDE = 16
LOOKS = 20
"""How often, half a second apart, a workflow is looked at that is about to end: its last step is on record before."""

DUPLICATED = (
    "SELECT client, intake_key FROM cases GROUP BY 1, 2 HAVING count(*) > 1",
    "SELECT actor, key FROM deeds WHERE key IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1",
    "SELECT deed FROM entries WHERE deed IS NOT NULL GROUP BY 1 HAVING count(*) > 1",
    """SELECT case_number, event, detail ->> 'clock', detail ->> 'owner', detail ->> 'due' FROM entries
       WHERE detail ? 'due' GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1""",
)
"""Each gives what is there twice: intakes, acts, entries of one act, marks of one instant."""

EARLY = """
    SELECT case_number, seq FROM entries
    WHERE event IN ('overdue', 'noticed', 'bulletined', 'lapsed') AND at < CAST(detail ->> 'due' AS timestamptz)
"""

MISSED = """
    SELECT k.case_number, k.id FROM clocks k
    WHERE k.clock NOT IN ('return', 'dispute', 'rating', 'tracking') AND coalesce(k.stopped_at, now()) >= k.due
      AND NOT EXISTS (SELECT FROM entries e WHERE e.case_number = k.case_number AND e.event = 'overdue'
                      AND e.detail ->> 'clock' = k.clock AND e.detail ->> 'owner' = k.owner
                      AND CAST(e.detail ->> 'due' AS timestamptz) = k.due)
"""
"""Limits that passed, and nobody marked it."""

LATE = """
    SELECT greatest(extract(epoch FROM at - CAST(detail ->> 'due' AS timestamptz)),
                    CAST(detail ->> 'late_s' AS numeric), 0) AS late
    FROM entries WHERE event IN ('overdue', 'lapsed')
"""
"""Seconds between each instant that was due and the one at which it was marked."""

DIVERGED = (
    """SELECT c.number FROM cases c LEFT JOIN entries e ON e.case_number = c.number
       GROUP BY c.number HAVING count(e) <> c.entries OR max(e.seq) <> c.entries""",
    """SELECT c.number FROM cases c JOIN entries e ON e.case_number = c.number AND e.seq = c.entries
       WHERE e.status <> c.status""",
    """SELECT d.id FROM deeds d
       WHERE (d.state = 'applied') <> EXISTS (SELECT FROM entries e WHERE e.case_number = d.case_number AND e.deed = d.id)""",
    "SELECT id FROM deeds WHERE (state = 'received') <> (decided_at IS NULL)",
    "SELECT number FROM cases c WHERE status = 'archived' AND NOT EXISTS (SELECT FROM archives WHERE case_number = number)",
    """SELECT number FROM cases WHERE status = 'archived'
       AND EXISTS (SELECT FROM clocks WHERE case_number = number AND state = 'running')""",
    "SELECT number FROM cases WHERE begun_at IS NULL",
)
"""Each gives what is only half done: row, entries, acts and clocks of a case do not agree."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong, by kind: rows to look at; and the lateness of every mark, in seconds."""

    lost: Sequence[Any]
    duplicated: Sequence[Any]
    early: Sequence[Any]
    diverged: Sequence[Any]
    late: Sequence[float]
    broken: Sequence[Broken]
    """Where the chains of entries break."""


async def verdict(database_url: str, temporal: Temporal, log: Log, records: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Compare, when everything has come to rest. `records`: what the other system holds by its own count."""
    with psycopg.connect(database_url, row_factory=dict_row) as conn:

        def rows(*queries: str) -> list[Any]:
            return [row for query in queries for row in conn.execute(query)]

        numbers = [row["number"] for row in rows("SELECT number FROM cases")]
        return Verdict(
            lost=[*_lost(conn, log), *rows(MISSED), *_not_handed_over(rows(RAISED), records)],
            duplicated=[*rows(*DUPLICATED), *_handed_twice(records)],
            early=rows(EARLY),
            diverged=[*rows(*DIVERGED), *await _not_completed(temporal, numbers)],
            late=[float(row["late"]) for row in rows(LATE)],
            broken=await _broken(database_url),
        )


RAISED = "SELECT number || '-9.3' AS id FROM cases WHERE infringement"
"""The records that are for the enforcement-supervision platform (Art. 9 ¶3)."""


def _not_handed_over(raised: Sequence[Any], records: Mapping[str, Any]) -> list[str]:
    """Records that one side has and the other has not."""
    return sorted({row["id"] for row in raised} ^ records.keys())


def _handed_twice(records: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """What came under two keys."""
    came = Counter((record["case_number"], record["basis"]) for record in records.values())
    return [what for what, times in came.items() if times > 1]


async def _broken(database_url: str) -> list[Broken]:
    engine = make_engine(sqlalchemy_url(database_url))
    async with engine.connect() as conn:
        found = [fault async for _, fault in cases(conn) if fault]
    await engine.dispose()
    return found


def _lost(conn: psycopg.Connection[Any], log: Log) -> list[tuple[Sent, Any]]:
    """What was acknowledged, and is not on record as it was acknowledged; with what is there instead."""
    intakes = {row["intake_key"]: row["number"] for row in conn.execute("SELECT intake_key, number FROM cases")}
    deeds = {(row["actor"], row["key"]): row for row in conn.execute("SELECT actor, key, id, state FROM deeds")}

    def kept(sent: Sent) -> bool:
        if sent.actor == "channel":
            return intakes.get(sent.key) == sent.number
        deed = deeds.get((sent.actor, sent.key))
        return bool(deed and deed["state"] == sent.state and sent.deed in (None, deed["id"]))

    return [(sent, deeds.get((sent.actor, sent.key))) for sent in log.acknowledged if not kept(sent)]


async def _not_completed(temporal: Temporal, numbers: Sequence[str]) -> list[str]:
    """Archived cases whose workflow did not end as it should."""
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def completed(number: str) -> bool:
        for _ in range(LOOKS):
            async with gate:
                found = await condition(temporal, number)
            if found and found.status == "COMPLETED" and found.shows == "archived":
                return True
            await asyncio.sleep(0.5)
        return False

    ended = await asyncio.gather(*map(completed, numbers))
    return [f"{number}: its workflow" for number, sound in zip(numbers, ended, strict=True) if not sound]
