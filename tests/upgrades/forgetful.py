"""The worker of whatever version PYTHONPATH names, without a cache: every task replays its case from the beginning."""

from __future__ import annotations

import asyncio
from typing import Any

import worker

usual_worker: Any = vars(worker)["Worker"]


def forgetful(*args: Any, **usual: Any) -> Any:
    return usual_worker(*args, **{**usual, "max_cached_workflows": 0})


setattr(worker, "Worker", forgetful)  # noqa: B010
asyncio.run(worker.main())
