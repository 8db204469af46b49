"""Reading a case and the desks' lists. What of a case somebody sees, `api.sight` says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import Caller, CallerDep
from api.errors import Problem, documented, problem
from api.examples import SEALED, answered
from api.house import House, HouseDep, Number
from api.people import UNREADABLE, sheltered, shown
from api.sight import Extent, Sight, look
from api.texts import District
from api.views import (
    Attempted,
    Delivered,
    HandedOver,
    Late,
    Link,
    Listed,
    Moved,
    Note,
    Page,
    Past,
    Row,
    Sealed,
    Seen,
    Ticking,
    Told,
    Why,
    view,
)
from domain import archive
from domain.case import CENTRE, Assignment, Entry
from domain.chain import GENESIS
from domain.lifecycle import acts_open_to
from domain.limits import SHANGHAI
from domain.refusals import Unknown
from domain.regulation import art
from domain.vocabulary import Audience, Channel, Clock, Mark, Matter, Outcome, Role, Status, UnitKind
from storage import archives, reading, units
from storage.archives import Archive
from storage.reading import Rows

router = APIRouter(tags=["reading"], responses=documented(401, 403, 422, 503))
ONE = documented(404)
VERSIONED = {
    "responses": {
        "200": {
            "headers": {
                "ETag": {
                    "description": "The version that was read; with an act it goes into `If-Match`.",
                    "schema": {"type": "string", "examples": ['"3"']},
                }
            }
        }
    }
}
PAGE = "One page, and the cursor of the next."

Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[str | None, Query(description="`next` of the page before", max_length=400)]
Code = Annotated[str | None, Query(max_length=40, description="a code")]
Shape = TypeVar("Shape")


@router.get("/cases", summary="案件列表 · cases, due soonest first", response_description=PAGE)
async def list_cases(
    caller: CallerDep,
    house: HouseDep,
    status: Status | None = None,
    matter: Matter | None = None,
    district: Annotated[District | None, Query(description="a district, by its code or its Chinese name")] = None,
    channel: Channel | None = None,
    unit: Code = None,
    holder: Code = None,
    joint: Code = None,
    overdue: bool | None = None,
    due_today: Annotated[bool, Query(description="what ends with today in Shanghai, or has ended")] = False,
    due_by: Annotated[AwareDatetime | None, Query(description="what ends with this instant, or has ended")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Listed]:
    """Filters narrow together. A unit gets what it handles or reported on, the office what waits for it."""
    if caller.role is Role.OFFICE:
        status = Status.ESCALATED
    due = _end_of_today(house) if due_today else due_by
    async with house.reading(caller) as conn:
        await fits(conn, caller)
        theirs = await _of_unit(conn, caller, unit)
        wanted = reading.CaseFilter(status, matter, district, channel, theirs, caller.unit, holder, joint, overdue, due)
        return _page(Listed, await reading.list_cases(conn, wanted, limit, cursor))


@router.get(
    "/cases/{number}",
    summary="案件 · one case",
    response_description="The case, as far as the caller may see it.",
    responses=ONE,
    openapi_extra=VERSIONED,
)
async def get_case(number: Number, caller: CallerDep, house: HouseDep, response: Response) -> Seen | Past:
    """The case with its assignments, running clocks, texts, and the acts that this role may do now.

    To a unit whose part was given back or recalled, no more than its assignments and texts until then.
    """
    row, sight = await _look(number, caller, house)
    async with house.reading(caller) as conn:
        assignments = await reading.rows_of(conn, "assignments", number)
        clocks = await reading.rows_of(conn, "clocks", number)
        entries = await reading.rows_of(conn, "entries", number)
        notes = await reading.rows_of(conn, "notes", number) if sight.reads else []
        told = sight.person(row)
        kept = await reading.person(conn, number) if told else None
    own = [view(Assignment, part) for part in assignments if sight.own(part["unit"])]
    texts = [view(Note, note) for note in await sheltered(house, row, sight, entries, notes)]
    if sight.extent is Extent.ENDED:
        return view(Past, row, assignments=own, texts=texts)
    response.headers["ETag"] = f'"{row["version"]}"'
    return view(
        Seen,
        row,
        acts=acts_open_to(Status(row["status"]), caller.role),
        assignments=own,
        clocks=[view(Ticking, c) for c in clocks if c["state"] == "running" and sight.own(c["owner"])],
        texts=texts,
        person=await shown(house, number, kept) if kept else UNREADABLE if told and row["disposed_at"] else None,
    )


@router.get(
    "/cases/{number}/entries",
    summary="办理记录 · the file of record",
    response_description="The entries, by their sequence.",
    responses=ONE,
)
async def get_entries(number: Number, caller: CallerDep, house: HouseDep) -> list[Entry]:
    """Every entry, first to last; a unit sees its own, and the Centre's as far as they concern it."""
    _, sight = await _look(number, caller, house)
    async with house.reading(caller) as conn:
        rows = await reading.rows_of(conn, "entries", number)
    return [view(Entry, row) for row in sight.entries(rows)]


