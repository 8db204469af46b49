"""Callback and rating (Art. 13): the person's word closes a transferred case, or sends it back to be done again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from domain.case import CENTRE, Deed
from domain.closing import close, reopen
from domain.limits import next_civil
from domain.refusals import Lacking, NotPermitted
from domain.regulation import art
from domain.routing import again
from domain.step import Line, Step
from domain.vocabulary import Clock, Handling, Mark, Outcome, Part, Rating, Reach, Status


def begin(step: Step) -> Status:
    """Plan the callback: by telephone at civil hours, or, without a number, by the tracking page."""
    step.stop()
    nth = step.case.callbacks + 1
    step.set(callbacks=nth, attempts=0, desk=f"{step.case.number}-callback-{nth}")
    if step.case.reachable:
        step.arm(Clock.CALLBACK, CENTRE)
        step.set(call_at=_civil(step, step.now))
    else:
        step.arm(Clock.TRACKING, CENTRE)
    return Status.CALLBACK


def attempt(step: Step, deed: Deed, line: Line) -> Status:
    """One call by a person: reached with an answer, refused, or no answer; then again later, a set number of times."""
    if deed.reach is None:
        raise Lacking("say what came of the call", art(13))
    if not step.case.reachable:
        raise NotPermitted("there is no number to call: the tracking page asks", art(13))
    line.detail.update(reach=deed.reach, resolved=deed.resolved, rating=deed.rating)
    if deed.reach is Reach.REACHED:
        if deed.resolved is None or deed.rating is None:
            raise Lacking("a person who was reached says whether it is resolved, and rates", art(13))
        _about_the_partner(step, deed, line, asked=True)
        return _verdict(step, deed.resolved, deed.rating)
    counts = _civil(step, max(deed.received_at, step.case.call_at or deed.received_at))
    if deed.received_at < counts:
        raise NotPermitted(f"the next attempt counts from {counts.isoformat()}")
    if deed.reach is Reach.REFUSED:
        return close(step, Outcome.UNCONFIRMED)
    step.set(attempts=step.case.attempts + 1)
    line.detail.update(attempts=step.case.attempts)
    if step.case.attempts >= step.rules.numbers.callback_attempts:
        step.record(Mark.UNREACHABLE, art(13))
        return close(step, Outcome.UNCONFIRMED)
    step.set(call_at=_civil(step, deed.received_at + step.rules.callback_spacing.length))
    return Status.CALLBACK


def rate(step: Step, deed: Deed, line: Line) -> Status:
    """The person rates by the tracking page or at once after an answer."""
    if deed.rating is None:
        raise Lacking("a rating is one of the five grades", art(13))
    line.detail.update(resolved=deed.resolved, rating=deed.rating)
    _about_the_partner(step, deed, line, asked=False)
    if step.case.status is Status.CALLBACK:
        if deed.resolved is None:
            raise Lacking("say whether it is resolved", art(13))
        return _verdict(step, deed.resolved, deed.rating)
    if deed.rating.satisfied and deed.resolved is not False:
        return close(step, Outcome.ANSWERED)
    return _redo(step, reopen)


def _about_the_partner(step: Step, deed: Deed, line: Line, asked: bool) -> None:
    """What a partner did is rated by quality, honest price and punctuality (Art. 24); whoever calls asks for all three."""
    partner = next(
        (a.unit for a in step.file.assignments if a.part is Part.PARTNER and a.handling is Handling.DONE), None
    )
    if partner is None or step.case.status is not Status.CALLBACK:
        return
    if asked and (deed.honest is None or deed.punctual is None):
        raise Lacking("a partner's work: say whether the price was honest, and whether it was punctual", art(24))
    line.detail.update(partner=partner, honest=deed.honest, punctual=deed.punctual)


def lapse(step: Step) -> Status:
    """A rating window ended without a word: the answer stands, or the callback is waived, on record."""
    if step.case.status is Status.ANSWERED:
        return close(step, Outcome.ANSWERED)
    step.record(Mark.WAIVED, art(13))
    return close(step, Outcome.UNCONFIRMED)


def _verdict(step: Step, resolved: bool, rating: Rating) -> Status:
    """Resolved and content closes it; anything else is done again, a set number of times, then supervised."""
    if resolved and rating.satisfied:
        return close(step, Outcome.RESOLVED)
    return _redo(step, again)


def _redo(step: Step, how: Callable[[Step], Status]) -> Status:
    """Once more, a set number of times; then a supervisor takes it."""
    if step.case.redos < step.rules.numbers.redos:
        step.set(redos=step.case.redos + 1)
        step.record(Mark.REDONE, art(13))
        return how(step)
    step.stop()
    step.set(desk=step.case.number, call_at=None)
    step.arm(Clock.SUPERVISION, CENTRE)
    return Status.SUPERVISED


def _civil(step: Step, instant: datetime) -> datetime:
    """The next instant at which one may call: civil hours, and not before the person's preferred hour."""
    opens, closes = step.rules.civil_opens, step.rules.civil_closes
    preferred = time.fromisoformat(step.case.call_from) if step.case.call_from else opens
    if opens < preferred and (closes is None or preferred < closes):
        opens = preferred
    return next_civil(instant, opens, closes)
