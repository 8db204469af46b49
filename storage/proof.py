"""What must be so before anything is written: the master keys are those in use, the clock is the database's (Art. 14, 15)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.migrate import alembic_config
from storage.vault import Vault

log = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds until a database that does not answer is asked again."""

APART = timedelta(minutes=1)
"""How far this machine's clock may be from the database's: entries bear its instants for good."""


_, *EARLIER = (each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions())
"""Revisions with which this release does not work; one that it does not know is a later release's."""


@asynccontextmanager
async def proved(vault: Vault, engine: AsyncEngine) -> AsyncIterator[None]:
    """A RuntimeError if a process must not work here. While a database is away it works as far as it can, and ends then."""
    later = None
    try:
        await prove(vault, engine)
    except OperationalError:
        later = asyncio.create_task(_later(vault, engine))
    try:
        yield
    finally:
        if later:
            later.cancel()


async def prove(vault: Vault, engine: AsyncEngine) -> None:
    """A RuntimeError that says which master key is not the one in use, or how far the clocks are apart."""
    await vault.prove()
    async with engine.connect() as conn:
        revision = (await conn.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        if revision in EARLIER:
            raise RuntimeError(f"the database is at revision {revision}: run `hotline migrate` first")
        before = datetime.now(UTC)
        theirs: datetime = (await conn.execute(text("SELECT clock_timestamp()"))).scalar_one()
    if not before - APART <= theirs <= datetime.now(UTC) + APART:
        apart = round((theirs - before).total_seconds())
        raise RuntimeError(f"the database's clock is {apart} seconds from this machine's: set them by one time server")


async def _later(vault: Vault, engine: AsyncEngine) -> None:
    while True:
        await asyncio.sleep(AGAIN)
        try:
            return await prove(vault, engine)
        except OperationalError as error:
            log.warning("the database cannot be reached yet: %s", type(error).__name__)
        except RuntimeError as error:
            log.critical("%s", error)
            os.kill(os.getpid(), signal.SIGTERM)
            return
