"""One unit's handling (Art. 11): sign for, explain, extend, give back, report; and the Centre's decisions on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.callback import begin
from domain.case import CENTRE, Assignment, Deed, RunningClock
from domain.closing import reopen, require
from domain.limits import end_of
from domain.refusals import Lacking, NotPermitted, NotYours, TooLate
from domain.regulation import art
from domain.routing import again, to_office
from domain.step import Line, Step
from domain.vocabulary import Clock, Handling, Mark, Matter, Part, Status, Text


def sign(step: Step, deed: Deed, line: Line) -> Status:
    """The unit has it in hand. The return window counts from delivery, not from here."""
    mine = _mine(step, deed)
    if mine.handling is not Handling.DELIVERED:
        raise NotPermitted("already signed for")
    step.put(replace(mine, handling=Handling.SIGNED, signed_at=deed.received_at))
    step.stop(Clock.SIGN, mine.unit)
    return Status.ASSIGNED


def ask(step: Step, deed: Deed, line: Line) -> Status:
    """Ask the person for information; they answer by a supplement. The clock runs."""
    _mine(step, deed)
    require(deed, Text.QUESTION)
    return Status.ASSIGNED


def explain(step: Step, deed: Deed, line: Line) -> Status:
    """The duty to explain a delay beforehand. A late explanation is recorded too: as a breach (Art. 11(2))."""
    mine = _mine(step, deed)
    require(deed, Text.REASON)
    if deed.received_at >= _clock(step, Clock.HANDLING, mine).due + step.slept_away(mine.unit):
        line.detail.update(late=True)
        step.record(Mark.BREACH, art(11, item=2), mine.unit, why="explained_after_expiry")
    return Status.ASSIGNED


def request_extension(step: Step, deed: Deed, line: Line) -> Status:
    """A house institution: asked for before expiry, with a day. The unit's clock runs on, and so does the Centre's."""
    mine = _mine(step, deed)
    require(deed, Text.REASON)
    handling = _clock(step, Clock.HANDLING, mine)
    if deed.received_at >= handling.due:
        raise TooLate("an extension is asked for before expiry")
    if mine.extension:
        raise NotPermitted("an extension is already asked for")
    if deed.until is None or _end_of(step, deed) <= handling.due:
        raise Lacking("propose a day after the present one")
    step.put(replace(mine, extension=deed.until))
    step.arm(Clock.EXTENSION, CENTRE, about=mine.unit)
    line.detail.update(until=deed.until.isoformat())
    return Status.ASSIGNED


def grant(step: Step, deed: Deed, line: Line) -> Status:
    """The Centre grants the proposed day, or another that it names; never less than what its own delay gives back."""
    theirs, _ = _asked(step, deed)
    granted = replace(deed, until=deed.until or theirs.extension)
    handling = _clock(step, Clock.HANDLING, theirs)
    to = _end_of(step, granted)
    if to <= max(handling.due, step.at):
        raise Lacking("grant a day after the present one, and still to come")
    to = max(to, handling.due + step.slept_away(theirs.unit))
    _decided(step, theirs)
    step.move_due(handling, to, "extension_granted")
    line.detail.update(until=to.isoformat())
    return Status.ASSIGNED


def deny(step: Step, deed: Deed, line: Line) -> Status:
    """Denied, with a reason. Time that the Centre took beyond its own limit is not the unit's: it is given back."""
    theirs, _ = _asked(step, deed)
    require(deed, Text.REASON)
    step.charge_centre(theirs.unit)
    _decided(step, theirs)
    return Status.ASSIGNED


def declare_complex(step: Step, deed: Deed, line: Line) -> Status:
    """Complex or difficult, with the ground, before the first day ends: two working days to give back (Art. 11(3))."""
    mine = _mine(step, deed)
    require(deed, Text.REASON)
    if mine.complex:
        raise NotPermitted("already declared complex")
    window = _return_window(step, mine, deed)
    step.put(replace(mine, complex=True))
    step.arm(Clock.RETURN, mine.unit, start=window.start, complex=True, why="declared_complex")
    return Status.ASSIGNED


def admit(step: Step, deed: Deed, line: Line) -> Status:
    """The competent unit accepts the report; the person is told (Art. 9 ¶2)."""
    mine = _undecided(step, deed)
    step.put(replace(mine, admitted=True))
    step.stop(Clock.ADMISSION, mine.unit)
    return Status.ASSIGNED


def reject(step: Step, deed: Deed, line: Line) -> Status:
    """It does not accept the report: the person is told why, and the Centre reviews it (Art. 9 ¶2)."""
    mine = _undecided(step, deed)
    require(deed, Text.PUBLIC)
    step.end(mine, Handling.DONE, admitted=False, signed_at=mine.signed_at or deed.received_at)
    if step.file.active():
        return Status.ASSIGNED
    return _review(step)


