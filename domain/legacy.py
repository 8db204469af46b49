"""Cases of an older hotline (历史工单; Art. 14): what a row must say, and the file that is made of it.

Every instant stays what it was. Nothing is added that the older record does not say; what it lacks is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from domain.acceptance import register
from domain.archive import lacks
from domain.calendar import Calendar
from domain.case import CENTRE, Assignment, Case, Entry, File
from domain.chain import GENESIS, forge
from domain.limits import SHANGHAI
from domain.refusals import Refusal
from domain.regulation import Citation, art
from domain.routing import dispatch
from domain.ruleset import RuleSet, rule_sets
from domain.step import ClockRow, Result, Step
from domain.vocabulary import (
    Act,
    Channel,
    Handling,
    Mark,
    Matter,
    Outcome,
    Part,
    Rating,
    Report,
    Role,
    Status,
    Text,
    Urgency,
)

OLDER = "older/"
"""How the client of an imported case begins; no code of a client holds a slash."""

Standing = Status | Outcome
OPEN = (Status.REGISTERED, Status.ASSIGNED)
STANDINGS: Mapping[str, Standing] = {word.value: word for word in (*OPEN, *Outcome)}
"""Where an older case may stand: open in one of two ways, or finished with an outcome."""

INSTANTS = ("registered_at", "transferred_at", "replied_at", "rated_at", "closed_at")
"""In the order in which they happen."""
TOGETHER = (("unit", "transferred_at"), ("rating", "rated_at"))
"""What is said together or not at all."""

_HANDLED = ("unit", "transferred_at", "replied_at")
NEEDS: Mapping[Standing, tuple[str, ...]] = {
    Status.REGISTERED: (),
    Status.ASSIGNED: ("unit", "transferred_at"),
    Outcome.ANSWERED: ("replied_at", "closed_at"),
    Outcome.RESOLVED: (*_HANDLED, "rating", "rated_at", "closed_at"),
    Outcome.UNRESOLVED: ("rating", "rated_at", "closed_at"),
    Outcome.UNCONFIRMED: (*_HANDLED, "closed_at"),
    Outcome.DECLINED: ("closed_at",),
    Outcome.CEASED: ("closed_at",),
    Outcome.WITHDRAWN: ("closed_at",),
}
"""Without what a standing would be a guess: that something is resolved, the person says (Art. 13)."""

_AFTER_TRANSFER = ("replied_at", "rating", "rated_at", "closed_at")
NEVER: Mapping[Standing, tuple[str, ...]] = {
    Status.REGISTERED: ("unit", "transferred_at", *_AFTER_TRANSFER),
    Status.ASSIGNED: _AFTER_TRANSFER,
    Outcome.ANSWERED: ("unit", "transferred_at"),
}
"""What contradicts a standing."""

ENDS: Mapping[Outcome, tuple[Act | Mark, Citation | None]] = {
    Outcome.DECLINED: (Act.DECLINE, art(8)),
    Outcome.CEASED: (Act.CEASE, art(8, item=3)),
    Outcome.WITHDRAWN: (Act.WITHDRAW, None),
}
"""The act that ended it; of the others the older record says only that they were closed."""


@dataclass(frozen=True)
class Fault:
    """Why a row is not taken: which field, and the reason, in words that hold nothing of the row."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Legacy:
    """One case as the older system left it. Instants in UTC; texts and person stand elsewhere (Art. 15)."""

    source: str
    own: str
    """Its number there."""
    digest: str
    """By which the same row is known again."""
    registered_at: datetime
    standing: Standing
    channel: Channel
    matter: Matter
    urgency: Urgency = Urgency.NORMAL
    report: Report | None = None
    district: str | None = None
    reachable: bool = False
    respondent: str | None = None
    unit: str | None = None
    transferred_at: datetime | None = None
    replied_at: datetime | None = None
    rated_at: datetime | None = None
    rating: Rating | None = None
    closed_at: datetime | None = None

    @property
    def client(self) -> str:
        return OLDER + self.source

    @property
    def day(self) -> date:
        """The day that its number bears."""
        return self.registered_at.astimezone(SHANGHAI).date()


def faults(legacy: Legacy, now: datetime) -> Iterator[Fault]:
    """Everything that speaks against the case, field by field; nothing: it can be told honestly."""
    told = [(name, at) for name in INSTANTS if (at := getattr(legacy, name)) is not None]
    yield from (Fault(name, "lies in the future") for name, at in told if at > now)
    yield from (Fault(late, f"lies before {early}") for (early, a), (late, b) in pairwise(told) if b < a)
    for name in NEEDS[legacy.standing]:
        if getattr(legacy, name) is None:
            yield Fault(name, f"is missing, and a case that is {legacy.standing} has it")
    for name in NEVER.get(legacy.standing, ()):
        if getattr(legacy, name) is not None:
            yield Fault(name, f"is there, and a case that is {legacy.standing} has none")
    if legacy.matter is Matter.STAFF and legacy.unit and not legacy.respondent:
        yield Fault("respondent", "is missing, and a complaint about staff names the office complained of (Art. 7(4))")
    for one, other in TOGETHER:
        if (getattr(legacy, one) is None) != (getattr(legacy, other) is None):
            yield Fault(one, f"goes with {other}")


