"""Reading: lists by keyset, one case with all that belongs to it. What somebody sees of it, `api.sight` decides."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from types import GenericAlias
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal_column, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.refusals import Unknown
from domain.routing import above
from domain.step import UNWATCHED
from domain.vocabulary import Handling, Matter, Status
from storage.tables import (
    SOONEST,
    assignments,
    attachments,
    cases,
    changes,
    clocks,
    deeds,
    disposals,
    entries,
    handovers,
    notes,
    notices,
    people,
)

LISTED = (
    "number", "registered_at", "channel", "matter", "urgency", "report", "district", "status", "outcome", "hands",
    "units", "holder", "due_at", "overdue", "returns", "redos", "urges", "call_at", "attempts", "rule_set", "joint",
)  # fmt: skip
"""What a list shows of a case: codes and instants."""

_MOVABLE = func.coalesce(
    and_(clocks.c.state == "running", clocks.c.term.is_not(None), clocks.c.derivation["provisional"].astext == "true"),
    False,
)
MOVABLE = _MOVABLE.label("provisional")
"""A coming holiday notice may still move what a running clock is due at; never a day that a person set (no term)."""

PROVISIONAL = func.coalesce(
    select(func.bool_or(_MOVABLE))
    .where(
        clocks.c.case_number == cases.c.number,
        clocks.c.due == cases.c.due_at,
        clocks.c.clock.not_in(sorted(UNWATCHED)),
    )
    .scalar_subquery(),
    False,
).label("provisional")
"""The same of a case's next due instant."""


ENDED = (Handling.RETURNED, Handling.RECALLED)
"""How a unit's part ends without a result: what comes after is no longer its business."""


@dataclass(frozen=True)
class Rows:
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
    """It handles the case, or handled it."""
    reader: str | None = None
    """The unit that reads: what it handles or reported on, and nothing that complains of it."""
    holder: str | None = None
    joint: str | None = None
    overdue: bool | None = None
    due_by: datetime | None = None
    """Due instants are exclusive: what is due at this instant ends with it."""


@dataclass(frozen=True)
class Order:
    """What a list is sorted by: together unique, and all in one direction, so that an index serves it."""

    keys: tuple[ColumnElement[Any], ...]
    last_first: bool = False

    def after(self, cursor: str) -> ColumnElement[bool]:
        """The rows that follow the one at which the cursor stands; Unknown if it is not one of this list."""
        try:
            values = self._values().validate_json(base64.urlsafe_b64decode(cursor), strict=True)
        except ValueError:
            raise Unknown("the cursor is not one of this list") from None
        place = tuple_(*(bindparam(None, value, key.type) for key, value in zip(self.keys, values, strict=True)))
        return tuple_(*self.keys) < place if self.last_first else tuple_(*self.keys) > place

    def cursor(self, values: Sequence[Any]) -> str:
        return base64.urlsafe_b64encode(self._values().dump_json(tuple(values))).decode()

    def _values(self) -> TypeAdapter[tuple[Any, ...]]:
        return _tuples(tuple(key.type.python_type for key in self.keys))


@cache
def _tuples(kinds: tuple[type[Any], ...]) -> TypeAdapter[tuple[Any, ...]]:
    alias: Any = GenericAlias(tuple, kinds)
    return TypeAdapter(alias)


async def page(conn: AsyncConnection, query: Select[Any], order: Order, limit: int, cursor: str | None) -> Rows:
    """One page of what the query asks for, in this order."""
    if cursor is not None:
        query = query.where(order.after(cursor))
    query = query.add_columns(*(key.label(f"key_{n}") for n, key in enumerate(order.keys)))
    query = query.order_by(*(key.desc() if order.last_first else key for key in order.keys)).limit(limit + 1)
    found = (await conn.execute(query)).all()
    width = len(order.keys)
    items = [dict(list(row._mapping.items())[:-width]) for row in found[:limit]]
    return Rows(items, order.cursor(found[limit - 1][-width:]) if len(found) > limit else None)


async def list_cases(conn: AsyncConnection, wanted: CaseFilter, limit: int, cursor: str | None) -> Rows:
    """Cases, the one due soonest first; those without a due instant at the end."""
    query = select(*(cases.c[name] for name in LISTED), PROVISIONAL).where(*conditions(wanted))
    return await page(conn, query, Order((SOONEST, cases.c.number)), limit, cursor)


async def unknown(conn: AsyncConnection, numbers: Sequence[str]) -> list[str]:
    """Those under which there is no case."""
    found = set((await conn.execute(select(cases.c.number).where(cases.c.number.in_(numbers)))).scalars())
    return [number for number in numbers if number not in found]


def conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """What a filter asks of a case."""
    equal = ("status", "matter", "district", "channel", "holder", "joint", "overdue")
    found = [cases.c[name] == value for name in equal if (value := getattr(wanted, name)) is not None]
    if wanted.unit:
        assigned = select(assignments.c.case_number).where(assignments.c.unit == wanted.unit)
        found.append(cases.c.number.in_(assigned))
    if wanted.reader:
        found += [has_part(wanted.reader), _not_complained_of(wanted.reader, cases.c.number)]
    if wanted.due_by:
        found.append(cases.c.due_at <= wanted.due_by)
    return found


def has_part(unit: str) -> ColumnElement[bool]:
    """The unit handles the case in its present round, or reported its result."""
    return exists().where(
        assignments.c.case_number == cases.c.number,
        assignments.c.round == cases.c.round,
        assignments.c.unit == unit,
        assignments.c.handling.not_in(ENDED),
    )


