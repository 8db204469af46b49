"""Partners as they stand (加盟关系): what a period that has ended brings about (Art. 20, 24)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.periods import Period
from domain.partners import ENDED, Doing, lapse
from domain.vocabulary import MemberAct, Role
from storage import partners


class Partnerships:
    """Holds the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="keep_partner")
    async def keep(self, code: str, now: datetime) -> Period:
        """Put on record every period that has ended by now, at its own instant; what runs then. Again: the same."""
        async with self._engine.begin() as conn:
            partner = await partners.hold(conn, code)
            assert partner is not None
            while partner.due_at is not None and partner.due_at <= now:
                doing = Doing(act=MemberAct.LAPSE, actor=Role.SYSTEM, role=Role.SYSTEM, at=partner.due_at)
                partner = lapse(partner)
                await partners.keep(conn, partner, doing, None)
            await partners.seen(conn, code, partner.version)
        return Period(f"{partner.standing.zh} {partner.standing.en}", partner.due_at, partner.standing in ENDED)
