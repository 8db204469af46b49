"""What the workflow of a register's row is told (`workflows.timekeeper`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Period:
    """Where it stands, in words for operators; until when by itself (None: nothing happens by itself); is it the end?"""

    standing: str
    due_at: datetime | None
    ended: bool
