"""A whole stack for those who break it: limits of seconds, a client that never gives up, and a look at the record."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from api.access import Caller, issue
from bench.clients import Client, Log
from cli.main import app, local_stack
from cli.stack import LocalStack, Ports
from domain.vocabulary import Role
from settings import sqlalchemy_url
from storage.engine import make_engine


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """The whole stack with limits of seconds, sweeping every second."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        for variable in (
            "DATABASE_URL",
            "TEMPORAL_ADDRESS",
            "TEMPORAL_UI_URL",
            "HOTLINE_SECRET",
            "HOTLINE_SECRET_FILE",
        ):
            patch.delenv(variable, raising=False)
        patch.setenv("HOTLINE_SWEEP_SECONDS", "1")
        patch.setenv("HOTLINE_RULE_SET", "demo")
        with local_stack(Path(name), Ports(0, 0, 0)) as running:
            patch.setenv("TEMPORAL_ADDRESS", running.temporal_address)
            patch.setenv("DATABASE_URL", running.database_url)
            yield running


@pytest.fixture
async def engine(stack: LocalStack) -> AsyncIterator[AsyncEngine]:
    made = make_engine(sqlalchemy_url(stack.database_url))
    yield made
    await made.dispose()


@pytest.fixture
async def http(stack: LocalStack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.api_url) as client:
        yield client


@pytest.fixture
def client(stack: LocalStack, http: httpx.AsyncClient, request: pytest.FixtureRequest) -> Client:
    """Its keys are those of its test."""
    secret = (stack.directory / "secret").read_bytes().strip()
    return Client(http, secret, Log(), random.Random(request.node.name))


def tell(*words: str) -> tuple[int, Any]:
    """The tool's exit code, and its JSON."""
    found = CliRunner().invoke(app, [*words, "--json"])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, json.loads(found.stdout)


def rows(stack: LocalStack, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(stack.database_url, row_factory=dict_row) as conn:
        return conn.execute(query).fetchall()


def proof(stack: LocalStack, role: Role) -> dict[str, str]:
    """The headers of a caller in this role; a unit's is WATER."""
    caller = Caller(role.value, role, "WATER" if role is Role.UNIT else None)
    token = issue((stack.directory / "secret").read_bytes().strip(), caller, datetime.now(UTC))
    return {"Authorization": f"Bearer {token}"}


async def post(
    stack: LocalStack, path: str, role: Role, body: dict[str, Any], key: str | None = None
) -> httpx.Response:
    """A client that waits for a minute."""
    headers = proof(stack, role) | {"Idempotency-Key": key or uuid4().hex}
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60) as http:
        return await http.post(path, json=body, headers=headers)


async def until(stack: LocalStack, number: str, status: str) -> list[str]:
    """Poll until the case stands there; what somebody did."""
    async with asyncio.timeout(90):
        while rows(stack, f"SELECT status FROM cases WHERE number = '{number}'") != [{"status": status}]:
            await asyncio.sleep(0.1)
    entries = rows(stack, f"SELECT event, role FROM entries WHERE case_number = '{number}' ORDER BY seq")
    return [entry["event"] for entry in entries if entry["role"] != "system"]
