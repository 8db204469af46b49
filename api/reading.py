"""Reading a case and the desks' lists. A unit sees its own cases only; what of them, `api.views` says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from api.access import Caller, CallerDep, only
from api.errors import Problem, documented, problem
from api.examples import SEALED, answered
from api.house import House, HouseDep, Number
from api.texts import District
from api.views import (
    Attempted,
    Delivered,
    HandedOver,
    Listed,
    Moved,
    Note,
    Page,
    Person,
    Row,
    Sealed,
    Seen,
    Ticking,
    Told,
    Why,
    concerns,
    own,
    readable,
    sees_person,
    view,
)
from domain import archive
from domain.case import CENTRE, Assignment, Entry
from domain.lifecycle import acts_open_to
from domain.limits import SHANGHAI
from domain.regulation import art
from domain.vocabulary import Audience, Channel, Clock, Mark, Matter, Outcome, Role, Status
from storage import archives, reading
from storage.archives import Archive
from storage.reading import Rows

router = APIRouter(tags=["reading"], responses=documented(401, 403, 422, 503))
ONE = documented(404)
PAGE = "One page, and the cursor of the next."

Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[str | None, Query(description="`next` of the page before", max_length=400)]
Code = Annotated[str | None, Query(max_length=40, description="a code")]
STAFF = (Role.AGENT, Role.SUPERVISOR, Role.OFFICE, Role.CALLER)
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
    overdue: bool | None = None,
    due_today: Annotated[bool, Query(description="what ends with today in Shanghai, or has ended")] = False,
    due_by: Annotated[AwareDatetime | None, Query(description="what ends with this instant, or has ended")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Listed]:
    """Filters narrow together. A unit gets its own cases, the office those that wait for it."""
    only(caller, *STAFF, Role.UNIT)
    if caller.role is Role.OFFICE:
        status = Status.ESCALATED
    due = _end_of_today(house) if due_today else due_by
    theirs = caller.unit if caller.role is Role.UNIT else unit
    wanted = reading.CaseFilter(status, matter, district, channel, theirs, holder, overdue, due)
    async with house.once.connect() as conn:
        return _page(Listed, await reading.list_cases(conn, wanted, limit, cursor))


@router.get(
    "/cases/{number}",
    summary="案件 · one case",
    response_description="The case, as far as the caller may see it.",
    responses=ONE,
)
async def get_case(number: Number, caller: CallerDep, house: HouseDep) -> Seen:
    """The case with its assignments, running clocks, texts, and the acts that this role may do now."""
    row = await _seen(number, caller, house)
    async with house.once.connect() as conn:
        assignments = await reading.rows_of(conn, "assignments", number)
        clocks = await reading.rows_of(conn, "clocks", number)
        entries = await reading.rows_of(conn, "entries", number)
        notes = await reading.rows_of(conn, "notes", number)
        person = await reading.person(conn, number) if sees_person(caller, row) else None
    seen = [entry for entry in entries if concerns(caller, entry["unit"])]
    return view(
        Seen,
        row,
        acts=acts_open_to(Status(row["status"]), caller.role),
        assignments=[view(Assignment, a) for a in assignments if concerns(caller, a["unit"])],
        clocks=[view(Ticking, c) for c in clocks if c["state"] == "running" and own(caller, c["owner"])],
        texts=[view(Note, note) for note in readable(caller, seen, notes)],
        person=view(Person, person) if person else None,
    )


@router.get(
    "/cases/{number}/entries",
    summary="办理记录 · the file of record",
    response_description="The entries, by their sequence.",
    responses=ONE,
)
async def get_entries(number: Number, caller: CallerDep, house: HouseDep) -> list[Entry]:
    """Every entry, first to last; a unit sees the Centre's and its own."""
    await _seen(number, caller, house)
    async with house.once.connect() as conn:
        rows = await reading.rows_of(conn, "entries", number)
    return [view(Entry, row) for row in rows if concerns(caller, row["unit"])]


