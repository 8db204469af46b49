"""The catalogue of duties (职责清单; Art. 6, 7(4), 10(2)): who proposes a row, who accepts it, whom it never proposes."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from domain.duties import BASIS, STEPS, Duty, changed, eligible, require_days, require_own, review
from domain.refusals import Lacking, NotPermitted, NotYours
from domain.regulation import art
from domain.vocabulary import Listing, Matter


def duty(valid_until: date | None) -> Duty:
    return Duty(
        unit="WATER",
        matter=Matter.HELP,
        topic="water_supply",
        district=None,
        ground="样例条例第三条",
        valid_from=date(2026, 3, 2),
        valid_until=valid_until,
    )


@pytest.mark.parametrize(("stage", "target"), list(product(Listing, STEPS)))
def test_a_version_goes_from_stage_to_stage_by_the_table(stage: Listing, target: Listing) -> None:
    if STEPS[target] is stage:
        review(stage, target, "supervisor-1", "supervisor-2")
        return
    with pytest.raises(NotPermitted) as refusal:
        review(stage, target, "supervisor-1", "supervisor-2")
    assert refusal.value.basis == BASIS


def test_nobody_accepts_what_they_proposed_but_may_take_it_back() -> None:
    with pytest.raises(NotYours):
        review(Listing.PROPOSED, Listing.ACCEPTED, "supervisor-1", "supervisor-1")
    review(Listing.PROPOSED, Listing.REFUSED, "supervisor-1", "supervisor-1")


def test_a_unit_proposes_what_its_own_duty_is_and_the_centre_whose_it_may_be() -> None:  # Art. 6
    require_own("WATER", "WATER")
    require_own(None, "WATER")
    with pytest.raises(NotYours) as refusal:
        require_own("GAS", "WATER")
    assert refusal.value.basis == art(6)


def test_a_duty_does_not_end_before_it_begins() -> None:
    require_days(duty(None))
    require_days(duty(date(2026, 3, 2)))
    with pytest.raises(Lacking):
        require_days(duty(date(2026, 3, 1)))


def test_what_cases_speak_against_becomes_anothers_duty_or_ends() -> None:  # Art. 11(3), 12 ¶2
    today = date(2026, 5, 6)
    others = changed(duty(None), "GAS", "样例指定决定", today)
    assert (others.unit, others.valid_from, others.valid_until) == ("GAS", today, None)
    ended = changed(duty(None), None, "样例指定决定", today)
    assert (ended.unit, ended.valid_from, ended.valid_until) == ("WATER", date(2026, 3, 2), today)


@pytest.mark.parametrize(
    ("unit", "matter", "respondent", "proposed"),
    [
        ("HP", Matter.HELP, None, True),
        ("HD", Matter.STAFF, "HP", True),
        ("HP", Matter.STAFF, "HP", False),
        ("HP.XB", Matter.STAFF, "HP", False),  # an office below it
        ("HP", Matter.STAFF, "HP.XB", True),  # the one above it may look into it
        ("HD", Matter.STAFF, None, False),  # nobody knows yet whom it is about
    ],
)
def test_the_office_complained_of_is_never_proposed(  # Art. 7(4)
    unit: str, matter: Matter, respondent: str | None, proposed: bool
) -> None:
    assert eligible(unit, matter, respondent) is proposed
