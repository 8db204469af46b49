"""An opinion of the public's supervision (社会监督意见), until it is answered and published or not (Art. 21)."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.timekeeper import Timekeeper


@workflow.defn(name="Opinion")
class Opinion(Timekeeper):
    """Its ID is the opinion's. The limits for assigning, answering and publishing it give warning and run out here."""

    keeps = "keep_opinion"

    @workflow.run
    async def run(self, opinion: str) -> str:
        return await self.keep(opinion)
