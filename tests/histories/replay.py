"""`python -m tests.histories.replay`: replay every history as the worker in service would; 1 if one does not."""

from __future__ import annotations

import asyncio
import os

from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.histories import kept
from worker import WORKFLOWS
from workflows.converter import data_converter


async def broken() -> list[str]:
    """The paths whose histories do not replay."""
    replayer = Replayer(workflows=WORKFLOWS, data_converter=data_converter, workflow_runner=UnsandboxedWorkflowRunner())
    found = []
    for release, name in kept.every():
        for history in kept.read(release, name):
            result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            if result.replay_failure:
                found.append(f"{release} {name}: {history.workflow_id}")
    return found


if __name__ == "__main__":
    failures = asyncio.run(broken())
    print("\n".join(failures), flush=True)
    os._exit(bool(failures))  # the SDK's threads may still hold the interpreter that an ordinary exit would take apart
