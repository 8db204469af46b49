"""Notices leave the house: one HTTP request each to the SMS gateway (docs/sms-gateway.md), repeatable, with a receipt."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from domain.messages import message
from storage import outbox
from storage.engine import single
from storage.people import open_word
from storage.sealing import Unreadable
from storage.vault import Vault

TIMEOUT = 5.0
"""Seconds that the gateway may take for one message."""

BATCH = 60.0
"""Seconds after which a batch ends: a slow gateway must not hold up the sweep."""

TEMPORARY = (401, 403, 404, 405, 407, 408, 425, 429)
"""Statuses below 500 that are not about the message: it is tried again. Any other 4xx is final."""


class Outbox:
    """Sends what waits. Without a gateway, or a vault, everything waits, and is seen in the outbox."""

    def __init__(
        self,
        engine: AsyncEngine,
        vault: Vault | None,
        gateway: str | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = single(engine)
        self._vault = vault
        self._gateway = gateway
        self._now = now

    @activity.defn
    async def deliver(self) -> int:
        """Send a batch; how many the gateway took. The notice's ID is the idempotency key, so none arrives twice.

        A gateway that cannot take one now is left alone until the next sweep.
        """
        if self._gateway is None or self._vault is None:
            return 0
        taken, ends = 0, time.monotonic() + BATCH
        async with self._engine.connect() as conn, httpx.AsyncClient(timeout=TIMEOUT) as http:
            waiting = await outbox.waiting(conn, self._now())
            numbers = {notice.number for notice in waiting}
            keys = await self._vault.keys(numbers) if waiting else {}
            elsewhere = await self._vault.kept(numbers - keys.keys())
            if elsewhere:
                activity.logger.warning("the master key of %d cases is not here: their messages wait", len(elsewhere))
            for notice in waiting:
                if time.monotonic() > ends:
                    break
                if notice.number in elsewhere:
                    await outbox.not_sent(conn, notice.id, final=False)
                    continue
                status, receipt = await _send(http, self._gateway, notice, keys.get(notice.number))
                if not await _recorded(conn, notice.id, status, receipt):
                    break
                taken += 200 <= status < 300
        return taken


async def _send(http: httpx.AsyncClient, gateway: str, notice: outbox.Outgoing, key: bytes | None) -> tuple[int, str]:
    """The gateway's status and receipt; 503 where it gave no answer at all, 410 where the phone cannot be read."""
    try:
        phone = open_word(key, notice.number, "phone", notice.phone)
    except Unreadable:
        return 410, ""
    body = {"id": notice.id, "to": phone, "text": message(notice.template, notice.number, notice.params)}
    try:
        response = await http.post(gateway, json=body, headers={"Idempotency-Key": notice.id})
    except httpx.HTTPError:
        return 503, ""
    return response.status_code, _receipt(response)


async def _recorded(conn: AsyncConnection, notice: str, status: int, receipt: str) -> bool:
    """Keep what came of it; False: the gateway cannot take messages now."""
    if 200 <= status < 300:
        await outbox.sent(conn, notice, receipt)
        return True
    final = 400 <= status < 500 and status not in TEMPORARY
    await outbox.not_sent(conn, notice, final=final)
    return final


def _receipt(response: httpx.Response) -> str:
    """The gateway's own number for the message; a 2xx without one has taken it all the same."""
    try:
        receipt = response.json()["receipt"]
    except (ValueError, LookupError, TypeError):
        return ""
    return receipt if isinstance(receipt, str) and re.fullmatch(r"[!-~]{1,100}", receipt) else ""