@router.get(
    "/cases/{number}/deeds",
    summary="行为记录 · acts as they arrived, refused ones too",
    response_description="The acts, in the order in which they arrived.",
    responses=ONE,
)
async def get_deeds(number: Number, caller: CallerDep, house: HouseDep) -> list[Attempted]:
    """What everybody did or tried to do, when it arrived, and what became of it; a unit sees its own."""
    _, sight = await _look(number, caller, house)
    async with house.reading(caller) as conn:
        rows = await reading.rows_of(conn, "deeds", number)
    return [view(Attempted, row) for row in sight.deeds(rows)]


@router.get(
    "/cases/{number}/why",
    summary="期限依据 · why every clock is due when it is",
    response_description="The clocks, running and stopped, by their start.",
    responses=ONE,
)
async def get_why(number: Number, caller: CallerDep, house: HouseDep) -> list[Why]:
    """Every clock with its provision, rule set and calendar version, days counted, days skipped and why."""
    case, sight = await _look(number, caller, house)
    async with house.reading(caller) as conn:
        clocks = await reading.rows_of(conn, "clocks", number)
        entries = await reading.rows_of(conn, "entries", number)
    return [
        view(Why, clock, rule_set=case["rule_set"], moved=_moves(own), late=_lates(own))
        for clock in clocks
        if sight.own(clock["owner"])
        for own in (_entries_of(clock, entries),)
    ]


@router.get(
    "/cases/{number}/archive",
    summary="归档清单 · the manifest of the sealed file",
    response_model=Sealed,
    response_description="The hashes of what the caller may see of the file.",
    responses={404: ONE[404] | {"description": "No such case; or not archived: where it stands, what its file lacks."}},
    openapi_extra=answered(SEALED),
)
async def get_archive(number: Number, caller: CallerDep, house: HouseDep) -> Any:
    """What was sealed (Art. 14), by hashes; a unit gets those of the entries and texts that it reads, and its own part.

    Not archived is a 404: `NotArchived` says where the case stands, `Incomplete` also what its file lacks (in `errors`:
    of which part, and what; a unit hears of its own part).
    """
    row, sight = await _look(number, caller, house)
    async with house.reading(caller) as conn:
        kept = await archives.find(conn, number)
        entries = await reading.rows_of(conn, "entries", number)
        notes = await reading.rows_of(conn, "notes", number) if sight.reads else []
        attached = await reading.rows_of(conn, "attachments", number) if kept and sight.reads else []
        clocks = await reading.rows_of(conn, "clocks", number) if kept is None else []
    return _sealed(sight, row, kept, entries, notes, attached) if kept else _not_archived(sight, row, entries, clocks)


@router.get("/assignments", summary="承办单位收件箱 · a unit's inbox", response_description=PAGE)
async def get_assignments(
    caller: CallerDep,
    house: HouseDep,
    unit: Code = None,
    active: Annotated[bool, Query(description="what is in hand; false: what was, too")] = True,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Delivered]:
    """A unit's assignments, due soonest first; the Centre may look into any inbox."""
    async with house.reading(caller) as conn:
        await fits(conn, caller)
        asked = await _of_unit(conn, caller, unit)
        rows = await reading.inbox(conn, caller.unit or asked, active, limit, cursor, reader=caller.unit)
    return _page(Delivered, rows)


@router.get("/designations", summary="待指定 · before the approval office", response_description=PAGE)
async def get_designations(
    caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Listed]:
    """Cases that wait for the office to name the lead unit (Art. 12 ¶2)."""
    wanted = reading.CaseFilter(status=Status.ESCALATED)
    async with house.reading(caller) as conn:
        return _page(Listed, await reading.list_cases(conn, wanted, limit, cursor))


