"""Blocks of cases under a clock, processor time by part, what a case leaves in Temporal, statements in PostgreSQL."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import psutil
import psycopg
from temporalio.client import Client

from cli.stack import LocalStack

PATIENCE = 120.0
"""Seconds after which a case counts as failed."""


class Party(Protocol):
    """Who is measured."""

    @property
    def name(self) -> str: ...

    async def case(self) -> str:
        """Carry one case until its workflow has completed; the workflow's ID. Raises if anything is not as scripted."""
        ...


@dataclass(frozen=True)
class Block:
    """One party's cases without a pause. `cpu`: seconds by part; `client` is this process, `other` not of the stack."""

    done: tuple[str, ...]
    failed: int
    seconds: float
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        return len(self.done) / self.seconds


async def carry(party: Party, cases: int, concurrency: int, cpu: Cpu) -> Block:
    """Carry so many cases, `concurrency` at once; the clock stops when the last has completed."""
    left, done, failures = iter(range(cases)), list[str](), list[str]()

    async def carrier() -> None:
        for _ in left:
            try:
                async with asyncio.timeout(PATIENCE):
                    done.append(await party.case())
            except Exception as error:  # counted, shown and failed on
                failures.append(repr(error))

    before, began = cpu.seconds(), time.perf_counter()
    await asyncio.gather(*(carrier() for _ in range(concurrency)))
    seconds = time.perf_counter() - began
    used = {part: spent - before[part] for part, spent in cpu.seconds().items()}
    print(f"{party.name:8} {len(done):4} cases {len(done) / seconds:6.2f}/s", *failures[:3], file=sys.stderr)
    return Block(tuple(done), len(failures), seconds, used)


class Cpu:
    """Processor time of the stack's parts, each with its children, ended ones too."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._parts = {name: psutil.Process(pid) for name, pid in pids.items()} | {"client": psutil.Process()}

    def seconds(self) -> dict[str, float]:
        """User and system time by part since each began; `other`: of all processes that are none of these."""
        spent = {name: _family(root, with_children=name != "client") for name, root in self._parts.items()}
        machine = psutil.cpu_times()
        busy = sum(machine) - machine.idle - getattr(machine, "iowait", 0.0) - getattr(machine, "guest", 0.0)
        return spent | {"other": busy - sum(spent.values())}


def _family(root: psutil.Process, *, with_children: bool) -> float:
    total = 0.0
    for process in [root, *(root.children(recursive=True) if with_children else ())]:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
            total += times.children_user + times.children_system if with_children else 0.0
    return total


@dataclass(frozen=True)
class History:
    """What a case left in Temporal, its children included."""

    events: int
    transitions: int


async def history(client: Client, workflow: str) -> History:
    """Count the events and server state transitions of a workflow and of those it began."""
    handle = client.get_workflow_handle(workflow)
    found = (await handle.describe()).raw_description.workflow_execution_info
    events, transitions = found.history_length, found.state_transition_count
    async for event in handle.fetch_history_events():
        if event.HasField("child_workflow_execution_started_event_attributes"):
            began = event.child_workflow_execution_started_event_attributes.workflow_execution
            child = await history(client, began.workflow_id)
            events, transitions = events + child.events, transitions + child.transitions
    return History(events, transitions)


_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+): (?!ALTER SYSTEM|SELECT pg_reload_conf)")


async def statements(stack: LocalStack, party: Party, cases: int) -> float | None:
    """Statements a case, BEGIN and COMMIT too, as PostgreSQL itself logs them; None if a case failed."""
    log = stack.directory / "logs" / "postgres.log"
    _log_statements(stack.database_url, "all")
    start = log.stat().st_size
    try:
        await asyncio.gather(*(party.case() for _ in range(cases)))
    except Exception as error:
        print(f"{party.name}: {error!r}", file=sys.stderr)
        return None
    finally:
        _log_statements(stack.database_url, "none")
    with log.open("rb") as lines:
        lines.seek(start)
        found = sum(bool(_STATEMENT.search(line.decode(errors="replace"))) for line in lines)
    return round(found / cases, 1)


def _log_statements(url: str, which: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
        conn.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)  # the backends look at their signals when they next wait for a client
