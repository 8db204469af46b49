"""The floor's table: one row a step, one statement a transaction, without any layer between."""

from __future__ import annotations

import psycopg
from psycopg import AsyncConnection
from temporalio import activity

from storage.readers import APP

_CREATE = """
    CREATE TABLE IF NOT EXISTS floor_rows
    (case_id text NOT NULL, step text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (case_id, step))
"""
_GRANT = f"GRANT INSERT ON floor_rows TO {APP}"
_INSERT = "INSERT INTO floor_rows (case_id, step, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


def prepare(url: str) -> None:
    """Put the table in place, as the owner of the database."""
    with psycopg.connect(url) as connection:
        connection.execute(_CREATE)
        connection.execute(_GRANT)


class Rows:
    """Holds connections that are free; takes a new one when there is none."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: list[AsyncConnection] = []

    @activity.defn(name="floor_insert")
    async def insert(self, case: str, step: str) -> None:
        """The same step twice is one row."""
        connection = await self._connection()
        await connection.execute(_INSERT, (case, step, activity.info().scheduled_time))
        self._free.append(connection)

    async def _connection(self) -> AsyncConnection:
        return self._free.pop() if self._free else await AsyncConnection.connect(self._url, autocommit=True)
