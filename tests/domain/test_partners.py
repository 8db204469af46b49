"""Who joins, is suspended, heard, ended, and may appeal (Art. 10(3), 20, 24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from domain.calendar import Calendar, compile_calendar, seeded_notices
from domain.credit_code import check_sign, is_credit_code
from domain.limits import due, end_of
from domain.partners import (
    ENDED,
    GRAVE,
    MOVES,
    WANTED,
    Doing,
    Particulars,
    Partner,
    Shown,
    apply,
    code_of,
    decide,
    lapse,
    move_of,
)
from domain.refusals import Lacking, NotPermitted, NotYours, TooLate
from domain.ruleset import rule_sets
from domain.vocabulary import Fault, MemberAct, Membership, Paper, PartnerKind, Role, Service

A, M = MemberAct, Membership
CALENDAR: Calendar = compile_calendar(seeded_notices(), 1)
TERMS = rule_sets()["TJ-2015-18"].partners
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
PAPERS = tuple(Shown(paper=paper, number=f"样例-{paper}") for paper in sorted(WANTED[PartnerKind.ENTERPRISE]))
GIVEN = Particulars(
    zh="样例疏通公司", kind=PartnerKind.ENTERPRISE, services=(Service.PIPES,), phone="02200000003", papers=PAPERS
)


def at(standing: Membership, **facts: object) -> Partner:
    partner = Partner(
        code="P-1", particulars=GIVEN, standing=standing, entered_by="web", set_by="supervisor-1", set_at=NOW
    )
    return replace(partner, **facts)  # type: ignore[arg-type]


def done(partner: Partner, act: MemberAct, role: Role, actor: str = "supervisor-2", **facts: object) -> Partner:
    doing = Doing(act=act, actor=actor, role=role, at=NOW, **facts)  # type: ignore[arg-type]
    return decide(partner, doing, TERMS, CALENDAR)


def test_an_application_is_checked_and_decided_by_another_officer() -> None:
    """Enterprises join by a system of the Centre's (Art. 20)."""
    applied = apply(None, GIVEN, Doing(act=A.APPLY, actor="agent-1", role=Role.AGENT, at=NOW), TERMS, CALENDAR)
    assert (applied.standing, applied.due_at) == (M.APPLIED, due(NOW, TERMS.decision, CALENDAR).due)
    checked = done(applied, A.CHECK, Role.SUPERVISOR, "supervisor-1")
    assert checked.due_at == applied.due_at, "the Centre's limit runs until it is decided"
    with pytest.raises(NotYours):
        done(checked, A.ADMIT, Role.SUPERVISOR, "supervisor-1")
    with pytest.raises(NotYours):
        done(replace(checked, entered_by="supervisor-2"), A.ADMIT, Role.SUPERVISOR)
    assert done(checked, A.ADMIT, Role.SUPERVISOR).standing is M.ACTIVE


@pytest.mark.parametrize("kind", list(PartnerKind))
def test_nobody_is_found_in_order_without_every_paper(kind: PartnerKind) -> None:
    for missing in WANTED[kind]:
        papers = tuple(Shown(paper=paper, number="样例") for paper in WANTED[kind] - {missing})
        given = replace(GIVEN, kind=kind, papers=papers)
        with pytest.raises(Lacking, match=missing):
            done(at(M.APPLIED, particulars=given), A.CHECK, Role.AGENT)


def test_a_trade_that_wants_a_licence_is_not_admitted_without_one() -> None:
    locks = replace(GIVEN, services=(Service.LOCKS,))
    with pytest.raises(Lacking, match=Paper.LICENCE):
        done(at(M.APPLIED, particulars=locks), A.CHECK, Role.AGENT)


def test_a_paper_is_good_on_its_last_day_and_not_after() -> None:
    for day, good in ((date(2026, 3, 2), True), (date(2026, 3, 1), False)):
        papers = tuple(replace(shown, valid_until=day) for shown in PAPERS)
        applied = at(M.APPLIED, particulars=replace(GIVEN, papers=papers))
        if good:
            assert done(applied, A.CHECK, Role.AGENT).standing is M.CHECKED
        else:
            with pytest.raises(Lacking):
                done(applied, A.CHECK, Role.AGENT)


