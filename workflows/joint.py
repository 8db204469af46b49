"""A joint case (并案): beside its parts, not above them. Each act wakes it, and it carries the act to every part."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.joints import Joints

CARRY = "carry"
"""The signal: something was done."""

QUIET = timedelta(days=1)
"""How long it waits for the next act before it ends; that one starts it again."""

LIMIT = timedelta(hours=1)
SILENCE = timedelta(seconds=10)
"""An activity silent for so long is lost, with its worker: the next one goes on where it was."""


@workflow.defn(name="Joint")
class Joint:
    """Its ID is the joint case's. What is to be carried stands in the record; it keeps nothing but that there is something."""

    def __init__(self) -> None:
        self._told = False

    @workflow.run
    async def run(self, joint: str) -> int:
        """Carry until nothing was done for a day; how many parts were reached, an act and a part at a time."""
        reached = 0
        while await self._more():
            self._told = False
            reached += await workflow.execute_activity_method(
                Joints.carry,
                joint,
                start_to_close_timeout=LIMIT,
                heartbeat_timeout=SILENCE,
                summary="并案办理 carry to every part",
            )
            if workflow.info().is_continue_as_new_suggested() and not self._told:
                workflow.continue_as_new(joint)
        return reached

    @workflow.signal(name=CARRY, description="Something was done for all parts: carry it to each.")
    def carry(self) -> None:
        self._told = True

    async def _more(self) -> bool:
        try:
            await workflow.wait_condition(lambda: self._told, timeout=QUIET, timeout_summary="并案静默 quiet")
        except TimeoutError:
            return False
        return True
