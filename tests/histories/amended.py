"""Case workflows amended in ways that would break open cases: the replay of kept histories must notice each."""

from __future__ import annotations

from functools import partial

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.ledger import Ledger
    from domain.case import File
    from workflows.callback import Callback
    from workflows.case import CaseWorkflow
    from workflows.designation import Designation
    from workflows.desk import Shown


@workflow.defn(name="Case")
class Pausing(CaseWorkflow):
    """Sleeps a second before it begins."""

    @workflow.run
    async def run(self, file: File) -> str:
        await workflow.sleep(1)
        return await super().run(file)


@workflow.defn(name="Case")
class Hasty(CaseWorkflow):
    """Does not wait for the dispute window to end before it looks whether the file is complete."""

    @workflow.run
    async def run(self, file: File) -> str:
        return await super().run(file)

    async def _archive(self) -> None:
        await self.step(Ledger.seal, "归档 archive")


@workflow.defn(name="Case")
class Lonely(CaseWorkflow):
    """Keeps the case on its own desk instead of handing it to a child."""

    @workflow.run
    async def run(self, file: File) -> str:
        return await super().run(file)

    async def _hand_to(self, child: type[Designation] | type[Callback]) -> None:
        await self.until(partial(self._moved_from, self.file.case.status))


@workflow.defn(name="Case")
class Silent(CaseWorkflow):
    """Shows operators no search attributes."""

    @workflow.run
    async def run(self, file: File) -> str:
        return await super().run(file)

    def publish(self, old: Shown, new: Shown) -> None:
        """Nothing."""


@workflow.defn(name="Case")
class Careless(CaseWorkflow):
    """Lets no timer run."""

    @workflow.run
    async def run(self, file: File) -> str:
        return await super().run(file)

    async def _keep(self) -> None:
        """Nothing."""
        await workflow.wait_condition(lambda: False)


AMENDED = (Pausing, Hasty, Lonely, Silent, Careless)
