"""Opinions of deputies, CPPCC members, journalists, the public (社会监督意见): heard and answered (Art. 21)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.calendar import Calendar
from domain.case import CENTRE
from domain.limits import Term, before, due
from domain.refusals import Lacking, MovedOn, NotPermitted, NotYours
from domain.regulation import art
from domain.ruleset import OpinionTerms
from domain.vocabulary import Hearing, OpinionAct, Role, Voice

A, H = OpinionAct, Hearing
RESPONSE = art(21)


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """One opinion, where it stands, and in whose hands. Instants in UTC. What it says stands beside it, not here."""

    id: str
    voice: Voice
    reference: str
    """The number under which it came in (来文编号)."""
    received_at: datetime
    standing: Hearing = H.RECEIVED
    unit: str | None = None
    """Who is to answer: a unit, or the Centre itself."""
    answered_by: str | None = None
    worded_by: str | None = None
    """Who worded what everybody is to read, where that is not what was said and answered."""
    warn_at: datetime | None = None
    due_at: datetime | None = None
    late: int = 0
    """How many of its limits were not kept."""
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Doing:
    """One act: whose, when, with what. `unit`: the actor's own, or the one that is to answer."""

    act: OpinionAct
    actor: str
    role: Role
    at: datetime
    unit: str | None = None
    seen: int | None = None
    """The version that whoever decides has read."""


@dataclass(frozen=True)
class Move:
    """From where, what, by whom, where to (None: it stays), and which limit begins."""

    origins: tuple[Hearing, ...]
    act: OpinionAct
    roles: tuple[Role, ...]
    target: Hearing | None
    limit: str | None = None


CENTRE_STAFF, UNITS, HEAD = (Role.AGENT, Role.SUPERVISOR), (Role.UNIT, Role.UNIT_LEAD), (Role.SUPERVISOR,)

MOVES = (
    Move((H.RECEIVED,), A.ASSIGN, CENTRE_STAFF, H.ASSIGNED, "answer"),
    Move((H.ASSIGNED,), A.ASSIGN, CENTRE_STAFF, None),  # the limit runs on
    Move((H.ASSIGNED,), A.ANSWER, (*UNITS, *CENTRE_STAFF), H.ANSWERED, "publish"),
    Move((H.ANSWERED,), A.SEND_BACK, HEAD, H.ASSIGNED, "answer"),
    Move((H.ANSWERED,), A.REWORD, CENTRE_STAFF, None),
    Move((H.ANSWERED,), A.PUBLISH, HEAD, H.PUBLISHED),
    Move((H.ANSWERED,), A.KEEP, HEAD, H.KEPT),
    Move((H.ANSWERED, H.PUBLISHED, H.KEPT), A.EFFECT, HEAD, None),
)
"""Who may do what, and what follows; all of it the response that Art. 21 asks for, by rules of the house."""

ENDED = frozenset({H.PUBLISHED, H.KEPT})
"""Where no limit runs any more."""


def receive(id: str, voice: Voice, reference: str, at: datetime, terms: OpinionTerms, calendar: Calendar) -> Opinion:
    """A new opinion: the Centre says within its limit who answers. Its ID is public, the number it came under is not."""
    opinion = Opinion(id=id, voice=voice, reference=reference, received_at=at)
    return _begin(opinion, at, terms.assign, terms, calendar)


def decide(opinion: Opinion, doing: Doing, terms: OpinionTerms, calendar: Calendar) -> Opinion:
    """The opinion after this act, or a Refusal."""
    move = move_of(opinion.standing, doing.act, doing.role)
    _may(opinion, doing)
    after = replace(opinion, version=opinion.version + 1, standing=move.target or opinion.standing)
    if doing.act is A.ASSIGN:
        after = replace(after, unit=doing.unit)
    if doing.act is A.ANSWER:
        after = replace(after, answered_by=doing.actor, worded_by=None)
    if doing.act is A.REWORD:
        after = replace(after, worded_by=doing.actor)
    if move.target is None:
        return after
    if move.limit is None:
        return replace(after, warn_at=None, due_at=None)
    return _begin(after, doing.at, getattr(terms, move.limit), terms, calendar)


def _begin(opinion: Opinion, at: datetime, term: Term, terms: OpinionTerms, calendar: Calendar) -> Opinion:
    ends = due(at, term, calendar).due
    return replace(opinion, warn_at=max(at, before(ends, terms.warn, calendar)), due_at=ends)


def move_of(standing: Hearing, act: OpinionAct, role: Role) -> Move:
    """Find the step, or say why there is none (NotPermitted)."""
    for move in MOVES:
        if move.act is act and standing in move.origins and role in move.roles:
            return move
    raise NotPermitted(f"{act} is not for {role} while it is {standing}", RESPONSE)


def _may(opinion: Opinion, doing: Doing) -> None:
    """Who is to answer answers; who answered, or worded what is to be public, does not decide on it."""
    if doing.act is A.ASSIGN and doing.unit is None:
        raise Lacking("name the unit that is to answer, or `centre`", RESPONSE)
    if doing.act is A.ASSIGN and doing.unit == opinion.unit:
        raise NotPermitted(f"{doing.unit} is to answer it already", RESPONSE)
    if doing.act is A.ANSWER and (doing.unit or CENTRE) != opinion.unit:
        raise NotYours("another unit is to answer it", RESPONSE)
    if doing.act in (A.PUBLISH, A.KEEP) and doing.actor in (opinion.answered_by, opinion.worded_by):
        raise NotYours("whoever answered, or worded it, does not decide on its publication", RESPONSE)
    if doing.seen not in (None, opinion.version):
        raise MovedOn(f"the opinion is at version {opinion.version}, not {doing.seen}: read it again")


def next_at(opinion: Opinion) -> datetime | None:
    """When something follows by itself: first the warning, then the end of the limit."""
    return opinion.warn_at or opinion.due_at


def lapse(opinion: Opinion) -> tuple[OpinionAct, Opinion]:
    """What follows at `next_at`: a warning, or that the limit was not kept; both are on record, nothing else comes of it."""
    on = opinion.version + 1
    if opinion.warn_at is not None:
        return A.WARN, replace(opinion, warn_at=None, version=on)
    return A.LAPSE, replace(opinion, due_at=None, late=opinion.late + 1, version=on)