def rules_of(day: date, in_force: RuleSet) -> tuple[RuleSet, bool]:
    """The rule set of a day, and whether the day is older than the first one: then that one is kept to, and it is marked.

    `in_force` is kept to from its own day on; before, the latest of the earlier ones.
    """
    earlier = [rules for rules in rule_sets().values() if rules.effective_from < in_force.effective_from]
    line = sorted((*earlier, in_force), key=lambda rules: rules.effective_from)
    taken = [rules for rules in line if rules.effective_from <= day]
    return (taken[-1], False) if taken else (line[0], True)


@dataclass
class _Telling:
    """The steps of a case, one after the other, as one result."""

    file: File
    entries: list[Entry] = field(default_factory=list)
    clocks: dict[str, ClockRow] = field(default_factory=dict)
    assignments: dict[tuple[int, str], Assignment] = field(default_factory=dict)

    def take(self, result: Result) -> None:
        for row in result.clocks:
            old = self.clocks.get(row.clock.id, row)
            kept = replace(row, derivation=row.derivation or old.derivation, basis=row.basis or old.basis)
            self.clocks[row.clock.id] = kept
        self.assignments |= {(each.round, each.unit): each for each in result.assignments}
        self.entries += result.entries
        self.file = result.file

    def result(self) -> Result:
        """Nobody is told of what is old."""
        assignments = tuple(self.assignments.values())
        return Result(self.file, assignments, tuple(self.clocks.values()), tuple(self.entries), ())


def tell(
    legacy: Legacy, number: str, texts: Mapping[Text, str], in_force: RuleSet, calendar: Calendar, now: datetime
) -> Result:
    """The case's whole file: finished and sealed, or open with its clocks. `texts`: the IDs of its words.

    A Refusal, where an open case could not stand so under the rules. Nobody is told of what is old.
    """
    rules, before = rules_of(legacy.day, in_force)
    case = _case(legacy, number, rules)
    if isinstance(legacy.standing, Outcome):
        return _finished(legacy, legacy.standing, case, texts, now, before)
    telling = _Telling(File(case))
    _open(telling, legacy, texts, rules, calendar)
    _taken_over(telling, legacy, rules, calendar, now, before)
    return telling.result()


def _case(legacy: Legacy, number: str, rules: RuleSet) -> Case:
    return Case(
        number=number,
        desk=number,
        registered_at=legacy.registered_at,
        channel=legacy.channel,
        matter=legacy.matter,
        rule_set=rules.code,
        urgency=legacy.urgency,
        report=legacy.report,
        district=legacy.district,
        reachable=legacy.reachable,
        respondent=legacy.respondent,
    )


def _open(telling: _Telling, legacy: Legacy, texts: Mapping[Text, str], rules: RuleSet, calendar: Calendar) -> None:
    """As if it had been registered here then (Art. 9), and transferred (Art. 10(2)): limits count from their own day."""
    case, request = telling.file.case, texts[Text.REQUEST]
    telling.take(register(case, calendar, request=request, actor=legacy.source, role=Role.SYSTEM))
    if legacy.unit and legacy.transferred_at:
        step = Step(telling.file, rules, calendar, legacy.transferred_at)
        step.record(Act.TRANSFER, art(10, item=2), lead=legacy.unit).by = (legacy.source, Role.SYSTEM)
        telling.take(step.finish(dispatch(step, legacy.unit)))


@dataclass(frozen=True)
class _Happened:
    """One thing that the older record says."""

    at: datetime | None
    event: Act | Mark
    basis: Citation | None
    status: Status
    text: Text | None = None
    unit: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def _story(legacy: Legacy, outcome: Outcome) -> Iterator[_Happened]:
    unit, resolved = legacy.unit, {Outcome.RESOLVED: True, Outcome.UNRESOLVED: False}.get(outcome)
    said = {"matter": legacy.matter, "channel": legacy.channel, "report": legacy.report}
    rated = {"rating": legacy.rating, "resolved": resolved}
    end, basis = ENDS.get(outcome, (Mark.CLOSED, None))
    yield _Happened(legacy.registered_at, Act.REGISTER, art(9, paragraph=1), S.REGISTERED, Text.REQUEST, None, said)
    yield _Happened(legacy.transferred_at, Act.TRANSFER, art(10, item=2), S.ASSIGNED, detail={"lead": unit})
    if unit:
        yield _Happened(legacy.replied_at, Act.FEEDBACK, art(11, item=1), S.CALLBACK, Text.PUBLIC, unit)
    else:
        yield _Happened(legacy.replied_at, Act.ANSWER, art(10, item=1), S.ANSWERED, Text.PUBLIC)
    yield _Happened(legacy.rated_at, Act.RATE, art(13), S.CLOSED, detail=rated)
    yield _Happened(legacy.closed_at, end, basis, S.CLOSED)