def give_back(step: Step, deed: Deed, line: Line) -> Status:
    """Not this unit's business: within one working day of delivery, two if complex, with the reason (Art. 11(3))."""
    mine = _mine(step, deed)
    require(deed, Text.REASON)
    _return_window(step, mine, deed)
    step.set(returns=step.case.returns + 1)
    line.detail.update(returns=step.case.returns, disputed=deed.disputed or None)
    step.end(mine, Handling.RETURNED)
    if deed.disputed or step.case.returns >= step.rules.numbers.returns_before_escalation:
        return to_office(step)
    if mine.part is Part.ASSISTING:
        return _settle(step)
    step.recall_all()
    return reopen(step)


def feedback(step: Step, deed: Deed, line: Line) -> Status:
    """The result: replied to the person, reported to the Centre (Art. 11(1)). Late is late, but never refused."""
    mine = _mine(step, deed)
    require(deed, Text.PUBLIC)
    if step.file.clock(Clock.ADMISSION, mine.unit):
        raise NotPermitted("decide first whether the report is accepted", art(9, paragraph=2))
    step.charge_centre(mine.unit)
    late = deed.received_at >= _clock(step, Clock.HANDLING, mine).due
    line.detail.update(replied=deed.replied, late=late or None)
    step.end(mine, Handling.DONE, replied=deed.replied, late=late, signed_at=mine.signed_at or deed.received_at)
    return _settle(step)


def send_back(step: Step, deed: Deed, line: Line) -> Status:
    """The Centre finds the result wanting: to be done again, with the reason."""
    require(deed, Text.REASON)
    return again(step)


def approve(step: Step, deed: Deed, line: Line) -> Status:
    return begin(step)


def _settle(step: Step) -> Status:
    """When the last unit has reported there is one result: to review where the rule set wants it, else to the callback."""
    if step.file.active():
        return Status.ASSIGNED
    if review_grounds(step) & step.rules.review:
        return _review(step)
    return begin(step)


def _review(step: Step) -> Status:
    step.stop()
    step.arm(Clock.REVIEW, CENTRE)
    return Status.REVIEW


def review_grounds(step: Step) -> set[str]:
    """Why the Centre might look at a result before it calls the person; the rule set names the grounds that count."""
    case = step.case
    parts = [a for a in step.file.assignments if a.round == case.round]
    grounds = {
        "redone": case.redos > 0,
        "overdue": any(part.late for part in parts),
        "staff": case.matter is Matter.STAFF,
        "report": case.report is not None,
        "several": len(parts) > 1,
        "always": True,
    }
    return {ground for ground, holds in grounds.items() if holds}


def _mine(step: Step, deed: Deed) -> Assignment:
    """The acting unit's own running handling, or NotYours."""
    found = step.file.assignment(deed.unit)
    if found is None or not found.active:
        raise NotYours("no open assignment of this unit")
    return found


def _asked(step: Step, deed: Deed) -> tuple[Assignment, RunningClock]:
    theirs = _mine(step, deed)
    decision = step.file.clock(Clock.EXTENSION, CENTRE, theirs.unit)
    if decision is None:
        raise NotPermitted("no extension is asked for")
    return theirs, decision


def _decided(step: Step, theirs: Assignment) -> None:
    step.put(replace(theirs, extension=None))
    step.stop(Clock.EXTENSION, about=theirs.unit)


def _undecided(step: Step, deed: Deed) -> Assignment:
    mine = _mine(step, deed)
    if step.file.clock(Clock.ADMISSION, mine.unit) is None:
        raise NotPermitted("there is no decision to take on accepting", art(9, paragraph=2))
    return mine


def _clock(step: Step, clock: Clock, assignment: Assignment) -> RunningClock:
    found = step.file.clock(clock, assignment.unit)
    assert found is not None, f"an active assignment has its {clock} clock"
    return found


def _return_window(step: Step, mine: Assignment, deed: Deed) -> RunningClock:
    if mine.designated:
        raise NotPermitted("a designated unit cannot give back")
    window = step.file.clock(Clock.RETURN, mine.unit)
    if window is None or deed.received_at >= window.due:
        raise TooLate("the return window is over", art(11, item=3))
    return window


def _end_of(step: Step, deed: Deed) -> datetime:
    """The exclusive instant at which the named day ends, by the rule set's hour; a day beyond next year is Lacking."""
    assert deed.until is not None
    if deed.until.year > deed.received_at.year + 1:
        raise Lacking("name a day of this year or the next")
    return end_of(deed.until, step.rules.day_ends)
