"""Changes of the house's own are on record in the transaction that makes them, and stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.calendar import Notice
from domain.vocabulary import UnitKind
from storage import reading, units
from storage.calendar import announce
from storage.changes import Cause
from storage.tables import changes
from storage.units import Unit
from tests.conftest import owning

WHY = Cause("administrator-1", datetime(2026, 3, 2, 1, 0, tzinfo=UTC), "样例理由。")
SAMPLE = Unit("SAMPLE", "样例单位", "Sample Unit", UnitKind.ENTERPRISE)
NOTICE = Notice(2027, "样例通知", None, ())


async def recorded(engine: AsyncEngine) -> list[dict[str, Any]]:
    async with engine.connect() as conn:
        return [dict(row) for row in (await conn.execute(select(changes).order_by(changes.c.at))).mappings()]


async def entered(engine: AsyncEngine, unit: Unit = SAMPLE, cause: Cause = WHY) -> bool:
    async with engine.begin() as conn:
        return await units.put(conn, unit, cause)


async def test_a_unit_is_entered_and_changed_on_record_with_what_differs(engine: AsyncEngine) -> None:
    assert await entered(engine)
    assert not await entered(engine)  # nothing differs
    assert await entered(engine, replace(SAMPLE, active=False), replace(WHY, at=datetime(2026, 3, 3, tzinfo=UTC)))
    first, second = await recorded(engine)
    said = {"actor": WHY.actor, "at": WHY.at, "reason": WHY.reason, "what": "unit_set", "subject": "SAMPLE"}
    assert {name: first[name] for name in said} == said
    assert first["detail"]["zh"] == [None, "样例单位"]
    assert second["detail"] == {"active": [True, False]}
    async with engine.connect() as conn:
        assert replace(SAMPLE, active=False) in await units.listed(conn)


async def test_a_notice_is_published_on_record(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        version, _ = await announce(conn, NOTICE, WHY)
    (row,) = await recorded(engine)
    assert (row["what"], row["subject"]) == ("calendar_published", str(version))
    assert row["detail"] == {"year": 2027, "cases": 0}


async def test_what_is_not_changed_is_not_on_record(engine: AsyncEngine) -> None:
    with pytest.raises(ValueError, match="2027"):  # a year would be left without a notice
        async with engine.begin() as conn:
            await announce(conn, replace(NOTICE, year=2028), WHY)
    assert await recorded(engine) == []


@pytest.mark.parametrize("statement", ["UPDATE changes SET reason = ''", "DELETE FROM changes", "TRUNCATE changes"])
async def test_no_row_is_changed_or_taken_away(engine: AsyncEngine, statement: str) -> None:
    await entered(engine)
    before = await recorded(engine)
    with pytest.raises(DBAPIError, match="only ever appended"):
        async with owning(engine) as conn:
            await conn.execute(text(statement))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with engine.begin() as conn:
            await conn.execute(text(statement))
    assert await recorded(engine) == before


def test_a_change_without_a_reason_is_none() -> None:
    with pytest.raises(ValueError, match="reason"):
        Cause("administrator-1", WHY.at, " ")


async def test_they_are_read_page_by_page_the_latest_first(engine: AsyncEngine) -> None:
    for n in range(5):  # several of one instant
        await entered(engine, replace(SAMPLE, zh=f"样例{n}"), replace(WHY, at=WHY.at.replace(day=2 + n // 3)))
    seen, cursor = [], None
    async with engine.connect() as conn:
        while True:
            page = await reading.list_changes(conn, 2, cursor)
            seen += [row["id"] for row in page.items]
            if (cursor := page.next) is None:
                break
    rows = await recorded(engine)
    assert seen == [row["id"] for row in sorted(rows, key=lambda row: (row["at"], row["id"]), reverse=True)]
    assert len(seen) == 5
