"""Every path of a case, with a worker that forgets: each workflow task replays from the beginning, so that whatever is
not deterministic shows. `python -m tests.histories.record` plays them too, and keeps their histories."""

from __future__ import annotations

import pytest

from tests.histories.kept import Recorder
from tests.histories.paths import PATHS
from tests.town import Town


def recorder(config: pytest.Config) -> Recorder | None:
    """The recorder, when histories are being recorded."""
    return next((plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Recorder)), None)


async def played(name: str, town: Town, config: pytest.Config) -> None:
    """Play a path to its end; keep its histories if they are being recorded."""
    recording = recorder(config)
    async with town.at_work(max_cached_workflows=2_000 if recording else 0):
        request = await PATHS[name].play(town)
        assert await request.events() == list(PATHS[name].events), " ".join(await request.events())
    if recording:
        await recording.keep(name, request)


@pytest.mark.parametrize("name", [name for name, path in PATHS.items() if not path.publishes])
async def test_path(name: str, idle_town: Town, pytestconfig: pytest.Config) -> None:
    await played(name, idle_town, pytestconfig)


@pytest.mark.parametrize("name", [name for name, path in PATHS.items() if path.publishes])
async def test_path_that_changes_the_calendar(name: str, own_idle_town: Town, pytestconfig: pytest.Config) -> None:
    await played(name, own_idle_town, pytestconfig)
