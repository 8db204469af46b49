"""Clients that do as real ones do in an outage: send again under the same key until they are answered, and keep a log."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from api.access import Caller, issue
from domain.vocabulary import Role

PATIENCE = 15.0
"""Seconds until a request without an answer is given up and sent again."""

PAUSES = (0.2, 1.0)
"""Seconds between two tries, at least and at most."""


@dataclass
class Sent:
    """One act, as its client knows it; times by the client's own clock, in seconds."""

    actor: str
    key: str
    at: float
    acknowledged: bool = False
    """The house said that it is on record: nothing of it may be lost from then on."""
    number: str = ""
    deed: str | None = None
    """None: an intake."""
    state: str = "sent"
    """sent, received, applied; or refused."""
    answered_at: float | None = None


@dataclass
class Log:
    """What all clients together sent, and were told."""

    sent: list[Sent] = field(default_factory=list)

    def open_since(self, instant: float) -> list[Sent]:
        """In flight: first sent after this instant, and not acknowledged yet."""
        return [each for each in self.sent if not each.acknowledged and each.at > instant]

    @property
    def acknowledged(self) -> list[Sent]:
        return [each for each in self.sent if each.acknowledged]


class Client:
    """Sends acts in any role. Never gives up: what it has begun to say it says until it is answered."""

    def __init__(self, http: httpx.AsyncClient, secret: bytes, log: Log, chance: random.Random) -> None:
        self._http, self._secret, self._log, self.chance = http, secret, log, chance

    async def register(self, body: dict[str, Any]) -> str:
        """The new case's number."""
        sent = self._begin(Role.CHANNEL.value)
        number: str = (await self._insist(sent, Role.CHANNEL, "/cases", body)).json()["number"]
        return number

    async def act(self, number: str, role: Role, act: str, unit: str | None = None, **body: Any) -> bool:
        """Was it carried out? Not: it was refused."""
        sent = self._begin(unit or f"{role}-{self.chance.randrange(20)}")
        path = f"/cases/{number}/{act.replace('_', '-')}"
        return (await self._insist(sent, role, path, body, unit)).is_success

    async def read(self, path: str) -> dict[str, Any]:
        while True:
            answer = await self.attempt("GET", path, Role.AGENT, None)
            if answer is not None and answer.is_success:
                found: dict[str, Any] = answer.json()
                return found
            await self._pause()

    def _begin(self, actor: str) -> Sent:
        sent = Sent(actor, f"{self.chance.getrandbits(64):016x}", time.monotonic())
        self._log.sent.append(sent)
        return sent

    async def _insist(
        self, sent: Sent, role: Role, path: str, body: dict[str, Any], unit: str | None = None
    ) -> httpx.Response:
        """Send it until it is carried out or refused; what is only on record (202) is asked for again."""
        while True:
            answer = await self.attempt("POST", path, role, body, sent.key, sent.actor, unit)
            if answer is not None and answer.status_code < 500:
                _note(sent, answer)
                if answer.status_code != 202:
                    return answer
            await self._pause()

    async def attempt(
        self,
        method: str,
        path: str,
        role: Role,
        body: dict[str, Any] | None,
        key: str | None = None,
        actor: str | None = None,
        unit: str | None = None,
    ) -> httpx.Response | None:
        """Ask once; None: no answer came."""
        token = issue(self._secret, Caller(actor or role.value, role, unit), datetime.now(UTC))
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        try:
            return await self._http.request(method, path, json=body, headers=headers, timeout=PATIENCE)
        except httpx.TransportError:
            return None

    async def _pause(self) -> None:
        await asyncio.sleep(self.chance.uniform(*PAUSES))


def _note(sent: Sent, answer: httpx.Response) -> None:
    """What the house said about it. A refusal is on record too, but has no ID to name."""
    told = answer.json() if answer.content else {}
    sent.acknowledged = True
    sent.number = told.get("number", sent.number)
    sent.deed = told.get("deed", sent.deed)
    sent.state = "refused" if answer.is_error else told.get("state", "applied")
    if answer.status_code != 202:
        sent.answered_at = time.monotonic()
    if answer.status_code in (400, 401, 422):
        raise RuntimeError(f"the client is wrong: {answer.status_code} {json.dumps(told)[:200]}")
