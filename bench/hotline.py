"""The reference path through HTTP: intake, transfer, sign-for, feedback, callback reached and satisfied, archived."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from temporalio.client import Client

from api.access import Caller, issue
from bench.wire import Wire
from domain.vocabulary import Role

REQUEST = {
    "title": "样例路灯不亮",
    "text": "样例路12号门前的路灯已三天不亮，晚上出行不便。",
    "channel": "phone",
    "matter": "help",
    "phone": "19900000001",
    "name": "张样例",
}
UNIT = "WATER"


class Hotline:
    """Plays channel, agent, unit and caller-back. A case is done when its workflow has completed."""

    name = "hotline"

    def __init__(self, api: str, secret: bytes, client: Client) -> None:
        self._wire, self._client, self._keys = Wire(api), client, 0
        self._tokens = {
            role: issue(secret, Caller(f"{role.value}-bench", role, unit), datetime.now(UTC))
            for role, unit in ((Role.CHANNEL, None), (Role.AGENT, None), (Role.UNIT, UNIT), (Role.CALLER, None))
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._wire.close()

    async def case(self) -> str:
        number: str = (await self.post(Role.CHANNEL, "/cases", REQUEST, 201))["number"]
        await self.act(number, Role.AGENT, "transfer", lead=UNIT)
        await self.act(number, Role.UNIT, "sign")
        await self.act(number, Role.UNIT, "feedback", public="已修好，谢谢您的反映。", replied="phone")
        await self.act(number, Role.CALLER, "attempt", reach="reached", resolved=True, rating="good")
        outcome = await self._client.get_workflow_handle(number, result_type=str).result()
        if outcome != "resolved":
            raise RuntimeError(f"{number} ended {outcome}")
        return number

    async def act(self, number: str, role: Role, act: str, **body: Any) -> None:
        await self.post(role, f"/cases/{number}/{act}", body, 200)

    async def post(self, role: Role, path: str, body: dict[str, Any], expect: int) -> Any:
        """Send as a careful client does, with a key of its own; after a 202, ask again until it is carried out."""
        self._keys += 1
        headers = {"Authorization": f"Bearer {self._tokens[role]}", "Idempotency-Key": f"bench-{self._keys}"}
        content = json.dumps(body).encode()
        status, answer = await self._wire.post(path, headers, content)
        while status == 202:
            await asyncio.sleep(0.5)
            status, answer = await self._wire.post(path, headers, content)
        if status != expect:
            raise RuntimeError(f"{path}: {status} {answer.decode(errors='replace')[:200]}")
        return json.loads(answer)
