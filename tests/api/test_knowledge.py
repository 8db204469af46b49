"""The knowledge base over HTTP (Art. 5(1), 5(5), 7(1)): proposed, released, searched, answered with, withdrawn."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.chain import broken
from domain.limits import SHANGHAI
from domain.vocabulary import Role
from storage import files
from tests.conftest import owning
from tests.line import Line, token

TODAY = datetime.now(SHANGHAI).date()


def day(days: int) -> str:
    return str(TODAY + timedelta(days=days))


def term() -> str:
    """Eight characters that stand side by side nowhere else: whoever looks for them finds one test's entries."""
    return "".join(chr(0x4E00 + int(uuid4().hex[:4], 16) % 20_000) for _ in range(8))


def said(words: str, **other: Any) -> dict[str, Any]:
    usual = {"matter": "consultation", "question": f"{words}？", "answer": "样例答复。"}
    return usual | {"valid_from": day(0), "valid_until": day(365)} | other


async def post(house: Line, path: str, role: Role, who: str, unit: str | None = None, **given: Any) -> httpx.Response:
    return await house.http.post(path, json=given, headers=token(role, unit, who))


async def proposed(house: Line, words: str, unit: str = "WATER", **other: Any) -> int:
    """The number of a new entry."""
    made = await post(house, "/knowledge", Role.UNIT, f"{unit}-1", unit, **said(words, **other))
    assert made.status_code == 201, made.text
    return int(made.json()[0]["entry"])


async def step(house: Line, entry: int, path: str, **given: Any) -> httpx.Response:
    return await post(house, f"/knowledge/{entry}/{path}", Role.SUPERVISOR, "supervisor-1", **given)


async def released(house: Line, words: str, unit: str = "WATER", **other: Any) -> int:
    entry = await proposed(house, words, unit, **other)
    done = await step(house, entry, "release", version=1)
    assert done.status_code == 200, done.text
    return entry


async def revised(house: Line, entry: int, words: str, **other: Any) -> int:
    """Propose and release the next version; its number."""
    made = await post(house, f"/knowledge/{entry}/versions", Role.UNIT, "WATER-1", "WATER", **said(words, **other))
    assert made.status_code == 201, made.text
    version = int(made.json()[-1]["version"])
    assert (await step(house, entry, "release", version=version)).status_code == 200
    return version


async def search(house: Line, words: str) -> list[dict[str, Any]]:
    answer = await house.post("/searches/knowledge", Role.AGENT, {"words": words})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def found(house: Line, words: str) -> list[tuple[int, int]]:
    return [(each["entry"], each["version"]) for each in await search(house, words)]


