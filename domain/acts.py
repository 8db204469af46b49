"""DUTIES: which function carries out which act; and the three ways in which a case takes a step.

`decide` for what somebody did, `strike` for what a clock brings, `recompute` for a new holiday notice. All are pure:
the ledger calls them inside its transaction, the workflow's validator calls `decide` for the refusal alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from domain import acceptance, archive, callback, closing, handling, joint, requester, routing
from domain.calendar import Calendar
from domain.case import Deed, File, Rung, RunningClock
from domain.lifecycle import BY_TRIPLE, move
from domain.limits import Term
from domain.refusals import MovedOn, NotPermitted, NotYours
from domain.ruleset import rule_sets
from domain.step import Line, Result, Step
from domain.vocabulary import Act, Clock, Mark, Role, Status

Duty = Callable[[Step, Deed, Line], Status]


def _recompute(step: Step, deed: Deed, line: Line) -> Status:
    """A notice was published: working-day clocks are derived anew, never to less than was announced."""
    for running in step.file.clocks:
        if running.term is None or Term.parse(running.term).in_working_days:
            step.recompute(running)
    return step.case.status


DUTIES: dict[Act, Duty] = {
    Act.CLAIM: routing.claim,
    Act.RELEASE: routing.release,
    Act.CORRECT: routing.correct,
    Act.ANSWER: routing.answer,
    Act.TRANSFER: routing.transfer,
    Act.REFER: routing.refer,
    Act.DECLINE: acceptance.decline,
    Act.ESCALATE: routing.escalate,
    Act.RECALL: routing.recall,
    Act.GRANT: handling.grant,
    Act.DENY: handling.deny,
    Act.APPROVE: handling.approve,
    Act.SEND_BACK: handling.send_back,
    Act.CEASE: closing.cease,
    Act.OVERRIDE: closing.override,
    Act.CONCLUDE: closing.conclude,
    Act.SUPPLY: archive.supply,
    Act.JOIN: joint.join,
    Act.DETACH: joint.detach,
    Act.SIGN: handling.sign,
    Act.ASK: handling.ask,
    Act.EXPLAIN: handling.explain,
    Act.REQUEST_EXTENSION: handling.request_extension,
    Act.DECLARE_COMPLEX: handling.declare_complex,
    Act.ADMIT: handling.admit,
    Act.REJECT: handling.reject,
    Act.RETURN: handling.give_back,
    Act.FEEDBACK: handling.feedback,
    Act.DESIGNATE: routing.designate,
    Act.REVISE: routing.revise,
    Act.ATTEMPT: callback.attempt,
    Act.RATE: callback.rate,
    Act.SUPPLEMENT: requester.supplement,
    Act.URGE: requester.urge,
    Act.WITHDRAW: closing.withdraw,
    Act.DISPUTE: closing.dispute,
    Act.RECOMPUTE: _recompute,
}

LAPSES: dict[Clock, Status] = {
    Clock.RATING: Status.ANSWERED,
    Clock.TRACKING: Status.CALLBACK,
    Clock.DISPUTE: Status.CLOSED,
}
"""Windows whose end moves the case, and where the case stands while they are open."""

LOOK_AGAIN = timedelta(seconds=30)
"""How long a mark waits for a deed that arrived in time and is not applied yet."""

REPROACHES = frozenset({Mark.NOTICED, Mark.BULLETINED})
"""What follows from a breach: whoever acted before its instant is spared it, however late the platform applies the act."""


def decide(file: File, deed: Deed, calendar: Calendar, now: datetime | None = None) -> Result:
    """What a deed does to the case, or a Refusal with the provision.

    Its arrival decides whether it is in time; the clocks that it starts count from `now` (None: it did not wait).
    """
    case = file.case
    found = move(case.status, deed.act, deed.role)
    for_the_person = (case.status, deed.act, Role.REQUESTER) in BY_TRIPLE
    if deed.role is Role.AGENT and not for_the_person and case.holder not in (None, deed.actor):
        raise NotYours("claimed by another agent")
    if deed.act not in DUTIES:
        raise NotPermitted(f"no deed brings a {deed.act}: the clock does")
    if deed.seen not in (None, case.version):
        raise MovedOn(f"the case is at version {case.version}, not {deed.seen}: read it again")
    step = Step(file, rule_sets()[case.rule_set], calendar, deed.received_at, deed, now)
    line = step.record(deed.act, found.basis)
    joint.reached(step, deed, line)
    target = DUTIES[deed.act](step, deed, line)
    assert target in found.targets, f"{deed.act} led to {target}, which MOVES does not list"
    return step.finish(target)


def check(file: File, deed: Deed) -> None:
    """Raise the Refusal that the deed would meet; the due instants that it would begin are nobody's concern here."""
    decide(file, deed, _NO_CALENDAR)


_NO_CALENDAR = Calendar(version=0, days={}, published_through=date.max)


def in_time(running: RunningClock, rung: Rung) -> datetime:
    """Before which instant a deed must have arrived to be spared what this rung brings."""
    return rung.at if rung.mark in REPROACHES else running.due


def strike(
    file: File, running: RunningClock, rung: Rung, calendar: Calendar, now: datetime, awaited: bool = False
) -> Result:
    """What a clock brings when an instant on its ladder comes.

    `awaited`: a deed that arrived `in_time` still waits to be applied, so a window does not end yet, and no further
    reproach is made.
    """
    step = Step(file, rule_sets()[file.case.rule_set], calendar, now)
    lapses = rung.mark is Mark.LAPSED and LAPSES.get(running.clock) is file.case.status
    if awaited and (lapses or rung.mark in REPROACHES):
        step.postpone(running, rung, now + LOOK_AGAIN)
        return step.finish(file.case.status)
    step.strike(running, rung)
    step.mark(running, rung)
    if not lapses:
        return step.finish(file.case.status)
    if running.clock is Clock.DISPUTE:
        step.stop(Clock.DISPUTE)
        return step.finish(Status.CLOSED)
    return step.finish(callback.lapse(step))
