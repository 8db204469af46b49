"""`python -m tests.upgrades.keep COMMIT RELEASE`: keep what a release runs, so that its worker and API can be run later.

The archive is all that the upgrade tests need: they never ask git, which a released source archive does not have.
"""

from __future__ import annotations

import lzma
import subprocess
import sys
import tarfile
from pathlib import Path

from packaging.version import Version

HERE = Path(__file__).parent
FOLDER = HERE / "earlier"
PARTS = ("domain", "storage", "activities", "workflows", "api", "worker.py", "settings.py")
ENDING = ".tar.xz"


def main(arguments: list[str]) -> int:
    """Write the archive of a commit under the name of a release; one that is there stays as it is."""
    commit, release = arguments
    target = FOLDER / f"{release}{ENDING}"
    if target.exists():
        print(f"{release} is kept")
        return 2
    made = subprocess.run(["git", "archive", commit, *PARTS], cwd=HERE.parents[1], stdout=subprocess.PIPE, check=True)
    target.write_bytes(lzma.compress(made.stdout, preset=9 | lzma.PRESET_EXTREME))
    return 0


def unpack(folder: Path) -> str:
    """Unpack the release before the present one; its name."""
    archive = max(FOLDER.glob(f"*{ENDING}"), key=lambda path: Version(path.name.removesuffix(ENDING)))
    with tarfile.open(archive) as kept:
        kept.extractall(folder, filter="data")
    return archive.name.removesuffix(ENDING)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
