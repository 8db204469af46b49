from __future__ import annotations

import pytest

from tests.histories.paths import PATHS
from tests.town import Town


@pytest.mark.parametrize("name", PATHS)
async def test_path(name: str, town: Town) -> None:
    request = await PATHS[name].play(town)
    assert await request.events() == list(PATHS[name].events)
