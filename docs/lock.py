"""Keeps requirements.lock in step with pyproject.toml: `python -m docs.lock` writes it, `--check` only compares.

Versions that are locked already stay as they are. The lock names no package index: where packages come from is the
machine's own setting. `--upgrade` takes the newest versions that pyproject.toml allows.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OPTIONS = (
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--extra=local",
    "--extra=dev",
    "--no-emit-index-url",
    "--custom-compile-command=make lock",
)


def compiled(*options: str) -> str:
    """The lock as it should be, beginning from the present one; a CalledProcessError if it cannot be resolved."""
    uv = shutil.which("uv", path=sysconfig.get_path("scripts")) or "uv"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / LOCK.name
        if LOCK.exists():
            shutil.copyfile(LOCK, copy)
        command = [uv, "pip", "compile", *OPTIONS, *options, "pyproject.toml", "--output-file", str(copy)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return copy.read_text(encoding="utf-8")


def hosts(lock: str) -> list[str]:
    """Addresses in the lock: there must be none."""
    return re.findall(r"(?m)^.*(?:://|--(?:extra-)?index-url|--find-links).*$", lock)


def main(arguments: list[str]) -> int:
    """Write the lock, or with `--check` say whether it is in step; the exit code."""
    check = "--check" in arguments
    wanted = compiled(*(argument for argument in arguments if argument != "--check"))
    if found := hosts(wanted):
        print("requirements.lock would name where packages come from:", *found, sep="\n  ")
        return 1
    if LOCK.exists() and wanted == LOCK.read_text(encoding="utf-8"):
        return 0
    if check:
        print("requirements.lock is not in step with pyproject.toml: make lock")
        return 1
    LOCK.write_text(wanted, encoding="utf-8")
    print("requirements.lock written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
