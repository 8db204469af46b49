"""Who takes it: the Centre's ways (Art. 10), reassignment, and the approval office's designation (Art. 12 ¶2)."""

from __future__ import annotations

from datetime import datetime

from domain.case import CENTRE, OFFICE, Assignment, Case, Deed, RunningClock
from domain.closing import reopen, require
from domain.joint import leave
from domain.limits import Term, due
from domain.refusals import Lacking, NotPermitted, NotYours, OwnCause
from domain.regulation import art
from domain.requester import hand_over
from domain.step import Line, Step
from domain.vocabulary import Choice, Clock, Handling, Mark, Matter, Part, Role, Status, Text


def claim(step: Step, deed: Deed, line: Line) -> Status:
    """One agent takes it, so that two do not work on the same; a supervisor may take it over."""
    if step.case.holder not in (None, deed.actor) and deed.role is not Role.SUPERVISOR:
        raise NotYours("claimed by another agent")
    step.set(holder=deed.actor)
    return step.case.status


def release(step: Step, deed: Deed, line: Line) -> Status:
    step.set(holder=None)
    return step.case.status


def correct(step: Step, deed: Deed, line: Line) -> Status:
    """Change matter, urgency, report or the office complained of; running clocks follow, on record."""
    if deed.infringement is False:
        raise NotYours("what the person believes is not the Centre's to clear", art(9, paragraph=3))
    facts = {f: value for f in CORRECTABLE if (value := getattr(deed, f)) is not None}
    if not facts and not deed.infringement:
        raise Lacking("nothing to correct")
    for name, value in facts.items():
        line.detail.update({name: value, f"old_{name}": getattr(step.case, name)})
    was = step.case
    step.set(**facts)
    leave(step, line)
    if step.case.report and not was.report:
        _where_it_can_be_decided_on(step)
    _whom_it_is_about(step, deed, was)
    _not_their_own_cause(step, _in_charge(step))
    _decision_owed(step)
    if deed.infringement and not step.case.infringement:
        hand_over(step)
    for running in step.file.clocks:
        if running.term is not None and running.clock is not Clock.RETURN:
            _follow(step, running, running.term, was)
    return step.case.status


def _where_it_can_be_decided_on(step: Step) -> None:
    """A report goes to the competent unit, which decides on accepting it (Art. 9 ¶2): no partner has it, nobody is done."""
    done = step.case.status in (Status.ANSWERED, Status.REVIEW, Status.CALLBACK, Status.SUPERVISED)
    if done or any(assignment.part is Part.PARTNER for assignment in step.file.active()):
        raise NotPermitted(
            "a report goes to the competent unit: take the case back, or transfer it, first", art(9, paragraph=2)
        )


def _whom_it_is_about(step: Step, deed: Deed, was: Case) -> None:
    """That it is no complaint about staff, or about another office, a supervisor says, with the reason (Art. 7(4))."""
    same = (was.matter, was.respondent) == (step.case.matter, step.case.respondent)
    if was.matter is not Matter.STAFF or was.respondent is None or same:
        return
    if deed.role is not Role.SUPERVISOR:
        raise NotPermitted("whom a complaint about staff is about, a supervisor corrects", art(7, item=4))
    require(deed, Text.REASON)


def _follow(step: Step, running: RunningClock, present: str, was: Case) -> None:
    """A clock follows a correction that changes its limit. A limit of the Centre's own is only ever shortened."""
    usual, term = (step.rules.limit(running.clock, case).term for case in (was, step.case))
    if term == usual:
        return
    if term.shorter_than(Term.parse(present)):
        # It counts from the correction, lest somebody be overdue before they were told; and is never later for it.
        if due(step.now, term, step.calendar, step.rules.day_ends).due < running.due:
            step.arm(running.clock, running.owner, about=running.about, why="corrected")
    elif str(usual) == present:
        step.arm(running.clock, running.owner, start=_began(step, running), about=running.about, why="corrected")


def _began(step: Step, running: RunningClock) -> datetime:
    """When it came to whoever is held to this clock, whatever corrections came in between."""
    if running.clock is Clock.TRIAGE:
        return step.case.registered_at
    theirs = step.file.assignment(running.owner)
    return theirs.delivered_at if theirs else running.start


