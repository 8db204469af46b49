"""Reading a case and the desks' lists. A unit sees its own cases only; whose words and names it sees, `_shielded` says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.access import Caller, CallerDep, only
from api.errors import Problem
from api.house import House, HouseDep
from domain import vocabulary
from domain.lifecycle import MOVES, acts_open_to
from domain.limits import SHANGHAI
from domain.regulation import PROVISIONS
from domain.vocabulary import Matter, Report, Role, Status, Word
from storage import reading, units
from storage.reading import Page
from storage.units import Unit

router = APIRouter(tags=["reading"])

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(description="`next` of the page before")]
STAFF = (Role.AGENT, Role.SUPERVISOR, Role.OFFICE, Role.CALLER)


@router.get("/cases", summary="案件列表 · cases, due soonest first")
async def list_cases(
    caller: CallerDep,
    house: HouseDep,
    status: Status | None = None,
    matter: Matter | None = None,
    district: str | None = None,
    channel: str | None = None,
    unit: str | None = None,
    holder: str | None = None,
    overdue: bool | None = None,
    due_today: bool = False,
    due_before: datetime | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page:
    """Filters narrow together. `due_today`: due before the end of today in Shanghai."""
    only(caller, *STAFF, Role.UNIT)
    if caller.role is Role.OFFICE:
        status = Status.ESCALATED
    before = _end_of_today(house) if due_today else due_before
    own = caller.unit if caller.role is Role.UNIT else unit
    wanted = reading.CaseFilter(status, matter, district, channel, own, holder, overdue, before)
    async with house.once.connect() as conn:
        return await reading.list_cases(conn, wanted, limit, cursor)


@router.get("/cases/{number}", summary="案件 · one case")
async def get_case(number: str, caller: CallerDep, house: HouseDep) -> dict[str, Any]:
    """The case with its assignments, running clocks, texts, and the acts that this role may do now."""
    row = await _seen(number, caller, house)
    async with house.once.connect() as conn:
        assignments = await reading.rows_of(conn, "assignments", number)
        clocks = await reading.rows_of(conn, "clocks", number)
        notes = await reading.rows_of(conn, "notes", number)
        person = None if _shielded(row, caller) else await reading.person(conn, number)
    case = {
        name: row[name] for name in (*reading.LISTED, "stated_at", "exclusion", "respondent", "infringement", "round")
    }
    return {
        **case,
        "acts": acts_open_to(Status(row["status"]), caller.role),
        "assignments": [a for a in assignments if _of(caller, a["unit"])],
        "clocks": [c for c in clocks if c["state"] == "running" and _of(caller, c["owner"])],
        "texts": [n for n in notes if caller.role is not Role.UNIT or n["kind"] != "internal"],
        "person": person,
    }


@router.get("/cases/{number}/entries", summary="办理记录 · the file of record")
async def get_entries(number: str, caller: CallerDep, house: HouseDep) -> list[dict[str, Any]]:
    """Every entry, first to last; a unit sees the Centre's and its own."""
    await _seen(number, caller, house)
    async with house.once.connect() as conn:
        rows = await reading.rows_of(conn, "entries", number)
    return [row for row in rows if row["unit"] is None or _of(caller, row["unit"])]


@router.get("/cases/{number}/deeds", summary="行为记录 · acts as they arrived, refused ones too")
async def get_deeds(number: str, caller: CallerDep, house: HouseDep) -> list[dict[str, Any]]:
    """What everybody did or tried to do, when it arrived, and what became of it; a unit sees its own."""
    await _seen(number, caller, house)
    async with house.once.connect() as conn:
        rows = await reading.rows_of(conn, "deeds", number)
    shown = ("id", "act", "role", "actor", "unit", "received_at", "state", "refusal")
    return [{k: row[k] for k in shown} for row in rows if caller.role is not Role.UNIT or row["unit"] == caller.unit]


@router.get("/cases/{number}/why", summary="期限依据 · why every clock is due when it is")
async def get_why(number: str, caller: CallerDep, house: HouseDep) -> list[dict[str, Any]]:
    """Every clock with its provision, rule set and calendar version, days counted, days skipped and why."""
    row = await _seen(number, caller, house)
    async with house.once.connect() as conn:
        clocks = await reading.rows_of(conn, "clocks", number)
    shown = ("clock", "owner", "about", "round", "state", "start", "term", "due", "passed", "stopped_at", "basis")
    return [
        {**{k: c[k] for k in shown}, "rule_set": row["rule_set"], **{"derivation": c["derivation"]}}
        for c in clocks
        if _of(caller, c["owner"])
    ]


