"""The local stack of `hotline up`, `hotline demo` and the tests: PostgreSQL, Temporal, migrations, then services.

Everything it keeps is in one directory and is found again by the next start. Leaving the context, by whatever error,
Ctrl-C or SIGTERM, stops all it started; what a `kill -9` left running is stopped by the next start on the directory.
Servers named by DATABASE_URL or TEMPORAL_ADDRESS are used as they are, and none is started in their place.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.postgres import database_url, postgres_service
from cli.processes import Processes, Service, StackError, free_port, handling, require_free, write_whole
from cli.temporal import temporal_service
from storage.readers import as_app
from storage.sealing import Masters
from storage.signing import Seal


class DirectoryInUse(StackError):
    """Another stack lives on the directory."""


@dataclass(frozen=True)
class Ports:
    """Where the stack listens, on 127.0.0.1 only. A port given as 0 becomes a free one when this is made."""

    api: int = 8890
    ui: int = 8233
    temporal: int = 7233
    api_metrics: int = 0
    worker_metrics: int = 0

    def __post_init__(self) -> None:
        for port in fields(self):
            object.__setattr__(self, port.name, getattr(self, port.name) or free_port())


def hotline_services(ports: Ports) -> tuple[Service, Service]:
    """The worker and the API, as `hotline up` runs them."""
    api = [
        "uvicorn",
        "api.app:create_app",
        "--factory",
        "--host",
        "127.0.0.1",
        "--port",
        str(ports.api),
        "--no-access-log",
    ]
    return (
        Service("worker", [sys.executable, "-m", "worker"], environment=_counting(ports.worker_metrics)),
        Service(
            "api",
            [sys.executable, "-m", *api],
            ports={"--port": ports.api},
            probe=lambda: _get(ports.api, "/health"),
            environment=_counting(ports.api_metrics),
        ),
    )


def _counting(port: int) -> dict[str, str]:
    return {"HOTLINE_METRICS": f"127.0.0.1:{port}"}


ENVIRONMENT = "environment.json"
"""In the stack's directory while it runs: what its services are told, for tools beside it."""


