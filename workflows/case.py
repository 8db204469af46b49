"""One request, from the first word to the archive (Chapter II, Art. 7–14): the order, the waiting, the clocks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.ledger import Ledger
    from domain.case import CENTRE, Deed, File
    from domain.vocabulary import Act, Clock, Exclusion, Status
    from workflows.callback import Callback
    from workflows.designation import Designation
    from workflows.desk import Desk


@workflow.defn(name="Case")
class CaseWorkflow(Desk):
    """Its ID is the case's number. While it runs, nobody else changes the case's standing."""

    @workflow.init
    def __init__(self, file: File) -> None:
        super().__init__(file)

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
                    await workflow.wait_condition(partial(self._moved_from, standing))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return str(self.file.case.outcome)

    @workflow.signal(
        description="A unit's machine client reports the result; a late or wrong one is refused on record."
    )
    async def unit_feedback(self, deed: Deed | None = None) -> None:
        await self._on_record(deed, Act.FEEDBACK)

    @workflow.signal(
        description="A unit's machine client gives the case back; a late or wrong one is refused on record."
    )
    async def unit_return(self, deed: Deed | None = None) -> None:
        await self._on_record(deed, Act.RETURN)

    async def _on_record(self, deed: Deed | None, act: Act) -> None:
        """The same step as the update. Nobody waits for an answer, so a refusal stays in the deeds.

        A signal can be sent with anything: one without a deed, or with an instant that is none, is dropped.
        """
        if deed is None or deed.received_at.tzinfo is None:
            workflow.logger.warning("a signal that is no deed was dropped")
            return
        async with self.pen:
            await self.apply(replace(deed, act=act, number=self.file.case.number))

    async def _turn_away(self) -> None:
        """Danger to life or property was answered at intake; the file says so (Art. 8(1))."""
        if self.file.case.exclusion is Exclusion.EMERGENCY and self.file.case.status is Status.REGISTERED:
            await self.step(Ledger.turn_away, "不予受理 decline")

    async def _hand_to(self, child: type[Designation] | type[Callback]) -> None:
        """Another desk holds the case until it comes back."""
        held = await workflow.execute_child_workflow(
            child.run, self.file, id=self.file.case.desk, static_summary=self.file.case.number
        )
        if held.case.version > self.file.case.version:  # a signal may have carried the case on meanwhile
            self.take(held)

    async def _archive(self) -> None:
        """When the dispute window has ended: seal the file; if it is incomplete, wait until something is supplied."""
        waiting = (Clock.DISPUTE, Clock.ARCHIVE)
        await workflow.wait_condition(
            lambda: (
                self.file.case.status is not Status.CLOSED
                or not any(self.file.clock(clock, CENTRE) for clock in waiting)
            )
        )
        if self.file.case.status is Status.CLOSED:
            await self.step(Ledger.seal, "归档 archive")

    def _moved_from(self, standing: Status) -> bool:
        return self.file.case.status is not standing

    def publish(self) -> None:
        self._upsert()
