"""A case workflow whose keeper breaks: what operators must then see."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.case import File, Rung, RunningClock
    from workflows.case import CaseWorkflow


@workflow.defn(name="Case")
class Clumsy(CaseWorkflow):
    """Breaks at the first instant on a ladder."""

    @workflow.run
    async def run(self, file: File) -> str:
        return await super().run(file)

    async def _strike(self, running: RunningClock, rung: Rung) -> None:
        raise ValueError("clumsy")
