"""The demonstration: rows become cases through the HTTP intake, scenarios play them to the archive, and it is counted."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from cli.beside import SAMPLE, play_beside
from cli.pace import MOST, Pace
from cli.player import Player, Score, Unexpected
from cli.receiver import Receiver
from cli.scenarios import LEFT_OPEN, PATIENT, SCENARIOS, Scenario
from domain.vocabulary import Act, Mark
from workflows.client import connect

COUNTED: dict[str, str] = {
    Act.ANSWER: "answered", Act.TRANSFER: "transferred", Act.REFER: "referred", Act.RETURN: "returned",
    Mark.REASSIGNED: "reassigned", Act.EXPLAIN: "explained", Act.GRANT: "extended", Mark.OVERDUE: "overdue",
    Act.DESIGNATE: "designated", Mark.REDONE: "redone", Act.DECLINE: "declined", Act.WITHDRAW: "withdrawn",
    Act.CEASE: "ceased", Mark.WAIVED: "waived", Mark.UNREACHABLE: "unreachable", Mark.LAPSED: "lapsed",
    Mark.URGED: "urged", Mark.BULLETINED: "bulletined", Act.CONCLUDE: "supervised", Act.DISPUTE: "disputed",
    Mark.INCOMPLETE: "incomplete", Act.ADMIT: "admitted", Act.REJECT: "rejected", Mark.SEALED: "archived",
    Act.DENY: "extension_denied", Act.RECALL: "recalled", Act.OVERRIDE: "overridden", Mark.BREACH: "breach",
    Mark.BREACH_WITHDRAWN: "breach_withdrawn",
}  # fmt: skip
"""An entry in the file of record -> the word under which cases that have it are counted."""


def cast(count: int, seed: int, leave_open: bool = False) -> list[Scenario]:
    """Who plays what. `leave_open`: a tenth of the cases, five at most, are left half-way, the last of all.

    Every scenario once, then by weight; in an order that the seed decides, but those that wait long come first.
    """
    chance = random.Random(seed)
    left = LEFT_OPEN[: count // 10] if leave_open else ()
    count -= len(left)
    every = list(SCENARIOS)
    drawn = chance.choices(every, weights=list(SCENARIOS.values()), k=max(0, count - len(every)))
    chosen = (every + drawn)[:count]
    chance.shuffle(chosen)
    return [*sorted(chosen, key=lambda scenario: scenario not in PATIENT), *left]


async def play(
    api: str,
    secret: bytes,
    rows: list[dict[str, Any]],
    seed: int,
    progress: Callable[[int], None],
    leave_open: bool = False,
    platform: Receiver | None = None,
) -> dict[str, Any]:
    """Play all rows; the counts that `hotline demo --json` prints. `platform`: what is beside the cases is played too."""
    score, numbers, began = Score(), list[str](), time.monotonic()
    pace = Pace()
    limits = httpx.Limits(max_connections=MOST, max_keepalive_connections=MOST)
    async with httpx.AsyncClient(base_url=api, timeout=30, limits=limits) as http:

        async def one(n: int, row: dict[str, Any], scenario: Scenario) -> None:
            player = Player(http, secret, score, pace, row, random.Random(f"{seed}/{n}"))
            async with pace.case():
                try:
                    await scenario(player)
                except Unexpected as found:
                    score.unexpected.append(f"{scenario.__name__} {player.number}: {found}")
                except Exception as error:  # counted, shown and failed on
                    score.errors.append(f"{scenario.__name__} {player.number}: {error!r}")
                if player.number:
                    numbers.append(player.number)
                    await _count(player, score)
            progress(1)

        def cast_more() -> Player:
            return Player(http, secret, score, pace, SAMPLE, random.Random(seed))

        async with asyncio.TaskGroup() as group:
            more = group.create_task(play_beside(cast_more, platform, score)) if platform else None
            for n, (row, scenario) in enumerate(zip(rows, cast(len(rows), seed, leave_open), strict=True)):
                group.create_task(one(n, row, scenario))
    return {
        "cases": len(numbers),
        "by_status": dict(score.by_status),
        "by_outcome": dict(sorted(score.by_outcome.items())),
        "beside": more.result() if more else {},
        "unexpected": len(score.unexpected),
        "refused_acts": score.refused,
        "errors": len(score.errors),
        "seconds": round(time.monotonic() - began, 1),
        **await cost(numbers),
        "what": [*score.unexpected, *score.errors][:20],
    }


async def _count(player: Player, score: Score) -> None:
    case = await player.case()
    entries = await player.entries()
    score.by_status[case["status"]] += 1
    words = {COUNTED[entry["event"]] for entry in entries if entry["event"] in COUNTED}
    closed = {"closed"} if any(entry["status"] in ("closed", "archived") for entry in entries) else set()
    score.by_outcome.update(Counter(words | closed))


async def cost(numbers: list[str]) -> dict[str, float]:
    """History events and server state transitions a case, children included."""
    client = await connect()
    wanted, events, transitions = set(numbers), 0, 0
    async for found in client.list_workflows('WorkflowType IN ("Case", "Designation", "Callback")'):
        if found.id.split("-")[0] in wanted:
            info = (await client.get_workflow_handle(found.id, run_id=found.run_id).describe()).raw_description
            events += info.workflow_execution_info.history_length
            transitions += info.workflow_execution_info.state_transition_count
    cases = max(1, len(wanted))
    return {"events_per_case": round(events / cases, 1), "transitions_per_case": round(transitions / cases, 1)}
