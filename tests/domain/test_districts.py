"""The districts of Tianjin: one code each, under every name by which a channel may call it."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from domain.districts import DISTRICTS, district


def test_there_are_sixteen_with_codes_and_names_of_their_own() -> None:
    assert len(DISTRICTS) == 16
    for column in ("code", "gb", "zh", "en"):
        assert len({getattr(each, column) for each in DISTRICTS}) == 16, column
    assert [each.gb for each in DISTRICTS] == sorted(each.gb for each in DISTRICTS)
    assert {each.gb[:4] for each in DISTRICTS} == {"1201"}
    assert all(each.zh.endswith("区") for each in DISTRICTS)


@pytest.mark.parametrize("each", DISTRICTS, ids=lambda each: each.code)
def test_code_and_names_lead_to_the_same_district(each: object) -> None:
    found = next(d for d in DISTRICTS if d is each)
    assert {district(name) for name in (found.code, found.gb, found.zh, found.zh.removesuffix("区"))} == {found}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("120101", "HP"),
        ("蓟州区", "JZ"),
        ("蓟县", "JZ"),
        ("120225", "JZ"),
        ("宁河县", "NH"),
        ("滨海", "BH"),
        (" 和平 ", "HP"),
    ],
)
def test_names_that_rows_have(name: str, code: str) -> None:
    found = district(name)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("name", ["", " ", "区", "朝阳区", "110105", "120107", "1201", "和平区政府", "和", "\x00"])
def test_what_is_no_district_of_tianjin_is_none(name: str) -> None:
    assert district(name) is None


def test_the_units_are_in_the_same_districts() -> None:
    seed = tomllib.loads((resources.files("storage") / "seed" / "units.toml").read_text(encoding="utf-8"))
    named = {code for rows in seed.values() for *_, code in rows if code}
    assert named <= {each.code for each in DISTRICTS}
    for code, zh, en, own in seed["district"]:
        if code == own:
            assert (zh, en) == next((f"{each.zh}人民政府", each.en) for each in DISTRICTS if each.code == code)
