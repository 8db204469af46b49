"""The knowledge base (知识库; Art. 5(1), 5(5)): who releases an answer, until when it is so, what is kept of a question."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.knowledge import LONGEST, STEPS, Proposal, advance, asked_in_vain, invalid, review_day
from domain.refusals import Lacking, NotPermitted, NotYours
from domain.regulation import art
from domain.vocabulary import Edition, Matter

TODAY = date(2026, 3, 2)


def proposal(valid_from: date, valid_until: date) -> Proposal:
    return Proposal(
        matter=Matter.CONSULTATION,
        question="样例问题？",
        answer="样例答复。",
        valid_from=valid_from,
        valid_until=valid_until,
    )


@pytest.mark.parametrize(("stage", "target"), list(product(Edition, STEPS)))
def test_a_version_goes_from_stage_to_stage_by_the_table(stage: Edition, target: Edition) -> None:
    if STEPS[target] is stage:
        advance(stage, target, "WATER-1", "supervisor-1")
        return
    with pytest.raises(NotPermitted) as refusal:
        advance(stage, target, "WATER-1", "supervisor-1")
    assert refusal.value.basis == art(5, item=5)


def test_nobody_releases_what_they_proposed_but_may_take_it_back() -> None:
    with pytest.raises(NotYours):
        advance(Edition.PROPOSED, Edition.RELEASED, "WATER-1", "WATER-1")
    advance(Edition.PROPOSED, Edition.REFUSED, "WATER-1", "WATER-1")
    advance(Edition.RELEASED, Edition.WITHDRAWN, "WATER-1", "WATER-1")


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "reminded"),
    [
        (date(2026, 3, 2), date(2027, 3, 1), date(2027, 1, 30)),
        (date(2026, 3, 20), date(2026, 4, 1), date(2026, 3, 20)),  # shorter than the notice: from its first day on
        (date(2020, 1, 1), date(2026, 3, 2), date(2026, 1, 31)),  # its last day is today
    ],
)
def test_the_owner_is_reminded_so_many_days_before_it_expires(
    valid_from: date, valid_until: date, reminded: date
) -> None:
    assert review_day(proposal(valid_from, valid_until), TODAY, 30) == reminded


@pytest.mark.parametrize("days", [(date(2026, 3, 9), date(2026, 3, 8)), (date(2026, 1, 1), date(2026, 3, 1))])
def test_what_is_never_or_no_longer_so_is_not_proposed(days: tuple[date, date]) -> None:
    with pytest.raises(Lacking) as refusal:
        review_day(proposal(*days), TODAY, 30)
    assert refusal.value.basis == art(5, item=5)


def test_the_refusal_of_what_is_not_valid_names_the_provision_of_answering() -> None:
    assert invalid(12, 3).basis == art(10, item=1)
    assert "12" in invalid(12, 3).detail


NAMING = {
    "我叫张样例，居住证怎么办": "居住证怎么办",
    "王师傅 的 19900008890 电话": "的 电话",
    "sample@example.org 账号 6200000000000000000": "账号",
    "样例路 3号楼二单元 漏水": "样例路 漏水",
    "样例路12号 301室 停水": "样例路 停水",
    "地铁3号线 几点停运": "地铁 3 号线 几点停运",
    "１９９－００００－８８９０": "",
    "199，0000，8890": "",
}


@pytest.mark.parametrize("words", NAMING)
def test_nothing_that_may_name_somebody_is_kept_of_a_question(words: str) -> None:  # Art. 15
    assert asked_in_vain(words) == NAMING[words]


def test_the_same_question_is_known_again() -> None:
    assert len({asked_in_vain(words) for words in ("ETC 怎么办理？", "etc，怎么办理", "ＥＴＣ 怎么办理 怎么办理")}) == 1


@given(st.text(max_size=200))
def test_what_is_kept_is_short_and_made_of_words(words: str) -> None:
    kept = asked_in_vain(words)
    assert len(kept) <= LONGEST
    assert kept == asked_in_vain(kept)
    assert "＊" not in kept
