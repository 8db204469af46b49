"""A desk: the workflow that decides on a case now. It takes deeds one at a time and keeps the law's clocks.

One desk holds a case at any time: the case's own workflow, or the child to which it handed the case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.ledger import Applied, Ledger
    from domain.acts import check
    from domain.case import Deed, File, Rung, RunningClock
    from domain.refusals import Refusal
    from domain.vocabulary import Status
    from workflows.attributes import values
    from workflows.words import details, timer

MOVED = "Moved"
"""The type of the failure that says: another desk holds the case now."""

Shown = dict[SearchAttributeKey[Any], Any]

LOOK = "look"
"""The signal that has a desk read its file again. As an update, a case's own workflow hands it on to its child."""

LOOKS = "Read the file of record again: it was changed elsewhere."

CHILD_LOOKS = "child-looks"
"""Patch of 0.1.0: until 0.1.0a1 only a case's own workflow knew the signal (docs/upgrades.md)."""

LOCAL: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=3)),
}
"""A step is tried again until it is written: PostgreSQL may be away for hours, and is then waited for by seconds."""

SILENCE = timedelta(seconds=5)
"""How long a desk's worker may be silent in the midst of a task until another gets it: clocks wait as long."""


class Desk:
    """Keeps the file of one case: deeds through `act`, clocks through one keeper."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.pen = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._shown: Shown | None = None

    # -- deeds -------------------------------------------------------------------------------------------------

    @workflow.update(
        dynamic=True, description="One act of anybody's, by its name (transfer, sign …): a Deed, codes only."
    )
    async def act(self, name: str, args: Sequence[RawValue]) -> str:
        """Carry out a deed; the status after it. A refusal is an ApplicationError of the refusal's type."""
        deed = _deed(name, args)
        async with self.pen:
            self._refuse_elsewhere()
            applied = await self.apply(name, deed)
        if applied.refusal:
            raise _refused(applied.refusal, applied.detail, applied.basis)
        return applied.file.case.status.value

    @act.validator
    def _permitted(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse without a trace in the history; the ledger decides again on recorded facts."""
        deed = _deed(name, args)
        self._refuse_elsewhere()
        try:
            check(self.file, deed)
        except Refusal as refusal:
            raise _refused(refusal.kind, refusal.detail, str(refusal.basis) if refusal.basis else None) from refusal

    def _refuse_elsewhere(self) -> None:
        if not self._here():
            raise _refused(MOVED, f"the case is at {self.file.case.desk}")

    def _here(self) -> bool:
        return self.file.case.desk == workflow.info().workflow_id

    async def apply(self, name: str, deed: Deed) -> Applied:
        """Have the ledger carry out a deed, and go on from the file as it then is. The caller holds the pen."""
        applied: Applied = await workflow.execute_local_activity(
            name, args=[self.file, deed, workflow.now()], result_type=Applied, summary=deed.act.zh, **LOCAL
        )
        self.take(applied.file)
        return applied

    async def read_again(self) -> None:
        """The file of record was changed elsewhere."""
        await self.step(Ledger.read, "读档 read")

    async def step(self, make: Callable[[Ledger, File, datetime], Awaitable[File]], summary: str) -> None:
        """Have the ledger write a step of the system's own, or read the file again, and go on from there."""
        async with self.pen:
            file = await workflow.execute_local_activity_method(
                make, args=[self.file, workflow.now()], summary=summary, **LOCAL
            )
            self.take(file)

    # -- clocks ------------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Wait for the next instant on any ladder, have it marked, and again; nothing while another desk has the case."""
        while True:
            await workflow.wait_condition(lambda: bool(self._coming()))
            coming = self._coming()
            running, rung = coming[0]
            wait = rung.at - workflow.now()
            if wait > timedelta(0):
                try:
                    changed = partial(self._changed, rung.at)
                    await workflow.wait_condition(changed, timeout=wait, timeout_summary=timer(coming))
                    continue
                except TimeoutError:
                    pass
            await self._strike(running, rung)

    async def _strike(self, running: RunningClock, rung: Rung) -> None:
        async with self.pen:
            if (running.id, rung) not in ((c.id, r) for c in self.file.clocks for r in c.rungs):
                return
            file: File = await workflow.execute_local_activity(
                rung.mark.value,
                args=[self.file, running.id, rung, workflow.now()],
                result_type=File,
                summary=f"{running.clock.zh}{rung.mark.zh}",
                **LOCAL,
            )
            self.take(file)

    def _coming(self) -> list[tuple[RunningClock, Rung]]:
        """The next rungs: the soonest, and those at the same instant, in the same order whatever was loaded when."""
        if not self._here():
            return []
        rungs = [(clock, rung) for clock in self.file.clocks for rung in clock.rungs]
        soonest = min((rung.at for _, rung in rungs), default=None)
        return sorted(((c, rung) for c, rung in rungs if rung.at == soonest), key=lambda found: found[0].id)

    def _changed(self, awaited: datetime) -> bool:
        coming = self._coming()
        return not coming or coming[0][1].at != awaited

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for it. What breaks the keeper fails the workflow task: operators see it, and a mended worker goes on.

        A history that has grown long is left behind: the file is all that a desk needs to go on in a new one.
        """
        await workflow.wait_condition(lambda: reached() or self._broken() is not None or self._long())
        if broken := self._broken():
            raise RuntimeError("the keeper of clocks broke") from broken
        if not reached():
            await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self.pen.locked())
            workflow.continue_as_new(self.file)

    def _broken(self) -> BaseException | None:
        return self._keeper.exception() if self._keeper and self._keeper.done() else None

    def _long(self) -> bool:
        return workflow.info().is_continue_as_new_suggested()

    # -- what operators see ------------------------------------------------------------------------------------

    def take(self, file: File) -> None:
        """Go on from a newer file: clocks, current details, search attributes (only what changed, one event)."""
        self.file = file
        self._keeper = self._keeper or asyncio.create_task(self._keep())
        workflow.set_current_details(details(file))
        if file.case.status is Status.CLOSED and not file.clocks:
            return  # about to be sealed in the same breath: lists show what comes of it
        shows = values(file.case)
        if self._shown is not None and self._shown != shows:
            self.publish(self._shown, shows)
        self._shown = shows

    def publish(self, old: Shown, new: Shown) -> None:
        """What lists show of the case changed."""
        raise NotImplementedError


class Child(Desk):
    """Holds a case until it moves on to another desk, and gives its file back."""

    @workflow.signal(name=LOOK, description=LOOKS)
    async def look(self) -> None:
        """A child of 0.1.0a1 let the signal lie: one that did so does it again when it is replayed."""
        if workflow.patched(CHILD_LOOKS):
            await self.read_again()

    async def hold(self, file: File) -> File:
        self.take(file)
        await self.until(lambda: not self._here())
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.file

    def publish(self, old: Shown, new: Shown) -> None:
        """The case's own workflow shows it: it is told to look, unless it gets the file back now."""
        parent = workflow.info().parent
        if parent and self._here():
            own = workflow.get_external_workflow_handle(parent.workflow_id)
            self._told = asyncio.create_task(own.signal(LOOK))


def _deed(name: str, args: Sequence[RawValue]) -> Deed:
    """The deed of an update; its act is the update's name."""
    deed: Deed = workflow.payload_converter().from_payload(args[0].payload, Deed)
    if deed.act.value != name:
        raise _refused("Lacking", f"a {deed.act} is no {name}")
    return deed


def _refused(kind: str, detail: str, basis: str | None = None) -> ApplicationError:
    return ApplicationError(detail, basis, type=kind, non_retryable=True)
