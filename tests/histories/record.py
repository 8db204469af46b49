"""`python -m tests.histories.record`: play the paths of which no histories are kept yet, and keep them.

What is kept shows that today's workflows still carry on what older ones began: a path is recorded when it is added.
`--all` records every path anew, which is right only as long as no case is open anywhere.
"""

from __future__ import annotations

import sys

import pytest

from tests.histories.kept import Recorder, names
from tests.histories.paths import PATHS


def main(arguments: list[str]) -> int:
    """Record, and say how it went (the exit code)."""
    wanted = PATHS.keys() - (set() if "--all" in arguments else set(names()))
    if not wanted:
        print("the histories of every path are kept")
        return 0
    return int(pytest.main(["-q", "-s", "tests/workflows/test_paths.py"], plugins=[Recorder(wanted)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
