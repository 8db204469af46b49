"""What past cases teach (历史办件): the label with its reasons, and never what only few persons said (Art. 15)."""

from __future__ import annotations

from itertools import chain

import pytest

from domain.learning import FEWEST, Example, Learnt, learn

WATER = ["自来水管漏水", "小区停水两天", "水压太低没有水", "水表坏了漏水", "自来水发黄", "停水没有通知"]
ROAD = ["路灯不亮", "路面有坑", "人行道积水破损", "红绿灯故障", "路灯整夜闪烁", "马路坑洼"]


def examples(*more: Example) -> list[Example]:
    told = [("WATER", each) for each in WATER] + [("JT", each) for each in ROAD]
    shared = {"WATER": "供水维修", "JT": "道路维修"}
    made = [Example(text, f"请{shared[unit]}，{text}。", unit, f"person-{n}") for n, (unit, text) in enumerate(told)]
    return [*made, *more]


def test_the_likeliest_label_comes_first_with_the_words_that_spoke_for_it() -> None:
    first, second = learn(examples()).guesses("停水", "家里停水了，请供水单位处理。", 3)
    assert (first.label, second.label) == ("WATER", "JT")
    assert first.score > 0.5 > second.score
    assert first.score + second.score == pytest.approx(1, abs=0.02)
    assert "水" in "".join(first.reasons)
    assert not set(first.reasons) & set(second.reasons)


def test_of_a_text_that_holds_nothing_that_was_learnt_nothing_is_suggested() -> None:
    assert learn(examples()).guesses("hello", "🙂", 3) == []
    assert learn([]).guesses("停水", "停水", 3) == []


def test_with_one_label_only_nothing_is_suggested() -> None:
    assert learn([each for each in examples() if each.label == "JT"]).guesses("路灯", "路灯不亮", 3) == []


def test_what_fewer_persons_said_is_not_learnt_however_often_they_said_it() -> None:  # Art. 15
    one = [Example("张样例机密", "张样例机密反复来电停水。", "WATER", "person-1") for _ in range(50)]
    few = [Example("李样例", "李样例机密的路灯。", "JT", f"person-{n}") for n in range(FEWEST - 1)]
    held = _pieces(learn(examples(*one, *few)))
    assert not [piece for piece in held if set(piece) & set("张李机密")]
    enough = [Example("李样例", "李样例机密的路灯。", "JT", f"person-{n}") for n in range(FEWEST)]
    assert "李" in _pieces(learn(examples(*enough)))


def test_a_label_of_fewer_persons_is_not_learnt() -> None:  # its weights would say what these few said
    few = [Example(each, each, "GAS", f"other-{n}") for n, each in enumerate(WATER[: FEWEST - 1])]
    assert learn(examples(*few)).labels == ("JT", "WATER")


def test_the_same_examples_teach_the_same() -> None:
    assert learn(examples()) == learn(examples())


def _pieces(learnt: Learnt) -> set[str]:
    return set(chain(learnt.telling, learnt.weights))