@router.get(
    "/cases/{number}/deeds",
    summary="行为记录 · acts as they arrived, refused ones too",
    response_description="The acts, in the order in which they arrived.",
    responses=ONE,
)
async def get_deeds(number: Number, caller: CallerDep, house: HouseDep) -> list[Attempted]:
    """What everybody did or tried to do, when it arrived, and what became of it; a unit sees its own."""
    await _seen(number, caller, house)
    async with house.once.connect() as conn:
        rows = await reading.rows_of(conn, "deeds", number)
    return [view(Attempted, row) for row in rows if own(caller, row["unit"])]


@router.get(
    "/cases/{number}/why",
    summary="期限依据 · why every clock is due when it is",
    response_description="The clocks, running and stopped, by their start.",
    responses=ONE,
)
async def get_why(number: Number, caller: CallerDep, house: HouseDep) -> list[Why]:
    """Every clock with its provision, rule set and calendar version, days counted, days skipped and why."""
    case = await _seen(number, caller, house)
    async with house.once.connect() as conn:
        clocks = await reading.rows_of(conn, "clocks", number)
        entries = await reading.rows_of(conn, "entries", number)
    return [
        view(Why, clock, rule_set=case["rule_set"], moved=list(_moves(clock, entries)))
        for clock in clocks
        if own(caller, clock["owner"])
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
    row = await _seen(number, caller, house)
    async with house.once.connect() as conn:
        kept = await archives.find(conn, number)
        entries = await reading.rows_of(conn, "entries", number)
        notes = await reading.rows_of(conn, "notes", number)
        clocks = await reading.rows_of(conn, "clocks", number) if kept is None else []
    return _sealed(caller, row, kept, entries, notes) if kept else _not_archived(caller, row, entries, clocks)


@router.get("/assignments", summary="承办单位收件箱 · a unit's inbox", response_description=PAGE)
async def get_assignments(
    caller: CallerDep, house: HouseDep, unit: Code = None, active: bool = True, limit: Limit = 50, cursor: Cursor = None
) -> Page[Delivered]:
    """A unit's assignments, due soonest first; the Centre may look into any inbox."""
    only(caller, Role.UNIT, Role.AGENT, Role.SUPERVISOR)
    async with house.once.connect() as conn:
        return _page(Delivered, await reading.inbox(conn, caller.unit or unit, active, limit, cursor))


@router.get("/designations", summary="待指定 · before the approval office", response_description=PAGE)
async def get_designations(
    caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Listed]:
    """Cases that wait for the office to name the lead unit (Art. 12 ¶2)."""
    only(caller, Role.OFFICE, Role.AGENT, Role.SUPERVISOR)
    wanted = reading.CaseFilter(status=Status.ESCALATED)
    async with house.once.connect() as conn:
        return _page(Listed, await reading.list_cases(conn, wanted, limit, cursor))


@router.get("/callbacks", summary="待回访 · callbacks", response_description=PAGE)
async def get_callbacks(
    caller: CallerDep, house: HouseDep, due: bool = False, limit: Limit = 50, cursor: Cursor = None
) -> Page[Listed]:
    """Whom to call, soonest first; `due`: only those whose hour has come (Art. 13)."""
    only(caller, Role.CALLER, Role.AGENT, Role.SUPERVISOR)
    async with house.once.connect() as conn:
        return _page(Listed, await reading.callbacks(conn, house.now() if due else None, limit, cursor))


@router.get(
    "/handovers", summary="执法监督移送 · the queue for the enforcement-supervision platform", response_description=PAGE
)
async def get_handovers(
    caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[HandedOver]:
    """What persons believe infringed their rights (Art. 9 ¶3); nobody at the Centre can clear it."""
    only(caller, Role.AGENT, Role.SUPERVISOR)
    async with house.once.connect() as conn:
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
    only(caller, Role.UNIT, Role.OFFICE, Role.AGENT, Role.SUPERVISOR)
    theirs = {Role.UNIT: Audience.UNIT, Role.OFFICE: Audience.OFFICE}.get(caller.role, audience)
    async with house.once.connect() as conn:
        return _page(Told, await reading.list_notices(conn, theirs, caller.unit, state, limit, cursor))


async def _seen(number: str, caller: Caller, house: House) -> dict[str, Any]:
    """The case's row if this caller may see it; otherwise 404, as if there were none."""
    only(caller, *STAFF, Role.UNIT)
    async with house.once.connect() as conn:
        row = await reading.case_row(conn, number)
        parts = await reading.rows_of(conn, "assignments", number) if row and caller.role is Role.UNIT else []
    mine = caller.role is not Role.UNIT or any(part["unit"] == caller.unit for part in parts)
    escalated = caller.role is not Role.OFFICE or (row is not None and row["designations"] > 0)
    if row is None or not mine or not escalated:
        raise Problem(404, "NoSuchCase", "no such case")
    return row


def _sealed(caller: Caller, row: Row, kept: Archive, entries: Sequence[Row], notes: Sequence[Row]) -> Sealed:
    """The manifest, and of it for a unit only what it can check: no hash of a text that it may not read.

    Whose an entry is, the manifest says and not the table, so that one that is missing there still shows.
    """
    made = kept.manifest
    others = {n for part, seqs in made["parts"].items() if part != CENTRE and not own(caller, part) for n in seqs}
    seen = [entry for entry in entries if concerns(caller, entry["unit"])]
    texts = {note["id"] for note in readable(caller, seen, notes)}
    whole = caller.role is not Role.UNIT
    return Sealed(
        number=row["number"],
        sealed_at=kept.sealed_at,
        fields=made.get("fields", []),
        entries={int(seq): digest for seq, digest in made["entries"].items() if int(seq) not in others},
        texts={id: digest for id, digest in made["texts"].items() if whole or id.removesuffix("/title") in texts},
        parts={part: seqs for part, seqs in made["parts"].items() if own(caller, part)},
    )


def _not_archived(caller: Caller, row: Row, entries: Iterable[Row], clocks: Iterable[Row]) -> Response:
    status = Status(row["status"])
    sought = any((clock["clock"], clock["state"]) == (Clock.ARCHIVE, "running") for clock in clocks)
    if status is Status.CLOSED and sought:
        found = archive.lacks(Outcome(row["outcome"]), [view(Entry, entry) for entry in entries])
        missing = [{"at": lack.part, "what": lack.what} for lack in found if own(caller, lack.part)]
        law = art(14)
        detail = "closed, not archived: the file is not complete"
        return problem(404, "Incomplete", detail, provision=str(law), provision_zh=law.zh(), errors=missing)
    if status is Status.ARCHIVED:
        return problem(404, "NotArchived", "sealed just now, the manifest follows at once")
    return problem(404, "NotArchived", f"not archived: the case stands at `{status}`, {status.en}")


def _page(shape: type[Shape], rows: Rows) -> Page[Shape]:
    return Page([view(shape, row) for row in rows.items], rows.next)


def _moves(clock: Row, entries: list[dict[str, Any]]) -> Iterator[Moved]:
    """Where this clock's due instant was, and why it moved: from the entries made while it ran."""
    begins, ends = clock["start"], clock["stopped_at"]
    for entry in entries:
        detail = entry["detail"]
        same = (detail.get("clock"), detail.get("owner")) == (clock["clock"], clock["owner"])
        running = begins <= entry["at"] and (ends is None or entry["at"] <= ends)
        if entry["event"] == Mark.DUE_MOVED and same and running:
            yield view(Moved, detail, at=entry["at"])


def _end_of_today(house: House) -> datetime:
    today: date = house.now().astimezone(SHANGHAI).date()
    return datetime.combine(today + timedelta(days=1), time(0), SHANGHAI)
