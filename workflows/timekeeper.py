"""A workflow beside the cases: what is decided stands in a register, and it waits for what happens there by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.periods import Period
    from workflows.desk import LOCAL, LOOK, LOOKS


class Timekeeper:
    """Its ID is that of the row. Told or not, early or late, it comes to the same: one activity looks, and says until when."""

    keeps: ClassVar[str]
    """The activity: takes the ID and the instant, puts on record every period that has ended by then, gives a `Period`."""

    def __init__(self) -> None:
        self._told = False

    async def keep(self, id: str) -> str:
        """Keep the register in step with time until nothing follows any more; where it stands then."""
        while True:
            self._told = False
            period: Period = await workflow.execute_local_activity(
                self.keeps, args=[id, workflow.now()], result_type=Period, summary="登记簿 register", **LOCAL
            )
            workflow.set_current_details(period.standing)
            if period.ended and not self._told:
                return period.standing
            await self._until(period)
            if workflow.info().is_continue_as_new_suggested() and not self._told:
                workflow.continue_as_new(id)

    @workflow.signal(name=LOOK, description=LOOKS)
    def look(self) -> None:
        self._told = True

    async def _until(self, period: Period) -> None:
        wait = max(period.due_at - workflow.now(), timedelta(0)) if period.due_at else None
        try:
            await workflow.wait_condition(lambda: self._told, timeout=wait, timeout_summary=period.standing)
        except TimeoutError:
            return
