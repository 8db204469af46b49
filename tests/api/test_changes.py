"""`GET /changes`: for the auditor and the administrator, page by page."""

from __future__ import annotations

from datetime import UTC, datetime

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
        first = (await house.get("/changes", role, limit=1)).json()
        second = (await house.get("/changes", role, limit=1, cursor=first["next"])).json()
        found = {str(page["items"][0]["detail"].get("active")) for page in (first, second)}
        assert found == {"[True, False]", "[None, True]"}
        (item,) = first["items"]
        said = {"actor": "administrator-1", "what": "unit_set", "subject": "T-SAMPLE", "reason": "样例理由。"}
        assert item.items() >= said.items()
        assert datetime.fromisoformat(item["at"]) == at
    assert (await house.get("/changes", Role.AUDITOR, cursor="样例")).status_code == 422
