"""A whole stack for those who break it: limits of seconds, a client that never gives up, and a look at the record."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from bench.clients import Client, Log
from cli.main import app, local_stack
from cli.stack import LocalStack, Ports
from settings import sqlalchemy_url
from storage.engine import make_engine


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """The whole stack with limits of seconds, sweeping every second."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        for variable in ("DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_UI_URL", "HOTLINE_SECRET"):
            patch.setenv(variable, "")  # so that it goes back to what it was, whatever a tool sets
            patch.delenv(variable)
        patch.delenv("HOTLINE_SECRET_FILE", raising=False)
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
