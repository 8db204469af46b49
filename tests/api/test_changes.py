"""`GET /changes`: for the auditor and the administrator, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.vocabulary import Role, UnitKind
from storage import units
from storage.changes import Cause
from storage.units import Unit
from tests.line import Line


async def test_who_changed_what_when_and_why(house: Line, record: AsyncEngine) -> None:
    at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    for active in (True, False):
        async with record.begin() as conn:
            unit = Unit("T-SAMPLE", "样例单位", "Sample Unit", UnitKind.ENTERPRISE, None, active)
            await units.put(conn, unit, Cause("administrator-1", at, "样例理由。"))
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        latest, first = [item async for item in every_change(house, role) if item["subject"] == "T-SAMPLE"]
        assert [latest["detail"]["active"], first["detail"]["active"]] in PUT_AT_ONE_INSTANT
        said = {"actor": "administrator-1", "what": "unit_set", "reason": "样例理由。"}
        assert latest.items() >= said.items()
        assert datetime.fromisoformat(latest["at"]) == at
    assert (await house.get("/changes", Role.AUDITOR, cursor="样例")).status_code == 422


PUT_AT_ONE_INSTANT = ([[True, False], [None, True]], [[None, True], [True, False]])


async def every_change(house: Line, role: Role) -> AsyncIterator[dict[str, Any]]:
    """What `GET /changes` lists, one row a page: other tests put changes on the same record."""
    page: dict[str, Any] = {"next": None}
    while True:
        page = (await house.get("/changes", role, limit=1, **({"cursor": page["next"]} if page["next"] else {}))).json()
        for item in page["items"]:
            yield item
        if not page["next"]:
            return
