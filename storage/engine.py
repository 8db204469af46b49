"""The one way to the database: an async engine that never quotes parameters in errors (Art. 15)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def make_engine(url: str, pool_size: int = 20) -> AsyncEngine:
    """An engine whose single statements are transactions of their own; several go through `engine.begin()`."""
    return create_async_engine(url, hide_parameters=True, pool_size=pool_size, max_overflow=10)


def single(engine: AsyncEngine) -> AsyncEngine:
    """The same pool, one statement = one transaction: no BEGIN and COMMIT round trips."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")
