"""What goes public: which cases, after which review, and which passages a reviewer must look at (Art. 15)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.publication import BARS, REVIEWS, Publishable, Suspicion, barred, looked_at, reviewed, suspected
from domain.refusals import Lacking, NotPermitted, NotYours
from domain.vocabulary import Review, Status, Suspect

SUSPECT: dict[Suspect, tuple[str, ...]] = {
    Suspect.OWN: ("样例路8号",),
    Suspect.PHONE: ("199-0000-8890", "１９９００００８８９０", "022-00008890"),
    Suspect.MAIL: ("sample@example.org",),
    Suspect.NUMBER: ("120101199001010000", "6200000000000000000", "12010119900101000X"),
    Suspect.PLATE: ("津A12345", "津A·12345", "京AD12345"),
    Suspect.DOOR: ("3号楼", "三号楼二单元", "8栋501室", "2门301"),
    Suspect.NAME: ("我叫张样例", "王师傅", "李某某女士", "欧阳样老师", "姓名：张样"),
}
INNOCENT = "请问2016-2020年的规划何时公布，20260312那天停水两次，第3个路口的路灯不亮，供水公司已派人维修。"


@pytest.mark.parametrize(("why", "said"), [(why, said) for why, sample in SUSPECT.items() for said in sample])
def test_each_kind_of_passage_is_found_where_it_stands(why: Suspect, said: str) -> None:
    text = f"，，{said}，，"
    assert suspected("answer", text, [SUSPECT[Suspect.OWN][0]]) == [Suspicion("answer", 2, 2 + len(said), why)]


def test_every_kind_has_its_samples() -> None:
    assert SUSPECT.keys() == set(Suspect)


def test_what_names_nobody_is_not_suspected() -> None:
    assert suspected("question", INNOCENT, ["张样例", None]) == []


@given(st.lists(st.sampled_from(["样例", "，", "a", *(said for sample in SUSPECT.values() for said in sample)])))
def test_passages_are_in_order_and_none_lies_within_another(parts: list[str]) -> None:
    text = "".join(parts)
    found = suspected("title", text, ["张样例"])
    spans = [(each.start, each.end) for each in found]
    assert spans == sorted(set(spans))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert not any(a != b and b[0] <= a[0] and a[1] <= b[1] for a, b in product(spans, spans))


FREE = Publishable(Status.ARCHIVED, sheltered=False, destroyed=False)
BARRED = [
    *(Publishable(status, sheltered=False, destroyed=False) for status in Status if status is not Status.ARCHIVED),
    Publishable(Status.ARCHIVED, sheltered=True, destroyed=False),
    Publishable(Status.ARCHIVED, sheltered=False, destroyed=True),
]


def test_an_archived_case_may_be_proposed() -> None:
    assert barred(FREE) is None


@pytest.mark.parametrize("case", BARRED)
def test_what_is_open_sheltered_or_destroyed_does_not_go_public(case: Publishable) -> None:
    refusal = barred(case)
    assert isinstance(refusal, NotPermitted)
    assert str(refusal.basis) == "Art. 15"


def test_each_bar_is_reached() -> None:
    assert {refusal.detail for case in BARRED if (refusal := barred(case))} == {why for _, why in BARS}


@pytest.mark.parametrize(("stage", "target"), list(product(Review, REVIEWS)))
def test_a_review_follows_the_table(stage: Review, target: Review) -> None:
    if REVIEWS[target] is stage:
        reviewed(stage, target, "agent-1", "supervisor-1")
    else:
        with pytest.raises(NotPermitted):
            reviewed(stage, target, "agent-1", "supervisor-1")


def test_nobody_publishes_what_they_proposed_but_may_take_it_back() -> None:
    with pytest.raises(NotYours):
        reviewed(Review.PROPOSED, Review.PUBLISHED, "supervisor-1", "supervisor-1")
    reviewed(Review.PROPOSED, Review.REFUSED, "supervisor-1", "supervisor-1")


def test_each_suspected_passage_is_looked_at_and_the_error_says_where_and_not_what() -> None:
    phone, name = Suspicion("answer", 3, 14, Suspect.PHONE), Suspicion("question", 0, 3, Suspect.NAME)
    looked_at([phone, name], [name, phone])
    with pytest.raises(Lacking, match=r"kept by name: answer 3-14 phone$"):
        looked_at([phone, name], [name])
    with pytest.raises(Lacking):
        looked_at([phone], [Suspicion("answer", 3, 13, Suspect.PHONE)])  # of another passage
