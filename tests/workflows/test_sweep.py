from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.town import PROMPT, Town


async def test_a_case_that_the_sweep_starts_late_is_marked_at_its_instants(town: Town) -> None:
    request = await town.register(datetime.now(UTC) - timedelta(hours=2))
    warned = (await request.clock("triage")).rungs[0]
    await request.forward_to(warned.at)
    assert warned.at <= (await request.last("warned")).at < warned.at + PROMPT
