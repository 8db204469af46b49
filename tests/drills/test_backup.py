"""The drill: the database is saved under load and lost with everything else; what was saved comes back and goes on."""

from __future__ import annotations

import asyncio
import random
import subprocess
from pathlib import Path

import httpx

from bench.clients import Client, Log, Sent
from bench.lives import carry, live
from cli.postgres import binaries
from cli.stack import LocalStack
from tests.drills.conftest import rows, tell


def pg(stack: LocalStack, tool: str, *words: str) -> None:
    command = [str(binaries() / tool), "--dbname", stack.database_url, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def lose_everything_but(stack: LocalStack, dump: Path) -> None:
    """A new machine: PostgreSQL with what was saved, Temporal with nothing."""
    for part in ("api", "worker", "temporal"):
        stack.kill(part)
    for kept in stack.directory.glob("temporal.db*"):
        kept.unlink()
    pg(stack, "pg_restore", "--clean", "--if-exists", "--single-transaction", "--exit-on-error", str(dump))
    for part in ("temporal", "worker", "api"):
        stack.start(part)


async def test_what_was_saved_under_load_comes_back_and_goes_on(
    stack: LocalStack, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    log, dump = Log(), tmp_path / "hotline.dump"
    secret = (stack.directory / "secret").read_bytes().strip()
    lives = [asyncio.create_task(live(Client(http, secret, log, random.Random(n)))) for n in range(24)]
    async with asyncio.timeout(60):
        while len(log.acknowledged) < 70:
            await asyncio.sleep(0.05)
    saved = [(sent, sent.state) for sent in log.acknowledged]
    await asyncio.to_thread(pg, stack, "pg_dump", "--format=custom", "--file", str(dump))
    for each in lives:
        each.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    await asyncio.to_thread(lose_everything_but, stack, dump)

    assert lost(stack, saved) == []
    code, counts = await asyncio.to_thread(tell, "rebuild")
    assert (code, counts["failed"], counts["started"] > 0) == (0, 0, True)
    numbers = [row["number"] for row in rows(stack, "SELECT number FROM cases")]
    again = Log()
    async with asyncio.timeout(120):
        await asyncio.gather(*(carry(Client(http, secret, again, random.Random(n)), n) for n in numbers))
    assert {row["status"] for row in rows(stack, "SELECT status FROM cases")} == {"archived"}
    assert rows(stack, "SELECT deed FROM entries WHERE deed IS NOT NULL GROUP BY deed HAVING count(*) > 1") == []


def lost(stack: LocalStack, saved: list[tuple[Sent, str]]) -> list[tuple[Sent, str]]:
    """What was acknowledged before, and is not there as it was acknowledged."""
    cases = {row["number"] for row in rows(stack, "SELECT number FROM cases")}
    deeds = {row["id"]: row["state"] for row in rows(stack, "SELECT id, state FROM deeds")}

    def kept(sent: Sent, state: str) -> bool:
        if sent.deed is None:
            return sent.number in cases or state == "refused"
        return deeds.get(sent.deed) == state or (state == "received" and sent.deed in deeds)

    return [(sent, state) for sent, state in saved if not kept(sent, state)]