@router.get("/callbacks", summary="待回访 · callbacks", response_description=PAGE)
async def get_callbacks(
    caller: CallerDep,
    house: HouseDep,
    due: Annotated[bool, Query(description="only those whose hour has come")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Listed]:
    """Whom to call, soonest first (Art. 13)."""
    async with house.reading(caller) as conn:
        return _page(Listed, await reading.callbacks(conn, house.now() if due else None, limit, cursor))


@router.get(
    "/handovers", summary="执法监督移送 · the queue for the enforcement-supervision platform", response_description=PAGE
)
async def get_handovers(
    caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[HandedOver]:
    """What persons believe infringed their rights (Art. 9 ¶3); nobody at the Centre can clear it."""
    async with house.reading(caller) as conn:
        return _page(HandedOver, await reading.list_handovers(conn, limit, cursor))


@router.get("/notices", summary="通知 · notices for the caller's desk", response_description=PAGE)
async def get_notices(
    caller: CallerDep,
    house: HouseDep,
    audience: Annotated[Audience, Query(description="for the Centre: `person` is the outbox")] = Audience.CENTRE,
    state: Code = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Told]:
    """Urging, supervision notices, bulletin list: what the caller's unit, the Centre or the office was told."""
    theirs = Audience.UNIT if caller.unit else Audience.OFFICE if caller.role is Role.OFFICE else audience
    async with house.reading(caller) as conn:
        await fits(conn, caller)
        return _page(Told, await reading.list_notices(conn, theirs, caller.unit, state, limit, cursor))


async def _look(number: str, caller: Caller, house: House) -> tuple[Row, Sight]:
    """The case's row and what the caller sees of it. A channel hands on what the person says, and reads nothing."""
    async with house.reading(caller) as conn:
        return await look(conn, number, caller)


async def fits(conn: AsyncConnection, caller: Caller) -> None:
    """A sign-in of the other kind reads no list: a partner's own is of referrals, a unit's of what was transferred."""
    known = await units.kind(conn, caller.unit) if caller.unit else None
    if known and (known is UnitKind.PARTNER) != (caller.role is Role.PARTNER):
        raise Problem(403, "Forbidden", f"{caller.unit} is no unit of the role {caller.role}")


async def _of_unit(conn: AsyncConnection, caller: Caller, unit: str | None) -> str | None:
    """The unit that a list is narrowed to: it exists, and a unit names no other than itself."""
    if unit is None:
        return None
    if caller.unit not in (None, unit):
        raise Problem(403, "Forbidden", "a unit reads its own list: leave `unit` out")
    if unit not in {each.code for each in await units.listed(conn)}:
        raise Unknown("`unit`: the code is not that of a unit; GET /units lists them")
    return unit


GONE: Row = {"event": None, "at": datetime.min.replace(tzinfo=UTC), "detail": {}}
"""An entry that the manifest names and the table has lost."""


def _sealed(
    sight: Sight, row: Row, kept: Archive, entries: Sequence[Row], notes: Sequence[Row], attached: Sequence[Row]
) -> Sealed:
    """The manifest, and of it for a unit only what it can check: no hash of what it does not read, or not whole.

    Whose an entry is, the manifest says and not the table, so that one that is missing there still shows.
    """
    made = kept.manifest
    theirs = {seq: part for part, seqs in made["parts"].items() if part != CENTRE for seq in seqs}
    rows = {entry["seq"]: entry for entry in entries}
    hashes = {int(seq): chain for seq, chain in made["entries"].items()}
    sealed = {seq: {**rows.get(seq, GONE), "unit": theirs.get(seq)} for seq in hashes}
    shown = {seq for seq, entry in sealed.items() if sight.shows(entry) and not sight.trims(entry)}
    texts = {note["id"] for note in sight.texts(entries, notes)}
    seen = {each["id"] for each in sight.attachments(row, entries, attached)}
    whole = sight.extent is Extent.WHOLE
    return Sealed(
        number=row["number"],
        sealed_at=kept.sealed_at,
        entries={seq: Link(before=hashes.get(seq - 1, GENESIS), chain=hashes[seq]) for seq in sorted(shown)},
        texts=[id for id in made["texts"] if whole or id in texts],
        attachments=[id for id in made.get("attachments", ()) if whole or id in seen],
        parts={part: [seq for seq in seqs if seq in shown] for part, seqs in made["parts"].items() if sight.own(part)},
    )


def _not_archived(sight: Sight, row: Row, entries: Iterable[Row], clocks: Iterable[Row]) -> Response:
    status = Status(row["status"])
    sought = any((clock["clock"], clock["state"]) == (Clock.ARCHIVE, "running") for clock in clocks)
    if sight.extent is Extent.ENDED:
        return problem(404, "NotArchived", "not archived")
    if status is Status.CLOSED and sought:
        found = archive.lacks(Outcome(row["outcome"]), [view(Entry, entry) for entry in entries])
        missing = [{"at": lack.part, "what": lack.what} for lack in found if sight.own(lack.part)]
        law = art(14)
        detail = "closed, not archived: the file is not complete"
        return problem(404, "Incomplete", detail, provision=str(law), provision_zh=law.zh(), errors=missing)
    if status is Status.ARCHIVED:
        return problem(404, "NotArchived", "sealed just now, the manifest follows at once")
    return problem(404, "NotArchived", f"not archived: the case stands at `{status}`, {status.en}")


def _page(shape: type[Shape], rows: Rows) -> Page[Shape]:
    return Page([view(shape, row) for row in rows.items], rows.next)


def _entries_of(clock: Row, entries: Iterable[Row]) -> list[Row]:
    """What was entered about this clock while it ran."""
    begins, ends = clock["start"], clock["stopped_at"]
    same = ("clock", "owner")
    return [
        entry
        for entry in entries
        if all(entry["detail"].get(name) == clock[name] for name in same)
        and begins <= entry["at"]
        and (ends is None or entry["at"] <= ends)
    ]


def _moves(entries: Iterable[Row]) -> list[Moved]:
    """Where a clock's due instant was, and why it moved."""
    return [view(Moved, e["detail"], at=e["at"]) for e in entries if e["event"] == Mark.DUE_MOVED]


def _lates(entries: Iterable[Row]) -> list[Late]:
    """What came late because the platform was down."""
    return [view(Late, e["detail"], event=e["event"], at=e["at"]) for e in entries if "late_s" in e["detail"]]


def _end_of_today(house: House) -> datetime:
    today: date = house.now().astimezone(SHANGHAI).date()
    return datetime.combine(today + timedelta(days=1), time(0), SHANGHAI)
