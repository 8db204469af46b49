"""Reading: lists by keyset, one case with all that belongs to it. What a role may see of it, `api` decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlakeyset.asyncio import select_page
from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import assignments, cases, clocks, deeds, entries, handovers, notes, notices, people

LISTED = (
    "number", "registered_at", "channel", "matter", "urgency", "report", "district", "status", "outcome", "hands",
    "units", "holder", "due_at", "overdue", "returns", "redos", "urges", "call_at", "attempts", "rule_set",
)  # fmt: skip
"""What a list shows of a case: codes and instants."""


@dataclass(frozen=True)
class Page:
    """One page of a list; `next` is the cursor of the following one, None at the end."""

    items: Sequence[dict[str, Any]]
    next: str | None


@dataclass(frozen=True)
class CaseFilter:
    """What a list of cases is narrowed to; None: not narrowed."""

    status: str | None = None
    matter: str | None = None
    district: str | None = None
    channel: str | None = None
    unit: str | None = None
    holder: str | None = None
    overdue: bool | None = None
    due_before: datetime | None = None


async def _page(conn: AsyncConnection, query: Select[Any], limit: int, cursor: str | None) -> Page:
    found = await select_page(conn, query, per_page=limit, page=cursor)
    items = [{key: value for key, value in row._mapping.items() if not key.startswith("sort_")} for row in found]
    return Page(items, found.paging.bookmark_next if found.paging.has_next else None)


async def list_cases(conn: AsyncConnection, wanted: CaseFilter, limit: int, cursor: str | None) -> Page:
    """Cases, the one due soonest first; those without a due instant at the end."""
    soonest = func.coalesce(cases.c.due_at, text("'9999-12-31 00:00Z'::timestamptz")).label("sort_due")
    query = select(*(cases.c[name] for name in LISTED), soonest).order_by(soonest, cases.c.number)
    for condition in _conditions(wanted):
        query = query.where(condition)
    return await _page(conn, query, limit, cursor)


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    equal = ("status", "matter", "district", "channel", "holder", "overdue")
    found = [cases.c[name] == value for name in equal if (value := getattr(wanted, name)) is not None]
    if wanted.unit:
        found.append(cases.c.units.any_() == wanted.unit)
    if wanted.due_before:
        found.append(cases.c.due_at < wanted.due_before)
    return found


async def inbox(conn: AsyncConnection, unit: str | None, active: bool, limit: int, cursor: str | None) -> Page:
    """A unit's assignments (all units' for the Centre), the one due soonest first."""
    due = (
        select(func.min(clocks.c.due))
        .where(
            clocks.c.case_number == assignments.c.case_number,
            clocks.c.owner == assignments.c.unit,
            clocks.c.round == assignments.c.round,
            clocks.c.clock == "handling",
        )
        .scalar_subquery()
    )
    soonest = func.coalesce(due, text("'9999-12-31 00:00Z'::timestamptz")).label("sort_due")
    query = (
        select(
            *assignments.c, due.label("due"), cases.c.matter, cases.c.urgency, cases.c.district, cases.c.urges, soonest
        )
        .join(cases, cases.c.number == assignments.c.case_number)
        .order_by(soonest, assignments.c.case_number, assignments.c.unit, assignments.c.round)
    )
    if unit:
        query = query.where(assignments.c.unit == unit)
    if active:
        query = query.where(assignments.c.handling.in_(("delivered", "signed")))
    return await _page(conn, query, limit, cursor)


async def callbacks(conn: AsyncConnection, before: datetime | None, limit: int, cursor: str | None) -> Page:
    """Cases to be called back, the one to call soonest first."""
    query = select(*(cases.c[name] for name in LISTED)).where(cases.c.call_at.is_not(None))
    if before:
        query = query.where(cases.c.call_at <= before)
    return await _page(conn, query.order_by(cases.c.call_at, cases.c.number), limit, cursor)


async def list_handovers(conn: AsyncConnection, limit: int, cursor: str | None) -> Page:
    """The queue for the enforcement-supervision platform (Art. 9 ¶3), oldest first."""
    return await _page(conn, select(handovers).order_by(handovers.c.raised_at, handovers.c.case_number), limit, cursor)


async def list_notices(conn: AsyncConnection, audience: str, unit: str | None, limit: int, cursor: str | None) -> Page:
    """The notices for a unit, the Centre or the office, newest first."""
    query = select(notices).where(notices.c.audience == audience)
    if unit:
        query = query.where(notices.c.unit == unit)
    return await _page(conn, query.order_by(notices.c.at.desc(), notices.c.id), limit, cursor)


async def case_row(conn: AsyncConnection, number: str) -> dict[str, Any] | None:
    """The case's row."""
    return _one((await conn.execute(select(cases).where(cases.c.number == number))).mappings().one_or_none())


async def person(conn: AsyncConnection, number: str) -> dict[str, Any] | None:
    """Who asked; personal."""
    return _one((await conn.execute(select(people).where(people.c.case_number == number))).mappings().one_or_none())


async def rows_of(conn: AsyncConnection, table: str, number: str) -> list[dict[str, Any]]:
    """All rows of a case in one of the tables that belong to it, in order."""
    source, order = {
        "entries": (entries, (entries.c.seq,)),
        "deeds": (deeds, (deeds.c.received_at, deeds.c.id)),
        "assignments": (assignments, (assignments.c.round, assignments.c.unit)),
        "clocks": (clocks, (clocks.c.start, clocks.c.id)),
        "notes": (notes, (notes.c.written_at, notes.c.id)),
    }[table]
    rows = await conn.execute(select(source).where(source.c.case_number == number).order_by(*order))
    return [dict(row) for row in rows.mappings()]


def _one(row: Any) -> dict[str, Any] | None:
    return dict(row) if row else None
