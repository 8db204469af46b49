"""What the person does while the case is open: supplement and urge. (Withdraw and dispute: `closing`; rate: `callback`.)"""

from __future__ import annotations

from domain.case import Deed
from domain.closing import require
from domain.regulation import art
from domain.step import Line, Step
from domain.vocabulary import Mark, Status, Text


def supplement(step: Step, deed: Deed, line: Line) -> Status:
    """More facts, or the answer to a unit's question; or the statement that enforcement infringed rights (Art. 9 ¶3)."""
    require(deed, Text.REQUEST)
    if deed.infringement and not step.case.infringement:
        hand_over(step)
    return step.case.status


def urge(step: Step, deed: Deed, line: Line) -> Status:
    """Recorded and shown to the unit; never a second case, and no due instant moves (Art. 12 ¶1)."""
    step.set(urges=step.case.urges + 1)
    line.detail.update(urges=step.case.urges)
    return step.case.status


def hand_over(step: Step) -> None:
    """Queue the person's statement for the enforcement-supervision platform; once said, nobody clears it."""
    step.set(infringement=True)
    step.handover = True
    step.record(Mark.HANDED_OVER, art(9, paragraph=3))