def _in_charge(step: Step) -> tuple[str, ...]:
    """The units that handle it, or might have to do it again."""
    if step.case.status not in (Status.ASSIGNED, Status.REVIEW, Status.CALLBACK):
        return ()
    return tuple(a.unit for a in step.file.assignments if a.active or a.handling is Handling.DONE)


def _decision_owed(step: Step) -> None:
    """A case that turns out to be a report: the unit that leads owes the decision on accepting it (Art. 9 ¶2)."""
    for assignment in step.file.active():
        owed = step.case.report and assignment.part is Part.LEAD and assignment.admitted is None
        if owed and step.file.clock(Clock.ADMISSION, assignment.unit) is None:
            step.arm(Clock.ADMISSION, assignment.unit)


CORRECTABLE = ("matter", "urgency", "report", "respondent")


def answer(step: Step, deed: Deed, line: Line) -> Status:
    """Answer directly, and ask for a rating at once (Art. 10(1), 13). A report goes to the competent unit instead."""
    if step.case.report:
        raise NotPermitted("a report or request for an authority's action is transferred", art(9, paragraph=2))
    require(deed, Text.PUBLIC)
    if (deed.entry is None) != (deed.version is None):
        raise Lacking("an answer from the knowledge base names its entry and its version", art(10, item=1))
    line.detail.update(entry=deed.entry, version=deed.version)
    step.stop()
    step.arm(Clock.RATING, CENTRE)
    return Status.ANSWERED


def transfer(step: Step, deed: Deed, line: Line) -> Status:
    """To one unit, or to a lead and assisting units that handle in parallel; with a limit (Art. 10(2))."""
    if deed.lead is None:
        raise Lacking("name the unit that leads", art(10, item=2))
    _leave_the_offices_designation(step)
    if deed.respondent:
        if step.case.matter is Matter.STAFF and step.case.respondent not in (None, deed.respondent):
            raise NotPermitted("whom a complaint about staff is about, a supervisor corrects", art(7, item=4))
        line.detail.update(respondent=deed.respondent, old_respondent=step.case.respondent)
        step.set(respondent=deed.respondent)
    if step.case.round:
        step.record(Mark.REASSIGNED)
    if deed.term is None and {a.unit for a in step.file.active()} == {deed.lead, *deed.assisting}:
        raise NotPermitted("these units have it already")
    step.recall_all()
    line.detail.update(lead=deed.lead, assisting=",".join(deed.assisting) or None, term=deed.term)
    return dispatch(step, deed.lead, deed.assisting, term=_term(step, deed))


def refer(step: Step, deed: Deed, line: Line) -> Status:
    """To a partner enterprise, recommended or chosen by the person; it is bound by Art. 11 like a unit (Art. 10(3))."""
    if deed.lead is None or deed.choice is None:
        raise Lacking("name the partner, and who chose it", art(10, item=3))
    referable(step.case)
    _best_first(deed)
    if step.case.round:
        step.record(Mark.REASSIGNED)
    line.detail.update(lead=deed.lead, choice=deed.choice, offer=deed.offer, place=deed.place)
    return dispatch(step, deed.lead, part=Part.PARTNER, choice=deed.choice)


def referable(case: Case) -> None:
    """What is for the competent unit goes to no partner (Art. 9 ¶2)."""
    if case.report:
        raise NotPermitted("a report or request for an authority's action is transferred", art(9, paragraph=2))


def _best_first(deed: Deed) -> None:
    """Whom the Centre recommends, it takes from a list; another than the first with the reason (Art. 10(3), 24)."""
    if deed.choice is not Choice.RECOMMENDED:
        return
    if deed.offer is None:
        raise Lacking("name the list from which it is recommended", art(10, item=3))
    if deed.place != 1:
        require(deed, Text.REASON)


def recall(step: Step, deed: Deed, line: Line) -> Status:
    """The Centre may take an assignment back at any time."""
    _leave_the_offices_designation(step)
    step.recall_all()
    return reopen(step)


def escalate(step: Step, deed: Deed, line: Line) -> Status:
    """Duty unclear, or several units in question: the approval office decides (Art. 12 ¶2)."""
    require(deed, Text.REASON)
    return to_office(step)


