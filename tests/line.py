"""An API over real HTTP, and how tests speak to it in every role."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.access import Caller, issue
from api.app import create_app
from api.rights import UNITS
from domain.vocabulary import Role
from settings import Settings
from storage.engine import single
from storage.sealing import Masters
from storage.vault import Vault

SECRET = b"a secret of the tests, 32 bytes long"
MASTERS = b"tests " + b64encode(b"the master key of tests: 32 byte")


@dataclass
class Line:
    """An API on loopback, and tokens for every role."""

    http: httpx.AsyncClient
    clock: list[timedelta] = field(default_factory=lambda: [timedelta(0)])

    async def post(
        self, path: str, role: Role, body: Any = None, unit: str | None = None, **headers: str
    ) -> httpx.Response:
        return await self.http.post(path, json=body or {}, headers=token(role, unit) | _dashed(headers))

    async def get(self, path: str, role: Role, unit: str | None = None, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params, headers=token(role, unit))

    async def register(self, **facts: Any) -> dict[str, Any]:
        """Register an invented request; the answer."""
        body = {"title": "样例路灯不亮", "text": "样例路12号门前的路灯不亮。", "phone": "19900000001", "matter": "help"}
        body = {key: value for key, value in (body | facts).items() if value is not None}
        response = await self.post("/cases", Role.CHANNEL, body)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    async def act(self, number: str, act: str, role: Role, unit: str | None = None, **body: Any) -> httpx.Response:
        return await self.post(f"/cases/{number}/{act}", role, body, unit)

    async def done(self, number: str, act: str, role: Role, unit: str | None = None, **body: Any) -> str:
        """An act that must succeed; the status after it."""
        response = await self.act(number, act, role, unit, **body)
        assert response.status_code == 200, response.text
        status: str = response.json()["status"]
        return status

    async def status(self, number: str) -> str:
        found: str = (await self.get(f"/cases/{number}", Role.AGENT)).json()["status"]
        return found

    async def until(self, number: str, *statuses: str) -> str:
        """Poll until the case stands there: for what the workflow does by itself."""
        async with asyncio.timeout(20):
            while (status := await self.status(number)) not in statuses:
                await asyncio.sleep(0.02)
        return status

    async def sealed(self, number: str) -> None:
        """Poll until its file is sealed."""
        await self.until(number, "archived")
        async with asyncio.timeout(20):
            while (await self.get(f"/cases/{number}/archive", Role.AUDITOR)).status_code != 200:
                await asyncio.sleep(0.02)


def token(role: Role, unit: str | None = None, subject: str | None = None) -> dict[str, str]:
    """The headers of a caller in this role."""
    caller = Caller(subject or f"{unit or role.value}-1", role, unit)
    return {"Authorization": f"Bearer {issue(SECRET, caller, datetime.now(UTC))}"}


def unit_for(role: Role) -> str | None:
    """A sample unit for a role that acts for one."""
    return "P-LOCK" if role is Role.PARTNER else "WATER" if role in UNITS else None


def settings_for(database: str, queue: str, rule_set: str = "TJ-2015-18", blobs: str = "/dev/null") -> Settings:
    return Settings(
        database_url=database,
        temporal_address="",
        temporal_namespace="default",
        task_queue=queue,
        rule_set=rule_set,
        secret=SECRET,
        masters=MASTERS,
        sms_gateway_url=None,
        sweep_seconds=1,
        blobs=blobs,
    )


def vault_on(engine: AsyncEngine) -> Vault:
    """The vault of this database, by the tests' master key."""
    return Vault(Masters.read(MASTERS), single(engine))


@asynccontextmanager
async def serve(settings: Settings, client: Client, clock: list[timedelta]) -> AsyncIterator[str]:
    """The API as a real HTTP server on loopback; its clock is the real one plus what the test says. The base URL."""
    app = create_app(settings)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.01)
        app.state.house = replace(app.state.house, temporal=client, now=lambda: datetime.now(UTC) + clock[0])
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def served(settings: Settings, client: Client) -> AsyncIterator[Line]:
    """A line to an API of these settings, and its clock."""
    clock = [timedelta(0)]
    async with serve(settings, client, clock) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
        yield Line(http, clock)


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
