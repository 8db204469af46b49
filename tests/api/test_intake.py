"""Registered first (Art. 9 ¶2): what intake gives, keeps unchanged, and refuses without a trace."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.access import tracking_code
from api.body import MOST
from api.errors import JSON
from cli.rows import read_rows
from domain.districts import DISTRICTS
from domain.limits import SHANGHAI
from domain.vocabulary import Exclusion, Role
from storage import reading
from storage.people import open_words
from tests.api.conftest import Stored
from tests.line import SECRET, Line, token, vault_on

SENTINEL = "样例机密原话"
REQUEST = {"title": "样例路灯不亮", "text": "样例路12号门前的路灯不亮。"}
ODD = (
    "\u3000全角空格\t制表\r\n回车\u00a0\u2028行\u200d连\ufeff👨\u200d👩\u200d👧🏮𠮷\u0301 e\u0301"
    "\u202e右到左\u202c \u0007 \x1b[0m \uffff"
)


async def send(line: Line, body: Any, **headers: str) -> httpx.Response:
    return await line.post("/cases", Role.CHANNEL, body, None, **headers)


async def raw(line: Line, content: bytes, media_type: str | None = "application/json") -> httpx.Response:
    headers = token(Role.CHANNEL) | ({"Content-Type": media_type} if media_type else {})
    return await line.http.post("/cases", content=content, headers=headers)


def is_problem(response: httpx.Response, status: int = 422) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found.keys() >= {"type", "title", "status", "detail"}
    assert found["status"] == status
    return found


def following(number: str, by: int = 1) -> str:
    return f"TJ{int(number[2:]) + by}"


async def words_of(engine: AsyncEngine, number: str) -> tuple[str, str]:
    async with engine.connect() as conn:
        found = (await conn.execute(text("SELECT title, text FROM notes WHERE case_number = :n"), {"n": number})).one()
    return found.title, found.text


# -- what is given ---------------------------------------------------------------------------------------------------


async def test_a_request_gets_its_number_a_code_and_what_happens_next(house: Line) -> None:
    before = datetime.now(UTC)
    found = await house.register()
    assert re.fullmatch(rf"TJ{datetime.now(SHANGHAI):%Y%m%d}\d{{6}}", found["number"])
    assert found["tracking_code"] == tracking_code(SECRET, found["number"])
    registered, by = datetime.fromisoformat(found["registered_at"]), datetime.fromisoformat(found["by"])
    assert before <= registered <= datetime.now(UTC)
    assert by - registered == timedelta(hours=4)  # the rule set's triage limit
    assert found["provisional"] is False  # a limit of hours: no holiday notice moves it
    assert found["next"] == "the Centre answers, transfers or declines it"
    assert "转办" in found["next_zh"]


async def test_the_first_entry_says_who_registered_it(house: Line) -> None:
    for role in (Role.CHANNEL, Role.AGENT, Role.SUPERVISOR):
        number = (await house.post("/cases", role, REQUEST)).json()["number"]
        (first,) = (await house.get(f"/cases/{number}/entries", Role.AGENT)).json()
        assert (first["event"], first["actor"], first["role"]) == ("register", f"{role}-1", role)


async def test_danger_is_turned_away_at_once_with_where_to_turn(house: Line) -> None:  # Art. 8(1)
    found = await house.register(emergency=True)
    assert "110" in found["next"]
    assert "119" in found["next_zh"]
    assert (found["by"], found["provisional"]) == (None, False)
    await house.until(found["number"], "closed", "archived")
    case = (await house.get(f"/cases/{found['number']}", Role.AGENT)).json()
    assert (case["outcome"], case["exclusion"]) == ("declined", Exclusion.EMERGENCY)


@pytest.mark.parametrize(
    ("instant", "day"),
    [("2025-09-30T15:59:59Z", "20250930"), ("2025-09-30T16:00:00Z", "20251001")],
    ids=["the last second of the day in Shanghai", "the first of the next"],
)
async def test_the_number_bears_the_day_of_shanghai(house: Line, instant: str, day: str) -> None:
    house.clock[0] = datetime.fromisoformat(instant) - datetime.now(UTC)
    number = (await house.register())["number"]
    assert number == f"TJ{day}000001"


async def test_each_day_counts_for_itself(house: Line) -> None:
    first = (await house.register())["number"]
    house.clock[0] = timedelta(days=1)
    assert (await house.register())["number"].endswith("000001")
    house.clock[0] = timedelta(0)
    assert (await house.register())["number"] == following(first)


async def test_twenty_at_once_get_twenty_numbers_without_a_gap_even_between_refused_ones(house: Line) -> None:
    good = [house.register(title=f"样例{n}") for n in range(20)]
    bad = [send(house, REQUEST | {"matter": "gossip"}) for _ in range(10)]
    unknown = [send(house, REQUEST | {"respondent": "NOBODY"}) for _ in range(10)]
    first = (await house.register())["number"]
    found, *_ = await asyncio.gather(asyncio.gather(*good), *bad, *unknown)
    assert sorted(answer["number"] for answer in found) == [following(first, n) for n in range(1, 21)]


@pytest.mark.parametrize("name", ["HX", "120103", "河西区", "河西"])
async def test_a_district_is_on_record_by_its_code_however_it_was_named(house: Line, name: str) -> None:
    first = await send(house, REQUEST | {"district": name}, Idempotency_Key=f"district {name.encode().hex()}")
    number = first.json()["number"]
    assert (await house.get(f"/cases/{number}", Role.AGENT)).json()["district"] == "HX"
    again = await send(house, REQUEST | {"district": "HX"}, Idempotency_Key=f"district {name.encode().hex()}")
    assert again.json() == first.json()  # the same content, by another name
    listed = (await house.get("/cases", Role.AGENT, district=name, limit=200)).json()["items"]
    assert number in {case["number"] for case in listed}


async def test_a_row_of_another_city_is_taken_without_its_district(house: Line, tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    given = {"滨海新区": "BH", "120119": "JZ", 120119: "JZ", "朝阳区": None, "110105": None, 110105: None}
    lines = [json.dumps({"title": "样例", "text": "样例。", "district": name}) for name in given]
    source.write_text("\n".join(lines), encoding="utf-8")
    rows = read_rows(source, limit=10, seed=1).requests
    assert Counter(row.get("district") for row in rows) == Counter(given.values())
    for row in rows:
        number = (await house.register(**row))["number"]
        case = (await house.get(f"/cases/{number}", Role.AGENT)).json()
        assert case["district"] == row.get("district")


# -- the same key ----------------------------------------------------------------------------------------------------


async def test_the_same_key_and_body_get_the_same_answer_also_after_the_case_moved_on(
    house: Line, stored: Stored
) -> None:
    before = (await stored())["cases"]
    first = await send(house, REQUEST, Idempotency_Key="k-1")
    number = first.json()["number"]
    again = await send(house, REQUEST, Idempotency_Key="k-1")
    assert (again.status_code, again.json()) == (201, first.json())
    await house.done(number, "correct", Role.AGENT, urgency="urgent")  # the triage clock is set anew
    await house.done(number, "correct", Role.AGENT, urgency="critical")
    corrected = await send(house, REQUEST, Idempotency_Key="k-1")
    assert corrected.json() == first.json()
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    moved = await send(house, REQUEST, Idempotency_Key="k-1")
    assert moved.json() == first.json()
    assert (await stored())["cases"] == before + 1


async def test_the_same_key_with_another_body_is_refused(house: Line, stored: Stored) -> None:
    await send(house, REQUEST, Idempotency_Key="k-2")
    before = await stored()
    found = is_problem(await send(house, REQUEST | {"text": SENTINEL}, Idempotency_Key="k-2"))
    assert found["title"] == "KeyReused"
    assert SENTINEL not in json.dumps(found, ensure_ascii=False)
    assert await stored() == before


async def test_the_same_key_ten_times_at_once_registers_once(house: Line, stored: Stored) -> None:
    before = (await stored())["cases"]
    answers = await asyncio.gather(*(send(house, REQUEST, Idempotency_Key="k-3") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await stored())["cases"] == before + 1
    assert (await house.register())["number"] == following(answers[0].json()["number"])


async def test_the_same_key_of_two_clients_is_two_keys(house: Line, stored: Stored) -> None:
    before = (await stored())["cases"]
    one = await house.post("/cases", Role.CHANNEL, REQUEST, None, Idempotency_Key="k")
    other = await house.post("/cases", Role.AGENT, REQUEST, None, Idempotency_Key="k")
    assert one.json()["number"] != other.json()["number"]
    assert (await stored())["cases"] == before + 2


# -- words come back as they were --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["诉" * 10_000, "🏮" * 10_000, ODD, f"  {ODD}  ", "\n\t 行首行尾 \t\n", "a" + "\u0301" * 9_999],
    ids=["10,000 Chinese", "10,000 emoji", "odd", "odd, framed", "framed by white space", "one letter, 9,999 marks"],
)
@pytest.mark.parametrize("escaped", [False, True], ids=["as UTF-8", "as escapes"])
async def test_words_come_back_unchanged(house: Line, record: AsyncEngine, words: str, escaped: bool) -> None:
    title = words[:200]
    body = json.dumps({"title": title, "text": words, "name": title, "address": title}, ensure_ascii=escaped)
    response = await raw(house, body.encode())
    assert response.status_code == 201, response.text
    number = response.json()["number"]
    assert await words_of(record, number) == (title, words)
    case = (await house.get(f"/cases/{number}", Role.AGENT)).json()
    assert (case["texts"][0]["title"], case["texts"][0]["text"]) == (title, words)
    async with record.connect() as conn:
        row = await reading.person(conn, number)
    assert row is not None
    said = open_words((await vault_on(record).keys([number]))[number], number, row)
    assert (said["name"], said["address"]) == (title, title)
    assert case["person"]["name"] == title[0] + "＊" * (len(title) - 1)


async def test_the_statement_of_the_person_is_kept_as_the_instant_it_names(house: Line) -> None:
    number = (await house.register(created="2025-10-01T08:30:00.123456+08:00"))["number"]
    case = (await house.get(f"/cases/{number}", Role.AGENT)).json()
    assert datetime.fromisoformat(case["stated_at"]) == datetime(2025, 10, 1, 0, 30, 0, 123456, UTC)


# -- what is refused leaves nothing ------------------------------------------------------------------------------------

REFUSED: dict[str, Any] = {
    "NUL in the text": {"text": f"{SENTINEL}\x00"},
    "NUL in the title": {"title": f"{SENTINEL}\x00"},
    "NUL in the name": {"name": f"{SENTINEL}\x00"},
    "NUL in the address": {"address": f"\x00{SENTINEL}"},
    "10,001 characters": {"text": SENTINEL + "字" * (10_001 - len(SENTINEL))},
    "a title of 201": {"title": SENTINEL + "字" * (201 - len(SENTINEL))},
    "a name of 201": {"name": SENTINEL + "字" * (201 - len(SENTINEL))},
    "an empty text": {"text": ""},
    "white space": {"text": " \t\r\n\u3000\u00a0\u2003"},
    "nothing to see": {"text": "\u200b\ufeff\u200d"},
    "a blank title": {"title": "\u3000"},
    "a blank name": {"name": " "},
    "no such matter": {"matter": SENTINEL},
    "no such channel": {"channel": SENTINEL},
    "no such urgency": {"urgency": SENTINEL},
    "no such report": {"report": SENTINEL},
    "an unknown field": {"colour": SENTINEL},
    "a field named by the person": {SENTINEL: "1"},
    "a naive instant": {"created": "2025-10-01T08:30:00"},
    "a day for an instant": {"created": "2025-10-01"},
    "no instant": {"created": SENTINEL},
    "an instant before the calendar": {"created": "0001-01-01T00:00:00+14:00"},
    "an instant after the calendar": {"created": "9999-12-31T23:59:59-14:00"},
    "a telephone of letters": {"phone": SENTINEL},
    "a telephone of blanks": {"phone": "        "},
    "a telephone and a line feed": {"phone": "19900000001\n"},
    "an ID number with a wrong checksum": {"id_number": "120000190001010007"},
    "an ID number of the old kind": {"id_number": "120000000101001"},
    "24:00": {"call_from": "24:00"},
    "a sloppy hour": {"call_from": "8:30"},
    "an hour with Chinese digits": {"call_from": "１８:30"},
    "a district that is none": {"district": SENTINEL},
    "a district of another city": {"district": "朝阳区"},
    "a district by a number": {"district": 120101},
    "a respondent that is no code": {"respondent": SENTINEL},
    "a respondent that no register knows": {"respondent": "NOBODY"},
    "a partner complained of": {"respondent": "P-LOCK"},
    "a number for a text": {"text": 5},
    "a list for a text": {"text": [SENTINEL]},
    "null for a text": {"text": None},
    "a word for a flag": {"emergency": SENTINEL},
}


async def test_what_does_not_fit_is_refused_and_never_quoted(untouched: Line) -> None:
    for what, facts in REFUSED.items():
        response = await send(untouched, REQUEST | facts)
        found = is_problem(response)
        assert found["title"] == "Unknown" or found["errors"][0]["at"].startswith("body."), what
        assert SENTINEL not in response.text + json.dumps(found, ensure_ascii=False), what
        assert "NOBODY" not in response.text, what


async def test_an_unknown_district_is_named_with_what_is_accepted(untouched: Line) -> None:
    for name in ("", "朝阳区", "210102", SENTINEL * 100):
        (wrong,) = is_problem(await send(untouched, REQUEST | {"district": name}))["errors"]
        assert wrong["at"] == "body.district"
        for accepted in (*(each.code for each in DISTRICTS), "GB/T 2260 (120101)", "和平", "/vocabulary"):
            assert accepted in wrong["what"]


@pytest.mark.parametrize("missing", ["title", "text"])
async def test_what_is_missing_is_named(untouched: Line, missing: str) -> None:
    body = {key: value for key, value in REQUEST.items() if key != missing}
    assert is_problem(await send(untouched, body))["errors"] == [{"at": f"body.{missing}", "what": "Field required"}]


LONE = [rb'"\ud800"', rb'"\udfff' + SENTINEL.encode() + b'"', b'"\xed\xa0\x80"', b'"\xed\xb0\x80"']


@pytest.mark.parametrize(
    "field", ["title", "text", "name", "address", "phone", "id_number", "district", "matter", "created"]
)
async def test_a_lone_surrogate_is_refused_escaped_or_raw(untouched: Line, field: str) -> None:
    for lone in LONE:
        parts = {key: json.dumps(value).encode() for key, value in REQUEST.items()} | {field: lone}
        body = b"{" + b",".join(b'"%s":%s' % (key.encode(), value) for key, value in parts.items()) + b"}"
        response = await raw(untouched, body)
        is_problem(response)
        assert SENTINEL not in response.text


async def test_a_lone_surrogate_in_the_name_of_a_field_is_refused(untouched: Line) -> None:
    is_problem(await raw(untouched, rb'{"title": "t", "text": "t", "\ud800": 1}'))


BODIES: dict[str, tuple[bytes, str | None]] = {
    "no JSON": (SENTINEL.encode(), "application/json"),
    "half a JSON": (b'{"title": "' + SENTINEL.encode(), "application/json"),
    "no UTF-8": (b'{"title": "\xff\xfe", "text": "t"}', "application/json"),
    "Latin-1": ('{"title": "é", "text": "t"}'.encode("latin-1"), "application/json"),
    "nothing": (b"", "application/json"),
    "null": (b"null", "application/json"),
    "a list": (b"[]", "application/json"),
    "a text": (json.dumps(SENTINEL).encode(), "application/json"),
    "NaN": (b'{"title": NaN, "text": "t"}', "application/json"),
    "a number of 5,000 digits": (b'{"title": ' + b"9" * 5_000 + b"}", "application/json"),
    "10,000 lists in each other": (b"[" * 10_000 + b"]" * 10_000, "application/json"),
    "a form": (f"title={SENTINEL}&text={SENTINEL}".encode(), "application/x-www-form-urlencoded"),
    "text": (json.dumps(REQUEST).encode(), "text/plain"),
    "no type": (json.dumps(REQUEST).encode(), None),
    "a multipart": (b"--x\r\n\r\n" + SENTINEL.encode(), "multipart/form-data; boundary=x"),
}


@pytest.mark.parametrize("what", BODIES)
async def test_what_is_no_json_object_is_refused(untouched: Line, what: str) -> None:
    content, media_type = BODIES[what]
    response = await raw(untouched, content, media_type)
    is_problem(response)
    assert SENTINEL not in response.text


async def test_what_is_no_json_object_is_told_what_is_wanted(untouched: Line) -> None:
    for what, (content, media_type) in BODIES.items():
        for wrong in is_problem(await raw(untouched, content, media_type))["errors"]:
            if what != "NaN":
                assert wrong["at"] == "body", what
                assert wrong["what"].endswith(JSON), what


async def test_where_json_ends_being_json_is_said(untouched: Line) -> None:
    (wrong,) = is_problem(await raw(untouched, b'{"title": t}'))["errors"]
    assert wrong == {"at": "body", "what": f"no JSON, from character 11 on: {JSON}"}


async def test_a_slip_in_the_name_of_a_field_is_told_which_fields_exist(untouched: Line) -> None:
    response = await send(untouched, REQUEST | {"titel": SENTINEL})
    (wrong,) = is_problem(response)["errors"]
    assert wrong["at"] == "body.?"
    assert wrong["what"].startswith("no such field; there are: title, text, channel, matter, ")
    assert "titel" not in response.text


async def test_a_megabyte_is_refused_before_it_is_read(untouched: Line) -> None:
    body = json.dumps(REQUEST | {"text": "x" * 1_000_000}).encode()
    is_problem(await raw(untouched, body), 413)


async def test_a_megabyte_in_pieces_is_refused_as_well(untouched: Line) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"title": "t", "text": "'
        for _ in range(1_000):
            yield b"x" * 1_000
        yield b'"}'

    headers = token(Role.CHANNEL) | {"Content-Type": "application/json"}
    is_problem(await untouched.http.post("/cases", content=pieces(), headers=headers), 413)


async def test_a_body_just_as_large_as_allowed_is_read(untouched: Line) -> None:
    body = json.dumps(REQUEST | {"text": "x" * 10_001}).encode()
    is_problem(await raw(untouched, body + b" " * (MOST - len(body))), 422)
    is_problem(await raw(untouched, body + b" " * (MOST - len(body) + 1)), 413)


@pytest.mark.parametrize("key", ["", "k" * 101])
async def test_a_key_that_is_no_key_is_refused(untouched: Line, key: str) -> None:
    assert (
        is_problem(await send(untouched, REQUEST, Idempotency_Key=key))["errors"][0]["at"] == "header.Idempotency-Key"
    )
