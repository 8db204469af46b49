"""The archive (Art. 14): clear and complete. What a file must hold, by table; what it lacks is listed, not sealed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from domain.calendar import Calendar
from domain.case import CENTRE, Deed, Entry, File
from domain.refusals import Lacking
from domain.regulation import art
from domain.ruleset import rule_sets
from domain.step import Line, Result, Step
from domain.vocabulary import Act, Clock, Mark, Outcome, Status, Text

CENTRE_FILE: dict[Outcome, tuple[tuple[Act | Mark, ...], ...]] = {
    Outcome.ANSWERED: ((Act.REGISTER,), (Act.ANSWER,), (Act.RATE, Mark.LAPSED)),
    Outcome.RESOLVED: (
        (Act.REGISTER,),
        (Act.TRANSFER, Act.REFER, Act.DESIGNATE),
        (Act.FEEDBACK, Act.REJECT),
        (Act.ATTEMPT, Act.RATE),
    ),
    Outcome.UNRESOLVED: (
        (Act.REGISTER,),
        (Act.ANSWER, Act.TRANSFER, Act.REFER, Act.DESIGNATE),
        (Act.ATTEMPT, Act.RATE),
        (Act.CONCLUDE,),
    ),
    Outcome.UNCONFIRMED: (
        (Act.REGISTER,),
        (Act.TRANSFER, Act.REFER, Act.DESIGNATE),
        (Act.FEEDBACK, Act.REJECT),
        (Act.ATTEMPT, Mark.WAIVED),
    ),
    Outcome.DECLINED: ((Act.REGISTER,), (Act.DECLINE,)),
    Outcome.CEASED: ((Act.REGISTER,), (Act.CEASE,)),
    Outcome.WITHDRAWN: ((Act.REGISTER,), (Act.WITHDRAW,)),
}
"""What the Centre's file must hold for each outcome: of every group, one entry at least."""

UNIT_FILE: dict[Act | Mark, Text] = {Act.FEEDBACK: Text.PUBLIC, Act.REJECT: Text.PUBLIC, Act.RETURN: Text.REASON}
"""How a unit's part may end by its own act, and the text that must then be there. Or the Centre recalled it."""

NEEDS_TEXT: dict[Act, Text] = {
    Act.ANSWER: Text.PUBLIC,
    Act.ESCALATE: Text.REASON,
    Act.DESIGNATE: Text.REASON,
    Act.CEASE: Text.REASON,
    Act.CONCLUDE: Text.REASON,
    Act.OVERRIDE: Text.REASON,
}
"""Entries of the Centre and the office that must carry a text."""


@dataclass(frozen=True)
class Lack:
    """One thing that a file lacks: whose part, and what."""

    part: str
    what: str


def supply(step: Step, deed: Deed, line: Line) -> Status:
    """Add what the archive lacks: how the person was replied to, or a missing text."""
    if step.file.clock(Clock.ARCHIVE, CENTRE) is None:
        raise Lacking("the archive lacks nothing", art(14))
    if deed.replied is None and not deed.notes:
        raise Lacking("supply the missing fact or text", art(14))
    line.detail.update(replied=deed.replied)
    line.unit = deed.unit
    step.stop(Clock.ARCHIVE)
    return Status.CLOSED


def lacks(outcome: Outcome, entries: Iterable[Entry]) -> Iterator[Lack]:
    """What the Centre's file and each unit's part lack; nothing: it may be sealed."""
    entries = tuple(entries)
    present = {entry.event for entry in entries}
    supplied = {(entry.unit, text) for entry in entries if entry.event is Act.SUPPLY for text in entry.notes}
    for group in CENTRE_FILE[outcome]:
        if not present & set(group):
            yield Lack(CENTRE, "|".join(group))
    for entry in entries:
        needed = NEEDS_TEXT.get(entry.event) if isinstance(entry.event, Act) else None
        if needed and needed not in entry.notes and (None, needed) not in supplied:
            yield Lack(CENTRE, f"{entry.event}:{needed}")
    for entry in entries:
        text = UNIT_FILE.get(entry.event)
        if text and entry.unit and text not in entry.notes and (entry.unit, text) not in supplied:
            yield Lack(entry.unit, f"{entry.event}:{text}")
    yield from _unreplied(entries)


def _unreplied(entries: tuple[Entry, ...]) -> Iterator[Lack]:
    """A unit reports how it replied to the person (Art. 11(1)), with the result or supplied afterwards."""
    told = {entry.unit for entry in entries if entry.detail.get("replied")}
    for unit in {entry.unit for entry in entries if entry.event is Act.FEEDBACK}:
        if unit not in told:
            yield Lack(unit or CENTRE, "feedback:replied")


def seal(file: File, entries: tuple[Entry, ...], calendar: Calendar, now: datetime) -> Result:
    """Seal a complete file; list what an incomplete one lacks, and give the Centre a limit to have it supplied."""
    step = Step(file, rule_sets()[file.case.rule_set], calendar, now)
    assert file.case.outcome is not None, "only a closed case is sealed"
    missing = tuple(lacks(file.case.outcome, entries))
    if missing:
        step.record(Mark.INCOMPLETE, art(14), lacks=";".join(f"{lack.part}: {lack.what}" for lack in missing))
        step.arm(Clock.ARCHIVE, CENTRE, start=_incomplete_since(entries, now))
        return step.finish(Status.CLOSED)
    step.record(Mark.SEALED, art(14), entries=file.case.entries)
    return step.finish(Status.ARCHIVED)


def _incomplete_since(entries: tuple[Entry, ...], now: datetime) -> datetime:
    """When it was first found incomplete since it was closed: what is supplied and does not help wins no time."""
    closed = takewhile(lambda entry: entry.status is Status.CLOSED, reversed(entries))
    return min((entry.at for entry in closed if entry.event is Mark.INCOMPLETE), default=now)


def manifest(entries: Iterable[Entry], texts: Iterable[str]) -> dict[str, Any]:
    """A hash for each entry, text and attachment, by part: the Centre's whole file, and each unit's own part of it.

    An entry's hash is that of its chain; the ID of a text or an attachment is its hash (`domain.chain`).
    """
    entries = tuple(entries)
    units = sorted({entry.unit for entry in entries if entry.unit})
    return {
        "entries": {str(entry.seq): entry.chain for entry in entries},
        "texts": sorted(texts),
        "attachments": sorted({id for entry in entries for id in entry.attachments}),
        "parts": {
            CENTRE: [entry.seq for entry in entries],
            **{unit: [entry.seq for entry in entries if entry.unit == unit] for unit in units},
        },
    }
