"""Sight: what of a case somebody sees, decided here for every route (Art. 7(4), 15). Lists ask the same in SQL.

Whoever sees nothing of a case hears 404, as if there were none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import Caller
from api.errors import Problem
from api.rights import OWNERSHIP, Ownership
from api.views import Row, texts_of
from domain.attachments import KINDS, OF_A_PERSON
from domain.routing import above
from domain.vocabulary import Act, Matter, Part, Text
from storage import reading

REQUEST = (Act.REGISTER, Act.SUPPLEMENT)
"""The entries that bring the person's words."""


class Extent(Enum):
    """How much of a case somebody sees."""

    WHOLE = auto()
    LEADING = auto()
    """The unit's own part, and what is no unit's: the request and the Centre's part."""
    ASSISTING = auto()
    """The unit's own part, and the request."""
    ENDED = auto()
    """The unit's own part, up to its end: it was given back or recalled, and the rest is no longer its business."""


@dataclass(frozen=True)
class Sight:
    """What one reader sees of one case. The rows are those of the tables."""

    extent: Extent
    ownership: Ownership
    unit: str | None = None
    until: datetime | None = None
    """When the unit's part ended."""

    @property
    def reads(self) -> bool:
        """Texts, or codes only?"""
        return self.ownership is not Ownership.CODES

    def own(self, unit: str | None) -> bool:
        """Is this the reader's own part? To whoever sees the whole case, every part is."""
        return self.extent is Extent.WHOLE or unit == self.unit

    def shows(self, entry: Row) -> bool:
        """Is this entry for the reader? Never another unit's."""
        if self.own(entry["unit"]):
            return self._in_time(entry["at"])
        if entry["unit"] is not None or self.extent is Extent.ENDED:
            return False
        return self.extent is Extent.LEADING or entry["event"] in REQUEST or bool(self._own_lacks(entry))

    def entries(self, rows: Iterable[Row]) -> list[Row]:
        """The entries that are for the reader."""
        return [self._trimmed(row) for row in rows if self.shows(row)]

    def deeds(self, rows: Iterable[Row]) -> list[Row]:
        """The acts as they arrived: a unit's own."""
        return [row for row in rows if self.own(row["unit"]) and self._in_time(row["received_at"])]

    def texts(self, entries: Iterable[Row], notes: Iterable[Row]) -> list[Row]:
        """The texts of the entries that are for the reader; no unit's is what is for the Centre only; none, an analyst's."""
        if not self.reads:
            return []
        hidden = {Text.INTERNAL} if self.unit else set()
        request = self.extent is not Extent.ENDED
        shown = texts_of((row for row in entries if self.shows(row)), notes)
        return [note for note in shown if note["kind"] not in hidden and (request or note["title"] is None)]

    def attachments(self, case: Row, entries: Iterable[Row], attached: Iterable[Row]) -> list[Row]:
        """The attachments of the entries that are for the reader, each with its entry's number and instant.

        None, an analyst's. Whoever is not told who asked gets no picture, no recording and nothing that the person
        brought, but its own.
        """
        if self.ownership is Ownership.CODES:
            return []
        entries = list(entries)
        told = self.person(case)
        by_id = {row["id"]: row for row in attached}
        return [
            {**by_id[id], "entry": entry["seq"], "at": entry["at"], "event": entry["event"]}
            for entry in entries
            if self.shows(entry)
            for id in entry["attachments"]
            if id in by_id and (told or self._brought(entry) or not _of_a_person(entry, by_id[id]))
        ]

    def _brought(self, entry: Row) -> bool:
        return self.unit is not None and entry["unit"] == self.unit

    def person(self, case: Row) -> bool:
        """Is the reader told who asked? A unit while it has a part, unless the person is shielded; who reads all of it."""
        if self.unit:
            return self.extent is not Extent.ENDED and not case["shielded"]
        return self.ownership not in (Ownership.ESCALATED, Ownership.CODES)

    def trims(self, entry: Row) -> bool:
        """Does the reader get only a part of this entry?"""
        return self.extent is not Extent.WHOLE and "lacks" in entry["detail"]

    def _in_time(self, at: datetime) -> bool:
        return self.until is None or at <= self.until

    def _trimmed(self, entry: Row) -> Row:
        """What an incomplete archive lacks (Art. 14) names every unit's part: a unit reads of its own."""
        if not self.trims(entry):
            return entry
        others = {name: value for name, value in entry["detail"].items() if name != "lacks"}
        lacks = self._own_lacks(entry)
        return {**entry, "detail": others | ({"lacks": lacks} if lacks else {})}

    def _own_lacks(self, entry: Row) -> str:
        """As `domain.archive.seal` writes them: part, colon, what; one after the other by semicolons."""
        lacks = str(entry["detail"].get("lacks", "")).split(";")
        return ";".join(lack for lack in lacks if lack.startswith(f"{self.unit}: "))


def _of_a_person(entry: Row, attached: Row) -> bool:
    """May it show who asked?"""
    return entry["event"] in REQUEST or KINDS[attached["kind"]].family in OF_A_PERSON


def sight(caller: Caller, case: Row, parts: Iterable[Row], opened: bool = False) -> Sight | None:
    """What the caller sees; None: nothing. `parts`: the assignments of every round.

    `opened`: by the person's tracking code. A channel acts without one only on what it registered itself.
    """
    ownership = OWNERSHIP[caller.role]
    if caller.unit is not None:
        return _of_unit(caller.unit, ownership, case, [part for part in parts if part["unit"] == caller.unit])
    whole = {
        Ownership.EVERY: True,
        Ownership.CODES: True,
        Ownership.ESCALATED: case["designations"] > 0,
        Ownership.REGISTERED: opened or case["client"] == caller.subject,
        Ownership.CODE: opened,
    }
    return Sight(Extent.WHOLE, ownership) if whole.get(ownership) else None


def _of_unit(unit: str, ownership: Ownership, case: Row, assigned: list[Row]) -> Sight | None:
    """Nothing to the office complained of, or one below it, whatever it once had in hand (Art. 7(4)).

    What was referred is a partner's business, what was transferred a unit's: a sign-in of the other kind sees neither.
    """
    referred = ownership is Ownership.REFERRAL
    parts = [part for part in assigned if (part["part"] == Part.PARTNER) is referred]
    complained_of = case["matter"] == Matter.STAFF and case["respondent"] in above(unit)
    if not parts or complained_of:
        return None
    for part in parts:
        if part["round"] == case["round"] and part["handling"] not in reading.ENDED:
            extent = Extent.ASSISTING if part["part"] == Part.ASSISTING else Extent.LEADING
            return Sight(extent, ownership, unit)
    ended = max(part["ended_at"] or part["delivered_at"] for part in parts)
    return Sight(Extent.ENDED, ownership, unit, ended)


async def look(
    conn: AsyncConnection,
    number: str,
    caller: Caller,
    opened: bool = False,
    read: Callable[[AsyncConnection, str], Awaitable[dict[str, Any] | None]] = reading.case_row,
) -> tuple[dict[str, Any], Sight]:
    """The case's row as `read` reads it, and what the caller sees of it; nothing at all is a 404."""
    case = await read(conn, number)
    parts = await reading.rows_of(conn, "assignments", number) if case and caller.unit else []
    found = sight(caller, case, parts, opened) if case else None
    if case is None or found is None:
        raise Problem(404, "NoSuchCase", "no such case")
    return case, found