def test_a_member_whose_paper_expires_is_suspended_until_it_shows_a_new_one() -> None:
    papers = (replace(PAPERS[0], valid_until=date(2026, 4, 30)), *PAPERS[1:])
    active = done(at(M.CHECKED, particulars=replace(GIVEN, papers=papers)), A.ADMIT, Role.SUPERVISOR)
    assert active.due_at == end_of(date(2026, 4, 30))
    expired = lapse(active)
    assert (expired.standing, expired.fault) == (M.SUSPENDED, Fault.EXPIRED)
    renewed = done(expired, A.AMEND, Role.SUPERVISOR, particulars=GIVEN)
    resumed = done(renewed, A.RESUME, Role.SUPERVISOR)
    assert (resumed.standing, resumed.fault, resumed.due_at) == (M.ACTIVE, None, None)


@pytest.mark.parametrize("fault", list(Fault))
def test_a_membership_is_ended_for_unlawful_conduct_or_violated_consumers_only(fault: Fault) -> None:
    """Art. 24."""
    if fault in GRAVE:
        assert done(at(M.ACTIVE), A.NOTIFY, Role.SUPERVISOR, fault=fault).standing is M.HEARING
    else:
        with pytest.raises(Lacking):
            done(at(M.ACTIVE), A.NOTIFY, Role.SUPERVISOR, fault=fault)


def test_nobody_is_ended_unheard() -> None:
    """Notice, a period to state one's case, a decision by another officer."""
    noticed = done(at(M.ACTIVE), A.NOTIFY, Role.SUPERVISOR, "supervisor-1", fault=Fault.CONSUMERS)
    with pytest.raises(NotPermitted):
        done(noticed, A.TERMINATE, Role.SUPERVISOR)
    stated = done(noticed, A.STATE, Role.PARTNER, "P-1-clerk")
    for heard in (stated, lapse(noticed)):
        with pytest.raises(NotYours):
            done(heard, A.TERMINATE, Role.SUPERVISOR, "supervisor-1")
        ended = done(heard, A.TERMINATE, Role.SUPERVISOR)
        assert (ended.standing, ended.fault) == (M.TERMINATED, Fault.CONSUMERS)
        assert ended.due_at == due(NOW, TERMS.appeal, CALENDAR).due


def test_an_appeal_goes_to_the_office_in_time() -> None:
    ended = at(M.TERMINATED, due_at=NOW + timedelta(seconds=1))
    appealed = done(ended, A.APPEAL, Role.PARTNER)
    assert done(appealed, A.UPHOLD, Role.OFFICE).standing is M.EXCLUDED
    assert done(appealed, A.REINSTATE, Role.OFFICE).standing is M.ACTIVE
    for late in (NOW, None):
        with pytest.raises(TooLate):
            done(replace(ended, due_at=late), A.APPEAL, Role.PARTNER)
    assert lapse(ended).standing is M.EXCLUDED, "nobody appealed"


def again(standing: Membership, days: int, given: Particulars = GIVEN) -> Partner:
    """Whoever stands there applies after so many days."""
    doing = Doing(act=A.APPLY, actor="web", role=Role.CHANNEL, at=NOW + timedelta(days=days))
    return apply(at(standing, version=7), given, doing, TERMS, CALENDAR)


def test_whoever_was_excluded_applies_again_after_two_years() -> None:  # Art. 24
    with pytest.raises(NotPermitted):
        again(M.EXCLUDED, TERMS.readmission_days - 1)
    for former in (again(M.EXCLUDED, TERMS.readmission_days), again(M.LEFT, 0), again(M.REFUSED, 0)):
        assert (former.standing, former.version) == (M.APPLIED, 8)


@pytest.mark.parametrize("standing", sorted(set(Membership) - ENDED))
def test_nobody_is_twice_in_the_register(standing: Membership) -> None:  # Art. 20
    with pytest.raises(NotPermitted):
        again(standing, 0, replace(GIVEN, phone="02200000004"))
    assert again(M.APPLIED, 0) == at(M.APPLIED, version=7), "the same again is the same one"


