"""Who is recommended (Art. 10(3), 24): an order that anybody can compute again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.ranking import Record, lower_bound, rank
from domain.ruleset import rule_sets
from domain.vocabulary import Factor

SCHEME = rule_sets()["TJ-2015-18"].ranking
KNOWN = SCHEME.newcomer


@some.composite
def shares(draw: some.DrawFn, least: int = 0) -> tuple[int, int]:
    of = draw(some.integers(least, 500))
    return draw(some.integers(0, of)), of


@some.composite
def records(draw: some.DrawFn) -> Record:
    return Record(
        code=draw(some.text("ABCDEF", min_size=1, max_size=6)),
        rated=draw(shares()),
        honest=draw(shares()),
        punctual=draw(shares()),
        open=draw(some.integers(0, 50)),
        referred=draw(some.integers(0, 1000)),
        local=draw(some.booleans()),
    )


lists = some.lists(records(), max_size=8, unique_by=lambda record: record.code)


@given(lists, some.integers(0, 50), some.randoms())
def test_the_order_in_which_they_are_asked_says_nothing(found: list[Record], nth: int, chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    ranked = rank(found, SCHEME, nth)
    assert rank(shuffled, SCHEME, nth) == ranked
    assert [each.place for each in ranked] == list(range(1, len(found) + 1))
    assert {each.code for each in ranked} == {each.code for each in found}


@given(lists, some.integers(0, 50))
def test_every_score_is_the_sum_of_what_is_shown(found: list[Record], nth: int) -> None:
    for each in rank(found, SCHEME, nth):
        assert {weighed.factor for weighed in each.factors} == set(Factor)
        assert all(0 <= weighed.value <= 1 for weighed in each.factors)
        assert each.score == pytest.approx(sum(w.value * w.weight for w in each.factors), abs=1e-4)


@given(lists, some.integers(0, 50))
def test_nobody_stands_before_a_better_one_but_a_newcomer_in_its_turn(found: list[Record], nth: int) -> None:
    ranked = rank(found, SCHEME, nth)
    rest = ranked[1:] if ranked and ranked[0].turn else ranked
    assert [each.score for each in rest] == sorted((each.score for each in rest), reverse=True)
    assert not any(each.turn for each in ranked[1:])


@given(shares(least=1))
def test_one_more_satisfied_person_never_lowers_it(share: tuple[int, int]) -> None:
    good, of = share
    assert lower_bound(good + 1, of + 1) >= lower_bound(good, of)
    assert 0 <= lower_bound(good, of) <= good / of + 1e-12


def test_a_few_good_ratings_weigh_less_than_many() -> None:
    assert lower_bound(3, 3) < lower_bound(90, 100)
    assert lower_bound(0, 0) == 0
    assert round(lower_bound(81, 263), 3) == 0.255  # Newcombe 1998, table I, method 3


def test_every_newcomer_has_its_turn() -> None:
    """None starves: each list that is a newcomer's turn begins with the one that has had the fewest referrals."""
    old = Record(code="OLD", rated=(KNOWN, KNOWN), punctual=(KNOWN, KNOWN), honest=(KNOWN, KNOWN), referred=100)
    new = {code: Record(code=code) for code in ("NEW-1", "NEW-2", "NEW-3")}
    first: list[str] = []
    for nth in range(SCHEME.turn * 6):
        top = rank([old, *new.values()], SCHEME, nth)[0].code
        first.append(top)
        if top in new:
            new[top] = replace(new[top], referred=new[top].referred + 1)
    assert {code: first.count(code) for code in new} == {"NEW-1": 2, "NEW-2": 2, "NEW-3": 2}
    assert first.count("OLD") == SCHEME.turn * 6 - 6


def test_without_newcomers_there_is_no_turn() -> None:
    known = Record(code="OLD", rated=(KNOWN, KNOWN))
    assert not rank([known], SCHEME, SCHEME.turn - 1)[0].turn
    assert rank([], SCHEME, SCHEME.turn - 1) == []
