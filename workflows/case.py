"""One request, from the first word to the archive (Chapter II, Art. 7–14): the order, the waiting, the clocks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ChildWorkflowError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.ledger import SIGNALS, Ledger, nobodys
    from domain.case import CENTRE, Deed, File
    from domain.vocabulary import Clock, Exclusion, Status
    from workflows import words
    from workflows.callback import Callback
    from workflows.designation import Designation
    from workflows.desk import LOOK, LOOKS, SILENCE, Desk, Shown

NOTHING = RawValue(Payload())
"""What a signal without an argument brings."""

AGAIN = timedelta(seconds=10)
"""How long the case waits before it opens a desk again that was ended from outside."""


@workflow.defn(name="Case")
class CaseWorkflow(Desk):
    """Its ID is the case's number. While it runs, nobody else changes the case's standing."""

    @workflow.init
    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._holder: workflow.ChildWorkflowHandle[Any, File] | None = None

    @workflow.run
    async def run(self, file: File) -> str:
        """Carry the case from where its file stands until it is archived; its outcome."""
        self.take(file)
        await self._turn_away()
        while self.file.case.status is not Status.ARCHIVED:
            match self.file.case.status:
                case Status.ESCALATED:
                    await self._hand_to(Designation)  # Art. 12 ¶2
                case Status.CALLBACK:
                    await self._hand_to(Callback)  # Art. 13
                case Status.CLOSED:
                    await self._archive()  # Art. 14
                case standing:  # with the Centre (Art. 10) or the units (Art. 11): their deeds and clocks move it
                    await self.until(partial(self._moved_from, standing))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return str(self.file.case.outcome)

    @workflow.signal(
        description="A unit's machine client reports the result; a late or wrong one is refused on record."
    )
    async def unit_feedback(self, deed: RawValue = NOTHING) -> None:
        await self._hear("unit_feedback", deed)

    @workflow.signal(
        description="A unit's machine client gives the case back; a late or wrong one is refused on record."
    )
    async def unit_return(self, deed: RawValue = NOTHING) -> None:
        await self._hear("unit_return", deed)

    async def _hear(self, name: str, given: RawValue) -> None:
        """The same step as the update. Nobody waits for an answer, so a refusal stays in the deeds.

        What is no deed at all is the deed of nobody, and refused as such.
        """
        act, number = SIGNALS[name], self.file.case.number
        deed = _deed_in(given) or nobodys(workflow.uuid4().hex, number, act, workflow.now())
        async with self.pen:
            await self.apply(name, replace(deed, act=act, number=number))

    @workflow.signal(name=LOOK, description=LOOKS)
    async def look(self) -> None:
        await self.read_again()

    @workflow.update(
        name=LOOK,
        description="Read the file of record again, and have the desk that holds the case do so; also while it sleeps.",
    )
    async def wake(self) -> None:
        await self.read_again()
        if self._holder:
            with suppress(FailureError):  # it has just ended
                await self._holder.signal(LOOK)

    async def _turn_away(self) -> None:
        """Danger to life or property was answered at intake; the file says so (Art. 8(1))."""
        if self.file.case.exclusion is Exclusion.EMERGENCY and self.file.case.status is Status.REGISTERED:
            await self.step(Ledger.turn_away, "不予受理 decline")

    async def _hand_to(self, child: type[Designation] | type[Callback]) -> None:
        """Another desk holds the case until it comes back; one that somebody ended in Temporal is opened again."""
        try:
            self._holder = await workflow.start_child_workflow(
                child.run,
                self.file,
                id=self.file.case.desk,
                static_summary=words.child(self.file.case),
                task_timeout=SILENCE,
            )
            held = await self._holder
        except ChildWorkflowError:
            workflow.logger.warning("a desk was ended from outside; it opens again")
            await workflow.sleep(AGAIN, summary="重新受理 open again")
            await self.step(Ledger.read, "读档 read")
            return
        finally:
            self._holder = None
        if held.case.version > self.file.case.version:  # a signal may have carried the case on meanwhile
            self.take(held)

    async def _archive(self) -> None:
        """When the dispute window has ended: seal the file; if it is incomplete, wait until something is supplied."""
        waiting = (Clock.DISPUTE, Clock.ARCHIVE)
        await self.until(
            lambda: (
                self.file.case.status is not Status.CLOSED
                or not any(self.file.clock(clock, CENTRE) for clock in waiting)
            )
        )
        if self.file.case.status is Status.CLOSED:
            await self.step(Ledger.seal, "归档 archive")

    def _moved_from(self, standing: Status) -> bool:
        return self.file.case.status is not standing

    def publish(self, old: Shown, new: Shown) -> None:
        """One event for all that changed."""
        workflow.upsert_search_attributes(
            [
                key.value_set(value) if value is not None else key.value_unset()
                for key, value in new.items()
                if old[key] != value
            ]
        )


def _deed_in(given: RawValue) -> Deed | None:
    try:
        found = workflow.payload_converter().from_payload(given.payload, Deed)
    except Exception:  # whatever the converter makes of junk
        return None
    return found if isinstance(found, Deed) else None
