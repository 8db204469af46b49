"""Histories kept as files, one for each path: that of the case, then those of its children.

They are compact and can be read: JSON payloads stand as they are, and what a replay never looks at is left out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory

from tests.town import Request

FOLDER = Path(__file__).parent
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


def names() -> list[str]:
    """The paths of which histories are kept."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def read(name: str) -> Iterator[WorkflowHistory]:
    """The histories of a path."""
    for kept in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")):
        yield WorkflowHistory.from_json(kept["id"], {"events": _closed(kept["events"])})


def write(name: str, histories: Iterable[WorkflowHistory]) -> None:
    """Keep the histories of a path, one event a line."""
    workflows = (
        f'{{"id":{_compact(history.workflow_id)},"events":[\n'
        + ",\n".join(_compact(_opened(event)) for event in history.to_json_dict()["events"])
        + "\n]}"
        for history in histories
    )
    (FOLDER / f"{name}.json").write_text(f"[{','.join(workflows)}]\n", encoding="utf-8")


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
