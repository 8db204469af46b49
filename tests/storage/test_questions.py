"""What the knowledge base is asked goes by its indexes, however much it holds."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage import questions
from storage.readers import Reader, reading_as
from storage.search import terms_of
from tests.conftest import owning

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MANY = """
    INSERT INTO knowledge (version, owner, matter, question, answer, valid_from, valid_until, review_on, stage,
                           proposed_by, proposed_at, reviewed_by)
    SELECT 1, 'WATER', 'consultation', '样例' || chr(19968 + n) || chr(19969 + n), '样例答复', '2026-01-01', '2026-12-31',
           '2026-12-01', 'released', 'WATER-1', now(), 'supervisor-1' FROM generate_series(1, 5000) n
"""


@pytest.fixture(autouse=True)
async def many(engine: AsyncEngine) -> None:
    async with owning(engine) as conn:
        await conn.execute(text(MANY))
        await conn.execute(text("SELECT gin_clean_pending_list('ix_knowledge_said')"))  # as autovacuum does
        await conn.execute(text("ANALYZE knowledge"))


async def plan(conn: AsyncConnection, statement: str, **asked: object) -> str:
    return "\n".join((await conn.execute(text(f"EXPLAIN {statement}"), asked)).scalars())


async def test_a_search_goes_by_its_index(engine: AsyncEngine) -> None:
    asked = {"terms": terms_of("丁丂"), "today": date(2026, 3, 2), "likely": 200, "limit": 10}
    async with reading_as(engine, Reader.CENTRE) as conn:
        told = await plan(conn, str(questions._SEARCH), **asked)
        assert [each["question"] for each in await questions.search(conn, "丁丂", NOW, 10)] == ["样例丁丂"]
    assert "ix_knowledge_said" in told, told
    assert "Seq Scan on knowledge" not in told


async def test_uses_are_counted_by_an_index_of_such_answers_alone(engine: AsyncEngine) -> None:
    asked = {"terms": terms_of("丁丂"), "today": date(2026, 3, 2), "likely": 200, "limit": 10}
    async with reading_as(engine, Reader.CENTRE) as conn:
        await conn.execute(text("SET LOCAL enable_seqscan = off"))  # there are too few entries to be worth an index
        told = await plan(conn, str(questions._SEARCH), **asked)
    assert "ix_entries_answered" in told, told
