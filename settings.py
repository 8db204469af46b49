"""Environment -> one frozen Settings. Temporal's own variables (TEMPORAL_ADDRESS …) are read by `temporalio.envconfig`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What one process needs to know of its surroundings; made once, at start."""

    database_url: str
    temporal_address: str
    temporal_namespace: str
    task_queue: str
    rule_set: str
    """The rule set that cases registered now are kept under (`domain/rules/*.toml`)."""
    secret: bytes
    """Signs local tokens and derives tracking codes. A production start without HOTLINE_SECRET is refused."""
    sms_gateway_url: str | None
    """Where notices go (docs/sms-gateway.md); none: they wait in the outbox."""
    sweep_seconds: int
    """How often what was registered but not handed over is handed over."""

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment; a missing DATABASE_URL or HOTLINE_SECRET is a RuntimeError that names it."""
        return cls(
            database_url=sqlalchemy_url(_required("DATABASE_URL")),
            temporal_address=os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"),
            temporal_namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
            task_queue=task_queue(),
            rule_set=os.environ.get("HOTLINE_RULE_SET", "TJ-2015-18"),
            secret=_secret(),
            sms_gateway_url=os.environ.get("HOTLINE_SMS_GATEWAY_URL"),
            sweep_seconds=sweep_seconds(),
        )


def task_queue() -> str:
    return os.environ.get("HOTLINE_TASK_QUEUE", "hotline")


def sweep_seconds() -> int:
    return int(os.environ.get("HOTLINE_SWEEP_SECONDS", "10"))


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set")
    return value


def _secret() -> bytes:
    if file := os.environ.get("HOTLINE_SECRET_FILE"):
        return Path(file).read_bytes().strip()
    return _required("HOTLINE_SECRET").encode()


def sqlalchemy_url(url: str) -> str:
    """Any postgres URL as SQLAlchemy's psycopg dialect."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url
