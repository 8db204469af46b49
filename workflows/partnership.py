"""A partner's membership (加盟关系), from the application to its end: its periods, as durable timers (Art. 20, 24)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.partnerships import Partnerships, Period
    from workflows.desk import LOCAL, LOOK, LOOKS


@workflow.defn(name="Partnership")
class Partnership:
    """Its ID is the partner's code. Who decides what stands in the register; this waits for what happens by itself."""

    def __init__(self) -> None:
        self._told = False

    @workflow.run
    async def run(self, partner: str) -> str:
        """Keep the register in step with time until the membership has ended; where it stands then."""
        while True:
            self._told = False
            period: Period = await workflow.execute_local_activity_method(
                Partnerships.keep, args=[partner, workflow.now()], summary="加盟关系 membership", **LOCAL
            )
            workflow.set_current_details(f"{period.standing.zh} {period.standing.en}")
            if period.ended and not self._told:
                return str(period.standing)
            await self._until(period)
            if workflow.info().is_continue_as_new_suggested() and not self._told:
                workflow.continue_as_new(partner)

    @workflow.signal(name=LOOK, description=LOOKS)
    def look(self) -> None:
        self._told = True

    async def _until(self, period: Period) -> None:
        wait = max(period.due_at - workflow.now(), timedelta(0)) if period.due_at else None
        try:
            await workflow.wait_condition(
                lambda: self._told, timeout=wait, timeout_summary=f"{period.standing.zh} {period.standing.en}"
            )
        except TimeoutError:
            return
