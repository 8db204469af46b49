"""The second lock (Art. 7(4), 9 ¶2, 15): what PostgreSQL shows each kind of reader, whatever is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.vocabulary import Role
from storage.engine import single
from storage.readers import APPENDED, FOR_ALL, POLICIES, READER, Reader, reading_as
from storage.search import query_of, search
from storage.tables import metadata
from tests.conftest import House, house_on, owning
from tests.line import Line

Cases = Mapping[str, str]

OF_NO_ONE_CASE = {
    "changes", "disposal_lists", "joints", "joint_acts", "knowledge", "questions", "reconciliations", "partners",
    "partner_steps", "credit_records", "opinions", "opinion_steps", "trainings", "duties", "models",
}  # fmt: skip
"""Tables of those who watch, of joint cases, answers and partners: their rows are of no one case."""

OF_NOBODY = {
    "calendar_days",
    "calendar_notices",
    "units",
    "counters",
    "api_keys",
    "sessions",
    "roots",
    "root_heads",
}
"""Tables without a row of any case."""


@pytest.fixture(scope="module")
async def house(
    temporal: WorkflowEnvironment, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    async with house_on(postgres, temporal, tmp_path_factory.mktemp("blobs")) as made:
        yield made


@pytest.fixture(scope="module")
def engine(house: House) -> AsyncEngine:
    return house.engine


@pytest.fixture(scope="module")
def line(house: House) -> Line:
    return house.line


@pytest.fixture(scope="module")
async def cases(line: Line) -> Cases:
    """All that there are: each kind that somebody sees and others do not."""
    made = {
        "water": await line.register(name="张样例", text="样例路自来水管漏水。"),
        "gas": await line.register(name="李样例"),
        "staff": await line.register(name="王样例"),
        "report": await line.register(matter="issue", report="unlawful", name="赵样例"),
        "escalated": await line.register(),
        "waits": await line.register(),
        "street": await line.register(matter="issue"),
    }
    numbers = {name: answer["number"] for name, answer in made.items()}
    await line.done(numbers["water"], "transfer", Role.AGENT, lead="GAS")
    await line.done(numbers["water"], "recall", Role.AGENT, internal="内部样例。")
    await line.done(numbers["water"], "transfer", Role.AGENT, lead="WATER")
    await line.done(numbers["gas"], "transfer", Role.AGENT, lead="GAS", assisting=["WATER"])
    await line.done(numbers["staff"], "transfer", Role.AGENT, lead="WATER")
    await complained_of(line, numbers["staff"], "WATER")
    await line.done(numbers["report"], "transfer", Role.AGENT, lead="JW")
    await line.done(numbers["street"], "transfer", Role.AGENT, lead="HP.XB")
    await complained_of(line, numbers["street"], "HP.XB")
    await line.done(numbers["street"], "transfer", Role.AGENT, lead="HP")
    await line.done(numbers["escalated"], "escalate", Role.AGENT, reason="样例理由。")
    return numbers


async def complained_of(line: Line, number: str, respondent: str) -> None:
    """It had the case in hand; then it turned out to be a complaint about that office."""
    await line.done(number, "recall", Role.AGENT)
    await line.done(number, "correct", Role.AGENT, matter="staff", respondent=respondent)


SIGHT: Mapping[str, tuple[Reader, dict[str, str], set[str]]] = {
    "the Centre": (Reader.CENTRE, {}, {"water", "gas", "staff", "report", "escalated", "waits", "street"}),
    "an auditor": (Reader.AUDITOR, {}, {"water", "gas", "staff", "report", "escalated", "waits", "street"}),
    "water": (Reader.UNIT, {"unit": "WATER", "above": "WATER"}, {"water", "gas"}),
    "gas, which had water's in hand": (Reader.UNIT, {"unit": "GAS", "above": "GAS"}, {"gas", "water"}),
    "the unit of the report": (Reader.UNIT, {"unit": "JW", "above": "JW"}, {"report"}),
    "the office above the one complained of": (Reader.UNIT, {"unit": "HP", "above": "HP"}, {"street"}),  # Art. 7(4)
    "the office complained of": (Reader.UNIT, {"unit": "HP.XB", "above": "HP,HP.XB"}, set()),
    "a unit without a case": (Reader.UNIT, {"unit": "HEAT", "above": "HEAT"}, set()),
    "a unit that is not said": (Reader.UNIT, {}, set()),
    "the approval office": (Reader.OFFICE, {}, {"escalated"}),
    "an analyst": (Reader.ANALYST, {}, {"water", "gas", "staff", "report", "escalated", "waits", "street"}),
    "a requester": (Reader.REQUESTER, {"number": "water"}, {"water"}),
    "a requester without a code": (Reader.REQUESTER, {}, set()),
    "nobody": (Reader.HOUSE, {}, set()),
}
"""Who reads, and which of the cases there are rows of."""


async def numbers_in(conn: AsyncConnection, table: str) -> set[str]:
    column = "number" if table == "cases" else "case_number"
    return set((await conn.execute(text(f"SELECT {column} FROM {table}"))).scalars())


@pytest.mark.parametrize("who", SIGHT)
async def test_whoever_asks_anything_gets_rows_of_their_own_cases_only(
    who: str, cases: Cases, engine: AsyncEngine
) -> None:
    reader, told, seen = SIGHT[who]
    facts = {key: cases[value] if key == "number" else value for key, value in told.items()}
    of_cases = {table for table in POLICIES[reader] if table not in OF_NO_ONE_CASE}
    async with reading_as(engine, reader, **facts) as conn:  # type: ignore[arg-type]
        for table in of_cases:
            found = await numbers_in(conn, table)
            assert found <= {cases[name] for name in seen}, table
        if "cases" in of_cases:
            assert await numbers_in(conn, "cases") == {cases[name] for name in seen}


@pytest.mark.parametrize("reader", Reader)
async def test_a_table_that_is_not_a_readers_is_refused(reader: Reader, engine: AsyncEngine) -> None:
    for table in metadata.tables:
        async with reading_as(engine, reader) as conn:
            asked = text(f"SELECT count(*) FROM {table}")
            if table in POLICIES[reader] or table in FOR_ALL:
                await conn.execute(asked)
                continue
            with pytest.raises(DBAPIError, match="permission denied"):
                await conn.execute(asked)


def test_every_role_reads_as_somebody_and_every_table_of_cases_is_guarded() -> None:
    assert READER.keys() == set(Role)
    guarded = {table for policies in POLICIES.values() for table in policies}
    assert guarded == metadata.tables.keys() - OF_NOBODY


async def test_whoever_reads_writes_nothing_and_stays_who_they_are_for_one_transaction(
    cases: Cases, engine: AsyncEngine
) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|read-only"):
        async with reading_as(engine, Reader.CENTRE) as conn:
            await conn.execute(text("UPDATE cases SET status = 'closed'"))
    for _ in range(5):
        async with reading_as(engine, Reader.UNIT, unit="GAS", above="GAS") as conn:
            assert (await conn.execute(text("SELECT current_user"))).scalar_one() == Reader.UNIT
        async with single(engine).connect() as conn:
            row = await conn.execute(text("SELECT current_user, current_setting('app.unit', true)"))
            assert tuple(row.one()) == ("hotline_app", "")


async def test_a_unit_reads_its_own_part_and_no_internal_note(cases: Cases, engine: AsyncEngine) -> None:
    async with reading_as(engine, Reader.UNIT, unit="WATER", above="WATER") as conn:

        async def every(column: str, table: str) -> set[Any]:
            return set((await conn.execute(text(f"SELECT {column} FROM {table}"))).scalars())

        assert await every("unit", "assignments") == {"WATER"}
        assert await every("unit", "entries") <= {None, "WATER"}
        assert await every("unit", "deeds") <= {"WATER"}
        assert await every("owner", "clocks") <= {"WATER", "centre", "office"}
        assert "internal" not in await every("kind", "notes")
    async with reading_as(engine, Reader.CENTRE) as conn:
        assert "internal" in set((await conn.execute(text("SELECT kind FROM notes"))).scalars())


async def test_who_reports_unlawful_conduct_is_nobody_to_the_unit(cases: Cases, engine: AsyncEngine) -> None:
    async with reading_as(engine, Reader.UNIT, unit="JW", above="JW") as conn:
        assert await numbers_in(conn, "cases") == {cases["report"]}
        assert await numbers_in(conn, "people") == set()


async def test_the_house_owns_no_table_and_rewrites_no_record(cases: Cases, engine: AsyncEngine) -> None:
    async with engine.connect() as conn:
        assert (await conn.execute(text("SELECT current_user"))).scalar_one() == "hotline_app"
    for statement in ("DROP TABLE counters", "ALTER TABLE cases DISABLE ROW LEVEL SECURITY", "DELETE FROM cases"):
        with pytest.raises(DBAPIError, match=r"must be owner|permission denied"):
            async with engine.begin() as conn:
                await conn.execute(text(statement))
    for table in APPENDED:
        column = metadata.tables[table].columns.keys()[0]
        with pytest.raises(DBAPIError, match="permission denied"):
            async with engine.begin() as conn:
                await conn.execute(text(f"UPDATE {table} SET {column} = {column}"))


# -- search ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("自来水", True), ("来水管", True), ("水", True), ("漏 自来水", True), ("水。", True), ("样例路灯", True),
        ("自来水费", False), ("煤", False), ("漏水 煤气", False),
    ],
)  # fmt: skip
async def test_words_are_found_wherever_they_stand(words: str, found: bool, cases: Cases, engine: AsyncEngine) -> None:
    async with reading_as(engine, Reader.CENTRE) as conn:
        rows = (await search(conn, words)).items
    assert (cases["water"] in {row["number"] for row in rows}) is found


async def test_a_unit_finds_what_is_on_its_own_desk(cases: Cases, line: Line) -> None:
    for unit, seen in (("WATER", {"water"}), ("GAS", set())):
        response = await line.post("/searches/texts", Role.UNIT, {"words": "自来水管"}, unit)
        assert {item["number"] for item in response.json()["items"]} == {cases[name] for name in seen}
    response = await line.post("/searches/texts", Role.UNIT, {"words": "内部样例"}, "WATER")
    assert response.json()["items"] == []
    assert (await line.post("/searches/texts", Role.AGENT, {"words": "！？"})).status_code == 422


async def test_the_centre_pages_through_what_it_finds(cases: Cases, line: Line) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        body = {"words": "样例", "limit": 2, "cursor": cursor}
        page = (await line.post("/searches/texts", Role.SUPERVISOR, body)).json()
        seen += [item["number"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == sorted(cases.values(), reverse=True)


async def test_a_search_goes_by_its_index_under_the_policy_of_the_centre(cases: Cases, engine: AsyncEngine) -> None:
    many = text(
        "INSERT INTO notes (id, case_number, kind, text, written_at)"
        " SELECT 'n' || n, :case, 'request', '样例' || chr(19968 + n) || chr(19969 + n), now() FROM generate_series(1, 5000) n"
    )
    async with owning(engine) as conn:
        await conn.execute(many, {"case": cases["water"]})
        await conn.execute(text("ANALYZE notes"))
    plan = text(
        "EXPLAIN SELECT case_number FROM notes"
        " WHERE bigrams((coalesce(title, '') || ' ' || text)) @@ to_tsquery('simple', :asked)"
    )
    async with reading_as(engine, Reader.CENTRE) as conn:
        told = "\n".join((await conn.execute(plan, {"asked": query_of("漏水")})).scalars())
    assert "ix_notes_words" in told, told
    assert "Seq Scan" not in told