def test_a_partner_is_known_by_its_organisation_or_its_name() -> None:
    assert code_of(replace(GIVEN, credit_code="91310000631696382C")) == "P-631696382"
    assert len(code_of(GIVEN)) == 11
    assert code_of(GIVEN) != code_of(replace(GIVEN, zh="样例志愿队"))


def test_what_no_row_allows_is_refused() -> None:
    allowed = {(origin, m.act, role) for m in MOVES for origin in m.origins for role in m.roles}
    for standing, act, role in product(Membership, MemberAct, Role):
        if (standing, act, role) in allowed:
            assert move_of(standing, act, role).act is act
        else:
            with pytest.raises(NotPermitted):
                move_of(standing, act, role)
    assert {M.REFUSED, M.EXCLUDED, M.LEFT} == ENDED


def test_the_credit_code_checks_itself() -> None:
    assert is_credit_code("91310000631696382C")  # the example of a published code
    body = "5112010000000003C"
    assert is_credit_code(body + check_sign(body))
    for place in range(17):
        wrong = body[:place] + ("1" if body[place] != "1" else "2") + body[place + 1 :]
        assert not is_credit_code(wrong + check_sign(body))
    assert not is_credit_code("91310000631696382")
    assert not is_credit_code("91310000631696382I")


@pytest.mark.parametrize("standing", [M.APPLIED, M.ACTIVE, M.SUSPENDED])
def test_an_amendment_makes_nobody_another_organisation(standing: Membership) -> None:  # Art. 20
    role = Role.AGENT if standing is M.APPLIED else Role.SUPERVISOR
    for other in ({"kind": PartnerKind.ORGANISATION}, {"credit_code": "9112010000000001LN"}, {"zh": "样例别家"}):
        given = replace(GIVEN, **other)
        with pytest.raises(NotPermitted, match="applies for itself"):
            done(at(standing), A.AMEND, role, particulars=given)
    given = replace(GIVEN, phone="02200000009")
    assert done(at(standing), A.AMEND, role, particulars=given).particulars == given


def test_a_member_is_amended_by_another_officer_with_every_paper_in_order() -> None:  # Art. 20
    with pytest.raises(NotYours):
        done(at(M.ACTIVE), A.AMEND, Role.SUPERVISOR, "supervisor-1", particulars=GIVEN)
    with pytest.raises(Lacking):
        done(at(M.ACTIVE), A.AMEND, Role.SUPERVISOR, particulars=replace(GIVEN, papers=()))


def test_no_paper_that_has_expired_is_shown_for_a_membership() -> None:  # Art. 20
    old = Shown(paper=Paper.LICENCE, number="样例", valid_until=date(2026, 3, 1))
    given = replace(GIVEN, papers=(*PAPERS[:-1], replace(PAPERS[-1]), old))
    with pytest.raises(Lacking, match=Paper.LICENCE):
        done(at(M.ACTIVE), A.AMEND, Role.SUPERVISOR, particulars=given)


def test_the_time_for_a_hearing_ends_whether_or_not_somebody_marked_it() -> None:  # Art. 24
    hearing = done(at(M.ACTIVE), A.NOTIFY, Role.SUPERVISOR, "supervisor-1", fault=Fault.ILLEGAL)
    assert hearing.due_at is not None
    over = Doing(act=A.TERMINATE, actor="supervisor-2", role=Role.SUPERVISOR, at=hearing.due_at)
    with pytest.raises(NotPermitted, match="not stated its case"):
        decide(hearing, replace(over, at=hearing.due_at - timedelta(seconds=1)), TERMS, CALENDAR)
    assert decide(hearing, over, TERMS, CALENDAR).standing is M.TERMINATED


def test_whoever_was_excluded_does_not_come_back_under_another_code() -> None:  # Art. 24
    excluded = at(M.EXCLUDED, code="P-2")
    doing = Doing(act=A.APPLY, actor="agent-1", role=Role.AGENT, at=NOW)
    given = replace(GIVEN, kind=PartnerKind.VOLUNTEERS, credit_code=None)
    with pytest.raises(NotPermitted, match="excluded"):
        apply(None, given, doing, TERMS, CALENDAR, [excluded])
    later = replace(doing, at=NOW + timedelta(days=TERMS.readmission_days))
    assert apply(None, given, later, TERMS, CALENDAR, [excluded]).standing is M.APPLIED
