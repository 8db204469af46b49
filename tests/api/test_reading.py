"""One case as it is read: its file, its clocks and why they are due, its texts; and what each desk finds on its list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import randrange
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from api.access import tracking_code
from domain import vocabulary
from domain.case import Entry
from domain.districts import DISTRICTS
from domain.lifecycle import MOVES
from domain.limits import SHANGHAI, Term
from domain.regulation import PROVISIONS
from domain.ruleset import rule_sets
from domain.vocabulary import Clock, Role, Word
from storage import calendar
from storage.files import entries_of
from storage.tables import counters
from tests.line import SECRET, Line
from tests.town import Town, monday_ahead


def set_clock(house: Line, local: str) -> datetime:
    """Let the API believe that it is this hour in Shanghai."""
    instant = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    house.clock[0] = instant - datetime.now(UTC)
    return instant


async def read(house: Line, path: str, role: Role = Role.AGENT, unit: str | None = None, **params: Any) -> Any:
    response = await house.get(path, role, unit, **params)
    assert response.status_code == 200, response.text
    return response.json()


async def listed(house: Line, path: str, role: Role, unit: str | None = None, **params: Any) -> dict[str, Any]:
    """What a list of a desk holds, by case."""
    items = (await read(house, path, role, unit, limit=200, **params))["items"]
    return {item.get("number") or item["case_number"]: item for item in items}


async def why(house: Line, number: str, clock: str, owner: str) -> dict[str, Any]:
    clocks = await read(house, f"/cases/{number}/why")
    (found,) = [c for c in clocks if (c["clock"], c["owner"]) == (clock, owner)]
    return dict(found)


# -- one case ------------------------------------------------------------------------------------------------------------


async def test_a_case_shows_what_is_in_hand_and_what_the_role_may_do(house: Line) -> None:
    number = (await house.register(district="HP", matter="help", channel="web", name="张样例"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", assisting=["GAS"])
    case = await read(house, f"/cases/{number}")
    assert (case["status"], case["hands"], case["round"], case["rule_set"]) == ("assigned", "WATER", 1, "TJ-2015-18")
    assert (case["district"], case["matter"], case["channel"]) == ("HP", "help", "web")
    assert set(case["units"]) == {"WATER", "GAS"}
    assert {(a["unit"], a["part"], a["handling"]) for a in case["assignments"]} == {
        ("WATER", "lead", "delivered"),
        ("GAS", "assisting", "delivered"),
    }
    assert {(c["clock"], c["owner"]) for c in case["clocks"]} == {
        (clock, unit) for clock in ("sign", "return", "handling") for unit in ("WATER", "GAS")
    }
    assert case["due_at"] == min(c["due"] for c in case["clocks"] if c["clock"] != "return")
    assert case["person"] == {
        "readable": True,
        "name": "张＊＊",
        "phone": "199****0001",
        "address": None,
        "id_number": None,
    }
    for role, act in ((Role.AGENT, "recall"), (Role.SUPERVISOR, "override")):
        assert act in (await read(house, f"/cases/{number}", role))["acts"]
    assert "feedback" in (await read(house, f"/cases/{number}", Role.UNIT, "WATER"))["acts"]
    assert (await read(house, f"/cases/{number}", Role.CALLER))["acts"] == []


async def test_the_entries_are_the_file_as_it_is_kept(house: Line, record: AsyncEngine) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", internal="更换灯具。", replied="visit")
    shown = await read(house, f"/cases/{number}/entries")
    async with record.connect() as conn:
        kept = await entries_of(conn, number)
    assert [entry["seq"] for entry in shown] == [1, 2, 3]
    assert {frozenset(entry) for entry in shown} == {frozenset(Entry.__dataclass_fields__)}
    assert [(e["event"], e["role"], e["unit"], e["basis"], e["deed"]) for e in shown] == [
        (e.event, e.role, e.unit, str(e.basis), e.deed) for e in kept
    ]
    texts = {note["id"]: note["text"] for note in (await read(house, f"/cases/{number}"))["texts"]}
    assert {kind: texts[note] for kind, note in shown[2]["notes"].items()} == {
        "public": "已修好。",
        "internal": "更换灯具。",
    }
    assert shown[2]["detail"] == {"replied": "visit"}


async def test_an_unknown_number_is_404_in_every_part(house: Line) -> None:
    for number in ("TJ20990101000001", "TJ", "样例", "x" * 300, "%00", "..%2f..", "TJ20990101000001%20"):
        for part in ("", "/entries", "/deeds", "/why"):
            response = await house.get(f"/cases/{number}{part}", Role.AGENT)
            assert response.status_code == (422 if number == "%00" else 404), (number, response.text)
            assert response.headers["content-type"] == "application/problem+json"


# -- why a clock is due when it is ---------------------------------------------------------------------------------------


@pytest.fixture
def town(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> Town:
    """For holiday notices of our own: a clock never begins before it is set going, so that its days lie ahead."""
    return Town(temporal, engine, queue)


async def come(line: Line, engine: AsyncEngine, day: date, hour: str) -> datetime:
    """Let the API believe that this day has come, and count its cases from elsewhere: workflows of all tests share a server."""
    async with engine.begin() as conn:
        await conn.execute(counters.insert().values({"day": day, "last": randrange(900_000)}))
    return set_clock(line, f"{day}T{hour}")


async def test_why_a_return_was_due_on_a_working_sunday(
    line: Line, town: Town, engine: AsyncEngine
) -> None:  # Art. 11(3)
    friday, saturday, sunday = town.day(4), town.day(5), town.day(6)
    await town.publish(works=[sunday], ordinary=[friday, saturday])
    received = await come(line, engine, friday, "15:00")
    number = (await line.register(matter="issue"))["number"]
    await line.done(number, "transfer", Role.AGENT, lead="WATER")
    found = await why(line, number, "return", "WATER")
    assert (found["term"], found["basis"], found["rule_set"], found["round"]) == ("1wd", "Art. 11(3)", "TJ-2015-18", 1)
    derivation = found["derivation"]
    assert derivation["counted"] == [str(sunday)]
    assert derivation["skipped"] == [{"day": str(saturday), "reason": "星期六"}]
    assert derivation["last_day"] == str(sunday)
    due = datetime.fromisoformat(derivation["due"]).astimezone(SHANGHAI)
    assert due.isoformat() == f"{town.day(7)}T00:00:00+08:00"
    assert datetime.fromisoformat(found["due"]) == datetime.fromisoformat(derivation["due"])
    assert timedelta(0) <= datetime.fromisoformat(found["start"]) - received < timedelta(seconds=30)


async def test_why_says_the_calendar_it_was_derived_from(line: Line, town: Town, engine: AsyncEngine) -> None:
    off, works = [town.day(n) for n in (3, 4, 5, 7)], [town.day(12)]
    await town.publish(*off, works=works, ordinary=[town.day(n) for n in (2, 6, 8, 9, 10, 11)])
    await come(line, engine, town.day(2), "10:00")
    number = (await line.register(matter="issue"))["number"]
    await line.done(number, "transfer", Role.AGENT, lead="WATER")
    derivation = (await why(line, number, "handling", "WATER"))["derivation"]
    assert {row["reason"] for row in derivation["skipped"]} == {"样例节", "星期日"}
    assert derivation["counted"] == [str(town.day(n)) for n in (8, 9, 10, 11, 12)]
    async with engine.connect() as conn:
        version = (await conn.execute(text("SELECT max(version) FROM calendar_notices"))).scalar_one()
    assert derivation["calendar_version"] == version


async def shown_provisional(line: Line, number: str) -> dict[str, bool]:
    """Wherever the due instant of WATER's handling is shown: does it say that it may still move?"""
    case = await read(line, f"/cases/{number}")
    clocks = {f"{c['clock']}/{c['owner']}": c for c in case["clocks"]}
    inbox = await listed(line, "/assignments", Role.UNIT, "WATER")
    cases = await listed(line, "/cases", Role.AGENT)
    code = {"Tracking-Code": tracking_code(SECRET, number)}
    tracked = (await line.http.get(f"/tracking/{number}", headers=code)).json()
    assert case["due_at"] == clocks["handling/WATER"]["due"] == inbox[number]["due"] == tracked["due_at"]
    return {
        "case": case["provisional"],
        "clock": clocks["handling/WATER"]["provisional"],
        "why": (await why(line, number, "handling", "WATER"))["provisional"],
        "inbox": inbox[number]["provisional"],
        "list": cases[number]["provisional"],
        "tracking": tracked["provisional"],
    }


