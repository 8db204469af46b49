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


@pytest.mark.parametrize("name", PATHS)
async def test_path(name: str, idle_town: Town, pytestconfig: pytest.Config) -> None:
    recording = recorder(pytestconfig)
    async with idle_town.at_work(max_cached_workflows=2_000 if recording else 0):
        request = await PATHS[name].play(idle_town)
        assert await request.events() == list(PATHS[name].events)
    if recording:
        await recording.keep(name, request)
