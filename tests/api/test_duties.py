"""The catalogue of duties over HTTP (Art. 6, 7(4), 10(2)): proposed, accepted by another, as of a day, suggested for a case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.limits import SHANGHAI
from domain.vocabulary import Role
from tests.line import Line, token

TODAY = datetime.now(SHANGHAI).date()


def day(days: int) -> str:
    return str(TODAY + timedelta(days=days))


def topic() -> str:
    """One that no other test has."""
    return f"sample-{uuid4().hex[:12]}"


def said(about: str, **other: Any) -> dict[str, Any]:
    usual = {"unit": "WATER", "matter": "help", "topic": about, "ground": "样例条例第三条", "valid_from": day(-10)}
    return usual | other


async def post(line: Line, path: str, who: str = "supervisor-1", **given: Any) -> httpx.Response:
    return await line.http.post(path, json=given, headers=token(Role.SUPERVISOR, None, who))


async def proposed(line: Line, about: str, **other: Any) -> int:
    made = await post(line, "/duties", **said(about, **other))
    assert made.status_code == 201, made.text
    return int(made.json()[0]["duty"])


async def accepted(line: Line, about: str, **other: Any) -> int:
    id = await proposed(line, about, **other)
    done = await post(line, f"/duties/{id}/accept", "supervisor-2", version=1)
    assert done.status_code == 200, done.text
    return id


async def revised(line: Line, id: int, about: str, **other: Any) -> None:
    """Propose and accept the next version."""
    made = await post(line, f"/duties/{id}/versions", **said(about, **other))
    assert made.status_code == 201, made.text
    version = made.json()[-1]["version"]
    assert (await post(line, f"/duties/{id}/accept", "supervisor-2", version=version)).status_code == 200


async def named(line: Line, number: str, about: str) -> list[tuple[str, int, int]]:
    """Unit, row and version that are proposed for a case."""
    answer = await line.get(f"/cases/{number}/suggestions", Role.AGENT, topic=about)
    assert answer.status_code == 200, answer.text
    return [(each["unit"], each["duty"], each["version"]) for each in answer.json()["catalogue"]]


async def holding(line: Line, days: int, id: int, unit: str) -> list[int]:
    """The versions of a row that hold on that day."""
    asked: dict[str, str | int] = {"on": day(days), "unit": unit, "limit": 200}
    answer = await line.http.get("/duties", params=asked, headers=token(Role.OFFICE))
    assert answer.status_code == 200, answer.text
    return [each["version"] for each in answer.json()["items"] if each["duty"] == id]


# -- two persons -------------------------------------------------------------------------------------------------------


async def test_a_supervisor_proposes_another_accepts_and_then_it_is_suggested_and_nothing_is_done(line: Line) -> None:
    """Art. 10(2): the catalogue proposes the unit; the agent transfers."""
    about, number = topic(), (await line.register())["number"]
    id = await proposed(line, about)
    assert await named(line, number, about) == []
    (version,) = (await post(line, f"/duties/{id}/accept", "supervisor-2", version=1)).json()
    assert (version["proposed_by"], version["reviewed_by"]) == ("supervisor-1", "supervisor-2")
    assert version["stage"] == "accepted"
    assert await named(line, number, about) == [("WATER", id, 1)]
    assert await line.status(number) == "registered"
    assert await line.done(number, "transfer", Role.AGENT, lead="GAS") == "assigned"  # the agent decides


async def test_whoever_proposed_it_does_not_accept_it(line: Line, engine: AsyncEngine) -> None:
    id = await proposed(line, topic())
    own = await post(line, f"/duties/{id}/accept", version=1)
    assert (own.status_code, own.json()["title"], own.json()["provision"]) == (403, "NotYours", "Art. 10(2)")
    with pytest.raises(DBAPIError, match="ck_duties_reviewer"):
        async with engine.begin() as conn:
            accept = "UPDATE duties SET stage = 'accepted', reviewed_by = proposed_by WHERE duty = :id"
            await conn.execute(text(accept), {"id": id})


async def test_what_a_version_says_is_never_changed(line: Line, engine: AsyncEngine) -> None:
    id = await accepted(line, topic())
    with pytest.raises(DBAPIError, match="append"):
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE duties SET unit = 'GAS' WHERE duty = :id"), {"id": id})


async def test_a_refused_row_is_not_suggested_and_says_why(line: Line) -> None:
    about, number = topic(), (await line.register())["number"]
    id = await proposed(line, about)
    (row,) = (await post(line, f"/duties/{id}/refuse", "supervisor-2", version=1, reason="依据已废止。")).json()
    assert (row["stage"], row["reason"]) == ("refused", "依据已废止。")
    assert await named(line, number, about) == []
    again = await post(line, f"/duties/{id}/accept", "supervisor-2", version=1)
    assert (again.status_code, again.json()["provision"]) == (409, "Art. 10(2)")
    assert (await post(line, f"/duties/{id}/accept", "supervisor-2", version=2)).status_code == 404
    assert (await post(line, f"/duties/{2**31 - 1}/accept", "supervisor-2", version=1)).status_code == 404


async def test_a_unit_proposes_for_itself_only(line: Line) -> None:  # Art. 6
    about = topic()
    lead = token(Role.UNIT_LEAD, "WATER")
    made = await line.http.post("/duties", json=said(about), headers=lead)
    assert made.status_code == 201
    others = await line.http.post("/duties", json=said(about, unit="GAS"), headers=lead)
    assert (others.status_code, others.json()["provision"]) == (403, "Art. 6")
    id = await accepted(line, topic(), unit="GAS")
    taken = await line.http.post(f"/duties/{id}/versions", json=said(about), headers=lead)
    assert taken.status_code == 403


async def test_the_same_proposal_again_is_the_same_row_and_version(line: Line) -> None:
    about = topic()
    id = await proposed(line, about)
    assert await proposed(line, about) == id
    other = await post(line, "/duties", **said(about, ground="另一样例依据"))
    assert (other.status_code, other.json()["provision"]) == (409, "Art. 10(2)")
    for _ in range(2):
        made = await post(line, f"/duties/{id}/versions", **said(about, ground="另一样例依据"))
        assert [(each["version"], each["stage"]) for each in made.json()] == [(1, "replaced"), (2, "proposed")]


async def test_a_unit_that_does_not_exist_and_an_end_before_the_beginning_are_refused(line: Line) -> None:
    unknown = await post(line, "/duties", **said(topic(), unit="NOBODY"))
    assert (unknown.status_code, unknown.json()["title"]) == (422, "Unknown")
    never = await post(line, "/duties", **said(topic(), valid_until=day(-11)))
    assert (never.status_code, never.json()["provision"]) == (422, "Art. 10(2)")


# -- as of a day -------------------------------------------------------------------------------------------------------


async def test_a_next_version_takes_its_place_from_its_first_day_on(line: Line) -> None:
    about = topic()
    id = await accepted(line, about)
    await revised(line, id, about, unit="GAS", valid_from=day(5))
    assert await holding(line, -11, id, "WATER") == []
    assert await holding(line, 4, id, "WATER") == [1]
    assert await holding(line, 5, id, "WATER") == []
    assert await holding(line, 5, id, "GAS") == [2]


async def test_ending_a_row_is_a_proposal_as_well(line: Line) -> None:
    about, number = topic(), (await line.register())["number"]
    id = await accepted(line, about)
    made = await post(line, f"/duties/{id}/versions", **said(about, valid_until=day(-1)))
    assert made.json()[-1]["stage"] == "proposed"
    assert await named(line, number, about) == [("WATER", id, 1)]
    assert (await post(line, f"/duties/{id}/accept", "supervisor-2", version=2)).status_code == 200
    assert await named(line, number, about) == []
    assert (await holding(line, -1, id, "WATER"), await holding(line, 0, id, "WATER")) == ([2], [])


# -- suggested for a case ----------------------------------------------------------------------------------------------


async def test_of_rows_that_name_a_unit_the_one_that_says_most_comes_first(line: Line) -> None:
    about = topic()
    anywhere = await accepted(line, about, unit="GAS")
    here = await accepted(line, about, unit="HP", district="和平区")
    await accepted(line, about, unit="HD", district="HD")
    await accepted(line, about, unit="HEAT", matter="issue")
    in_heping = (await line.register(district="HP"))["number"]
    assert await named(line, in_heping, about) == [("HP", here, 1), ("GAS", anywhere, 1)]
    nowhere = (await line.register())["number"]
    assert await named(line, nowhere, about) == [("GAS", anywhere, 1)]


async def test_the_office_complained_of_is_never_proposed(line: Line) -> None:  # Art. 7(4)
    about = topic()
    await accepted(line, about, unit="HP", matter="staff")
    other = await accepted(line, about, unit="HD", matter="staff")
    number = (await line.register(matter="staff"))["number"]
    assert await named(line, number, about) == []
    await line.done(number, "correct", Role.AGENT, respondent="HP")
    assert await named(line, number, about) == [("HD", other, 1)]
