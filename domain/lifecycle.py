"""MOVES: which act, by whom, leads a case from where to where, and the provision it rests on.

Update validators, buttons, 409 texts, the Mermaid diagram and the negative tests all derive from this table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.refusals import NotPermitted
from domain.regulation import Citation, art
from domain.vocabulary import Act, Role, Status

S, A, R = Status, Act, Role


@dataclass(frozen=True)
class Move:
    """One step of the lifecycle. Several targets: which one, the facts decide (a return may escalate)."""

    origin: Status
    act: Act
    roles: tuple[Role, ...]
    targets: tuple[Status, ...]
    basis: Citation | None
    """The provision; None marks a rule of the house."""


CENTRE = (R.AGENT, R.SUPERVISOR)
PERSON = (R.REQUESTER, R.CHANNEL, R.AGENT, R.SUPERVISOR)
UNIT = (R.UNIT, R.UNIT_LEAD)
HANDLER = (*UNIT, R.PARTNER)
"""A partner handles as a unit does (Art. 10(3), 11); what an authority decides on a report is not a partner's."""
IN_HAND = (S.REGISTERED, S.RETURNED)
OPEN = (S.REGISTERED, S.ANSWERED, S.ASSIGNED, S.RETURNED, S.ESCALATED, S.REVIEW, S.CALLBACK, S.SUPERVISED)
OPINION = (S.CLOSED, S.ASSIGNED, S.SUPERVISED)

Rows = Iterable[Move]


def _row(
    origins: Status | tuple[Status, ...],
    act: Act,
    roles: tuple[Role, ...],
    targets: Status | tuple[Status, ...] | None,
    basis: Citation | None = None,
) -> Rows:
    """One move for each origin; no target means that the case stays where it is."""
    for origin in (origins,) if isinstance(origins, Status) else origins:
        goals = (origin,) if targets is None else (targets,) if isinstance(targets, Status) else targets
        yield Move(origin, act, roles, goals, basis)


