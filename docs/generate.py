"""Writes docs/regulation-index.md, lifecycle.md and rights.md from the code; `--check` fails if one is not fresh."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from docs.citations import ROOT
from docs.index_page import regulation_index
from docs.lifecycle_page import lifecycle
from docs.rights_page import rights

FILES: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "regulation-index.md": regulation_index,
    ROOT / "docs" / "lifecycle.md": lifecycle,
    ROOT / "docs" / "rights.md": rights,
}
"""Each generated file with what writes it."""


def stale() -> list[Path]:
    """The generated files that are not as the code would have them now."""
    return [path for path, make in FILES.items() if not path.exists() or path.read_text(encoding="utf-8") != make()]


def main(arguments: list[str]) -> int:
    """Write what is stale, or with `--check` only say so; the exit code."""
    old = stale()
    for path in old:
        print(f"{path.relative_to(ROOT)} {'is stale: make docs' if arguments == ['--check'] else 'written'}")
        if arguments != ["--check"]:
            path.write_text(FILES[path](), encoding="utf-8")
    return int(bool(old) and arguments == ["--check"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