@router.get("/assignments", summary="承办单位收件箱 · a unit's inbox")
async def get_assignments(
    caller: CallerDep,
    house: HouseDep,
    unit: str | None = None,
    active: bool = True,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page:
    """A unit's assignments, due soonest first; the Centre may look into any inbox."""
    only(caller, Role.UNIT, Role.AGENT, Role.SUPERVISOR)
    async with house.once.connect() as conn:
        return await reading.inbox(conn, caller.unit or unit, active, limit, cursor)


@router.get("/designations", summary="待指定 · before the approval office")
async def get_designations(caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """Cases that wait for the office to name the lead unit (Art. 12 ¶2)."""
    only(caller, Role.OFFICE, Role.AGENT, Role.SUPERVISOR)
    async with house.once.connect() as conn:
        return await reading.list_cases(conn, reading.CaseFilter(status=Status.ESCALATED), limit, cursor)


@router.get("/callbacks", summary="待回访 · callbacks")
async def get_callbacks(
    caller: CallerDep, house: HouseDep, due: bool = False, limit: Limit = 50, cursor: Cursor = None
) -> Page:
    """Whom to call, soonest first; `due`: only those whose hour has come (Art. 13)."""
    only(caller, Role.CALLER, Role.AGENT, Role.SUPERVISOR)
    async with house.once.connect() as conn:
        return await reading.callbacks(conn, house.now() if due else None, limit, cursor)


@router.get("/handovers", summary="执法监督移送 · the queue for the enforcement-supervision platform")
async def get_handovers(caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """What persons believe infringed their rights (Art. 9 ¶3); nobody at the Centre can clear it."""
    only(caller, Role.AGENT, Role.SUPERVISOR)
    async with house.once.connect() as conn:
        return await reading.list_handovers(conn, limit, cursor)


@router.get("/notices", summary="通知 · notices for the caller's desk")
async def get_notices(caller: CallerDep, house: HouseDep, limit: Limit = 50, cursor: Cursor = None) -> Page:
    """Urging, supervision notices, bulletin list: what the caller's unit, the Centre or the office was told."""
    only(caller, Role.UNIT, Role.OFFICE, Role.AGENT, Role.SUPERVISOR)
    audience = {Role.UNIT: "unit", Role.OFFICE: "office"}.get(caller.role, "centre")
    async with house.once.connect() as conn:
        return await reading.list_notices(conn, audience, caller.unit, limit, cursor)


@router.get("/units", summary="承办单位 · units")
async def get_units(caller: CallerDep, house: HouseDep) -> list[Unit]:
    """All units with their kinds and names."""
    async with house.once.connect() as conn:
        return await units.listed(conn)


@router.get("/vocabulary", summary="词汇 · words, moves, provisions")
async def get_vocabulary() -> dict[str, Any]:
    """Every word with its labels, every move with its provision, every provision with its text."""
    kinds = [c for c in vars(vocabulary).values() if isinstance(c, type) and issubclass(c, Word) and c is not Word]
    return {
        "words": {kind.__name__: {w.value: {"zh": w.zh, "en": w.en} for w in kind} for kind in kinds},
        "moves": [
            {"origin": m.origin, "act": m.act, "roles": m.roles, "targets": m.targets, "basis": str(m.basis or "house")}
            for m in MOVES
        ],
        "provisions": PROVISION_TEXTS,
    }


PROVISION_TEXTS = {str(citation): {"zh": citation.zh(), "text": citation.text} for citation in PROVISIONS}


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


def _of(caller: Caller, owner: str) -> bool:
    return caller.role is not Role.UNIT or owner == caller.unit


def _shielded(row: dict[str, Any], caller: Caller) -> bool:
    """Who complains about staff or reports unlawful conduct is not shown to the unit (Art. 15)."""
    sensitive = row["matter"] == Matter.STAFF or row["report"] == Report.UNLAWFUL
    return caller.role is Role.OFFICE or (caller.role is Role.UNIT and sensitive)


def _end_of_today(house: House) -> datetime:
    today: date = house.now().astimezone(SHANGHAI).date()
    return datetime.combine(today + timedelta(days=1), time(0), SHANGHAI)
