"""What everybody may know says nothing of a single person (Art. 15, 21)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.figures import LEAST, kept, suppressed, table

LABELS = {key: (key, key) for key in "abcdef"}
counts = some.dictionaries(some.sampled_from(list(LABELS)), some.integers(0, 12))


@given(counts)
def test_no_small_count_is_shown_and_none_can_be_computed_from_the_total(found: dict[str, int]) -> None:
    """Whatever stands in the place of what is hidden and adds up: each small count could be `LEAST` or more, or another."""
    made = table("t", "", found, LABELS)
    shown = {cell.key: cell.count for cell in made.cells}
    assert not [count for count in shown.values() if count is not None and 0 < count < LEAST]
    hidden = [key for key, count in shown.items() if count is None]
    if made.total is None:
        assert set(hidden) == {key for key, count in found.items() if count}
        return
    assert made.total == sum(found.values())
    rest = made.total - sum(count or 0 for count in shown.values())
    for key in hidden:
        others = len(hidden) - 1
        assert rest - others >= LEAST, key
        assert others >= 1


@given(counts)
def test_what_is_large_enough_is_shown_where_nothing_small_stands_beside_it(found: dict[str, int]) -> None:
    if all(count == 0 or count >= LEAST for count in found.values()):
        assert suppressed(found) == frozenset()
        assert table("t", "", found, LABELS).total == sum(found.values())


def test_a_few_examples() -> None:
    assert suppressed({"a": 3, "b": 100, "c": 7}) == {"a", "c"}, "one small count hides the next larger one"
    assert suppressed({"a": 1, "b": 1, "c": 90}) == {"a", "b", "c"}, "two ones that come to two are no secret"
    assert suppressed({"a": 4, "b": 4, "c": 90}) == {"a", "b"}
    assert table("t", "", {"a": 3}, LABELS).total is None
    assert table("t", "", {}, LABELS).total == 0


@pytest.mark.parametrize(("ended", "rated"), list(product((0, LEAST - 1, LEAST), repeat=2)))
def test_a_share_of_a_few_is_not_shown(ended: int, rated: int) -> None:
    found = kept(
        "JW", "样例", {"ended": ended, "in_time": ended, "rated": rated, "satisfied": rated, "resolved": rated}
    )
    assert (found.in_time is None) is (ended < LEAST)
    assert (found.satisfied is None) is (found.resolved is None) is (rated < LEAST)
    assert (found.ended, found.rated) == (ended if ended >= LEAST else None, rated if rated >= LEAST else None)


def test_what_has_no_label_is_an_error_and_not_left_out() -> None:
    with pytest.raises(KeyError):
        table("t", "", {"z": 7}, LABELS)
