"""The local stack over real servers: what it keeps, what it refuses, and that it leaves nothing running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]
import psycopg
import pytest
import sqlalchemy
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from cli import processes
from cli.processes import PortTaken, Service, ServiceFailed, StackError
from cli.stack import ENVIRONMENT, DirectoryInUse, LocalStack, Ports

WAIT = [sys.executable, "-c", "import time; print('waiting'); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)",
]
SERVER = "import http.server as h, sys; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"

SUPERVISOR = f"""
import json, pathlib, signal, sys
from cli.processes import Service
from cli.stack import LocalStack, Ports
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever this run of the tests was told to ignore
ports = Ports(*map(int, sys.argv[2:]))
with LocalStack(pathlib.Path(sys.argv[1]), ports=ports, services=[Service("waiter", {WAIT!r})]) as stack:
    print(json.dumps(stack.pids), flush=True)
    stack.watch()
"""

Supervisor = Callable[[Ports], tuple[subprocess.Popen[str], list[psutil.Process]]]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_UI_URL", "HOTLINE_SECRET", "HOTLINE_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Gone after the test: a database takes 40 MB."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name).resolve()


@pytest.fixture
def no_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")


@pytest.fixture
def supervisor(directory: Path) -> Iterator[Supervisor]:
    """Starts a whole stack under a process of its own; gives that and everything below it."""
    started: list[psutil.Process] = []

    def start(ports: Ports) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
        numbers = [str(ports.api), str(ports.ui), str(ports.temporal)]
        command = [sys.executable, "-c", SUPERVISOR, str(directory), *numbers]
        root = Path(processes.__file__).parent.parent
        parent = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
        started.append(psutil.Process(parent.pid))
        assert parent.stdout
        assert set(json.loads(parent.stdout.readline())) >= {"postgres", "waiter"}
        children = psutil.Process(parent.pid).children(recursive=True)
        started.extend(children)
        return parent, children

    yield start
    for process in started:
        if process.is_running():
            process.kill()


def free_ports() -> Ports:
    return Ports(api=0, ui=0, temporal=0)


def postgres_only(directory: Path, services: Sequence[Service] = ()) -> LocalStack:
    return LocalStack(directory, services=services, temporal=False)


def family(stack: LocalStack) -> list[psutil.Process]:
    parents = [psutil.Process(pid) for pid in stack.pids.values()]
    return parents + [child for parent in parents for child in parent.children(recursive=True)]


def alive(members: Sequence[psutil.Process]) -> list[psutil.Process]:
    return [each for each in members if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


async def open_case(address: str, case: str, keywords: Mapping[str, str]) -> None:
    client = await Client.connect(address)
    pairs = [SearchAttributePair(SearchAttributeKey.for_keyword(name), value) for name, value in keywords.items()]
    attributes = TypedSearchAttributes(pairs)
    await client.start_workflow("case", id=case, task_queue="nobody", search_attributes=attributes)


async def open_cases(address: str, query: str) -> set[str]:
    client = await Client.connect(address)
    return {case.id async for case in client.list_workflows(query)}


def test_state_survives_a_restart_and_attributes_can_be_added(directory: Path) -> None:
    migrated: list[str] = []
    with LocalStack(
        directory, ports=free_ports(), search_attributes={"Hands": "Keyword"}, migrate=migrated.append
    ) as stack:
        assert migrated == [stack.database_url]
        with psycopg.connect(stack.database_url) as connection:
            connection.execute("create table kept as select 8890 as line")
        asyncio.run(open_case(stack.temporal_address, "case-1", {"Hands": "unit"}))
        members, secret = family(stack), (directory / "secret").read_text()
    assert alive(members) == []

    more = {"Hands": "Keyword", "District": "Keyword", "Units": "KeywordList", "DueAt": "Datetime"}
    with LocalStack(directory, ports=free_ports(), search_attributes=more) as stack:
        with psycopg.connect(stack.database_url) as connection:
            assert connection.execute("select line from kept").fetchone() == (8890,)
        asyncio.run(open_case(stack.temporal_address, "case-2", {"Hands": "unit", "District": "120101"}))
        everything = {"case-1", "case-2"}
        eventually(lambda: asyncio.run(open_cases(stack.temporal_address, "Hands = 'unit'")) == everything)
        assert (directory / "secret").read_text() == secret
    assert (directory / "secret").stat().st_mode & 0o777 == 0o600


def test_temporal_is_stopped_and_comes_back_where_it_was(directory: Path) -> None:
    with LocalStack(directory, ports=free_ports(), search_attributes={"Hands": "Keyword"}) as stack:
        asyncio.run(open_case(stack.temporal_address, "case-1", {"Hands": "unit"}))
        stack.kill("temporal")
        with pytest.raises(RuntimeError):
            asyncio.run(Client.connect(stack.temporal_address))
        with pytest.raises(StackError, match="temporal was not started here"):
            stack.stop("temporal")
        stack.start("temporal")
        asyncio.run(open_case(stack.temporal_address, "case-2", {"Hands": "unit"}))
        with pytest.raises(StackError, match="started already"):
            stack.start("temporal")
        assert stack.ui_url
        with urllib.request.urlopen(stack.ui_url) as page:
            assert page.status == 200


@pytest.mark.parametrize(("taken", "option"), [("temporal", "--temporal-port"), ("ui", "--ui-port"), ("api", "--port")])
def test_a_taken_port_is_named_and_nothing_is_started(directory: Path, taken: str, option: str) -> None:
    stack_directory = directory / "stack"
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        ports = Ports(**{"api": 0, "ui": 0, "temporal": 0, taken: port})
        api = Service("api", WAIT, ports={"--port": ports.api})
        stack = LocalStack(stack_directory, ports=ports, services=[api])
        with pytest.raises(PortTaken, match=rf"^port {port} is taken: .*{option} ") as refusal, stack:
            pass
    assert "\n" not in str(refusal.value)
    assert stack.pids == {}
    assert [path.name for path in stack_directory.iterdir()] == ["lock"]


def test_a_directory_has_one_stack_at_a_time(directory: Path) -> None:
    with postgres_only(directory) as first:
        with pytest.raises(DirectoryInUse, match=f"{directory} is in use by process {os.getpid()}"):
            postgres_only(directory).__enter__()
        with psycopg.connect(first.database_url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    with postgres_only(directory):
        pass


def test_what_a_killed_parent_left_is_stopped_by_the_next_start(directory: Path, supervisor: Supervisor) -> None:
    ports = free_ports()
    parent, orphans = supervisor(ports)
    with psycopg.connect(postgres_only(directory).database_url) as connection:
        connection.execute("create table kept as select 1")
    parent.kill()
    parent.wait()
    assert {each.name() for each in alive(orphans)} >= {"postgres", "temporal"}

    with LocalStack(directory, ports=ports) as stack:
        assert alive(orphans) == []
        with psycopg.connect(stack.database_url) as connection:
            connection.execute("select * from kept")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_parent_stops_everything(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    parent, members = supervisor(free_ports())
    parent.send_signal(how)
    parent.wait(30)
    assert alive(members) == []


def test_a_process_that_only_got_the_same_number_is_left_alone(directory: Path) -> None:
    with subprocess.Popen(WAIT) as stranger:
        try:
            created = psutil.Process(stranger.pid).create_time()
            (directory / "run").mkdir()
            record = {"pid": stranger.pid, "create_time": created - 1, "stop_signal": signal.SIGKILL}
            (directory / "run" / "postgres.json").write_text(json.dumps(record))
            with postgres_only(directory) as stack:
                assert stack.pids["postgres"] != stranger.pid
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_an_error_inside_leaves_no_process_even_one_deaf_to_sigterm(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.2)
    deaf = Service("deaf", STUBBORN)
    with pytest.raises(ZeroDivisionError), postgres_only(directory, [deaf, Service("waiter", WAIT)]) as stack:
        eventually(lambda: "deaf" in (directory / "logs" / "deaf.log").read_text())
        members = family(stack)
        raise ZeroDivisionError
    assert len(members) > 3
    assert alive(members) == []


def test_a_service_that_ends_is_an_error_quoting_its_log(directory: Path) -> None:
    broken = Service("broken", [sys.executable, "-c", "raise SystemExit('no such table')"], probe=lambda: 1 / 0)
    with pytest.raises(ServiceFailed, match=r"(?s)^broken ended with exit code 1; .*no such table"):
        postgres_only(directory, [broken]).__enter__()
    assert list((directory / "run").iterdir()) == []

    with postgres_only(directory) as stack:
        os.kill(stack.pids["postgres"], signal.SIGQUIT)
        with pytest.raises(ServiceFailed, match=r"(?s)^postgres ended with exit code"):
            stack.watch()


@pytest.mark.usefixtures("no_postgres")
def test_a_service_that_does_not_get_ready_is_an_error(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "READY_SECONDS", 0.1)
    silent = Service("silent", WAIT, ports={"--port": processes.free_port()})
    with pytest.raises(ServiceFailed, match=r"^silent is not ready after 0.1 s \(nothing listens on "):
        postgres_only(directory, [silent]).__enter__()


@pytest.mark.usefixtures("no_postgres")
def test_a_service_is_told_where_everything_is(directory: Path) -> None:
    tell = "import json, os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps(dict(os.environ)));"
    told = directory / "told.json"
    ports = free_ports()
    api = Service(
        "api", [sys.executable, "-c", tell + SERVER.replace("argv[1]", "argv[2]"), str(told), str(ports.api)],
        ports={"--port": ports.api},
    )  # fmt: skip
    with LocalStack(directory, ports=ports, services=[api], temporal=False) as stack:
        with urllib.request.urlopen(stack.api_url) as page:
            assert page.status == 200
        assert json.loads(told.read_text()).items() >= stack.environment.items()
        assert stack.environment["HOTLINE_SECRET_FILE"] == str(directory / "secret")


def test_servers_named_by_the_environment_are_used(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres_only(directory / "theirs") as theirs:
        monkeypatch.setenv("DATABASE_URL", theirs.database_url)
        monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
        monkeypatch.setenv("TEMPORAL_UI_URL", "https://temporal.example")
        with LocalStack(directory / "ours") as ours:
            assert ours.pids == {}
            assert ours.database_url == theirs.database_url
            assert ours.temporal_address == "temporal.example:7233"
            assert ours.ui_url == "https://temporal.example"
            assert ours.external == {"DATABASE_URL": theirs.database_url, "TEMPORAL_ADDRESS": "temporal.example:7233"}
            assert json.loads((directory / "ours" / ENVIRONMENT).read_text()) == ours.environment
        assert not (directory / "ours" / ENVIRONMENT).exists()


@pytest.mark.parametrize("name", ["a b+c%20", "one,two", "long" * 40])
def test_any_directory_gives_a_url_that_clients_understand(
    directory: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    with postgres_only(directory / name) as stack:
        with psycopg.connect(stack.database_url) as connection:
            assert connection.execute("show synchronous_commit").fetchone() == ("on",)
        engine = sqlalchemy.create_engine(stack.database_url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as ours:
            assert ours.scalar(sqlalchemy.text("show max_connections")) == "200"
        engine.dispose()