S = Status


def _finished(
    legacy: Legacy, outcome: Outcome, case: Case, texts: Mapping[Text, str], now: datetime, before: bool
) -> Result:
    """What the older record says, each at its own instant; no limit of ours is read into it. Sealed as it is (Art. 14)."""
    story = [each for each in _story(legacy, outcome) if each.at is not None]
    entries = [_entry(legacy, seq, each, texts) for seq, each in enumerate(story, 1)]
    missing = ";".join(f"{lack.part}: {lack.what}" for lack in lacks(outcome, entries))
    marks = [(Mark.IMPORTED, _said(legacy, lacks=missing or None), Status.CLOSED)]
    marks += [(Mark.BEFORE_RULES, {"rule_set": case.rule_set}, Status.CLOSED)] if before else []
    marks += [(Mark.SEALED, {"entries": len(entries) + len(marks)}, Status.ARCHIVED)]
    for event, detail, status in marks:
        seal = _Happened(now, event, BASIS[event], status, detail=detail)
        entries.append(_entry(legacy, len(entries) + 1, seal, texts))
    chains = forge(GENESIS, case.number, entries)
    chained = tuple(replace(entry, chain=chain) for entry, chain in zip(entries, chains, strict=True))
    parts = _parts(legacy)
    ended = replace(
        case,
        status=Status.ARCHIVED,
        outcome=outcome,
        version=1,
        entries=len(chained),
        chain=chains[-1],
        round=len(parts),
    )
    return Result(File(ended, parts), parts, (), chained, ())


BASIS: Mapping[Mark, Citation | None] = {Mark.IMPORTED: art(14), Mark.BEFORE_RULES: None, Mark.SEALED: art(14)}


def _said(legacy: Legacy, **more: str | None) -> dict[str, Any]:
    """Where an imported case is from."""
    return {"source": legacy.source, "own": legacy.own, **more}


def _entry(legacy: Legacy, seq: int, happened: _Happened, texts: Mapping[Text, str]) -> Entry:
    """By the older system, or by the import itself."""
    assert happened.at is not None, "only what has an instant is told"
    ours = happened.event in BASIS
    return Entry(
        seq=seq,
        at=happened.at,
        event=happened.event,
        actor=Role.SYSTEM.value if ours else legacy.source,
        role=Role.SYSTEM,
        status=happened.status,
        basis=str(happened.basis or "house"),
        unit=happened.unit,
        notes={happened.text: texts[happened.text]} if happened.text and happened.text in texts else {},
        detail={name: value for name, value in happened.detail.items() if value is not None},
    )


def _parts(legacy: Legacy) -> tuple[Assignment, ...]:
    """The unit's part: done when it replied; taken back where the case ended without."""
    if legacy.unit is None or legacy.transferred_at is None:
        return ()
    return (
        Assignment(
            unit=legacy.unit,
            part=Part.LEAD,
            round=1,
            delivered_at=legacy.transferred_at,
            handling=Handling.DONE if legacy.replied_at else Handling.RECALLED,
            ended_at=legacy.replied_at or legacy.closed_at,
        ),
    )


def _taken_over(
    telling: _Telling, legacy: Legacy, rules: RuleSet, calendar: Calendar, now: datetime, before: bool
) -> None:
    """That an open case was imported, and from where.

    Limits that ended before are named in that one entry: the time before the import is the older system's.
    """
    step = Step(telling.file, rules, calendar, now)
    ended = ",".join(running.id for running in telling.file.clocks if running.due <= now)
    step.record(Mark.IMPORTED, art(14), **_said(legacy, ended=ended or None))
    if before:
        step.record(Mark.BEFORE_RULES, None, rule_set=rules.code)
    _pass_by(step, now)
    telling.take(step.finish(telling.file.case.status))


def _pass_by(step: Step, now: datetime) -> None:
    """Rungs whose instant has gone by are taken off their ladders unmarked; the later ones stand."""
    for running in step.file.clocks:
        for rung in running.rungs:
            if rung.at <= now:
                step.strike(next(each for each in step.file.clocks if each.id == running.id), rung)


def refused(legacy: Legacy, in_force: RuleSet, calendar: Calendar, now: datetime) -> Fault | None:
    """Why an open case could not stand so under the rules; None: it can."""
    try:
        tell(legacy, CENTRE, {Text.REQUEST: ""}, in_force, calendar, now)
    except (Refusal, LookupError, ValueError, OverflowError) as error:
        return Fault("standing", str(error) if isinstance(error, Refusal) else "no limit can be counted from that day")
    return None
