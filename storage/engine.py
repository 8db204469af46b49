"""The one way to the database: an async engine whose errors never quote a parameter or a row (Art. 15)."""

from __future__ import annotations

from typing import Any

from psycopg import Error
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECTING = {
    "connect_timeout": 5,  # a server that is there and lets nobody in would be waited for for minutes
    "tcp_user_timeout": 15_000,  # and one that is gone without a word, too
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""How soon a connection is given up; a server that is merely slow keeps it."""


def make_engine(url: str, pool_size: int = 20) -> AsyncEngine:
    """An engine whose single statements are transactions of their own; several go through `engine.begin()`."""
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=10,
        pool_use_lifo=True,  # few connections, each with its statements prepared
        connect_args={"prepare_threshold": 1, **CONNECTING},
    )
    event.listen(engine.sync_engine, "handle_error", _quote_nothing)
    return engine


def single(engine: AsyncEngine) -> AsyncEngine:
    """The same pool, one statement = one transaction: no BEGIN and COMMIT round trips."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _quote_nothing(context: ExceptionContext) -> None:
    """PostgreSQL's DETAIL holds the failing row, and a broken value or key is quoted: only what kind of error is kept."""
    error: Any = context.original_exception
    if not isinstance(error, Error) or error.diag.message_primary is None:
        return
    told = error.diag
    quotes = (error.sqlstate or "")[:2] in ("22", "23")
    where = (told.table_name, told.column_name, told.constraint_name)
    kept = " ".join(filter(None, (error.sqlstate, *where))) if quotes else told.message_primary
    error.args = (kept,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {kept}",)
