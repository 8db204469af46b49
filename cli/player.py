"""Plays agents, units, office, callers-back and persons through the HTTP API, and notes what ended otherwise than scripted."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from api.access import Caller, issue
from cli.pace import Pace
from domain.vocabulary import Role

LOOKS = 120
"""How often, half a second apart or more, a scenario looks for something that a clock must bring."""

Seen = TypeVar("Seen")


@dataclass
class Score:
    """What the demonstration counts."""

    unexpected: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refused: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_outcome: Counter[str] = field(default_factory=Counter)


class Unexpected(Exception):
    """A scenario step ended otherwise than the script says; the rest of the scenario makes no sense."""


class Player:
    """One case's cast: acts in any role, waits for what clocks bring."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        secret: bytes,
        score: Score,
        pace: Pace,
        row: dict[str, Any],
        chance: random.Random,
    ):
        self._http, self._secret, self._score, self._pace, self._row = http, secret, score, pace, row
        self.chance = chance
        self.number = ""
        self.code = ""

    async def register(self, **facts: Any) -> dict[str, Any]:
        """Hand the row in as a channel does, with these facts beside its words."""
        body = {**self._row, **facts}
        response = await self._send(
            "POST", "/cases", self._token(Role.CHANNEL), {k: v for k, v in body.items() if v is not None}
        )
        if response.status_code != 201:
            raise Unexpected(f"intake: {response.status_code}")
        answer: dict[str, Any] = response.json()
        self.number, self.code = answer["number"], answer["tracking_code"]
        return answer

    async def agent(self, act: str, expect: int = 200, **body: Any) -> None:
        await self._act(act, self._token(Role.AGENT), expect, body)

    async def offers(self, service: str) -> dict[str, Any]:
        """A list of partners for this case."""
        found: dict[str, Any] = await self.ask("POST", f"/cases/{self.number}/offers", Role.AGENT, 201, service=service)
        return found

    async def ask(
        self, method: str, path: str, role: Role, expect: int = 200, by: str | None = None, **body: Any
    ) -> Any:
        """Ask anything of the API in a role; what is answered. `by`: the actor's unit."""
        response = await self._send(method, path, self._token(role, by), body if method == "POST" else None)
        self._check(path, response, expect)
        return response.json()

    async def supervisor(self, act: str, expect: int = 200, **body: Any) -> None:
        await self._act(act, self._token(Role.SUPERVISOR), expect, body)

    async def unit(self, unit: str, act: str, expect: int = 200, wait: bool = True, **body: Any) -> None:
        role = Role.PARTNER if unit.startswith("P-") else Role.UNIT
        headers = self._token(role, unit) | ({} if wait else {"Prefer": "respond-async"})
        await self._act(act, headers, expect, body)

    async def office(self, act: str, expect: int = 200, **body: Any) -> None:
        await self._act(act, self._token(Role.OFFICE), expect, body)

    async def caller(self, expect: int = 200, **body: Any) -> None:
        await self._act("attempt", self._token(Role.CALLER), expect, body)

    async def person(self, act: str, expect: int = 200, **body: Any) -> None:
        response = await self._send("POST", f"/tracking/{self.number}/{act}", {"Tracking-Code": self.code}, body)
        self._check(act, response, expect)

    async def until(self, what: str, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the case, as an agent sees it, is as it should be."""
        await self._until(what, self.case, holds)

    async def until_status(self, *statuses: str) -> None:
        await self.until("/".join(statuses), lambda case: case["status"] in statuses)

    async def until_event(self, event: str) -> None:
        """Wait for an entry in the file of record."""
        await self._until(event, self.entries, lambda entries: any(entry["event"] == event for entry in entries))

    async def until_answer(self, path: str, role: Role, holds: Callable[[Any], bool]) -> None:
        """Wait until what the API answers is as it should be."""
        await self._until(path, lambda: self.ask("GET", path, role), holds)

    async def _until(self, what: str, look: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], bool]) -> None:
        """Look, at most so often that looking takes a small part of the API's time."""
        with self._pace.aside():
            for _ in range(LOOKS):
                began = time.monotonic()
                if holds(await look()):
                    return
                await asyncio.sleep(max(0.5, 4 * (time.monotonic() - began)))
        raise Unexpected(f"{what} did not come")

    async def case(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self._send("GET", f"/cases/{self.number}", self._token(Role.SUPERVISOR))).json()
        return found

    async def entries(self) -> list[dict[str, Any]]:
        path = f"/cases/{self.number}/entries"
        found: list[dict[str, Any]] = (await self._send("GET", path, self._token(Role.SUPERVISOR))).json()
        return found

    # -- the wire ----------------------------------------------------------------------------------------------

    def _token(self, role: Role, unit: str | None = None) -> dict[str, str]:
        caller = Caller(f"{unit or role.value}-demo", role, unit)
        return {"Authorization": f"Bearer {issue(self._secret, caller, datetime.now(UTC))}"}

    async def _act(self, act: str, headers: dict[str, str], expect: int, body: dict[str, Any]) -> None:
        self._check(act, await self._send("POST", f"/cases/{self.number}/{act}", headers, body), expect)

    async def _send(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Send as a careful client does: with a key, so that a repetition does nothing twice.

        Repeated are a fault and a 202 for which nobody asked: the deed is on record, and the answer to the same key
        says what became of it.
        """
        key = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        again = {202, 503} if "Prefer" not in headers and "/joints/" not in path else {503}
        for attempt in range(6):
            try:
                with self._pace.measured() if method == "POST" else nullcontext():
                    response = await self._http.request(method, path, json=body, headers=headers | key)
            except httpx.TransportError:
                pass
            else:
                if response.status_code not in again:
                    return response
            await asyncio.sleep(0.2 * 2**attempt)
        raise Unexpected(f"{method} got no answer")

    def _check(self, act: str, response: httpx.Response, expect: int) -> None:
        if response.status_code in (403, 409, 422) and response.status_code == expect:
            self._score.refused += 1
        if response.status_code != expect:
            kind = response.json().get("title", "") if response.status_code >= 400 else ""
            raise Unexpected(f"{act}: {response.status_code} {kind}, expected {expect}")
