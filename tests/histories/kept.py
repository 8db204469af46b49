"""Histories kept as files, one for each path and release: that of the case, then those of its children.

They are compact and can be read (`zcat`): JSON payloads stand as they are, and what a replay never looks at is left out.
"""

from __future__ import annotations

import base64
import gzip
import json
import tomllib
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from temporalio.client import WorkflowHistory

from tests.town import Request

FOLDER = Path(__file__).parent
ENDING = ".json.gz"
LEFT_OUT = frozenset(
    {
        "taskId",
        "identity",
        "requestId",
        "historySizeBytes",
        "workerVersion",
        "userMetadata",
        "header",
        "meteringMetadata",
    }
)
JSON_PLAIN = base64.b64encode(b"json/plain").decode()


def present() -> str:
    """The release that is being worked on."""
    told = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    return str(told["project"]["version"])


def releases() -> list[str]:
    """Those of which histories are kept, the earliest first."""
    return sorted((each.name for each in FOLDER.iterdir() if each.name[0].isdigit()), key=Version)


def names(release: str) -> list[str]:
    """The paths of which this release's histories are kept."""
    return sorted(file.name.removesuffix(ENDING) for file in (FOLDER / release).glob(f"*{ENDING}"))


def every() -> list[tuple[str, str]]:
    """Each release with each of its paths."""
    return [(release, name) for release in releases() for name in names(release)]


def read(release: str, name: str) -> Iterator[WorkflowHistory]:
    """The histories of a path."""
    for kept in json.loads(gzip.decompress((FOLDER / release / f"{name}{ENDING}").read_bytes())):
        yield WorkflowHistory.from_json(kept["id"], {"events": _closed(kept["events"])})


def write(name: str, histories: Iterable[WorkflowHistory], folder: Path | None = None) -> None:
    """Keep the present release's histories of a path, one event a line. Those of earlier ones are never written."""
    workflows = (
        f'{{"id":{_compact(history.workflow_id)},"events":[\n'
        + ",\n".join(_compact(_opened(event)) for event in history.to_json_dict()["events"])
        + "\n]}"
        for history in histories
    )
    folder = folder or FOLDER / present()
    folder.mkdir(exist_ok=True)
    text = f"[{','.join(workflows)}]\n"
    (folder / f"{name}{ENDING}").write_bytes(gzip.compress(text.encode(), mtime=0))


def _opened(value: Any) -> Any:
    """Payloads as the JSON that they hold."""
    if isinstance(value, list):
        return [_opened(each) for each in value]
    if not isinstance(value, dict):
        return value
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and metadata.get("encoding") == JSON_PLAIN:
        others = {key: each for key, each in metadata.items() if key != "encoding"}
        return {"json": json.loads(base64.b64decode(value["data"])), **others}
    return {key: _opened(each) for key, each in value.items() if key not in LEFT_OUT and not _sticky(each)}


def _sticky(value: Any) -> bool:
    """A queue of one worker's own, named after its machine."""
    return isinstance(value, dict) and value.get("kind") == "TASK_QUEUE_KIND_STICKY"


def _closed(value: Any) -> Any:
    """The reverse."""
    if isinstance(value, list):
        return [_closed(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "json" in value:
        others = {key: each for key, each in value.items() if key != "json"}
        data = base64.b64encode(_compact(value["json"]).encode()).decode()
        return {"metadata": {"encoding": JSON_PLAIN, **others}, "data": data}
    return {key: _closed(each) for key, each in value.items()}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Recorder:
    """A plugin of pytest: has these paths played only; `test_paths` hands over what it played."""

    def __init__(self, wanted: Set[str]) -> None:
        self.wanted = wanted

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [i for i in items if isinstance(i, pytest.Function) and i.callspec.params["name"] in self.wanted]

    async def keep(self, name: str, request: Request) -> None:
        write(name, await request.histories())
