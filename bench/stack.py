"""A house of its own to be measured or killed: fresh, as it ships, and told by nothing that surrounds it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cli.processes import Service
from cli.stack import LocalStack, Ports, hotline_services
from settings import sqlalchemy_url
from storage.migrate import migrate
from workflows.attributes import SEARCH_ATTRIBUTES

FORGOTTEN = (
    "DATABASE_URL",
    "TEMPORAL_ADDRESS",
    "HOTLINE_SECRET",
    "HOTLINE_SECRET_FILE",
    "HOTLINE_RULE_SET",
    "HOTLINE_SWEEP_SECONDS",
)
"""What the surroundings may say is not heard here."""


@contextmanager
def stack(
    told: Mapping[str, str], *more: Service, prepare: Callable[[str], None] = lambda _: None
) -> Iterator[LocalStack]:
    """The real API and worker, and `more`; `prepare` goes on where the migrations end. The environment is told."""
    for variable in FORGOTTEN:
        os.environ.pop(variable, None)
    os.environ |= told

    def made(url: str) -> None:
        migrate(sqlalchemy_url(url), samples=True)
        prepare(url)

    ports = Ports(0, 0, 0)
    with (
        tempfile.TemporaryDirectory(prefix="hotline-bench-") as directory,
        LocalStack(
            Path(directory),
            ports=ports,
            services=(*hotline_services(ports), *more),
            search_attributes=SEARCH_ATTRIBUTES,
            migrate=made,
        ) as running,
    ):
        os.environ |= running.environment
        yield running
