"""A joint case (并案): many cases about one thing, handled once. What is done there reaches each case as an act of its own.

Each keeps its clocks, its file and its person's callback (Art. 13). An institution of the house: the law knows one request.
"""

from __future__ import annotations

from domain.case import Case, Deed
from domain.closing import go_alone, require
from domain.refusals import Lacking, NotPermitted, Refusal
from domain.regulation import art
from domain.step import Line, Step
from domain.vocabulary import Act, Matter, Status, Text

CARRIED = frozenset(
    {
        Act.ANSWER, Act.TRANSFER, Act.REFER, Act.ESCALATE, Act.RECALL, Act.GRANT, Act.DENY, Act.APPROVE, Act.SEND_BACK,
        Act.SIGN, Act.EXPLAIN, Act.REQUEST_EXTENSION, Act.DECLARE_COMPLEX, Act.RETURN, Act.FEEDBACK, Act.DESIGNATE,
    }
)  # fmt: skip
"""What is done once for all. The rest is one person's, or of one case: their calls, words, reports and withdrawals."""

ENDED = (Status.CLOSED, Status.ARCHIVED)
"""Where each case must stand before the joint case is closed."""


def join(step: Step, deed: Deed, line: Line) -> Status:
    """From now on what is done there reaches this case; what was done before does not."""
    if deed.joint is None:
        raise Lacking("name the joint case")
    if step.case.joint:
        raise NotPermitted(f"it is a part of {step.case.joint}: detach it first")
    if refusal := barred(step.case):
        raise refusal
    step.set(joint=deed.joint)
    return step.case.status


def detach(step: Step, deed: Deed, line: Line) -> Status:
    """It goes on alone, from where it stands, by its own clocks."""
    require(deed, Text.REASON)
    if step.case.joint is None:
        raise NotPermitted("it is a part of no joint case")
    line.detail.update(joint=step.case.joint)
    step.set(joint=None)
    return step.case.status


def barred(case: Case) -> Refusal | None:
    """What many units' clerks read is not for whoever complains about staff or reports unlawful conduct."""
    if case.report or case.matter is Matter.STAFF:
        return NotPermitted("a report, or a complaint about staff, is handled alone", art(9, paragraph=2))
    return None


def reached(step: Step, deed: Deed, line: Line) -> None:
    """An act of a joint case reaches only what is still a part of it; it is on record as such."""
    if deed.joint is None:
        return
    if deed.act is not Act.JOIN and step.case.joint != deed.joint:
        raise NotPermitted(f"it is no part of {deed.joint}")
    line.detail.update(joint=deed.joint)


def leave(step: Step, line: Line) -> None:
    """A correction has made it a case that is handled alone."""
    if barred(step.case):
        go_alone(step, line)
