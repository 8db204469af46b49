"""The approval office names the lead unit (Art. 12 ¶2): other people, another clock, a workflow of its own."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.case import File
    from workflows.desk import Child


@workflow.defn(name="Designation")
class Designation(Child):
    """Reminded before its limit ends and after; ends when the office has designated (or the case ended otherwise)."""

    @workflow.init
    def __init__(self, file: File) -> None:
        super().__init__(file)

    @workflow.run
    async def run(self, file: File) -> File:
        return await self.hold(file)