async def test_what_a_coming_notice_may_still_move_is_provisional_wherever_it_is_shown(
    line: Line, town: Town, engine: AsyncEngine
) -> None:
    async with engine.connect() as conn:
        last = (await calendar.read(conn)).published_through
    while (day := town.day(2)) <= last:
        town.monday += timedelta(days=7)
    await come(line, engine, day, "10:00")
    number = (await line.register(matter="issue"))["number"]
    await line.done(number, "transfer", Role.AGENT, lead="WATER")
    await line.done(number, "sign", Role.UNIT, "WATER")
    assert (await why(line, number, "handling", "WATER"))["derivation"]["provisional"] is True
    assert set((await shown_provisional(line, number)).values()) == {True}
    until = {"until": str(day + timedelta(days=30)), "reason": "等待配件。"}
    await line.done(number, "request-extension", Role.UNIT, "WATER", **until)
    assert (await line.post(f"/cases/{number}/grant", Role.AGENT, {"unit": "WATER"})).status_code == 200
    assert set((await shown_provisional(line, number)).values()) == {False}  # a person set the day


async def test_the_registration_says_that_its_day_may_still_move(
    line: Line, town: Town, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = rule_sets()["TJ-2015-18"]
    days = tuple(replace(row, term=Term.parse("1wd")) if row.clock is Clock.TRIAGE else row for row in rules.limits)
    monkeypatch.setitem(rule_sets(), rules.code, replace(rules, limits=days))
    async with engine.connect() as conn:
        last = (await calendar.read(conn)).published_through
    await come(line, engine, last + timedelta(days=3), "10:00")
    body = {"title": "样例", "text": "样例。"}
    first, again = [await line.post("/cases", Role.CHANNEL, body, None, Idempotency_Key="k") for _ in range(2)]
    assert first.json()["provisional"] is True
    assert again.json() == first.json()
    assert (await read(line, f"/cases/{first.json()['number']}"))["provisional"] is True


async def test_what_no_notice_can_move_is_not_provisional(line: Line, town: Town, engine: AsyncEngine) -> None:
    await town.open()
    number = (await line.register(matter="issue"))["number"]
    hours = await read(line, f"/cases/{number}")
    assert [hours["provisional"], *(c["provisional"] for c in hours["clocks"])] == [False, False]
    await come(line, engine, town.monday, "10:00")
    number = (await line.register(matter="issue"))["number"]
    await line.done(number, "transfer", Role.AGENT, lead="WATER")
    await line.done(number, "sign", Role.UNIT, "WATER")
    if town.day(14).year == town.monday.year:  # a notice may still move the last week of the year
        assert set((await shown_provisional(line, number)).values()) == {False}


async def test_why_tells_the_centres_clock_of_hours_as_well(house: Line) -> None:
    number = (await house.register())["number"]
    found = await why(house, number, "triage", "centre")
    assert (found["term"], found["basis"], found["state"], found["passed"]) == ("4h", "house", "running", False)
    assert found["derivation"]["counted"] == found["derivation"]["skipped"] == []
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    assert (await why(house, number, "triage", "centre"))["state"] == "stopped"


def instants(node: Any) -> Iterator[str]:
    """Every instant below, but for what is on record as text."""
    if isinstance(node, dict):
        yield from instants([value for name, value in node.items() if name not in ("detail", "params")])
    elif isinstance(node, list):
        for child in node:
            yield from instants(child)
    elif isinstance(node, str) and re.match(r"\d{4}-\d\d-\d\dT", node):
        yield node


async def test_all_instants_are_in_utc(house: Line) -> None:
    given = await house.register(matter="issue")
    number = given["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    asked = {"until": str(date.today() + timedelta(days=60)), "reason": "等待配件。"}
    await house.done(number, "request-extension", Role.UNIT, "WATER", **asked)
    assert (await house.post(f"/cases/{number}/grant", Role.AGENT, {"unit": "WATER"})).status_code == 200
    pages = [await read(house, f"/cases/{number}{part}") for part in ("", "/entries", "/deeds", "/why")]
    pages += [await read(house, path, limit=200) for path in ("/cases", "/assignments", "/notices")]
    for page in [given, *pages]:
        found = list(instants(page))
        assert found
        assert {instant[-1] for instant in found} == {"Z"}


async def test_why_tells_what_moved_a_due_instant(house: Line) -> None:
    number = (await house.register(matter="issue"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    first = await why(house, number, "handling", "WATER")
    assert first["moved"] == []
    until = datetime.fromisoformat(first["due"]).astimezone(SHANGHAI).date() + timedelta(days=3)
    asked = {"until": until.isoformat(), "reason": "等待配件。"}
    await house.done(number, "request-extension", Role.UNIT, "WATER", **asked)
    granted = await house.post(f"/cases/{number}/grant", Role.AGENT, {"unit": "WATER"})
    assert granted.status_code == 200
    found = await why(house, number, "handling", "WATER")
    (moved,) = found["moved"]
    assert found["term"] is None  # a person set the day
    assert datetime.fromisoformat(moved["old"]) == datetime.fromisoformat(first["due"])
    assert datetime.fromisoformat(moved["new"]) == datetime.fromisoformat(found["due"])
    assert moved["why"] == "extension_granted"


# -- the desks' lists ----------------------------------------------------------------------------------------------------


async def test_an_inbox_holds_what_the_unit_has_in_hand_and_at_wish_what_it_had(house: Line) -> None:
    number = (await house.register(matter="suggestion", district="NK"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="RS")
    mine = (await listed(house, "/assignments", Role.UNIT, "RS"))[number]
    assert (mine["unit"], mine["part"], mine["handling"], mine["round"]) == ("RS", "lead", "delivered", 1)
    assert (mine["matter"], mine["district"], mine["urgency"], mine["urges"]) == ("suggestion", "NK", "normal", 0)
    assert mine["due"] == (await why(house, number, "handling", "RS"))["due"]
    await house.done(number, "recall", Role.AGENT)
    assert number not in await listed(house, "/assignments", Role.UNIT, "RS")
    had = (await listed(house, "/assignments", Role.UNIT, "RS", active=False))[number]
    assert had["handling"] == "recalled"
    await house.done(number, "transfer", Role.AGENT, lead="RS")
    assert (await listed(house, "/assignments", Role.UNIT, "RS"))[number]["round"] == 2
    assert number in await listed(house, "/assignments", Role.AGENT)


async def test_the_callers_back_find_whom_to_call_when_the_hour_has_come(house: Line) -> None:  # Art. 13
    numbers = {}
    day = monday_ahead() + timedelta(days=2)
    for hour in ("10:00", "21:00"):
        set_clock(house, f"{day}T{hour}")
        number = numbers[hour] = (await house.register())["number"]
        await house.done(number, "transfer", Role.AGENT, lead="WATER")
        await house.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", replied="phone")
    every = await listed(house, "/callbacks", Role.CALLER)
    assert every.keys() >= set(numbers.values())
    next_day = datetime.fromisoformat(every[numbers["21:00"]]["call_at"])
    assert next_day == datetime.combine(day + timedelta(days=1), time(9), SHANGHAI)
    set_clock(house, f"{day}T22:00")
    due = await listed(house, "/callbacks", Role.CALLER, due=True)
    assert numbers["10:00"] in due
    assert numbers["21:00"] not in due
    set_clock(house, f"{day + timedelta(days=1)}T09:00")
    assert numbers["21:00"] in await listed(house, "/callbacks", Role.CALLER, due=True)


async def test_the_office_finds_what_waits_for_it(house: Line) -> None:  # Art. 12 ¶2
    number = (await house.register(matter="issue"))["number"]
    assert number not in await listed(house, "/designations", Role.OFFICE)
    await house.done(number, "escalate", Role.AGENT, reason="职责不清。")
    found = (await listed(house, "/designations", Role.OFFICE))[number]
    assert (found["status"], found["hands"]) == ("escalated", "office")
    await house.done(number, "designate", Role.OFFICE, lead="JW", reason="按职责。")
    assert number not in await listed(house, "/designations", Role.OFFICE)


async def test_each_desk_reads_its_own_notices_and_the_centre_the_outbox_too(house: Line) -> None:
    number = (await house.register(matter="issue"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="JT")
    await house.done(number, "return", Role.UNIT, "JT", reason="不属于。", disputed=True)
    assert (await listed(house, "/notices", Role.UNIT, "JT"))[number]["template"] == "transfer"
    assert number not in await listed(house, "/notices", Role.UNIT, "JY")
    assert (await listed(house, "/notices", Role.AGENT))[number]["template"] == "return"
    outbox = await listed(house, "/notices", Role.AGENT, audience="person", state="waiting")
    assert (outbox[number]["audience"], outbox[number]["tries"]) == ("person", 0)
    assert number not in await listed(house, "/notices", Role.AGENT, audience="person", state="failed")
    assert {n["audience"] for n in (await listed(house, "/notices", Role.OFFICE, audience="person")).values()} <= {
        "office"
    }
    units = await listed(house, "/notices", Role.UNIT, "JT", audience="person")
    assert {notice["unit"] for notice in units.values()} == {"JT"}
    assert "19900000001" not in str(outbox)


async def test_the_newest_notice_comes_first(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WJ")
    await house.done(number, "urge", Role.AGENT)
    items = (await read(house, "/notices", Role.UNIT, "WJ"))["items"]
    assert [item["template"] for item in items if item["case_number"] == number] == ["urge", "transfer"]


async def test_what_a_person_believes_infringed_their_rights_is_queued(house: Line) -> None:  # Art. 9 ¶3
    number = (await house.register(infringement=True))["number"]
    found = (await listed(house, "/handovers", Role.SUPERVISOR))[number]
    assert found.keys() == {"case_number", "raised_at", "basis", "state"}
    assert (found["basis"], found["state"]) == ("Art. 9 ¶3", "waiting")


async def test_the_units_have_their_kinds_and_names(house: Line) -> None:
    units = {unit["code"]: unit for unit in await read(house, "/units")}
    assert units["HP"] == {
        "code": "HP",
        "zh": "和平区人民政府",
        "en": "Heping District",
        "kind": "district",
        "district": "HP",
        "active": True,
    }
    assert units["P-LOCK"]["kind"] == "partner"


# -- words ---------------------------------------------------------------------------------------------------------------


async def test_the_vocabulary_is_public_and_complete(house: Line) -> None:
    found = (await house.http.get("/vocabulary")).json()
    kinds = {kind.__name__: kind for kind in Word.__subclasses__() if kind.__module__ == vocabulary.__name__}
    assert found["words"].keys() == kinds.keys()
    for name, kind in kinds.items():
        assert found["words"][name] == {word.value: {"zh": word.zh, "en": word.en} for word in kind}
    assert len(found["moves"]) == len(MOVES)
    assert found["provisions"].keys() == {str(citation) for citation in PROVISIONS}
    assert found["provisions"]["Art. 11(3)"]["zh"] == "第十一条第（三）项"
    assert found["districts"] == [{"code": d.code, "gb": d.gb, "zh": d.zh, "en": d.en} for d in DISTRICTS]
    assert {move["basis"] for move in found["moves"]} <= {"house", *found["provisions"]}


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
async def test_nothing_on_record_is_changed_or_deleted_by_http(untouched: Line, method: str) -> None:
    number = "TJ20260101000001"
    for path in (f"/cases/{number}", f"/cases/{number}/entries", "/cases", "/units"):
        response = await untouched.http.request(method, path)
        assert response.status_code == 405
        assert response.headers["content-type"] == "application/problem+json"
        assert method.upper() not in response.headers["allow"]
