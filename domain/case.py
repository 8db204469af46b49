"""The facts of a case as frozen dataclasses: codes, dates, flags and note IDs, never a person's words (Art. 15).

They are HTTP payloads, database rows and Temporal payloads alike, so a field is only ever added, with a default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from domain.vocabulary import (
    Act,
    Audience,
    Channel,
    Choice,
    Clock,
    Exclusion,
    Handling,
    Mark,
    Matter,
    Outcome,
    Part,
    Procedure,
    Rating,
    Reach,
    ReplyWay,
    Report,
    Role,
    Status,
    Text,
    Urgency,
)

CENTRE = "centre"
OFFICE = "office"
"""Hands that hold a clock and are no unit."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request, from its registration to the archive. Instants in UTC."""

    number: str
    registered_at: datetime
    channel: Channel
    matter: Matter
    rule_set: str
    version: int = 0
    """Counts the steps: who writes must have read the last one."""
    entries: int = 0
    """The sequence number of the last entry."""
    chain: str = ""
    """The hash of the last entry (`domain.chain`)."""
    desk: str = ""
    """The ID of the workflow that decides now: the case's own, or that of its designation or callback."""
    status: Status = Status.REGISTERED
    outcome: Outcome | None = None
    district: str | None = None
    urgency: Urgency = Urgency.NORMAL
    report: Report | None = None
    exclusion: Exclusion | None = None
    respondent: str | None = None
    """The office complained of (Art. 7(4)); it never handles the complaint."""
    infringement: bool = False
    """The person believes that enforcement infringed their rights (Art. 9 ¶3): nobody at the Centre can clear it."""
    reachable: bool = False
    """There is a telephone number to call back."""
    holder: str | None = None
    """The agent who claimed it."""
    hands: str = CENTRE
    """In whose hands it is: the Centre, the office, or the lead unit."""
    units: tuple[str, ...] = ()
    due_at: datetime | None = None
    """The next instant at which somebody's limit ends."""
    overdue: bool = False
    round: int = 0
    """Counts the dispatches to units; assignments and clocks belong to one round."""
    returns: int = 0
    redos: int = 0
    attempts: int = 0
    callbacks: int = 0
    designations: int = 0
    urges: int = 0
    call_at: datetime | None = None
    """When the next callback attempt is due, within civil hours."""
    call_from: str | None = None
    """The person's preferred hour to be called, local, "18:30"."""
    joint: str | None = None
    """The joint case of which it is a part (`domain.joint`)."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One unit's handling in one round."""

    unit: str
    part: Part
    round: int
    delivered_at: datetime
    handling: Handling = Handling.DELIVERED
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    complex: bool = False
    designated: bool = False
    admitted: bool | None = None
    replied: ReplyWay | None = None
    choice: Choice | None = None
    late: bool = False
    """It reported after its limit."""
    extension: date | None = None
    """The day that the unit proposed and the Centre has not decided on yet."""

    @property
    def active(self) -> bool:
        return self.handling in (Handling.DELIVERED, Handling.SIGNED)


@dataclass(frozen=True)
class Rung:
    """One instant on a clock's ladder, and what is marked in the file when it comes."""

    mark: Mark
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RunningClock:
    """A clock that somebody is held to. `due` is exclusive: in time means before it."""

    clock: Clock
    owner: str
    """Who is held to it: a unit's code, the Centre, or the office."""
    round: int
    about: str | None = None
    """The unit that a decision of the Centre is about."""
    start: datetime
    due: datetime
    term: str | None = None
    """The term it was computed from ("1wd"); None once a person set the day."""
    rungs: tuple[Rung, ...] = ()
    """What is still to come, soonest first."""
    passed: bool = False
    """The due instant was marked as passed (overdue, or the window lapsed)."""
    given: int = 0
    """Seconds beyond the term that were not its owner's: the Centre decided late."""
    since: int = 0
    """The case's version when it began: the same clock may run again."""

    @property
    def id(self) -> str:
        return "/".join(filter(None, (self.clock, self.owner, str(self.since), self.about)))


@dataclass(frozen=True)
class File:
    """All that a workflow keeps in memory of its case: the row, this round's assignments, the running clocks."""

    case: Case
    assignments: tuple[Assignment, ...] = ()
    clocks: tuple[RunningClock, ...] = ()

    def assignment(self, unit: str | None) -> Assignment | None:
        """This unit's handling in the present round."""
        return next((a for a in self.assignments if a.unit == unit and a.round == self.case.round), None)

    def active(self) -> tuple[Assignment, ...]:
        return tuple(a for a in self.assignments if a.active and a.round == self.case.round)

    def clock(self, clock: Clock, owner: str, about: str | None = None) -> RunningClock | None:
        """The running clock of this kind that this owner is held to."""
        return next((c for c in self.clocks if (c.clock, c.owner, c.about) == (clock, owner, about)), None)

    @property
    def soonest(self) -> datetime | None:
        """The next instant on any ladder; None: no clock has one to come."""
        return min((rung.at for clock in self.clocks for rung in clock.rungs), default=None)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One act as it arrived: who, in which role, when, with which codes and which notes.

    Registered before it is handed to the workflow, in the same transaction as its notes; its ID is the update ID.
    Which of the optional codes an act takes is the signature of its HTTP body (`api/`).
    """

    id: str
    number: str
    act: Act
    role: Role
    actor: str
    received_at: datetime
    unit: str | None = None
    seen: int | None = None
    """The version of the case that whoever acts has read; None: whatever it is."""
    notes: dict[Text, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    """The IDs of what it brings (附件)."""
    lead: str | None = None
    assisting: tuple[str, ...] = ()
    term: str | None = None
    matter: Matter | None = None
    urgency: Urgency | None = None
    report: Report | None = None
    respondent: str | None = None
    infringement: bool | None = None
    exclusion: Exclusion | None = None
    turn_to: str | None = None
    procedure: Procedure | None = None
    choice: Choice | None = None
    until: date | None = None
    disputed: bool = False
    reach: Reach | None = None
    resolved: bool | None = None
    rating: Rating | None = None
    replied: ReplyWay | None = None
    joint: str | None = None
    """The joint case that it joins, or whose act reaches it."""
    entry: int | None = None
    """What it was answered with: an entry of the knowledge base …"""
    version: int | None = None
    """… in which version."""
    offer: str | None = None
    """The list of partners from which one was taken …"""
    place: int | None = None
    """… and its place there, from 1."""
    honest: bool | None = None
    """The person says that the price was honest (Art. 24) …"""
    punctual: bool | None = None
    """… and that the partner came when it was to come."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the file of record; appended, never changed."""

    seq: int
    at: datetime
    event: Act | Mark
    actor: str
    role: Role
    status: Status
    """Where the case stood after it."""
    basis: str = "house"
    unit: str | None = None
    deed: str | None = None
    notes: dict[Text, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    """The IDs of what came with it: salted hashes, so that the chain vouches for the contents."""
    detail: dict[str, str | int | bool | None] = field(default_factory=dict)
    chain: str = ""
    """The hash of this entry with all before it."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message that somebody must get; delivered from the outbox, after the step is recorded."""

    at: datetime
    audience: Audience
    template: str
    unit: str | None = None
    params: dict[str, str | int | None] = field(default_factory=dict)
