"""Which texts are alike: what rare terms share, and what common ones do not."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from domain.likeness import SUGGESTED, Rarity, likeness, terms

COMMON = ["请尽快解决，谢谢。", "请问何时解决？谢谢领导。", "希望领导尽快处理，谢谢。", "样例路停水，请尽快解决。"]
RARITY = Rarity.among(COMMON * 50)
TEXTS = st.text(st.sampled_from("样例路停水请尽快解决谢谢领导ab12 ，"), max_size=40)


def alike(one: str, other: str) -> float:
    return likeness(terms(one), terms(other), RARITY)


def test_what_everybody_says_makes_no_two_texts_alike() -> None:
    assert alike("丽样新城搅拌站扰民，请尽快解决。", "例水小区电梯坏了，请尽快解决。") < SUGGESTED
    assert alike("丽样新城搅拌站扰民，请尽快解决。", "投诉丽样新城旁的搅拌站！") > SUGGESTED


def test_pairs_cross_no_punctuation_and_words_in_latin_letters_are_whole() -> None:
    assert terms("停水，样例 B12栋") == {"停水": 1, "样例": 1, "b12": 1}
    assert terms("停 水停水") == {"停水": 2, "水停": 1}


def test_the_rarest_tell_a_text_from_others() -> None:
    assert RARITY.rarest(terms("样例路停水，请尽快解决搅拌站"), 2) == ["决搅", "拌站"]


@given(one=TEXTS, other=TEXTS)
def test_it_is_the_same_either_way_and_between_0_and_1(one: str, other: str) -> None:
    found = alike(one, other)
    assert 0.0 <= found <= 1.0
    assert math.isclose(found, alike(other, one), abs_tol=1e-9)
    if any(RARITY.of(term) for term in terms(one)):
        assert math.isclose(alike(one, one), 1.0)