async def answer(house: Line, number: str, key: str = "", **with_: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await house.post(f"/cases/{number}/answer", Role.AGENT, {"public": "样例答复。"} | with_, **headers)


# -- two persons ------------------------------------------------------------------------------------------------------


async def test_a_unit_proposes_the_centre_releases_and_then_it_is_found(house: Line) -> None:  # Art. 5(1), 5(5)
    words = term()
    entry = await proposed(house, words)
    assert await found(house, words) == []
    (version,) = (await step(house, entry, "release", version=1)).json()
    assert (version["stage"], version["owner"]) == ("released", "WATER")
    assert (version["proposed_by"], version["reviewed_by"]) == ("WATER-1", "supervisor-1")
    assert version["review_on"] == str(date.fromisoformat(day(365)) - timedelta(days=30))
    assert await found(house, words) == [(entry, 1)]


async def test_whoever_proposed_it_does_not_release_it(house: Line, record: AsyncEngine) -> None:
    entry = await proposed(house, term())
    own = await post(house, f"/knowledge/{entry}/release", Role.SUPERVISOR, "WATER-1", version=1)
    assert (own.status_code, own.json()["title"], own.json()["provision"]) == (403, "NotYours", "Art. 5(5)")
    with pytest.raises(DBAPIError, match="ck_knowledge_reviewer"):
        async with record.begin() as conn:
            release = "UPDATE knowledge SET stage = 'released', reviewed_by = proposed_by WHERE entry = :entry"
            await conn.execute(text(release), {"entry": entry})


async def test_a_step_that_does_not_follow_is_refused_with_its_provision(house: Line) -> None:
    entry = await proposed(house, term())
    early = await step(house, entry, "withdraw", reason="样例。")
    assert (early.status_code, early.json()["provision"]) == (409, "Art. 5(5)")
    assert (await step(house, entry, "refuse", version=1, reason="样例。")).json()[0]["stage"] == "refused"
    assert (await step(house, entry, "release", version=1)).status_code == 409
    assert (await step(house, entry, "release", version=2)).status_code == 404
    assert (await step(house, 2**31 - 1, "release", version=1)).status_code == 404


async def test_the_same_proposal_again_is_the_same_entry_and_version(house: Line) -> None:
    words = term()
    entry = await proposed(house, words)
    assert await proposed(house, words) == entry
    other = await post(house, "/knowledge", Role.UNIT, "WATER-1", "WATER", **said(words, answer="另一样例。"))
    assert (other.status_code, other.json()["provision"]) == (409, "Art. 5(5)")
    url, next_ = f"/knowledge/{entry}/versions", said(words, answer="另一样例。")
    for _ in range(2):
        made = (await post(house, url, Role.UNIT_LEAD, "WATER-2", "WATER", **next_)).json()
        assert [(each["version"], each["stage"]) for each in made] == [(1, "replaced"), (2, "proposed")]


async def test_of_proposals_that_come_at_once_each_is_there_once(house: Line) -> None:
    words = term()
    assert len(set(await asyncio.gather(*(proposed(house, words) for _ in range(5))))) == 1
    entry = await proposed(house, words)
    url = f"/knowledge/{entry}/versions"
    next_ = [said(words, answer=f"样例{n}。") for n in range(3)] * 2
    made = await asyncio.gather(*(post(house, url, Role.UNIT, "WATER-1", "WATER", **each) for each in next_))
    assert {each.status_code for each in made} == {201}
    stages = [each["stage"] for each in (await house.get(f"/knowledge/{entry}", Role.AGENT)).json()]
    assert stages[:-1] == ["replaced"] * (len(stages) - 1)
    assert (stages[-1], len(stages) >= 4) == ("proposed", True)


async def test_days_that_are_over_or_the_wrong_way_round_are_refused(house: Line) -> None:
    for days in ({"valid_from": day(2), "valid_until": day(1)}, {"valid_from": day(-9), "valid_until": day(-1)}):
        made = await post(house, "/knowledge", Role.UNIT, "WATER-1", "WATER", **said(term(), **days))
        assert (made.status_code, made.json()["title"]) == (422, "Lacking")


async def test_a_unit_reads_and_changes_its_own_only(house: Line) -> None:
    entry = await released(house, term())
    for role, unit in ((Role.UNIT, "GAS"), (Role.UNIT_LEAD, "GAS")):
        asked = [
            await house.get(f"/knowledge/{entry}", role, unit),
            await post(house, f"/knowledge/{entry}/versions", role, "GAS-1", unit, **said(term())),
            await post(house, f"/knowledge/{entry}/withdraw", role, "GAS-1", unit, reason="样例。"),
        ]
        assert [each.status_code for each in asked] == [404] * 3
    theirs = (await house.get("/knowledge", Role.UNIT, "GAS", limit=200)).json()["items"]
    assert {each["owner"] for each in theirs} <= {"GAS"}
    own = (await house.get("/knowledge", Role.UNIT, "WATER", limit=200)).json()["items"]
    assert entry in {each["entry"] for each in own}
    assert {each["owner"] for each in own} == {"WATER"}


# -- versions ---------------------------------------------------------------------------------------------------------


async def test_a_new_version_takes_the_place_of_the_old_one_on_its_day_and_changes_nothing_of_it(house: Line) -> None:
    words = term()
    entry = await released(house, words)
    before = (await house.get(f"/knowledge/{entry}", Role.AGENT)).json()[0]
    assert await revised(house, entry, words, answer="新样例。", valid_from=day(3), valid_until=day(9)) == 2
    assert (await house.get(f"/knowledge/{entry}", Role.AGENT)).json()[0] == before
    said_on = {0: [(entry, 1)], 2: [(entry, 1)], 3: [(entry, 2)], 9: [(entry, 2)], 10: []}
    for days, version in said_on.items():
        house.clock[0] = timedelta(days=days)
        assert await found(house, words) == version, days


async def test_not_even_the_owner_of_the_database_rewrites_a_version(house: Line, record: AsyncEngine) -> None:
    entry = await released(house, term())
    for change in ("UPDATE knowledge SET answer = '另'", "UPDATE knowledge SET valid_until = valid_until + 1"):
        with pytest.raises(DBAPIError, match="only ever appended"):
            async with owning(record) as conn:
                await conn.execute(text(f"{change} WHERE entry = :entry"), {"entry": entry})


async def test_a_withdrawn_entry_is_answered_no_more_and_a_new_version_is_again(house: Line) -> None:
    words = term()
    entry = await released(house, words)
    await revised(house, entry, words, answer="新样例。")
    gone = await post(house, f"/knowledge/{entry}/withdraw", Role.UNIT, "WATER-1", "WATER", reason="样例有误。")
    assert [each["stage"] for each in gone.json()] == ["withdrawn", "withdrawn"]
    assert {each["withdrawn_by"] for each in gone.json()} == {"WATER-1"}
    assert await found(house, words) == []
    assert await revised(house, entry, words, answer="再新样例。") == 3
    assert await found(house, words) == [(entry, 3)]


# -- what somebody was answered with ----------------------------------------------------------------------------------


async def test_what_a_case_was_answered_with_is_on_record_and_counted(house: Line, record: AsyncEngine) -> None:
    words = term()
    entry = await released(house, words)
    assert [each["uses"] for each in await search(house, words)] == [0]
    number = (await house.register())["number"]
    done = await answer(house, number, entry=entry, version=1)
    assert (done.status_code, done.json()["status"]) == (200, "answered")
    entries = (await house.get(f"/cases/{number}/entries", Role.AUDITOR)).json()
    assert [each["detail"] for each in entries if each["event"] == "answer"] == [{"entry": entry, "version": 1}]
    assert [each["uses"] for each in await search(house, words)] == [1]
    async with record.connect() as conn:
        file, kept = await files.load(conn, number), await files.entries_of(conn, number)
    assert file is not None
    assert broken(number, kept, file.case.entries, file.case.chain) is None


async def test_whom_a_wrong_answer_reached_is_on_record_by_version(house: Line) -> None:
    entry = await released(house, term())
    first, second = [(await house.register())["number"] for _ in range(2)]
    assert (await answer(house, first, entry=entry, version=1)).status_code == 200
    await revised(house, entry, term())
    assert (await answer(house, second, entry=entry, version=2)).status_code == 200

    async def reached(**which: Any) -> list[str]:
        items = (await house.get("/answers", Role.SUPERVISOR, **which)).json()["items"]
        return [each["case_number"] for each in items]

    assert await reached(entry=entry) == [second, first]
    assert await reached(entry=entry, version=1) == [first]
    assert (await reached())[:2] == [second, first]


async def test_an_answer_without_an_entry_says_nothing_of_one(house: Line) -> None:
    number = (await house.register())["number"]
    assert (await answer(house, number)).status_code == 200
    entries = (await house.get(f"/cases/{number}/entries", Role.AUDITOR)).json()
    assert [each["detail"] for each in entries if each["event"] == "answer"] == [{}]


async def test_nobody_answers_with_what_is_not_valid_at_that_instant(house: Line) -> None:
    words = term()
    tomorrow = await released(house, words, valid_from=day(1))
    replaced = await released(house, term())
    await revised(house, replaced, term())
    withdrawn = await released(house, term())
    await step(house, withdrawn, "withdraw", reason="样例。")
    number = (await house.register())["number"]
    for entry in (await proposed(house, term()), tomorrow, replaced, withdrawn):
        refused = await answer(house, number, entry=entry, version=1)
        assert (refused.status_code, refused.json()["title"]) == (409, "NotPermitted"), refused.text
        assert refused.json()["provision"] == "Art. 10(1)"
    unknown = await answer(house, number, entry=2**31 - 1, version=1)
    assert (unknown.status_code, unknown.json()["title"]) == (422, "Unknown")
    assert (await answer(house, number, entry=replaced)).json()["provision"] == "Art. 10(1)"
    assert await house.status(number) == "registered"
    assert (await answer(house, number, entry=replaced, version=2)).status_code == 200


async def test_an_answer_that_is_sent_again_is_answered_as_at_first(house: Line) -> None:
    entry = await released(house, term())
    number, key = (await house.register())["number"], uuid4().hex
    first = await answer(house, number, key, entry=entry, version=1)
    await step(house, entry, "withdraw", reason="样例。")
    again = await answer(house, number, key, entry=entry, version=1)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await answer(house, (await house.register())["number"], entry=entry, version=1)
    assert other.status_code == 409


# -- search -----------------------------------------------------------------------------------------------------------


async def test_the_most_relevant_comes_first_and_of_equally_relevant_ones_the_most_used(house: Line) -> None:
    """Consultations are answered with what units say (Art. 5(1), 7(1))."""
    words = term()
    in_answer = await released(house, term(), answer=f"样例：{words}。")
    unused = await released(house, words)
    used = await released(house, words, unit="GAS")
    assert (await answer(house, (await house.register())["number"], entry=used, version=1)).status_code == 200
    assert [each["entry"] for each in await search(house, words)] == [used, unused, in_answer]
    assert [each["relevance"] for each in await search(house, words)] == [1.0, 1.0, 0.5]
    assert await found(house, words[:5] + term()) == []  # too little of what was asked


async def test_what_is_asked_in_vain_is_listed_masked_until_it_is_answered(house: Line) -> None:  # Art. 15
    words = term()

    async def listed() -> dict[str, int]:
        asked = await house.get("/questions", Role.AGENT, limit=200)
        return {each["words"]: each["times"] for each in asked.json()["items"] if words in each["words"]}

    for asked in (f"{words}？", f"我叫张样例，19900008890，{words}"):
        assert await found(house, asked) == []
    assert await listed() == {words: 2}
    await released(house, words)
    assert await listed() == {}
    house.clock[0] = timedelta(days=366)
    assert await listed() == {words: 2}


async def test_a_search_for_nothing_is_an_error(house: Line) -> None:
    assert (await house.post("/searches/knowledge", Role.AGENT, {"words": "！？"})).status_code == 422


async def test_whoever_was_reminded_reads_it_in_their_list(house: Line, record: AsyncEngine) -> None:
    entry = await released(house, term())

    async def reminded() -> set[int]:
        own = await house.get("/knowledge", Role.UNIT, "WATER", reminded="true", limit=200)
        return {each["entry"] for each in own.json()["items"]}

    assert entry not in await reminded()
    async with record.begin() as conn:
        marked = "UPDATE knowledge SET reminded_at = :now WHERE entry = :entry"
        await conn.execute(text(marked), {"now": datetime.now(UTC), "entry": entry})
    assert entry in await reminded()
    await step(house, entry, "withdraw", reason="样例。")
    assert entry not in await reminded()


async def test_what_a_closed_unit_said_answers_no_more(house: Line, record: AsyncEngine) -> None:  # Art. 5(5)
    words = term()
    entry = await released(house, words, "POWER")
    number = (await house.register())["number"]
    change = text("UPDATE units SET active = :active WHERE code = 'POWER'")
    try:
        async with record.begin() as conn:
            await conn.execute(change, {"active": False})
        assert await search(house, words) == []
        assert (await answer(house, number, entry=entry, version=1)).status_code == 409
        none = await post(house, "/knowledge", Role.UNIT, "POWER-1", "POWER", **said(term()))
        assert (none.status_code, none.json()["title"]) == (422, "Unknown")
    finally:
        async with record.begin() as conn:
            await conn.execute(change, {"active": True})


async def test_whoever_releases_an_entry_is_shown_what_may_name_somebody(house: Line) -> None:  # Art. 15
    entry = await proposed(house, f"{term()} 请找李样例女士")
    (shown,) = (await house.get(f"/knowledge/{entry}", Role.SUPERVISOR)).json()
    assert {each["why"] for each in shown["suspected"]} == {"name"}


async def test_whoever_is_no_unit_of_the_register_proposes_nothing(house: Line) -> None:
    none = await post(house, "/knowledge", Role.UNIT, "NOBODY-1", "NOBODY", **said(term()))
    assert (none.status_code, none.json()["title"]) == (422, "Unknown")
