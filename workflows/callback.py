"""A person calls the person back (Art. 13), or the tracking page asks: until there is a word, a refusal or a waiver."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.case import File
    from workflows.desk import Child


@workflow.defn(name="Callback")
class Callback(Child):
    """Attempts, rating and waiver come as deeds and clocks; ends when the case is closed, redone or supervised."""

    @workflow.init
    def __init__(self, file: File) -> None:
        super().__init__(file)

    @workflow.run
    async def run(self, file: File) -> File:
        return await self.hold(file)
