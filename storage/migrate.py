"""Bring a database to the present schema, and put in place what every installation starts with."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from domain.calendar import seeded_notices
from storage import calendar, partners, units
from storage.readers import secure
from storage.tables import calendar_notices
from storage.vault import lay_out, lay_out_at


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, for an open connection if there is one."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(url: str, vault: str | None = None, *, samples: bool = False) -> None:
    """To the last revision; the holiday notices of 2004–2026 if there are none; the sample units. Repeatable.

    `vault`: the database of the cases' keys, if it is another one. `samples`: invented partners as well. The version
    before may serve meanwhile (docs/upgrades.md).
    """
    engine = create_engine(url, hide_parameters=True)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        secure(connection)
        lay_out(connection)
    engine.dispose()
    if vault:
        lay_out_at(vault)
    asyncio.run(_seed(url, samples))


async def _seed(url: str, samples: bool) -> None:
    engine = create_async_engine(url, hide_parameters=True)
    async with engine.begin() as conn:
        await units.seed(conn)
        if samples:
            await partners.seed(conn, datetime.now(UTC))
        if (await conn.execute(calendar_notices.select().limit(1))).first() is None:
            for notice in seeded_notices():
                await calendar.publish(conn, notice)
    await engine.dispose()
