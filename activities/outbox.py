"""Notices leave the house: one HTTP request each to the SMS gateway (docs/sms-gateway.md), repeatable, with a receipt."""

from __future__ import annotations

import httpx
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from domain.messages import message
from storage import outbox
from storage.engine import single


class Outbox:
    """Sends what waits. Without a gateway everything waits, and is seen in the outbox."""

    def __init__(self, engine: AsyncEngine, gateway: str | None) -> None:
        self._engine = single(engine)
        self._gateway = gateway

    @activity.defn
    async def deliver(self) -> int:
        """Send a batch; how many the gateway took. The notice's ID is the idempotency key, so none arrives twice."""
        if self._gateway is None:
            return 0
        taken = 0
        async with self._engine.connect() as conn, httpx.AsyncClient(timeout=5) as http:
            for notice in await outbox.waiting(conn):
                taken += await self._send(conn, http, self._gateway, notice)
        return taken

    async def _send(
        self, conn: AsyncConnection, http: httpx.AsyncClient, gateway: str, notice: outbox.Outgoing
    ) -> bool:
        body = {"id": notice.id, "to": notice.phone, "text": message(notice.template, notice.number, notice.params)}
        try:
            response = await http.post(gateway, json=body, headers={"Idempotency-Key": notice.id})
        except httpx.HTTPError:
            await outbox.not_sent(conn, notice.id, final=False)
            return False
        if response.is_success:
            await outbox.sent(conn, notice.id, str(response.json().get("receipt", "")))
            return True
        refused = 400 <= response.status_code < 500 and response.status_code not in (408, 429)
        await outbox.not_sent(conn, notice.id, final=refused)
        return False
