"""How a case ends: closed with an outcome, open to dispute for a while, then ready for the archive."""

from __future__ import annotations

from domain.case import CENTRE, Deed
from domain.refusals import Lacking, TooLate
from domain.regulation import art
from domain.step import Line, Step
from domain.vocabulary import Clock, Outcome, Role, Status, Text


def close(step: Step, outcome: Outcome) -> Status:
    """Stop everything; open the dispute window where the rule set grants one for this outcome."""
    step.recall_all()
    step.stop()
    step.set(outcome=outcome, desk=step.case.number, call_at=None)
    if outcome in step.rules.disputable:
        step.arm(Clock.DISPUTE, CENTRE)
    return Status.CLOSED


def reopen(step: Step) -> Status:
    """Back into the Centre's hands, to be sent out anew."""
    step.stop()
    step.set(outcome=None, desk=step.case.number, call_at=None)
    step.arm(Clock.REDISPATCH, CENTRE)
    return Status.RETURNED


def cease(step: Step, deed: Deed, line: Line) -> Status:
    """Litigation, arbitration, reconsideration or petition review began while the case was handled (Art. 8(3))."""
    if deed.procedure is None:
        raise Lacking("name the statutory procedure", art(8, item=3))
    require(deed, Text.REASON)
    line.detail.update(procedure=deed.procedure)
    return close(step, Outcome.CEASED)


def withdraw(step: Step, deed: Deed, line: Line) -> Status:
    """By the person; or relayed by somebody else, with the reason: the person is told, and may dispute it."""
    if deed.role is Role.REQUESTER:
        return close(step, Outcome.WITHDRAWN)
    require(deed, Text.REASON)
    status = close(step, Outcome.WITHDRAWN)
    step.arm(Clock.DISPUTE, CENTRE)
    return status


def dispute(step: Step, deed: Deed, line: Line) -> Status:
    """The person does not accept the closure: in time, the case is handled again, and alone."""
    window = step.file.clock(Clock.DISPUTE, CENTRE)
    if window is None or deed.received_at >= window.due:
        raise TooLate("the dispute window is over; a new request may refer to this one")
    require(deed, Text.REASON)
    go_alone(step, line)
    return reopen(step)


def go_alone(step: Step, line: Line) -> None:
    """It is a part of no joint case from now on: that one may be closed already."""
    if step.case.joint:
        line.detail.update(left=step.case.joint)
        step.set(joint=None)


def override(step: Step, deed: Deed, line: Line) -> Status:
    """A supervisor takes the case back from wherever it is, with a reason."""
    require(deed, Text.REASON)
    step.recall_all()
    return reopen(step)


def conclude(step: Step, deed: Deed, line: Line) -> Status:
    """Supervision ends, with a reason, on the person's last word: not resolved."""
    require(deed, Text.REASON)
    return close(step, Outcome.UNRESOLVED)


def require(deed: Deed, text: Text) -> None:
    """An act that needs a text came without one: Lacking."""
    if text not in deed.notes:
        raise Lacking(f"{deed.act} needs a {text}")