MOVES: tuple[Move, ...] = (
    # Art. 10: the four ways of the Centre, for what is new and for what came back.
    *_row(IN_HAND, A.ANSWER, CENTRE, S.ANSWERED, art(10, item=1)),
    *_row(IN_HAND, A.TRANSFER, CENTRE, S.ASSIGNED, art(10, item=2)),
    *_row(IN_HAND, A.REFER, CENTRE, S.ASSIGNED, art(10, item=3)),
    *_row(S.REGISTERED, A.DECLINE, CENTRE, S.CLOSED, art(10, item=4)),
    *_row(S.RETURNED, A.DECLINE, (R.SUPERVISOR,), S.CLOSED, art(10, item=4)),
    *_row(S.REGISTERED, A.DECLINE, (R.SYSTEM,), S.CLOSED, art(8, item=1)),
    *_row((*IN_HAND, S.ASSIGNED), A.ESCALATE, CENTRE, S.ESCALATED, art(12, paragraph=2)),
    *_row((*IN_HAND, S.REVIEW, S.SUPERVISED), A.CLAIM, CENTRE, None),
    *_row((*IN_HAND, S.REVIEW, S.SUPERVISED), A.RELEASE, CENTRE, None),
    *_row(OPEN, A.CORRECT, CENTRE, None),
    *_row(OPEN, A.JOIN, CENTRE, None),
    *_row(OPEN, A.DETACH, CENTRE, None),
    *_row(OPEN, A.CEASE, CENTRE, S.CLOSED, art(8, item=3)),
    # Art. 11: the unit's part. A step inside one handling leaves the case where it is.
    *_row(S.ASSIGNED, A.SIGN, HANDLER, S.ASSIGNED),
    *_row(S.ASSIGNED, A.ASK, HANDLER, S.ASSIGNED),
    *_row(S.ASSIGNED, A.EXPLAIN, HANDLER, S.ASSIGNED, art(11, item=2)),
    *_row(S.ASSIGNED, A.REQUEST_EXTENSION, HANDLER, S.ASSIGNED),
    *_row(S.ASSIGNED, A.DECLARE_COMPLEX, HANDLER, S.ASSIGNED, art(11, item=3)),
    *_row(S.ASSIGNED, A.ADMIT, UNIT, S.ASSIGNED, art(9, paragraph=2)),
    *_row(S.ASSIGNED, A.REJECT, UNIT, (S.ASSIGNED, S.REVIEW), art(9, paragraph=2)),
    *_row(S.ASSIGNED, A.RETURN, HANDLER, (S.ASSIGNED, S.RETURNED, S.ESCALATED, S.REVIEW, S.CALLBACK), art(11, item=3)),
    *_row(S.ASSIGNED, A.FEEDBACK, HANDLER, (S.ASSIGNED, S.REVIEW, S.CALLBACK), art(11, item=1)),
    # Art. 12: the Centre follows up; the office designates.
    *_row(S.ASSIGNED, A.GRANT, CENTRE, S.ASSIGNED),
    *_row(S.ASSIGNED, A.DENY, CENTRE, S.ASSIGNED),
    *_row(S.ASSIGNED, A.RECALL, CENTRE, S.RETURNED),
    *_row(S.ASSIGNED, A.RECALL, (R.SYSTEM,), S.RETURNED, art(24)),  # from a partner that is no member any more
    *_row(S.ASSIGNED, A.TRANSFER, CENTRE, S.ASSIGNED, art(10, item=2)),
    *_row(S.REVIEW, A.APPROVE, CENTRE, S.CALLBACK, art(12, paragraph=1)),
    *_row(S.REVIEW, A.TRANSFER, CENTRE, S.ASSIGNED, art(10, item=2)),
    *_row(S.REVIEW, A.SEND_BACK, CENTRE, S.ASSIGNED, art(12, paragraph=1)),
    *_row(S.ESCALATED, A.DESIGNATE, (R.OFFICE,), S.ASSIGNED, art(12, paragraph=2)),
    *_row(S.ASSIGNED, A.REVISE, (R.OFFICE,), S.ASSIGNED, art(12, paragraph=2)),
    *_row(
        (S.ANSWERED, S.ASSIGNED, S.ESCALATED, S.REVIEW, S.CALLBACK, S.SUPERVISED),
        A.OVERRIDE,
        (R.SUPERVISOR,),
        S.RETURNED,
    ),
    *_row(S.SUPERVISED, A.TRANSFER, (R.SUPERVISOR,), S.ASSIGNED, art(12, paragraph=1)),
    *_row(S.SUPERVISED, A.CONCLUDE, (R.SUPERVISOR,), S.CLOSED, art(12, paragraph=1)),
    # Art. 13: the person's word closes.
    *_row(S.ANSWERED, A.RATE, (R.REQUESTER, R.CHANNEL), (S.CLOSED, S.RETURNED, S.SUPERVISED), art(13)),
    *_row(S.ANSWERED, A.LAPSE, (R.SYSTEM,), S.CLOSED, art(13)),
    *_row(S.CALLBACK, A.ATTEMPT, (R.CALLER,), (S.CALLBACK, *OPINION), art(13)),
    *_row(S.CALLBACK, A.RATE, (R.REQUESTER, R.CHANNEL), OPINION, art(13)),
    *_row(S.CALLBACK, A.LAPSE, (R.SYSTEM,), S.CLOSED, art(13)),
    # The person, at any time.
    *_row(OPEN, A.SUPPLEMENT, PERSON, None),
    *_row(OPEN, A.URGE, PERSON, None, art(12, paragraph=1)),
    *_row(OPEN, A.WITHDRAW, PERSON, S.CLOSED),
    *_row(S.CLOSED, A.DISPUTE, PERSON, S.RETURNED),
    # Art. 14: the archive.
    *_row(S.CLOSED, A.LAPSE, (R.SYSTEM,), (S.CLOSED, S.ARCHIVED), art(14)),
    *_row(S.CLOSED, A.SUPPLY, (*CENTRE, *HANDLER), None, art(14)),
    *_row((*OPEN, S.CLOSED), A.RECOMPUTE, (R.SYSTEM,), None),
)

BY_TRIPLE: Mapping[tuple[Status, Act, Role], Move] = {(m.origin, m.act, role): m for m in MOVES for role in m.roles}
FINAL = frozenset(Status) - {m.origin for m in MOVES}


def move(origin: Status, act: Act, by: Role) -> Move:
    """Find the step, or say why there is none (NotPermitted)."""
    found = BY_TRIPLE.get((origin, act, by))
    if found is None:
        elsewhere = sorted({m.origin.value for m in MOVES if m.act is act and by in m.roles})
        where = f"; it may at: {', '.join(elsewhere)}" if elsewhere else ""
        raise NotPermitted(f"{by} may not {act} while the case is {origin}{where}")
    return found


def acts_open_to(origin: Status, role: Role) -> list[Act]:
    """What this role may do now: the buttons of a screen."""
    return [m.act for m in MOVES if m.origin is origin and role in m.roles]


def mermaid() -> str:
    """The lifecycle as a Mermaid state diagram; moves that stay where they are, are left out."""
    lines = ["stateDiagram-v2", "    direction TB", f"    [*] --> {S.REGISTERED}: register"]
    for m in MOVES:
        for target in m.targets:
            if target is not m.origin:
                lines.append(f"    {m.origin} --> {target}: {m.act.zh} {m.act} ({m.basis or 'house'})")
    lines += [f"    {status} --> [*]" for status in sorted(FINAL)]
    return "\n".join(lines) + "\n"