def to_office(step: Step) -> Status:
    """Hand the case to the office; its designation is a workflow of its own."""
    step.recall_all()
    step.stop()
    nth = step.case.designations + 1
    step.set(designations=nth, desk=f"{step.case.number}-designation-{nth}")
    step.arm(Clock.DESIGNATION, OFFICE)
    return Status.ESCALATED


def designate(step: Step, deed: Deed, line: Line) -> Status:
    """The office names the lead by duty, with a written reason; whoever is designated cannot give back (house)."""
    if deed.lead is None:
        raise Lacking("name the lead unit", art(12, paragraph=2))
    require(deed, Text.REASON)
    step.recall_all()
    step.set(desk=step.case.number)
    line.detail.update(lead=deed.lead, assisting=",".join(deed.assisting) or None)
    return dispatch(step, deed.lead, deed.assisting, designated=True)


def revise(step: Step, deed: Deed, line: Line) -> Status:
    """The office may change its own designation."""
    if not any(a.designated for a in step.file.active()):
        raise NotPermitted("only what the office designated may it revise", art(12, paragraph=2))
    return designate(step, deed, line)


def dispatch(
    step: Step,
    lead: str,
    assisting: tuple[str, ...] = (),
    *,
    part: Part = Part.LEAD,
    designated: bool = False,
    choice: Choice | None = None,
    term: Term | None = None,
) -> Status:
    """Open a round: each unit gets its assignment and its clocks, the Centre's own clocks stop."""
    units = (lead, *assisting)
    if len(set(units)) < len(units):
        raise Lacking("a unit is named twice")
    _not_their_own_cause(step, units)
    step.stop()
    step.set(round=step.case.round + 1)
    for unit in units:
        step.put(
            Assignment(
                unit=unit,
                part=part if unit == lead else Part.ASSISTING,
                round=step.case.round,
                delivered_at=step.now,
                handling=Handling.DELIVERED,
                designated=designated,
                choice=choice,
            )
        )
        step.arm(Clock.SIGN, unit)
        if not designated:
            step.arm(Clock.RETURN, unit)
        if step.case.report and unit == lead:
            step.arm(Clock.ADMISSION, unit)
        step.arm(Clock.HANDLING, unit, term=term)
    return Status.ASSIGNED


def _term(step: Step, deed: Deed) -> Term | None:
    """The limit that the Centre sets with a transfer (Art. 10(2)); another than the rule set's, with the reason."""
    if deed.term is None:
        return None
    try:
        term = Term.parse(deed.term)
    except ValueError:
        term = None
    if term is None or not term.value or step.rules.longest.shorter_than(term):
        raise Lacking(f"a limit is a term such as 5wd, and at most {step.rules.longest}", art(10, item=2))
    if term != step.rules.limit(Clock.HANDLING, step.case).term:
        require(deed, Text.REASON)
    return term


def _leave_the_offices_designation(step: Step) -> None:
    """Whom the office designated, nobody replaces in passing: it revises, or a supervisor overrides (Art. 12 ¶2)."""
    if any(a.designated for a in step.file.active()):
        raise NotPermitted(
            "designated by the office, which may revise; or a supervisor overrides", art(12, paragraph=2)
        )


def again(step: Step) -> Status:
    """Send the present round's units out once more (重办)."""
    units = [a for a in step.file.assignments if a.handling is Handling.DONE]
    lead = next(a for a in units if a.part is not Part.ASSISTING)
    assisting = tuple(a.unit for a in units if a.part is Part.ASSISTING)
    step.set(desk=step.case.number, call_at=None)
    return dispatch(step, lead.unit, assisting, part=lead.part, designated=lead.designated, choice=lead.choice)


def _not_their_own_cause(step: Step, units: tuple[str, ...]) -> None:
    """A complaint about staff never goes to the very office complained of, nor to one below it (Art. 7(4))."""
    if step.case.matter is not Matter.STAFF or not units:
        return
    respondent = step.case.respondent
    if respondent is None:
        raise Lacking("name the office complained of first", art(7, item=4))
    for unit in units:
        if respondent in above(unit):
            raise OwnCause(f"{unit} is the office complained of", art(7, item=4))


def above(unit: str) -> tuple[str, ...]:
    """The unit and the offices above it: `HP.XB` is below `HP`."""
    names = unit.split(".")
    return tuple(".".join(names[: n + 1]) for n in range(len(names)))
