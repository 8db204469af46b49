"""Rows of the real world: each becomes a request that the API takes, or is skipped; what is lost is counted, not shown."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.intake import INTAKE
from api.texts import LINE, WORDS
from cli.rows import FIELDS, read_rows, request


def taken(**row: Any) -> tuple[dict[str, Any], dict[str, int]]:
    """The request of a row that has a title, and what was left out of it."""
    left_out = Counter[str]()
    found = request({"title": "样例", **row}, left_out)
    assert found is not None
    INTAKE.validate_json(json.dumps(found))
    return found, dict(left_out)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2018/3/4 10:00", "2018-03-04T10:00:00+08:00"),
        ("2018-03-04 10:00:00", "2018-03-04T10:00:00+08:00"),
        ("2018-03-04T10:00:00+08:00", "2018-03-04T10:00:00+08:00"),
        ("2018-03-04T02:00:00Z", "2018-03-04T02:00:00Z"),
        ("2018-03-04", "2018-03-04T00:00:00+08:00"),
        ("2018/3/4", "2018-03-04T00:00:00+08:00"),
        ("20180304", "2018-03-04T00:00:00+08:00"),
        ("2018年3月4日 10:05", "2018-03-04T10:05:00+08:00"),
        ("２０１８／３／４　１０：００", "2018-03-04T10:00:00+08:00"),
        (1520128800, "2018-03-04T02:00:00Z"),
        ("1520128800", "2018-03-04T02:00:00Z"),
        (1520128800123, "2018-03-04T02:00:00Z"),
        (1520128800.5, "2018-03-04T02:00:00Z"),
    ],
)
def test_an_instant_is_understood_as_people_and_machines_write_it(given: Any, kept: str) -> None:
    found, left_out = taken(created=given)
    assert found["created"] == kept
    assert left_out == {}


@pytest.mark.parametrize("given", ["昨天", "2018/13/40", "2018-02-30 10:00", "1850-01-01", 7, True, {}, "0000-00-00"])
def test_an_instant_that_is_none_is_left_out(given: Any) -> None:
    found, left_out = taken(created=given)
    assert "created" not in found
    assert left_out == {"created": 1}


@pytest.mark.parametrize("nothing", [None, "", "  \t", "\u200b"])
@pytest.mark.parametrize("name", ["created", "channel", "name", "phone", "district", "text"])
def test_what_is_not_given_is_not_counted(name: str, nothing: str | None) -> None:
    found, left_out = taken(**{name: nothing})
    assert found == {"title": "样例", "text": "样例"}
    assert left_out == {}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("199 0000 0001", "199 0000 0001"),
        ("+86 199-0000-0001", "+86 199-0000-0001"),
        ("１９９—０００００００１", "199-00000001"),
        ("（022）0000 0001", "(022)0000 0001"),
        (19900000001, "19900000001"),
        (19900000001.0, "19900000001"),
        ("199****0001", None),
        ("不详", None),
        ("1", None),
    ],
)
def test_a_number_that_can_be_dialled_is_kept(given: Any, kept: str | None) -> None:
    found, left_out = taken(phone=given)
    assert found.get("phone") == kept
    assert left_out == ({} if kept else {"phone": 1})


def test_names_keep_their_spaces_inside() -> None:
    assert taken(name=" 张 样例　") == ({"title": "样例", "text": "样例", "name": "张 样例"}, {})
    assert taken(name="样" * (LINE + 1)) == ({"title": "样例", "text": "样例"}, {"name": 1})


def test_a_channel_goes_by_its_code_or_name_and_another_is_other() -> None:
    assert taken(channel="微信")[0]["channel"] == taken(channel=" WeChat ")[0]["channel"] == "wechat"
    found, left_out = taken(channel="传真")
    assert found["channel"] == "other"
    assert left_out == {"channel": 1}


def test_a_district_of_another_city_is_left_out() -> None:
    assert taken(district="和平区")[0]["district"] == "HP"
    assert taken(district="A3区") == ({"title": "样例", "text": "样例"}, {"district": 1})


def test_the_words_that_fit_stay() -> None:
    found, left_out = taken(title="题" * 300, text="字" * (WORDS + 1))
    assert (found["title"], found["text"]) == ("题" * LINE, "字" * WORDS)
    assert left_out == {"a part of title": 1, "a part of text": 1}
    found, left_out = taken(title=None, text=" 路灯\x00不亮\ud800 ")
    assert (found["title"], found["text"]) == ("路灯不亮", " 路灯不亮 ")
    assert left_out == {"a part of text": 1}


@pytest.mark.parametrize("words", [{}, {"title": " ", "text": "\u200b\n"}, {"text": ["一"]}, {"title": "\x00"}])
def test_a_row_without_words_is_none(words: dict[str, Any]) -> None:
    left_out = Counter[str]()
    assert request({"created": "昨天", **words}, left_out) is None
    assert left_out == Counter()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text("\x00\ud800 \u200b样*")
WRITTEN = st.text("0123456789-/.:年月日 T+", max_size=20)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(FIELDS)), SCALARS | WRITTEN | st.lists(SCALARS)))
def test_whatever_a_row_holds_the_api_takes_what_becomes_of_it(row: dict[str, Any]) -> None:
    found = request(row, Counter())
    if found is not None:
        INTAKE.validate_json(json.dumps(found))


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"title": "\xe4\xb8\x80"}\r',
        b"not json",
        b"",
        b"[1]",
        '{"title": "二"}'.encode("gbk"),
        b"[" * 100_000,
        b'{"text": " "}',
        '{"text": "三\u2028", "phone": "199****0001"}'.encode(),
    ]
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join(lines))
    rows = read_rows(tmp_path / "rows.jsonl", limit=10, seed=1)
    assert {row["title"] for row in rows.requests} == {"一", "三"}
    assert all(row["phone"].startswith("1990000") for row in rows.requests)
    assert list(rows.said()) == [
        "skipped, no JSON object: line 2, 4, 5, 6",
        "skipped, no words: 1 row",
        "left out: phone of 1 row",
    ]


def test_the_seed_decides_who_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("".join(f'{{"title": "{n}"}}\n' for n in range(50)))
    first, same, other = (read_rows(tmp_path / "rows.jsonl", 5, seed).requests for seed in (1, 1, 2))
    assert first == same != other
    assert len(first) == 5


def test_the_samples_lose_nothing_and_are_repeated() -> None:
    rows = read_rows(None, limit=45, seed=1)
    assert len(rows.requests) == 45
    assert list(rows.said()) == []
