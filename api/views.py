"""Views: what the API shows of a row: codes, instants, and texts last. What of a case somebody sees, `api.sight` says.

What a field means, `api.fields` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import AfterValidator, TypeAdapter

from domain.case import Assignment, RunningClock
from domain.vocabulary import (
    Act,
    Audience,
    Channel,
    Clock,
    Exclusion,
    Mark,
    Matter,
    Outcome,
    Report,
    Role,
    Status,
    Text,
    Urgency,
)

Row = Mapping[str, Any]
Shape = TypeVar("Shape")
Item = TypeVar("Item")

Instant = Annotated[datetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""An instant that is kept in local time; answers have all in UTC."""


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list; `next` is the cursor of the following one, null at the end."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A case in a list."""

    number: str
    registered_at: datetime
    channel: Channel
    matter: Matter
    urgency: Urgency
    report: Report | None
    district: str | None
    status: Status
    outcome: Outcome | None
    hands: str
    units: list[str]
    holder: str | None
    due_at: datetime | None
    provisional: bool
    overdue: bool
    returns: int
    redos: int
    urges: int
    call_at: datetime | None
    attempts: int
    rule_set: str
    joint: str | None


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who asked, masked. Not readable: the case's key is gone, and with it who it was."""

    readable: bool
    name: str | None
    phone: str | None
    address: str | None
    id_number: str | None


@dataclass(frozen=True, kw_only=True)
class Note:
    """A text: of the request, or given with an act; `id` is what the entry of the act refers to.

    The ID is the SHA-256, as hex, of the JSON list of salt, title and text: no white space, no character escaped that
    JSON lets stand, in UTF-8. Whoever is not told who asked gets title and text masked (＊), and no salt.
    """

    id: str
    kind: Text
    text: str
    title: str | None
    salt: str | None
    written_at: datetime


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """What came with an entry (附件); `id` is what the entry refers to.

    The ID is the SHA-256, as hex, of the JSON list of salt, kind and SHA-256: no white space, in UTF-8.
    """

    id: str
    entry: int
    at: datetime
    kind: str
    media: str
    length: int
    sha256: str
    salt: str
    name: str | None


@dataclass(frozen=True, kw_only=True)
class Ticking(RunningClock):
    """A running clock; `provisional`: a coming holiday notice may still move when it is due."""

    provisional: bool


@dataclass(frozen=True, kw_only=True)
class Seen(Listed):
    """One case, with what belongs to it as far as the caller may see it."""

    stated_at: datetime | None
    exclusion: Exclusion | None
    respondent: str | None
    infringement: bool
    round: int
    acts: list[Act]
    assignments: list[Assignment]
    clocks: list[Ticking]
    texts: list[Note]
    person: Person | None
    disposed_at: datetime | None
    disposal: str | None


@dataclass(frozen=True, kw_only=True)
class Past:
    """One case to a unit whose part in it has ended: its own assignments and texts, and nothing of what came after."""

    number: str
    registered_at: datetime
    assignments: list[Assignment]
    texts: list[Note]


@dataclass(frozen=True, kw_only=True)
class Link:
    """How an entry is chained. `chain` is the hash of the JSON list of `before` (the hash of the entry before it; empty
    at the first), the case's number, and the entry as it is in the list of entries, without `chain`, what is null and
    what is empty: keys sorted, no white space, no character escaped that JSON lets stand, in UTF-8.
    """

    before: str
    chain: str


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """The manifest of a sealed file (Art. 14): SHA-256 hashes, as hex, with which a reader checks what is shown of it.

    `entries`, by sequence number: the links of the chain. `texts`, `attachments`: their IDs, which are their hashes.
    `parts`: which entries are the Centre's file and each unit's. An entry of which the reader gets a part only has no
    link here.
    """

    number: str
    sealed_at: datetime
    entries: dict[int, Link]
    texts: list[str]
    attachments: list[str]
    parts: dict[str, list[int]]


@dataclass(frozen=True)
class Refused:
    """Why an act was refused."""

    kind: str
    detail: str
    basis: str | None


@dataclass(frozen=True, kw_only=True)
class Attempted:
    """An act as it arrived; `state`: received, applied or refused."""

    id: str
    act: Act
    role: Role
    actor: str
    unit: str | None
    received_at: datetime
    state: str
    refusal: Refused | None


@dataclass(frozen=True)
class Skipped:
    """A day that did not count, and why."""

    day: date
    reason: str


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """How a due instant was found: the days of a working-day term that counted, those that did not, by which calendar."""

    start: Instant
    term: str | None
    due: Instant
    last_day: date | None
    counted: list[date]
    skipped: list[Skipped]
    provisional: bool
    calendar_version: int
    named: str | None = None
    given: int = 0


@dataclass(frozen=True)
class Moved:
    """A due instant was moved: from where to where, and why."""

    at: datetime
    old: datetime
    new: datetime
    why: str


@dataclass(frozen=True)
class Late:
    """The platform was down: what came after its instant, when it came, and how many seconds late."""

    event: Mark
    instant: datetime
    at: datetime
    late_s: int


@dataclass(frozen=True, kw_only=True)
class Why:
    """A clock, and why it is due when it is. No `term`: a person set the day (`moved` says when)."""

    clock: Clock
    owner: str
    about: str | None
    round: int
    state: str
    start: datetime
    term: str | None
    due: datetime
    provisional: bool
    passed: bool
    stopped_at: datetime | None
    basis: str | None
    rule_set: str
    derivation: Derivation | None
    moved: list[Moved]
    late: list[Late]


@dataclass(frozen=True, kw_only=True)
class Delivered(Assignment):
    """An assignment in a unit's inbox."""

    case_number: str
    due: datetime
    provisional: bool
    matter: Matter
    urgency: Urgency
    district: str | None
    urges: int


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """A person's statement in the queue for the enforcement-supervision platform."""

    case_number: str
    raised_at: datetime
    basis: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """A notice. `state`: shown in the inbox; or, for a person, waiting, sent, delivered or failed."""

    id: str
    case_number: str
    at: datetime
    audience: Audience
    unit: str | None
    template: str
    params: dict[str, str | int | None]
    state: str
    tries: int


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One line of the file as the requester reads it."""

    at: datetime
    event: str
    unit: str | None
    basis: str


@dataclass(frozen=True)
class Said:
    """A text as the requester reads it."""

    kind: Text
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """A case as its requester sees it."""

    number: str
    status: Status
    status_zh: str
    outcome: Outcome | None
    outcome_zh: str | None
    matter: str
    registered_at: datetime
    hands: str
    due_at: datetime | None
    provisional: bool
    overdue: bool
    turn_to: str | None
    turn_to_zh: str | None
    acts: list[Act]
    history: list[Passage]
    texts: list[Said]
    disposed_at: datetime | None


def view(shape: type[Shape], row: Row, **more: Any) -> Shape:
    """The fields of a row that the shape names, as it types them; the others stay in the house."""
    named = {field.name: row[field.name] for field in fields(shape) if field.name in row}  # type: ignore[arg-type]
    return cast(Shape, _reader(cast(Any, shape)).validate_python(named | more))


@cache
def _reader(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def texts_of(entries: Iterable[Row], notes: Iterable[Row]) -> list[Row]:
    """The request itself and the texts of these entries: what came with an act that was refused is no reply."""
    on_file = {note for entry in entries for note in entry["notes"].values()}
    return [note for note in notes if note["title"] is not None or note["id"] in on_file]
