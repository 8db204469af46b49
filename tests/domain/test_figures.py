"""What everybody may know says nothing of a single person (Art. 15, 21)."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.figures import Counting, Table, share, suppressed, tables
from domain.ruleset import rule_sets

LEAST = rule_sets()["TJ-2015-18"].numbers.least_shown
LABELS = {key: (key, key) for key in "abcdef"}
counts = some.dictionaries(some.sampled_from(list(LABELS)), some.integers(0, 12))


def made(*found: dict[str, int], least: int = LEAST) -> tuple[Table, ...]:
    return tables([Counting(name="t", meaning="", counts=each, labels=LABELS) for each in found], least)


def shown(table: Table) -> dict[str, int | None]:
    return {cell.key: cell.count for cell in table.cells}


@given(counts)
def test_no_small_count_is_shown_and_none_can_be_computed_from_the_total(found: dict[str, int]) -> None:
    """Whatever stands in the place of what is hidden and adds up: each hidden count could be `LEAST`, or another."""
    (table,) = made(found)
    cells = shown(table)
    assert not [count for count in cells.values() if count is not None and 0 < count < LEAST]
    hidden = [key for key, count in cells.items() if count is None]
    if table.total is None:
        assert set(hidden) == {key for key, count in found.items() if count}
        return
    assert table.total == sum(found.values())
    rest = table.total - sum(count or 0 for count in cells.values())
    others = len(hidden) - 1
    assert not hidden or (others >= 1 and rest - others >= LEAST)


@pytest.mark.parametrize(("cells", "top", "least"), [(3, 10, 3), (4, 9, 3), (3, 14, 5), (5, 7, 3)])
def test_who_knows_how_it_is_made_still_computes_nothing(cells: int, top: int, least: int) -> None:  # Art. 15
    """Of all that may stand behind what is shown, no hidden count is the same in all."""
    behind = defaultdict(set)
    for counts in product(range(top + 1), repeat=cells):
        if sum(counts) <= top:
            behind[made(dict(zip(LABELS, counts, strict=False)), least=least)].add(counts)
    hidden_at_all = 0
    for ((table),), possible in behind.items():
        for place, count in enumerate(list(shown(table).values())[:cells]):
            if count is None:
                hidden_at_all += 1
                assert len({counts[place] for counts in possible}) > 1, (table, possible)
    assert hidden_at_all


def test_who_lays_two_tables_side_by_side_computes_nothing() -> None:  # Art. 15
    """Both count the same."""
    behind = defaultdict(set)
    for one in product(range(10), repeat=3):
        for first in range(sum(one) + 1 if sum(one) <= 10 else 0):
            other = (first, sum(one) - first)
            counts = (dict(zip(LABELS, one, strict=False)), dict(zip(LABELS, other, strict=False)))
            behind[made(*counts, least=3)].add((*one, *other))
    for (first_table, second), possible in behind.items():
        told = [*list(shown(first_table).values())[:3], *list(shown(second).values())[:2]]
        for place, count in enumerate(told):
            assert count is not None or len({counts[place] for counts in possible}) > 1, (told, possible)


def test_a_total_that_one_table_hides_no_other_tells() -> None:  # Art. 15
    """Five matters of one each would be known from a channel of five."""
    matters, channels = made(dict.fromkeys("abcde", 1), {"a": 5})
    assert matters.total is channels.total is None
    assert shown(channels)["a"] is None


@given(counts)
def test_what_is_large_enough_is_shown_where_nothing_small_stands_beside_it(found: dict[str, int]) -> None:
    if all(count == 0 or count >= LEAST for count in found.values()):
        assert suppressed(found, LEAST) == frozenset()
        assert made(found)[0].total == sum(found.values())


def test_a_few_examples() -> None:
    assert suppressed({"a": 3, "b": 100, "c": 7, "d": 8}, 5) == frozenset("ab"), (
        "what stands beside a small count goes too"
    )
    assert suppressed({"a": 1, "b": 1, "c": 90, "d": 6}, 5) == frozenset("abcd"), (
        "two ones that come to two are no secret"
    )
    assert suppressed({"a": 1, "b": 1, "c": 90, "d": 6, "e": 5, "f": 7}, 5) == frozenset("abef"), "then the smallest"
    assert suppressed({"a": 5, "b": 4, "c": 4}, 5) == frozenset("abc"), (
        "beside 5, what comes to 8 could only be 4 and 4"
    )
    assert suppressed({"a": 3}, 5) is None
    assert made({})[0].total == 0


@given(some.integers(0, 400), some.integers(1, LEAST - 1), some.integers(1, LEAST - 1))
def test_a_share_is_the_same_whichever_small_count_stands_behind_it(whole: int, one: int, other: int) -> None:
    """Art. 15."""
    if whole < 10 * LEAST:
        assert share(one, whole, LEAST) is None
        return
    assert share(one, whole, LEAST) == share(other, whole, LEAST)
    assert share(whole - one, whole, LEAST) == share(whole - other, whole, LEAST)


def test_what_has_no_label_is_an_error_and_not_left_out() -> None:
    with pytest.raises(KeyError):
        made({"z": 7})