class LocalStack:
    """`with LocalStack(directory) as stack:` runs the stack; the URLs are known, and constant, from the beginning."""

    def __init__(
        self,
        directory: Path,
        *,
        ports: Ports | None = None,
        services: Sequence[Service] = (),
        search_attributes: Mapping[str, str] | None = None,
        migrate: Callable[[str], None] | None = None,
        temporal: bool = True,
    ) -> None:
        """`search_attributes`: name -> type. `migrate` gets the database URL. `temporal=False`: only PostgreSQL."""
        self.directory = directory.resolve()
        self.ports = ports or Ports()
        self.external = {
            name: found for name in ("DATABASE_URL", "TEMPORAL_ADDRESS") if (found := os.environ.get(name))
        }
        """The servers that the surroundings name, by their variable: used as they are."""
        external_database, external_temporal = map(self.external.get, ("DATABASE_URL", "TEMPORAL_ADDRESS"))
        self._embedded_postgres = not external_database
        self._embedded_temporal = temporal and not external_temporal
        self._search_attributes = search_attributes or {}
        self._migrate = migrate
        self._services = tuple(services)
        self._parts: dict[str, Service] = {}

        self.database_url = external_database or database_url(self.directory)
        self.temporal_address = external_temporal or f"127.0.0.1:{self.ports.temporal}"
        self.api_url = f"http://127.0.0.1:{self.ports.api}"
        self.metrics_urls = {
            "API": f"http://127.0.0.1:{self.ports.api_metrics}/metrics",
            "worker": f"http://127.0.0.1:{self.ports.worker_metrics}/metrics",
        }
        embedded_ui = f"http://127.0.0.1:{self.ports.ui}" if self._embedded_temporal else None
        self.ui_url: str | None = embedded_ui or os.environ.get("TEMPORAL_UI_URL")
        self._processes = Processes(self.directory, self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """What the services are told; a secret that the surroundings have already is kept."""
        told = {"DATABASE_URL": self._app_url(), "TEMPORAL_ADDRESS": self.temporal_address}
        if self.ui_url:
            told["TEMPORAL_UI_URL"] = self.ui_url
        if not (os.environ.get("HOTLINE_SECRET_FILE") or os.environ.get("HOTLINE_SECRET")):
            told["HOTLINE_SECRET_FILE"] = str(self.directory / "secret")
        if not os.environ.get("HOTLINE_SIGNING_KEY_FILE"):
            told["HOTLINE_SIGNING_KEY_FILE"] = str(self.directory / "signing.pem")
        if not os.environ.get("HOTLINE_BLOBS"):
            told["HOTLINE_BLOBS"] = str(self.directory / "blobs")
        if not os.environ.get("HOTLINE_LIMITS"):
            told["HOTLINE_LIMITS"] = "off"  # everybody on this machine has one address
        if not os.environ.get("HOTLINE_MASTER_KEYS_FILE"):
            told["HOTLINE_MASTER_KEYS_FILE"] = str(self.directory / "master.keys")
        return told

    def _app_url(self) -> str:
        """The house does not own the tables of an embedded database; one that is named is used as it is named."""
        return as_app(self.database_url) if self._embedded_postgres and self._migrate else self.database_url

    @property
    def pids(self) -> dict[str, int]:
        """The processes that were started and not stopped, by name: postgres, temporal and the services."""
        return self._processes.pids

    def __enter__(self) -> Self:
        with ExitStack() as leaving:
            leaving.enter_context(_terminated_as_by_ctrl_c())
            leaving.enter_context(_locked(self.directory))
            leaving.callback(self._processes.close)
            leaving.callback((self.directory / ENVIRONMENT).unlink, missing_ok=True)
            self._processes.recover()
            self._start_all()
            write_whole(self.directory / ENVIRONMENT, json.dumps(self.environment))
            self._leaving = leaving.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leaving.close()

    def stop(self, name: str) -> int:
        """Stop one part, orderly; its exit code: negative if it had to be killed."""
        return self._processes.stop(name)

    def kill(self, name: str) -> None:
        """Stop one part as a crash would."""
        self._processes.stop(name, signal.SIGKILL)

    def start(self, name: str) -> None:
        """Start one part again, where it was before; it is ready when this returns."""
        if name not in self._parts:
            raise StackError(f"{name} was not started here")
        self._processes.start(self._parts[name])

    def watch(self) -> None:
        """Return never; raise ServiceFailed when a part ends that nobody stopped."""
        while True:
            self._processes.check()
            time.sleep(0.5)

    def _start_all(self) -> None:
        servers = self._servers()
        self._parts = {part.name: part for part in (*servers, *self._services)}
        for part in self._parts.values():
            require_free(part.ports)
        if not (secret := self.directory / "secret").exists():
            write_whole(secret, secrets.token_hex(32))
        if not (key := self.directory / "signing.pem").exists():
            write_whole(key, Seal.new().private.decode())
        if not (masters := self.directory / "master.keys").exists():
            write_whole(masters, Masters.new("1"))
        for server in servers:
            self._processes.start(server)
        if self._migrate:
            self._migrate(self.database_url)
        for service in self._services:
            self._processes.start(service)

    def _servers(self) -> list[Service]:
        servers = []
        if self._embedded_postgres:
            servers.append(postgres_service(self.directory))
        if self._embedded_temporal:
            namespace = os.environ.get("TEMPORAL_NAMESPACE") or "default"
            ports = {"port": self.ports.temporal, "ui_port": self.ports.ui}
            attributes = self._search_attributes
            servers.append(temporal_service(self.directory, namespace=namespace, search_attributes=attributes, **ports))
        return servers


def _get(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        if (status := connection.getresponse().status) != http.HTTPStatus.OK:
            raise StackError(f"GET {path}: {status}")
    finally:
        connection.close()


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Make the directory and keep others out; the kernel lets go of the lock however this process ends."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DirectoryInUse(f"{directory} is in use by process {lock.read()}: stop that first") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _terminated_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a closed terminal, raise KeyboardInterrupt, unless somebody has other plans for them."""
    unclaimed = (each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL)
    with handling(signal.default_int_handler, *unclaimed):
        yield
