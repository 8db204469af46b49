"""Masking: what is shown of a person, and suspected passages (Art. 15)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.masking import STAR, dialled, is_id, masked, masked_address, masked_name, masked_phone, passages

ID = "11010519491231002X"
"""The example of GB 11643 itself: nobody's."""

words = st.text(alphabet="张样例路 0123456789-Xx@a.＊１９－", max_size=60)


def test_of_a_person_little_is_shown() -> None:
    assert masked_phone("199 0000 8890") == masked_phone("+86 19900008890") == "199****8890"
    assert masked_phone("12345") == "****45"
    assert (masked_name("张样例"), masked_name("张")) == ("张＊＊", "张")
    assert masked_address("和平区样例路12号3门") == "和平区样例路＊＊"
    assert masked_address("和平区12号") == "和平区＊＊"
    assert masked_address("样例小区3号楼") == masked_address("3号楼") == "＊＊"


def test_the_same_telephone_is_dialled_alike() -> None:
    assert len({dialled(phone) for phone in ("199-0000-8890", "+86 19900008890", "0086 (199) 00008890")}) == 1


@pytest.mark.parametrize(
    "said",
    ["19900008890", "199 0000 8890", "+86-19900008890", "１９９００００８８９０", "022-88908890", ID, "a.b@example.cn"],
)
def test_a_suspected_passage_is_found_where_it_stands(said: str) -> None:
    text = f"请联系：{said}，谢谢"
    assert passages(text) == [(4, 4 + len(said))]
    assert masked(text) == f"请联系：{STAR * len(said)}，谢谢"


@pytest.mark.parametrize("said", ["110105194912310021", "20260302", "TJ20260302000001", "12345", "样例路12号", "3.5元"])
def test_what_is_no_persons_is_left_as_it_is(said: str) -> None:
    assert passages(f"编号{said}。") == []


def test_the_persons_own_words_are_masked_however_they_are_grouped() -> None:
    assert masked("张样例，电话8890 01，住址同上", "张样例", "889001", None) == "＊＊＊，电话＊＊＊＊＊＊＊，住址同上"


def test_the_checksum_tells_an_id_number() -> None:
    assert [is_id(ID[:17] + last) for last in "0123456789X"].count(True) == 1


@given(words, st.sampled_from(["张样例", "19900008890", "样例路"]))
def test_a_masked_text_holds_nothing_suspected_and_not_the_persons_words(text: str, own: str) -> None:
    shown = masked(text, own)
    assert len(shown) == len(text)
    assert passages(shown) == []
    assert own not in shown
    assert masked(shown, own) == shown
    assert all(new in (old, STAR) for old, new in zip(text, shown, strict=True))


@given(words, words)
def test_a_phone_is_found_between_any_words(before: str, after: str) -> None:
    assert "19900008890" not in masked(f"{before}，19900008890，{after}")


@given(st.text(min_size=1, max_size=40))
def test_a_mask_shows_no_more_than_a_first_character(name: str) -> None:
    assert masked_name(name) == name[0] + STAR * (len(name) - 1)
