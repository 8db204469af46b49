"""The child processes of one stack directory: each in a session of its own, logged, recorded and stopped again.

`logs/NAME.log` has what a child says; `run/NAME.json` says which process it is, so that whoever comes after a parent
that was killed can stop what it left behind. A process that merely got the same number is never touched.
"""

from __future__ import annotations

import errno
import json
import os
import pwd
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped, unused-ignore]

READY_SECONDS = 60.0
STOP_SECONDS = 15.0


class StackError(RuntimeError):
    """Why the local stack cannot start or go on, worded for the terminal."""


class PortTaken(StackError):
    """Somebody else listens where a service was to listen; nothing was started on it."""


class ServiceFailed(StackError):
    """A service ended by itself or did not get ready; quotes the end of its log."""


@dataclass(frozen=True)
class Service:
    """A child process to run, and how to tell that it is ready."""

    name: str
    command: Sequence[str]
    ports: Mapping[str, int] = field(default_factory=dict)
    """Where it listens: the option that chooses the port -> the port."""
    probe: Callable[[], object] = lambda: None
    """Raises as long as the service is not ready; asked only once it listens."""
    prepare: Callable[[], object] = lambda: None
    """Makes what it needs and does not find; done before every start."""
    stop_signal: signal.Signals = signal.SIGTERM
    account: pwd.struct_passwd | None = None
    """Whom it runs as; none: as its parent."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What it alone is told."""


@dataclass(frozen=True)
class _Child:
    service: Service
    popen: subprocess.Popen[bytes]
    log: Path
    log_start: int

    def failed(self, what: str) -> ServiceFailed:
        with self.log.open("rb") as log:
            log.seek(max(self.log_start, self.log.stat().st_size - 10_000))
            lines = log.read().decode(errors="replace").splitlines()[-20:]
        return ServiceFailed("\n".join([f"{self.service.name} {what}; the end of {self.log}:", *lines]))


class Processes:
    """Starts services one by one and stops them in the opposite order; `environment` is added to this process's."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._logs, self._run = directory / "logs", directory / "run"
        self._environment = environment
        self._children: dict[str, _Child | None] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The services that were started and not stopped."""
        return {name: child.popen.pid for name, child in self._children.items() if child}

    def recover(self) -> None:
        """Stop what a killed parent left running, the last started first."""
        for record in sorted(self._run.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True):
            left = json.loads(record.read_text())
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(left["pid"])
                if process.create_time() == left["create_time"]:
                    _end(process, left["stop_signal"])
            record.unlink()

    def start(self, service: Service) -> None:
        """Start it and return when it is ready; PortTaken before anything runs, ServiceFailed when anything ended."""
        if service.name in self.pids:
            raise StackError(f"{service.name} was started already")
        require_free(service.ports)
        for directory in (self._logs, self._run):
            directory.mkdir(mode=0o700, exist_ok=True)
        service.prepare()
        path = self._logs / f"{service.name}.log"
        with path.open("ab") as log:
            log_start = log.tell()
            try:
                popen = subprocess.Popen(
                    service.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "PYTHONUNBUFFERED": "1", **self._environment, **service.environment},
                    start_new_session=True,
                    umask=0o077,
                    user=service.account.pw_uid if service.account else None,
                    group=service.account.pw_gid if service.account else None,
                    extra_groups=() if service.account else None,
                )
            except OSError as error:
                raise StackError(f"{service.name} cannot be started: {error}") from error
        child = self._children[service.name] = _Child(service, popen, path, log_start)
        created = psutil.Process(popen.pid).create_time()
        record = {"pid": popen.pid, "create_time": created, "stop_signal": service.stop_signal}
        write_whole(self._run / f"{service.name}.json", json.dumps(record))
        self._await_ready(child)

    def stop(self, name: str, how: signal.Signals | None = None) -> int:
        """End one service by its own signal or by `how`, and what outlives that by SIGKILL; its exit code. Its log stays."""
        child = self._children.get(name)
        if child is None:
            raise StackError(f"{name} was not started here")
        if child.popen.poll() is None:
            _end(psutil.Process(child.popen.pid), how or child.service.stop_signal)
        code = child.popen.wait()
        self._children[name] = None
        (self._run / f"{name}.json").unlink(missing_ok=True)
        return code

    def check(self) -> None:
        """ServiceFailed if a service has ended that nobody stopped."""
        for child in self._children.values():
            if child and (code := child.popen.poll()) is not None:
                raise child.failed(f"ended with exit code {code}")

    def close(self) -> None:
        """Stop everything; a second Ctrl-C does not cut that short."""
        interrupts = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        with handling(signal.SIG_IGN, *interrupts), ExitStack() as stops:
            for name in self.pids:
                stops.callback(self.stop, name)

    def _await_ready(self, child: _Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            self.check()
            try:
                _require_listening(child)
                child.service.probe()
            except Exception as reason:
                if time.monotonic() > deadline:
                    raise child.failed(f"is not ready after {READY_SECONDS:g} s ({reason})") from reason
                time.sleep(0.02)
            else:
                return self.check()


def free_port() -> int:
    """A port nobody uses. The connection left in TIME_WAIT keeps the kernel from giving it to others for a while."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        server.accept()[0].close()
        return int(server.getsockname()[1])


def require_free(ports: Mapping[str, int]) -> None:
    """PortTaken for the first of these ports (option -> port) that cannot be listened on."""
    for option, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                problem = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise PortTaken(f"port {port} {problem}: choose another with {option} (0: any free one)") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file only its owner reads; whoever looks sees all of it or none."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)


@contextmanager
def handling(
    handler: Callable[[int, FrameType | None], object] | signal.Handlers, *signals: signal.Signals
) -> Iterator[None]:
    """Within it these signals go to `handler`; outside the main thread, which alone may ask for that, nothing changes."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, handler) for number in signals if main}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _require_listening(child: _Child) -> None:
    """Its own sockets, not anybody's: a client would talk to whoever owns the port."""
    if expected := set(child.service.ports.values()):
        connections = psutil.Process(child.popen.pid).net_connections("tcp")
        if silent := expected - {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}:
            raise StackError(f"nothing listens on {silent}")


def _end(process: psutil.Process, how: int) -> None:
    with suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        process.send_signal(how)
        _wait_gone([process], STOP_SECONDS)
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        if not _wait_gone(family, STOP_SECONDS):
            raise StackError(f"process {process.pid} does not end")


def _wait_gone(processes: Sequence[psutil.Process], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not all(map(_is_gone, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _is_gone(process: psutil.Process) -> bool:
    """A zombie is gone: its parent, which may be this process, has only not asked yet."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
