"""Today's workflows carry on what older ones began: closed histories of every path replay; a break is noticed."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.histories import kept
from tests.histories.amended import AMENDED
from tests.histories.paths import PATHS
from tests.histories.record import closed
from tests.sandbox import SANDBOX
from tests.town import words_in
from worker import WORKFLOWS
from workflows.case import CaseWorkflow
from workflows.converter import data_converter

Workflow = type[Any]


@pytest.fixture(scope="module")
def replay() -> Callable[[WorkflowHistory, list[Workflow]], Any]:
    """Replay a history with these workflows; the failure, if there is one."""

    async def replayed(history: WorkflowHistory, workflows: list[Workflow]) -> Exception | None:
        replayer = Replayer(
            workflows=workflows,
            data_converter=data_converter,
            workflow_runner=SANDBOX,
        )
        return (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure

    return replayed


Replay = Callable[[WorkflowHistory, list[Workflow]], Any]


def test_the_histories_of_every_path_are_kept() -> None:
    assert kept.names(kept.present()) == sorted(PATHS)
    assert kept.releases()[-1] == kept.present()
    assert len(kept.releases()) > 1


@pytest.mark.parametrize(("release", "name"), kept.every())
async def test_a_kept_history_replays(release: str, name: str, replay: Replay) -> None:
    for history in kept.read(release, name):
        assert await replay(history, WORKFLOWS) is None, history.workflow_id


@pytest.mark.parametrize("seed", ["1", "2"])
async def test_all_replay_in_another_process_whose_sets_have_another_order(seed: str) -> None:
    """Two workers never agree on the order of a set of strings: nothing may hang on it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.histories.replay", env=os.environ | {"PYTHONHASHSEED": seed}, stdout=PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@pytest.mark.parametrize(("release", "name"), kept.every())
def test_a_kept_history_is_closed_and_holds_no_word_of_a_person(release: str, name: str) -> None:
    for history in kept.read(release, name):
        assert history.events[-1].HasField("workflow_execution_completed_event_attributes")
        assert words_in(history) == []


@pytest.mark.parametrize("amended", AMENDED)
async def test_an_amendment_that_would_break_open_cases_is_noticed(amended: Workflow, replay: Replay) -> None:
    others = [workflow for workflow in WORKFLOWS if workflow is not CaseWorkflow]
    found = {
        name: type(await replay(next(kept.read(kept.present(), name)), [amended, *others]))
        for name in ("answered", "transferred")
    }
    assert NondeterminismError in found.values(), found


def test_what_an_earlier_release_left_is_never_recorded_anew() -> None:
    assert not closed("0.2.0", ["0.1.0", "0.2.0"], "## [Unreleased]\n")
    assert closed("0.1.0", ["0.1.0", "0.2.0"], "## [Unreleased]\n")
    assert closed("0.2.0", ["0.2.0"], "## [Unreleased]\n\n## [0.2.0] - 2027-01-01\n")
