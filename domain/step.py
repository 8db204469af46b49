"""One step of a case in the making: the facts as they change, and the entries and notices that the change leaves.

A duty (`routing`, `handling`, `callback` …) is a function that works on a Step. No I/O, no clock of its own:
the instant, the rule set and the calendar are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from domain.calendar import Calendar
from domain.case import CENTRE, OFFICE, Assignment, Case, Deed, Entry, File, Notice, Rung, RunningClock
from domain.chain import forge
from domain.limits import Due, Term, after, before, due
from domain.notices import told
from domain.regulation import Citation
from domain.ruleset import RuleSet
from domain.vocabulary import Act, Clock, Handling, Mark, Role, Status, Text


@dataclass
class Line:
    """An entry in the making: what happened; number, instant and standing follow when the step is finished."""

    event: Act | Mark
    basis: Citation | None = None
    unit: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    by: tuple[str, Role] | None = None
    """Who did it, where no deed says so."""
    notes: dict[Text, str] = field(default_factory=dict)
    """The texts that came with it, where no deed brought them."""
    attachments: tuple[str, ...] = ()
    """The same of attachments."""


@dataclass(frozen=True)
class ClockRow:
    """A clock as it stands after the step, for the clocks table. `derivation` is why it is due then."""

    clock: RunningClock
    state: str
    stopped_at: datetime | None = None
    derivation: dict[str, Any] | None = None
    basis: str | None = None


@dataclass(frozen=True)
class Result:
    """What the ledger writes in one transaction."""

    file: File
    assignments: tuple[Assignment, ...]
    """Those that changed, ended ones too."""
    clocks: tuple[ClockRow, ...]
    entries: tuple[Entry, ...]
    notices: tuple[Notice, ...]
    handover: bool = False
    """Raise an entry in the queue for the enforcement-supervision platform (Art. 9 ¶3)."""


class Step:
    """Keeps the file consistent while a duty changes it."""

    def __init__(
        self,
        file: File,
        rules: RuleSet,
        calendar: Calendar,
        at: datetime,
        deed: Deed | None = None,
        now: datetime | None = None,
    ) -> None:
        self.before = file
        self.file = file
        self.rules = rules
        self.calendar = calendar
        self.at = at
        """When it counts: a deed's arrival, or the instant at which a clock struck."""
        self.now = max(at, now or at)
        """When the step is taken: a deed may have waited. What begins with it begins now, for whoever must act next."""
        self.deed = deed
        self.lines: list[Line] = []
        self.clocks: dict[str, ClockRow] = {}
        self.handover = False

    @property
    def case(self) -> Case:
        return self.file.case

    def set(self, **facts: Any) -> None:
        """Change facts of the case."""
        self.file = replace(self.file, case=replace(self.case, **facts))

    def record(self, event: Act | Mark, basis: Citation | None = None, unit: str | None = None, **detail: Any) -> Line:
        """Add an entry to this step; the notices that `NOTICES` names for it follow from it."""
        line = Line(event, basis, unit, detail)
        self.lines.append(line)
        return line

    # -- clocks: a due instant is set here or nowhere --------------------------------------------------------------

    def arm(
        self,
        clock: Clock,
        owner: str,
        *,
        start: datetime | None = None,
        term: Term | None = None,
        complex: bool = False,
        about: str | None = None,
        why: str = "rearmed",
    ) -> None:
        """Start a clock by the rule set's limit (or `term`); one that runs already is set anew, on record."""
        limit = self.rules.limit(clock, self.case, complex=complex)
        derived = due(start or self.now, term or limit.term, self.calendar, self.rules.day_ends)
        old = self.file.clock(clock, owner, about)
        running = RunningClock(
            clock=clock,
            owner=owner,
            round=self.case.round,
            about=about,
            start=derived.start,
            due=derived.due,
            term=str(derived.term),
            since=self.case.version,
        )
        if old is None:
            rungs = self._from_here(self._rungs(clock, derived.due))
            self._keep(replace(running, rungs=rungs), derived.to_json(), str(limit.basis or "house"))
            return
        given = old.given if start else 0  # one that begins anew owes nothing to what was before
        to = derived.due + timedelta(seconds=given)
        if to != old.due:
            self.move_due(replace(old, given=given), to, why, derived, str(limit.basis or "house"))

    def move_due(
        self, old: RunningClock, to: datetime, why: str, derived: Due | None = None, basis: str | None = None
    ) -> None:
        """Move a due instant, on record; a breach marked at the old one is withdrawn if the new one lies ahead.

        `derived` is what it rests on; None: a person named the day.
        """
        ahead = to > self.at
        if old.passed and ahead:
            self.withdraw_breach(old, why)
        term = str(derived.term) if derived else None
        rungs = tuple(r for r in self._rungs(old.clock, to) if ahead or not old.passed or r.at > self.at)
        start = derived.start if derived else old.start
        moved = replace(
            old, start=start, due=to, term=term, rungs=self._from_here(rungs), passed=old.passed and not ahead
        )
        self._keep(moved, self._derivation(moved, derived, why), basis)
        self.record(
            Mark.DUE_MOVED,
            unit=self.unit_of(old),
            clock=old.clock,
            owner=old.owner,
            old=old.due.isoformat(),
            new=to.isoformat(),
            why=why,
        )

    def _derivation(self, running: RunningClock, derived: Due | None, why: str) -> dict[str, Any]:
        """Why it is due then: how it was counted, and what was given on top; or that a person named the day."""
        named: dict[str, Any] = {
            "start": running.start.isoformat(),
            "term": None,
            "last_day": None,
            "counted": [],
            "skipped": [],
            "provisional": False,
            "calendar_version": self.calendar.version,
            "named": why,
        }
        found = derived.to_json() if derived else named
        return found | {"due": running.due.isoformat(), "given": running.given}

    def give_back(self, running: RunningClock, time: timedelta) -> None:
        """Time that was not its owner's is added, in whole seconds; it stays when the clock is derived anew."""
        more = ceil(time.total_seconds())
        longer = replace(running, given=running.given + more)
        derived = self.derive(running) if running.term else None
        self.move_due(longer, running.due + timedelta(seconds=more), "centre_decided_late", derived)

    def recompute(self, running: RunningClock) -> None:
        """By a newer calendar: due later or as before, never earlier than was announced; what is still to come follows."""
        derived = self.derive(running) if running.term else None
        due_at = derived.due + timedelta(seconds=running.given) if derived else running.due
        if due_at > running.due:
            self.move_due(running, due_at, "holiday_notice", derived)
            return
        coming = {rung.mark for rung in running.rungs}
        rungs = tuple(rung for rung in self._rungs(running.clock, running.due) if rung.mark in coming)
        derivation = self._derivation(running, derived, "confirmed") if derived else None
        self._keep(replace(running, rungs=rungs), derivation)

    def stop(self, clock: Clock | None = None, owner: str | None = None, about: str | None = None) -> None:
        """Stop the clocks that match; a breach marked although the deed had arrived in time is withdrawn."""
        for running in self.file.clocks:
            wanted = ((clock, running.clock), (owner, running.owner), (about, running.about))
            if all(want in (None, have) for want, have in wanted):
                if self.deed:
                    self._by_arrival(running, self.deed.received_at)
                self.clocks[running.id] = ClockRow(running, "stopped", self.at)
                self.file = replace(self.file, clocks=tuple(c for c in self.file.clocks if c.id != running.id))

    def _by_arrival(self, running: RunningClock, arrived: datetime) -> None:
        """Arrival decides, never whether the timer fired: a breach that was none goes, one not yet marked is marked."""
        if running.passed and arrived < running.due:
            self.withdraw_breach(running, "arrived_in_time")
        for rung in running.rungs:
            if rung.mark in BREACHES and rung.at <= arrived:
                self.mark(running, rung)

    def mark(self, running: RunningClock, rung: Rung) -> None:
        """What a rung brings, on record; where it comes later than `PROMPT`, with how late the platform is."""
        late = int((self.now - rung.at).total_seconds())
        self.record(
            rung.mark,
            self.rules.limit(running.clock, self.case).basis,
            self.unit_of(running),
            clock=running.clock,
            owner=running.owner,
            due=running.due.isoformat(),
            instant=rung.at.isoformat() if late > PROMPT else None,
            late_s=late if late > PROMPT else None,
        )

    def derive(self, running: RunningClock) -> Due:
        """Compute a running clock's due instant anew from its own start and term."""
        assert running.term is not None, "a day that a person set is not derived"
        return due(running.start, Term.parse(running.term), self.calendar, self.rules.day_ends)

    @staticmethod
    def unit_of(running: RunningClock) -> str | None:
        """The unit that is held to this clock; None for the Centre and the office."""
        return running.owner if running.owner not in (CENTRE, OFFICE) else None

    def withdraw_breach(self, running: RunningClock, why: str) -> None:
        """Arrival decides, never whether the timer has fired."""
        unit = self.unit_of(running)
        self.record(Mark.BREACH_WITHDRAWN, unit=unit, clock=running.clock, owner=running.owner, why=why)

    def strike(self, running: RunningClock, rung: Rung) -> None:
        """Take a rung off the ladder. The breach stays on the clock, whose due instant does not move (Art. 12 ¶1)."""
        ends = rung.mark in (Mark.OVERDUE, Mark.LAPSED)
        rungs = tuple(r for r in running.rungs if r != rung)
        self._keep(replace(running, rungs=rungs, passed=running.passed or ends))
        if ends and running.about and (theirs := self.file.clock(Clock.HANDLING, running.about)):
            self._keep(theirs)

    def postpone(self, running: RunningClock, rung: Rung, to: datetime) -> None:
        """Look again later: a deed that arrived in time still waits to be applied. The due instant stays."""
        rungs = (replace(r, at=to) if r == rung else r for r in running.rungs)
        self._keep(replace(running, rungs=tuple(sorted(rungs, key=lambda each: each.at))))

    def _rungs(self, clock: Clock, at: datetime) -> tuple[Rung, ...]:
        """The ladder around a due instant. A limit too short for its warnings is warned of once, half-way."""
        ladders = tuple(self.rules.ladder(clock))
        early = [Rung(row.mark, before(at, row.before, self.calendar)) for row in ladders if row.before]
        late = [
            Rung(row.mark, after(at, row.after, self.calendar) if row.after else at)
            for row in ladders
            if not row.before
        ]
        ahead = [rung for rung in early if rung.at > self.now]
        if early and not ahead and at > self.now:
            nearest = max(early, key=lambda rung: rung.at)
            ahead = [replace(nearest, at=self.now + (at - self.now) / 2)]
        return tuple(sorted((*ahead, *late), key=lambda rung: rung.at))

    def _from_here(self, rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
        """A limit that is set into the past passes as it is set: the platform is not late with it."""
        return tuple(replace(rung, at=max(rung.at, self.at)) for rung in rungs)

    def _keep(self, running: RunningClock, derivation: dict[str, Any] | None = None, basis: str | None = None) -> None:
        if running.clock is Clock.HANDLING and self._centre_is_late(running.owner):
            running = replace(running, rungs=())  # nothing more is marked against the unit until the Centre has decided
        others = tuple(c for c in self.file.clocks if c.id != running.id)
        self.file = replace(self.file, clocks=(*others, running))
        self.clocks[running.id] = ClockRow(running, "running", None, derivation, basis)

    # -- assignments -----------------------------------------------------------------------------------------------

    def put(self, assignment: Assignment) -> None:
        """Add an assignment, or put it in the place of the same unit's of the same round."""
        by_unit = {(a.unit, a.round): a for a in self.file.assignments}
        by_unit[assignment.unit, assignment.round] = assignment
        self.file = replace(self.file, assignments=tuple(by_unit.values()))

    def end(self, assignment: Assignment, handling: Handling, **facts: Any) -> None:
        """End one unit's handling, its clocks, and the decision that the Centre may still owe on its extension."""
        self.charge_centre(assignment.unit)
        self.put(replace(assignment, handling=handling, ended_at=self.at, **facts))
        self.stop(owner=assignment.unit)

    def charge_centre(self, unit: str) -> None:
        """The Centre decides no more on an extension: what it took beyond its own limit is not the unit's time."""
        handling, late = self.file.clock(Clock.HANDLING, unit), self.slept_away(unit)
        self.stop(Clock.EXTENSION, about=unit)
        if handling and late:
            self.give_back(handling, late)

    def _watch_again(self, unit: str) -> None:
        """Its ladder stands again once the Centre owes nothing any more, or a holiday notice has moved what it owes."""
        handling = self.file.clock(Clock.HANDLING, unit)
        if handling and not handling.rungs and not handling.passed:
            self._keep(replace(handling, rungs=self._rungs(Clock.HANDLING, handling.due)))

    def _centre_is_late(self, unit: str) -> bool:
        """Was it marked that the Centre owes this unit a decision on its extension?"""
        decision = self.file.clock(Clock.EXTENSION, CENTRE, unit)
        return decision is not None and decision.passed

    def slept_away(self, unit: str) -> timedelta:
        """How long the Centre is late with its decision on this unit's extension."""
        decision = self.file.clock(Clock.EXTENSION, CENTRE, unit)
        return max(self.at - decision.due, timedelta(0)) if decision else timedelta(0)

    def recall_all(self) -> None:
        for assignment in self.file.active():
            self.end(assignment, Handling.RECALLED)

    # -- the end ---------------------------------------------------------------------------------------------------

    def finish(self, status: Status) -> Result:
        """Derive what lists and search attributes show, number the entries, queue the notices."""
        case, active = self.case, self.file.active()
        for assignment in active:
            self._watch_again(assignment.unit)
        lead = active[0].unit if active else CENTRE
        stays = status is self.before.case.status
        watched = [c for c in self.file.clocks if c.clock not in UNWATCHED]
        self.set(
            status=status,
            version=case.version + 1,
            entries=case.entries + len(self.lines),
            hands={Status.ASSIGNED: lead, Status.ESCALATED: OFFICE}.get(status, CENTRE),
            units=tuple(a.unit for a in active),
            due_at=min((c.due for c in watched if not c.passed), default=min((c.due for c in watched), default=None)),
            overdue=any(c.passed for c in watched),
            holder=case.holder if stays else None,
        )
        entries = self._entries(case)
        self.set(chain=entries[-1].chain if entries else case.chain)
        units = tuple(dict.fromkeys((*self.before.case.units, *self.case.units)))
        return Result(
            file=replace(self.file, assignments=tuple(a for a in self.file.assignments if a.round == self.case.round)),
            assignments=tuple(a for a in self.file.assignments if a not in self.before.assignments),
            clocks=tuple(self.clocks.values()),
            entries=entries,
            notices=tuple(notice for entry in entries for notice in told(entry, self.case, units)),
            handover=self.handover,
        )

    def _entries(self, case: Case) -> tuple[Entry, ...]:
        """The lines as entries, numbered and chained after those of the case as it was."""
        made = [self._entry(line, case.entries + n) for n, line in enumerate(self.lines, 1)]
        hashes = forge(case.chain, case.number, made)
        return tuple(replace(entry, chain=chain) for entry, chain in zip(made, hashes, strict=True))

    def _entry(self, line: Line, seq: int) -> Entry:
        deed = self.deed if self.deed and line.event is self.deed.act else None
        actor, role = (deed.actor, deed.role) if deed else line.by or (Role.SYSTEM.value, Role.SYSTEM)
        return Entry(
            seq=seq,
            at=self.at,
            event=line.event,
            actor=actor,
            role=role,
            status=self.case.status,
            basis=str(line.basis or "house"),
            unit=line.unit or (deed.unit if deed else None),
            deed=deed.id if deed else None,
            notes=deed.notes if deed else line.notes,
            attachments=deed.attachments if deed else line.attachments,
            detail={key: value for key, value in line.detail.items() if value is not None},
        )


BREACHES = frozenset({Mark.OVERDUE, Mark.NOTICED, Mark.BULLETINED})
"""What a limit that was not kept brings."""

PROMPT = 5
"""Seconds: a mark that comes later than this after its instant says by how much. No outage: well below one second."""

UNWATCHED = frozenset({Clock.RETURN, Clock.DISPUTE, Clock.RATING, Clock.TRACKING})
"""Windows in which somebody may act, not limits that somebody must keep: no breach, and no due instant in lists."""
