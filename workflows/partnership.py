"""A partner's membership (加盟关系), from the application to its end: its periods, as durable timers (Art. 20, 24)."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.timekeeper import Timekeeper


@workflow.defn(name="Partnership")
class Partnership(Timekeeper):
    """Its ID is the partner's code. Decisions, hearings and appeals end, papers expire."""

    keeps = "keep_partner"

    @workflow.run
    async def run(self, partner: str) -> str:
        return await self.keep(partner)
