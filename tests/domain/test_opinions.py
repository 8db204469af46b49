"""Opinions of the public's supervision (Art. 21): who answers, by when, and who decides on publication."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from domain.case import CENTRE
from domain.limits import before, due
from domain.opinions import ENDED, MOVES, Doing, Opinion, decide, lapse, move_of, next_at, receive
from domain.refusals import Lacking, MovedOn, NotPermitted, NotYours
from domain.ruleset import rule_sets
from domain.vocabulary import Hearing, OpinionAct, Role, Voice
from tests.cases import CALENDAR

A, H = OpinionAct, Hearing
TERMS = rule_sets()["TJ-2015-18"].opinions
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
RECEIVED = receive("OP-1", Voice.DEPUTY, "样例1号", NOW, TERMS, CALENDAR)


def done(opinion: Opinion, act: OpinionAct, role: Role, actor: str = "", **facts: Any) -> Opinion:
    doing = Doing(act=act, actor=actor or f"{role}-1", role=role, at=NOW, **facts)
    return decide(opinion, doing, TERMS, CALENDAR)


def answered(unit: str = "JW") -> Opinion:
    assigned = done(RECEIVED, A.ASSIGN, Role.AGENT, unit=unit)
    role = Role.SUPERVISOR if unit == CENTRE else Role.UNIT
    return done(assigned, A.ANSWER, role, unit=None if unit == CENTRE else unit)


def test_every_opinion_has_a_limit_for_assigning_answering_and_publishing() -> None:  # Art. 21
    assigned = done(RECEIVED, A.ASSIGN, Role.AGENT, unit="JW")
    limits = [opinion.due_at for opinion in (RECEIVED, assigned, answered())]
    assert limits == [due(NOW, term, CALENDAR).due for term in (TERMS.assign, TERMS.answer, TERMS.publish)]
    assert done(answered(), A.PUBLISH, Role.SUPERVISOR).due_at is None


def test_who_is_to_answer_answers_and_nobody_else() -> None:  # Art. 21
    assigned = done(RECEIVED, A.ASSIGN, Role.AGENT, unit="JW")
    with pytest.raises(NotYours):
        done(assigned, A.ANSWER, Role.UNIT, unit="HP")
    with pytest.raises(NotYours):
        done(assigned, A.ANSWER, Role.SUPERVISOR)
    assert answered(CENTRE).standing is H.ANSWERED, "what concerns the Centre it answers itself"
    with pytest.raises(Lacking):
        done(RECEIVED, A.ASSIGN, Role.AGENT)


def test_who_worded_it_for_the_public_does_not_publish_it_and_nobody_unread() -> None:  # Art. 21
    worded = done(answered(), A.REWORD, Role.SUPERVISOR)
    with pytest.raises(NotYours):
        done(worded, A.PUBLISH, Role.SUPERVISOR, seen=worded.version)
    with pytest.raises(MovedOn):
        done(worded, A.PUBLISH, Role.SUPERVISOR, "supervisor-2", seen=worded.version - 1)
    assert done(worded, A.PUBLISH, Role.SUPERVISOR, "supervisor-2", seen=worded.version).standing is H.PUBLISHED


@pytest.mark.parametrize("act", [A.PUBLISH, A.KEEP])
def test_who_answered_does_not_decide_on_publication(act: OpinionAct) -> None:  # Art. 21
    with pytest.raises(NotYours):
        done(answered(CENTRE), act, Role.SUPERVISOR)
    assert done(answered(CENTRE), act, Role.SUPERVISOR, "supervisor-2").standing in ENDED


def test_what_changed_is_recorded_whenever_it_is_known() -> None:  # Art. 21
    for opinion in (
        answered(),
        done(answered(), A.PUBLISH, Role.SUPERVISOR),
        done(answered(), A.KEEP, Role.SUPERVISOR),
    ):
        after = done(opinion, A.EFFECT, Role.SUPERVISOR)
        assert (after.standing, after.due_at) == (opinion.standing, opinion.due_at)


def passed(opinion: Opinion) -> tuple[Opinion, Opinion]:
    """After the warning, and after the limit."""
    (first, warned), (then, late) = (found := lapse(opinion)), lapse(found[1])
    assert (first, then) == (A.WARN, A.LAPSE)
    return warned, late


def test_a_warning_comes_before_each_limit_and_not_before_it_begins() -> None:  # Art. 21
    for opinion in (RECEIVED, done(RECEIVED, A.ASSIGN, Role.AGENT, unit="JW"), answered()):
        assert opinion.due_at is not None
        assert opinion.warn_at == next_at(opinion) == before(opinion.due_at, TERMS.warn, CALENDAR)
    short = replace(TERMS, warn=TERMS.answer)
    assert receive("OP-1", Voice.DEPUTY, "样例1号", NOW, short, CALENDAR).warn_at == NOW
    assert next_at(done(answered(), A.KEEP, Role.SUPERVISOR)) is None


def test_a_limit_that_was_not_kept_stays_on_record_and_another_begins_with_the_next_step() -> None:
    warned, late = passed(RECEIVED)
    assert (warned.late, warned.due_at) == (0, RECEIVED.due_at)
    assert (late.late, next_at(late), late.standing) == (1, None, H.RECEIVED)
    assigned = done(late, A.ASSIGN, Role.AGENT, unit="JW")
    assert (assigned.late, assigned.due_at is not None) == (1, True)


def test_what_no_row_allows_is_refused() -> None:
    allowed = {(origin, m.act, role) for m in MOVES for origin in m.origins for role in m.roles}
    for standing, act, role in product(Hearing, OpinionAct, Role):
        if (standing, act, role) in allowed:
            assert move_of(standing, act, role).act is act
        else:
            with pytest.raises(NotPermitted):
                move_of(standing, act, role)


def test_an_answer_is_owed_since_the_first_assignment() -> None:  # Art. 21
    assigned = done(RECEIVED, A.ASSIGN, Role.AGENT, unit="JW")
    with pytest.raises(NotPermitted, match="already"):
        done(assigned, A.ASSIGN, Role.AGENT, unit="JW")
    other = done(assigned, A.ASSIGN, Role.AGENT, unit="HP")
    assert (other.unit, other.standing, other.due_at) == ("HP", H.ASSIGNED, assigned.due_at)
