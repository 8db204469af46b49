"""What a check of quality says, and who may say it (Art. 5(5), 17)."""

from __future__ import annotations

import pytest

from domain.quality import Marks, check
from domain.refusals import Lacking, NotPermitted, NotYours, Refusal
from domain.regulation import art
from domain.vocabulary import Point

P = Point
GOOD = Marks(met=(P.CORRECT,))


def test_another_officer_checks_and_once() -> None:  # Art. 5(5)
    check(GOOD, "agent-1", "supervisor-1", False)
    with pytest.raises(NotYours):
        check(GOOD, "supervisor-1", "supervisor-1", False)
    with pytest.raises(NotPermitted):
        check(GOOD, "agent-1", "supervisor-1", True)


@pytest.mark.parametrize(
    "marks",
    [
        Marks(),
        Marks(remark="样例。"),
        Marks(met=(P.CORRECT,), missed=(P.CORRECT,), remark="样例。"),
        Marks(missed=(P.CORRECT,)),
    ],
)
def test_a_check_says_something_and_what_is_missed(marks: Marks) -> None:  # Art. 5(5)
    with pytest.raises(Lacking) as refused:
        check(marks, "agent-1", "supervisor-1", False)
    error: Refusal = refused.value
    assert error.basis == art(5, item=5)
