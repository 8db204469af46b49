"""`python -m tests.histories.record`: play the paths of which this release keeps no histories yet, and keep them.

What is kept shows that today's workflows still carry on what older ones began: a path is recorded when it is added.
`--all` records every path of the present release anew, until that is released. Whoever has released it is refused: a
release that a later one follows, or that CHANGELOG dates, keeps what it has.
"""

from __future__ import annotations

import sys

import pytest
from packaging.version import Version

from tests.histories.kept import FOLDER, Recorder, names, present, releases
from tests.histories.paths import PATHS

FOLLOWED = "{0} is released: its histories stay as they are; set the next version in pyproject.toml"


def closed(release: str, kept: list[str], changelog: str) -> bool:
    """Nothing may be added to this release's histories: it is dated, or a later one has its own."""
    later = any(Version(each) > Version(release) for each in kept)
    return later or f"\n## [{release}] - " in changelog


def main(arguments: list[str]) -> int:
    """Record, and say how it went (the exit code)."""
    changelog = (FOLDER.parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
    if closed(present(), releases(), changelog):
        print(FOLLOWED.format(present()))
        return 2
    wanted = PATHS.keys() - (set() if "--all" in arguments else set(names(present())))
    if not wanted:
        print("the histories of every path are kept")
        return 0
    return int(pytest.main(["-q", "-s", "tests/workflows/test_paths.py"], plugins=[Recorder(wanted)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
