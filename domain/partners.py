"""Partners (加盟企业与社会力量): how one joins, is suspended, heard, ended, and may appeal (Art. 10(3), 20, 24)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from domain.calendar import Calendar
from domain.limits import SHANGHAI, Term, due, end_of
from domain.refusals import Lacking, NotPermitted, NotYours, TooLate
from domain.regulation import Citation, art
from domain.ruleset import PartnerTerms
from domain.vocabulary import Fault, MemberAct, Membership, Paper, PartnerKind, Role, Service

A, M = MemberAct, Membership
ADMISSION, ENDING = art(20), art(24)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A paper that was shown: its number, and its last day if it has one."""

    paper: Paper
    number: str
    valid_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """Who it is, and what it does where and when. `districts`: none for the whole city; hours are local."""

    zh: str
    kind: PartnerKind
    services: tuple[Service, ...]
    phone: str
    credit_code: str | None = None
    districts: tuple[str, ...] = ()
    opens: str = "00:00"
    closes: str = "24:00"
    papers: tuple[Shown, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Partner:
    """One partner, where it stands, and by whose word. Instants in UTC."""

    code: str
    particulars: Particulars
    standing: Membership = M.APPLIED
    entered_by: str
    """Who took the application in."""
    set_by: str
    """Who brought it there."""
    set_at: datetime
    due_at: datetime | None = None
    """When the period that runs now ends; None: none runs."""
    fault: Fault | None = None
    heard: bool = False
    """It has stated its case since notice was given."""
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Doing:
    """One act: whose, when, with what."""

    act: MemberAct
    actor: str
    role: Role
    at: datetime
    fault: Fault | None = None
    particulars: Particulars | None = None


@dataclass(frozen=True)
class Move:
    """From where, what, by whom, where to (None: it stays). No basis: an institution of the house."""

    origins: tuple[Membership, ...]
    act: MemberAct
    roles: tuple[Role, ...]
    target: Membership | None
    basis: Citation | None = None
    period: str | None = None
    """What runs from then on (`PartnerTerms`); an application's decision runs until it is decided."""
    another: bool = False
    """Not by who brought it where it stands."""


AGENTS, HEAD, OWN, OFFICE = (Role.AGENT, Role.SUPERVISOR), (Role.SUPERVISOR,), (Role.PARTNER,), (Role.OFFICE,)

MOVES = (
    Move((M.APPLIED,), A.AMEND, AGENTS, None, ADMISSION),
    Move((M.ACTIVE, M.SUSPENDED), A.AMEND, HEAD, None, ADMISSION, another=True),
    Move((M.APPLIED,), A.CHECK, AGENTS, M.CHECKED, ADMISSION, "decision"),
    Move((M.CHECKED,), A.ADMIT, HEAD, M.ACTIVE, ADMISSION, another=True),
    Move((M.APPLIED, M.CHECKED), A.REFUSE, HEAD, M.REFUSED, ADMISSION),
    Move((M.ACTIVE,), A.SUSPEND, HEAD, M.SUSPENDED),
    Move((M.SUSPENDED,), A.RESUME, HEAD, M.ACTIVE),
    Move((M.ACTIVE, M.SUSPENDED), A.NOTIFY, HEAD, M.HEARING, ENDING, "hearing"),
    Move((M.HEARING,), A.STATE, OWN, None),
    Move((M.HEARING,), A.RETAIN, HEAD, M.ACTIVE, ENDING),
    Move((M.HEARING,), A.TERMINATE, HEAD, M.TERMINATED, ENDING, "appeal", another=True),
    Move((M.TERMINATED,), A.APPEAL, OWN, M.APPEALED, None, "appeal_decision"),
    Move((M.APPEALED,), A.UPHOLD, OFFICE, M.EXCLUDED, ENDING),
    Move((M.APPEALED,), A.REINSTATE, OFFICE, M.ACTIVE, ENDING),
    Move((M.ACTIVE, M.SUSPENDED), A.LEAVE, OWN, M.LEFT),
)
"""Who may do what, and what follows."""

TAKES_BACK = frozenset({A.SUSPEND, A.NOTIFY, A.LEAVE})
"""After these it has nothing in hand: the Centre sends what it had to others (Art. 24). One whose paper has expired ends
what it has begun."""

ENDED = frozenset(M) - {origin for move in MOVES for origin in move.origins}
"""Where nothing follows but a new application."""

WANTED: Mapping[PartnerKind, frozenset[Paper]] = {
    PartnerKind.ENTERPRISE: frozenset({Paper.REGISTRATION, Paper.PRICES, Paper.PLEDGE}),
    PartnerKind.ORGANISATION: frozenset({Paper.REGISTRATION, Paper.PLEDGE}),
    PartnerKind.VOLUNTEERS: frozenset({Paper.PLEDGE}),
}
"""The papers without which nobody is found in order."""

LICENSED = frozenset({Service.LOCKS, Service.LAW})
"""Services that ask for a licence of the trade as well."""

GRAVE = frozenset({Fault.ILLEGAL, Fault.CONSUMERS})
"""What Art. 24 lets the Centre end a membership for."""


def code_of(given: Particulars) -> str:
    """By which a partner is known: the organisation's own part of its credit code, else made of its name."""
    return f"P-{given.credit_code[8:17] if given.credit_code else sha256(given.zh.encode()).hexdigest()[:9].upper()}"


def apply(
    former: Partner | None,
    given: Particulars,
    doing: Doing,
    terms: PartnerTerms,
    calendar: Calendar,
    alike: Iterable[Partner] = (),
) -> Partner:
    """A new application, whose decision is due within the house's limit; the same again changes nothing.

    `alike`: others of this name or telephone. NotPermitted: it has a membership, or was excluded, be it under another
    code, and may not apply yet (Art. 24).
    """
    if former and former.standing is M.APPLIED and former.particulars == given:
        return former
    if former and former.standing not in ENDED:
        raise NotPermitted(f"it has a membership, or an application: {former.code}", ADMISSION)
    known = [*alike, former] if former else alike
    if any(each.standing is M.EXCLUDED and (doing.at - each.set_at).days < terms.readmission_days for each in known):
        raise NotPermitted(f"whoever was excluded may apply again after {terms.readmission_days} days", ENDING)
    return Partner(
        code=code_of(given),
        particulars=given,
        entered_by=doing.actor,
        set_by=doing.actor,
        set_at=doing.at,
        due_at=_ends(doing.at, terms.decision, calendar),
        version=former.version + 1 if former else 1,
    )


def decide(partner: Partner, doing: Doing, terms: PartnerTerms, calendar: Calendar) -> Partner:
    """The partner after this act, or a Refusal."""
    move = move_of(partner.standing, doing.act, doing.role)
    if move.another and doing.actor in _before(partner, doing):
        raise NotYours("another officer than the one before decides this", move.basis)
    if check := CHECKS.get(doing.act):
        check(partner, doing)
    after = replace(
        partner,
        version=partner.version + 1,
        particulars=doing.particulars or partner.particulars,
        fault=doing.fault or (None if move.target is M.ACTIVE else partner.fault),
        heard=doing.act is A.STATE or (partner.heard and move.target is not M.ACTIVE),
    )
    if move.target:
        after = replace(after, standing=move.target, set_by=doing.actor, set_at=doing.at)
    return replace(after, due_at=_due(partner, after, move, terms, calendar))


def _before(partner: Partner, doing: Doing) -> set[str]:
    """Whose word it was before: who brought it where it stands, and who took in what is now admitted."""
    return {partner.set_by, partner.entered_by} if doing.act is A.ADMIT else {partner.set_by}


def _due(before: Partner, after: Partner, move: Move, terms: PartnerTerms, calendar: Calendar) -> datetime | None:
    """When what runs now ends: while it is active its papers', else the period of the move."""
    if after.standing is M.ACTIVE:
        days = [shown.valid_until for shown in after.particulars.papers if shown.valid_until]
        return end_of(min(days)) if days else None
    if move.target is None or move.target is M.CHECKED:
        return before.due_at
    return _ends(after.set_at, getattr(terms, move.period), calendar) if move.period else None


def move_of(standing: Membership, act: MemberAct, role: Role) -> Move:
    """Find the step, or say why there is none (NotPermitted)."""
    for move in MOVES:
        if move.act is act and standing in move.origins and role in move.roles:
            return move
    raise NotPermitted(f"{act} is not for {role} while it is {standing}", ADMISSION)


LAPSES: Mapping[Membership, Membership] = {M.TERMINATED: M.EXCLUDED, M.ACTIVE: M.SUSPENDED}
"""Where a period's end leads: nobody appealed, or a paper has expired. Elsewhere it is only over, or the Centre late."""


def lapse(partner: Partner) -> Partner:
    """The period that runs has ended."""
    after = replace(partner, due_at=None, version=partner.version + 1)
    if partner.due_at is None or partner.standing not in LAPSES:
        return after
    after = replace(after, standing=LAPSES[partner.standing], set_by=Role.SYSTEM.value, set_at=partner.due_at)
    return replace(after, fault=Fault.EXPIRED) if partner.standing is M.ACTIVE else after


def _in_order(partner: Partner, doing: Doing) -> None:
    """Every paper that is wanted was shown, and none that was shown has expired on that day (Art. 20)."""
    given, today = doing.particulars or partner.particulars, doing.at.astimezone(SHANGHAI).date()
    wanted = WANTED[given.kind] | ({Paper.LICENCE} if LICENSED & {*given.services} else set())
    expired = {shown.paper for shown in given.papers if shown.valid_until is not None and shown.valid_until < today}
    if missing := sorted(wanted - {shown.paper for shown in given.papers} | expired):
        raise Lacking(f"papers that were not shown, or have expired: {', '.join(missing)}", ADMISSION)


def _itself(partner: Partner, doing: Doing) -> None:
    """Whoever it was, it stays; a member's papers stay in order (Art. 20)."""
    before, after = partner.particulars, doing.particulars
    assert after is not None
    if (before.kind, before.credit_code) != (after.kind, after.credit_code) or code_of(before) != code_of(after):
        raise NotPermitted("another organisation applies for itself: kind and credit code stay", ADMISSION)
    if partner.standing is not M.APPLIED:
        _in_order(partner, doing)


def _at_fault(partner: Partner, doing: Doing) -> None:
    if doing.fault is None:
        raise Lacking("name the fault", ENDING)
    if doing.act is A.NOTIFY and doing.fault not in GRAVE:
        raise Lacking(f"a membership is ended for: {', '.join(sorted(GRAVE))}", ENDING)


def _heard(partner: Partner, doing: Doing) -> None:
    if partner.due_at is not None and doing.at < partner.due_at and not partner.heard:
        raise NotPermitted("it has not stated its case, and the time for it has not ended", ENDING)


def _in_time(partner: Partner, doing: Doing) -> None:
    if partner.due_at is None or doing.at >= partner.due_at:
        raise TooLate("the time for an appeal has ended")


CHECKS: Mapping[MemberAct, Callable[[Partner, Doing], None]] = {
    A.AMEND: _itself,
    A.CHECK: _in_order,
    A.ADMIT: _in_order,
    A.RESUME: _in_order,
    A.SUSPEND: _at_fault,
    A.NOTIFY: _at_fault,
    A.TERMINATE: _heard,
    A.APPEAL: _in_time,
}
"""What an act asks for beside the move."""


def _ends(start: datetime, term: Term, calendar: Calendar) -> datetime:
    return due(start, term, calendar).due
