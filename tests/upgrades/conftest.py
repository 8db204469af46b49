"""Two versions of the house as real processes, on one database and one Temporal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from cli.processes import free_port
from settings import sqlalchemy_url
from storage.engine import make_engine
from tests.conftest import copied, database_of
from tests.line import MASTERS, SECRET, Line
from tests.town import Town, eventually
from tests.upgrades.keep import HERE, unpack

PRESENT = HERE.parents[1]


@dataclass
class Version:
    """One version's code, and what runs of it."""

    root: Path
    environment: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a program of this version."""
        environment = os.environ | self.environment | more | {"PYTHONPATH": str(self.root)}
        log = (self.root / "log") if self.root != PRESENT else Path(os.devnull)
        with log.open("ab") as kept:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=self.root, env=environment, stdout=kept, stderr=kept
            )
        self.running.append(process)
        return process

    def work(self, *, forgetful: bool = False, **more: str) -> subprocess.Popen[bytes]:
        """Its worker."""
        return self.run(*([str(HERE / "forgetful.py")] if forgetful else ["-m", "worker"]), **more)

    async def serve(self) -> Line:
        """Its API, as soon as it answers."""
        port = free_port()
        self.run("-m", "uvicorn", "api.app:create_app", "--factory", "--port", str(port), "--log-level", "warning")
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)

        async def answers() -> bool:
            with suppress(httpx.TransportError):
                return (await http.get("/health")).is_success
            return False

        await eventually(answers)
        return Line(http)

    def stop(self) -> None:
        """All that runs of it is asked to end, and does."""
        for each in self.running:
            each.terminate()
        for each in self.running:
            each.wait(20)
        self.running.clear()

    def kill(self) -> None:
        """All that runs of it dies, as in a crash."""
        for each in self.running:
            each.kill()
            each.wait()
        self.running.clear()


@dataclass
class Street:
    """The earlier version and the present one, side by side."""

    earlier: Version
    present: Version
    town: Town
    """How the tests look at the cases, and carry them on once the database is the present version's."""
    database: str


@pytest.fixture(scope="session")
def earlier_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    unpack(folder)
    return folder


@pytest.fixture(scope="session")
def earlier_template(postgres: str, earlier_root: Path) -> str:
    """A database as the earlier version's own migrations make it."""
    name = f"earlier_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    code = "import sys; from storage.migrate import migrate; migrate(sys.argv[1])"
    command = [sys.executable, "-c", code, sqlalchemy_url(database_of(postgres, name))]
    subprocess.run(command, cwd=earlier_root, env=os.environ | {"PYTHONPATH": str(earlier_root)}, check=True)
    return name


@pytest.fixture
def earlier_database(postgres: str, earlier_template: str) -> Iterator[str]:
    with copied(postgres, earlier_template) as url:
        yield url


@pytest.fixture
async def street(
    temporal: WorkflowEnvironment, earlier_root: Path, earlier_database: str, queue: str, tmp_path: Path
) -> AsyncIterator[Street]:
    """Nothing runs yet. What a worker schedules for the house is taken away in the end."""
    (tmp_path / "master.keys").write_bytes(MASTERS)
    environment = {
        "HOTLINE_MASTER_KEYS_FILE": str(tmp_path / "master.keys"),
        "DATABASE_URL": earlier_database,
        "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
        "HOTLINE_TASK_QUEUE": queue,
        "HOTLINE_SECRET": SECRET.decode(),
        "HOTLINE_SWEEP_SECONDS": "86400",
    }
    engine = make_engine(earlier_database)
    versions = Version(earlier_root, environment), Version(PRESENT, environment)
    yield Street(*versions, Town(temporal, engine, queue), earlier_database)
    for each in versions:
        each.kill()
    await engine.dispose()
    with suppress(RPCError):
        await temporal.client.get_schedule_handle("sweep").delete()
