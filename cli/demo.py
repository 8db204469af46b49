"""The demonstration: rows become cases through the HTTP intake, scenarios play them to the archive, and it is counted."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from cli.player import Player, Score, Unexpected
from cli.scenarios import SCENARIOS, Scenario
from domain.districts import district
from domain.limits import SHANGHAI
from domain.vocabulary import Act, Channel, Mark
from workflows.client import connect

CONCURRENCY = 48
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

TAKEN = ("title", "text", "created", "channel", "name", "phone", "district")


def read_rows(source: Path | None, limit: int, seed: int) -> list[dict[str, Any]]:
    """Rows {title, text, created, optional channel, name, phone, district}; without a file, invented samples."""
    if source is None:
        text = (resources.files("cli") / "samples.jsonl").read_text(encoding="utf-8")
    else:
        text = source.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    chance = random.Random(seed)
    chance.shuffle(rows)
    chosen = [rows[n % len(rows)] for n in range(limit)] if source is None else rows[:limit]
    return [_complete({key: row[key] for key in TAKEN if row.get(key)}, chance) for row in chosen]


def _complete(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Invent what a row lacks (a channel, a number that belongs to nobody), and put what it has into the API's form.

    A district that is none of Tianjin's is left out: rows of other cities are played as well, without it.
    """
    invented = {"channel": chance.choice(["phone", "web", "app"]), "phone": f"1990000{chance.randrange(10000):04d}"}
    whole = {**invented, **row}
    whole["text"] = str(whole.get("text") or whole.get("title") or "（无正文）")[:10_000]
    whole["title"] = (str(whole.get("title") or "").strip() or whole["text"].strip())[:200]
    if whole["channel"] not in {channel.value for channel in Channel}:
        whole["channel"] = Channel.OTHER.value
    if found := district(str(whole.pop("district", ""))):
        whole["district"] = found.code
    if "created" in whole:
        created = datetime.fromisoformat(str(whole["created"]))
        whole["created"] = (created if created.tzinfo else created.replace(tzinfo=SHANGHAI)).isoformat()
    return whole


def cast(count: int, seed: int) -> list[Scenario]:
    """Every scenario once, then by weight; in an order that the seed decides."""
    chance = random.Random(seed)
    every = list(SCENARIOS)
    drawn = chance.choices(every, weights=list(SCENARIOS.values()), k=max(0, count - len(every)))
    chosen = (every + drawn)[:count]
    chance.shuffle(chosen)
    return chosen


async def play(
    api: str, secret: bytes, rows: list[dict[str, Any]], seed: int, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Play all rows; the counts that `hotline demo --json` prints."""
    score, numbers, began = Score(), list[str](), time.monotonic()
    gate = asyncio.Semaphore(CONCURRENCY)
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(base_url=api, timeout=30, limits=limits) as http:

        async def one(n: int, row: dict[str, Any], scenario: Scenario) -> None:
            player = Player(http, secret, score, row, random.Random(f"{seed}/{n}"))
            async with gate:
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

        async with asyncio.TaskGroup() as group:
            for n, (row, scenario) in enumerate(zip(rows, cast(len(rows), seed), strict=True)):
                group.create_task(one(n, row, scenario))
    return {
        "cases": len(numbers),
        "by_status": dict(score.by_status),
        "by_outcome": dict(sorted(score.by_outcome.items())),
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