def _not_complained_of(unit: str, number: ColumnElement[str]) -> ColumnElement[bool]:
    """The office complained of, and those below it, see nothing of the complaint (Art. 7(4))."""
    complaint = cases.alias("complaint")
    return ~exists().where(
        complaint.c.number == number, complaint.c.matter == Matter.STAFF, complaint.c.respondent.in_(above(unit))
    )


async def inbox(
    conn: AsyncConnection, unit: str | None, active: bool, limit: int, cursor: str | None, *, reader: str | None = None
) -> Rows:
    """A unit's assignments (all units' for the Centre), the one due soonest first: each has one handling clock."""
    query = select(*_HELD, clocks.c.due, MOVABLE).where(clocks.c.clock == literal_column("'handling'"))
    if unit:
        query = query.where(clocks.c.owner == unit)
    if active:
        query = query.where(clocks.c.state == literal_column("'running'"))
    if reader:
        query = query.where(_not_complained_of(reader, clocks.c.case_number))
    held = await page(conn, query, Order((clocks.c.due, *_HELD)), limit, cursor)
    found = await _assigned(conn, [tuple(row[key.name] for key in _HELD) for row in held.items])
    return replace(held, items=[found[row["case_number"], row["owner"], row["round"]] | row for row in held.items])


_HELD = (clocks.c.case_number, clocks.c.owner, clocks.c.round)
"""Which assignment a unit's clock belongs to."""


async def _assigned(conn: AsyncConnection, held: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The assignments by case, unit and round, with what an inbox shows of their cases."""
    key = (assignments.c.case_number, assignments.c.unit, assignments.c.round)
    of_case = (cases.c[name] for name in ("matter", "urgency", "district", "urges"))
    query = select(*assignments.c, *of_case).join(cases).where(tuple_(*key).in_(held))
    rows = (await conn.execute(query)).mappings()
    return {tuple(row[column.name] for column in key): dict(row) for row in rows}


async def callbacks(conn: AsyncConnection, before: datetime | None, limit: int, cursor: str | None) -> Rows:
    """Cases to be called back, the one to call soonest first."""
    query = select(*(cases.c[name] for name in LISTED), PROVISIONAL).where(cases.c.call_at.is_not(None))
    if before:
        query = query.where(cases.c.call_at <= before)
    return await page(conn, query, Order((cases.c.call_at, cases.c.number)), limit, cursor)


async def list_handovers(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """The queue for the enforcement-supervision platform (Art. 9 ¶3), oldest first."""
    oldest_first = Order((handovers.c.raised_at, handovers.c.case_number))
    return await page(conn, select(handovers), oldest_first, limit, cursor)


async def list_notices(
    conn: AsyncConnection, audience: str, unit: str | None, state: str | None, limit: int, cursor: str | None
) -> Rows:
    """The notices for one unit, or for the Centre, the office or persons; the newest first."""
    addressed = notices.c.unit == unit if unit else notices.c.unit.is_(None)
    query = select(notices).where(notices.c.audience == audience, addressed)
    if unit:
        query = query.where(_not_complained_of(unit, notices.c.case_number))
    if state:
        query = query.where(notices.c.state == state)
    return await page(conn, query, Order((notices.c.at, notices.c.id), last_first=True), limit, cursor)


async def list_changes(conn: AsyncConnection, limit: int, cursor: str | None) -> Rows:
    """What of the house's own was changed, the latest first."""
    return await page(conn, select(changes), Order((changes.c.at, changes.c.id), last_first=True), limit, cursor)


async def case_row(conn: AsyncConnection, number: str) -> dict[str, Any] | None:
    """The case's row; is its due instant provisional; is the person shielded; when and by which list it was destroyed."""
    more = (
        PROVISIONAL,
        func.shielded(cases.c.number).label("shielded"),
        disposals.c.at.label("disposed_at"),
        disposals.c.list.label("disposal"),
    )
    query = select(cases, *more).outerjoin(disposals).where(cases.c.number == number)
    return _one((await conn.execute(query)).mappings().one_or_none())


async def open_cases(conn: AsyncConnection, after: str = "", limit: int = 1000) -> list[str]:
    """A page of the numbers of cases that are not archived, in order; `after` is the last one of the page before."""
    query = select(cases.c.number).where(cases.c.status != Status.ARCHIVED, cases.c.number > after)
    return list((await conn.execute(query.order_by(cases.c.number).limit(limit))).scalars())


async def standing(conn: AsyncConnection, number: str) -> dict[str, Any] | None:
    """Where a case stands and who has a say in it: what an act asks of its row."""
    return _one((await conn.execute(_STANDING, {"number": number})).mappings().one_or_none())


_STANDING = text(
    "SELECT number, desk, status, matter, respondent, designations, client, round, status = 'archived' AND EXISTS ("
    " SELECT FROM disposals WHERE case_number = number) AS destroyed FROM cases WHERE number = :number"
)


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
        "attachments": (attachments, (attachments.c.attached_at, attachments.c.id)),
    }[table]
    more = (MOVABLE,) if source is clocks else ()
    rows = await conn.execute(select(source, *more).where(source.c.case_number == number).order_by(*order))
    return [dict(row) for row in rows.mappings()]


def _one(row: Any) -> dict[str, Any] | None:
    return dict(row) if row else None
