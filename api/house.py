"""What a route needs of the house: the database, Temporal, the calendar in force, the clock. And the one way of an act."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, Path, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client

from api.access import Caller
from api.errors import NotNow, Problem, destroyed
from api.sight import Extent, look
from domain.acts import check
from domain.attachments import A_CASE
from domain.case import Deed, File
from domain.lifecycle import acts_open_to
from domain.refusals import NotPermitted, Refusal, Unknown
from domain.routing import above
from domain.vocabulary import Act, Status, Text
from settings import Settings
from storage import attachments, deeds, files, reading, units
from storage.calendar import CalendarInForce
from storage.figures import Counted
from storage.learning import Learning
from storage.likeness import Alike
from storage.notes import note
from storage.readers import READER, reading_as
from storage.reception import Reception
from storage.vault import Vault
from workflows.client import SIGNALS, Elsewhere, Later, hand_over, signal, wake

PATIENCE = timedelta(seconds=8)
"""How long a client waits for its act to be carried out before it hears 202."""


@dataclass(frozen=True)
class Answer:
    """What became of an act: `applied` with the case's new status, or `received` (202): it will be handed over."""

    number: str
    deed: str
    state: str
    status: str | None = None


@dataclass(frozen=True)
class House:
    """Everything outside the request, made once at start."""

    settings: Settings
    engine: AsyncEngine
    once: AsyncEngine
    """The same pool; each statement is a transaction of its own."""
    vault: Vault
    temporal: Client
    calendar: CalendarInForce
    alike: Alike
    counted: Counted
    learning: Learning
    now: Callable[[], datetime]
    reception: Reception
    """Takes in what is to be attached."""

    def reading(
        self, caller: Caller, number: str = "", records: bool = False
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction in which the database shows what is the caller's; `number`: the case that a requester opened."""
        above_it = ",".join(above(caller.unit)) if caller.unit else ""
        return reading_as(
            self.engine, READER[caller.role], unit=caller.unit, above=above_it, number=number, records=records
        )

    async def act(
        self,
        number: str,
        act: Act,
        caller: Caller,
        body: dict[str, Any],
        key: str | None,
        wait: bool,
        opened: bool = False,
    ) -> Answer:
        """Register an act with its texts, hand it to the desk that holds the case, and say what became of it.

        Registered first: once this is on record nothing is lost. The same key again gives the first answer.
        A Refusal is kept with the deed, then raised (NotPermitted as NotNow). `opened`: the caller brought the
        person's tracking code.
        """
        desk = await self.desk(number, caller, body.get("unit"), opened)
        texts = {kind: body.pop(kind.value) for kind in Text if body.get(kind.value)}
        uploads = body.pop("attachments", ())
        brought = await self.brought(number, caller, uploads)
        digest = self._digest(number, act, body | ({"attachments": uploads} if uploads else {}), texts)
        written = [note(kind, words) for kind, words in texts.items()]
        deed = self._deed(
            number, act, caller, body | {"attachments": brought}, {row["kind"]: row["id"] for row in written}
        )
        notes = [row | {"case_number": number, "written_at": deed.received_at} for row in written]
        async with self.engine.begin() if uploads else self.once.connect() as conn:
            received = await deeds.receive(conn, deed, notes, key, digest, uploads)
        try:
            if received.id != deed.id:
                return await self._again(number, received, digest)
            if not wait and deed.act in SIGNALS:
                await self._signal(desk, deed)
                return Answer(number, deed.id, "received")
            return await self._hand_over(desk, deed)
        except NotPermitted as refusal:
            raise NotNow(refusal, await self._instead(number, act, caller, opened)) from None

    async def brought(self, number: str, caller: Caller, uploads: Sequence[str]) -> tuple[str, ...]:
        """The IDs of what these uploads keep; an Unknown if one cannot be brought, a Problem if the case has too many."""
        if not uploads:
            return ()
        async with self.once.connect() as conn:
            found = await attachments.brought(conn, number, uploads, caller.subject)
        if found is None:
            raise Unknown("`attachments`: each is a whole upload of your own that no other act has brought")
        if found.beside + len(uploads) > A_CASE:
            raise Problem(422, "TooMany", f"a case holds at most {A_CASE} attachments")
        return found.ids

    async def _instead(self, number: str, act: Act, caller: Caller, opened: bool) -> list[Act]:
        """What the caller may do, now that this act was refused."""
        async with self.once.connect() as conn:
            row, sight = await look(conn, number, caller, opened)
        if sight.extent is Extent.ENDED:
            return []
        return [other for other in acts_open_to(Status(row["status"]), caller.role) if other is not act]

    async def require_units(self, named: Mapping[str, Iterable[str]], *, partner: bool = False) -> None:
        """Every code in these fields is that of an active unit, or partner; otherwise Unknown, which says the field."""
        async with self.once.connect() as conn:
            for field, codes in named.items():
                try:
                    await units.require(conn, set(codes), partner=partner)
                except Unknown as unknown:
                    raise Unknown(f"`{field}`: {unknown.detail}; GET /units lists them") from None

    async def _hand_over(self, desk: str, deed: Deed) -> Answer:
        """Find the desk that holds the case, however often it changes meanwhile; give up when patience ends."""
        ends = asyncio.get_running_loop().time() + PATIENCE.total_seconds()
        pause = 0.02
        while asyncio.get_running_loop().time() < ends:
            try:
                status = await hand_over(self.temporal, desk, deed, PATIENCE)
                return Answer(deed.number, deed.id, "applied", status)
            except Later:
                break
            except (Refusal, Elsewhere) as turned_away:
                if answer := await self.settled(deed):
                    return answer
                if isinstance(turned_away, Refusal):
                    await wake(self.temporal, deed.number)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.5)
            desk = (await self._file(deed.number)).case.desk
        return Answer(deed.number, deed.id, "received")

    async def settled(self, deed: Deed) -> Answer | None:
        """What the record says of a deed that a desk did not take: its answer, or the Refusal that it keeps and raises.

        None: the record permits it. The desk has changed, or its worker died with the answer to the last step, and it
        knows nothing of that. A deed that was carried out, and whose answer was lost, is answered now.
        """
        file = await self._file(deed.number)
        async with self.once.connect() as conn:
            kept = await deeds.find(conn, deed.id)
            if kept and kept.state == "received":
                try:
                    check(file, deed)
                except Refusal as refusal:
                    kept = await deeds.refuse(conn, deed.id, refusal)
                else:
                    return None
        assert kept is not None, "it was registered before"
        if kept.refusal:
            raise deeds.refusal_of(kept.refusal)
        return await self._applied(deed.number, kept)

    async def _file(self, number: str) -> File:
        async with self.once.connect() as conn:
            file = await files.load(conn, number)
        assert file is not None
        return file

    async def _signal(self, desk: str, deed: Deed) -> None:
        try:
            await signal(self.temporal, deed.number, deed)
        except (Elsewhere, Later):
            return  # on record: the sweep hands it over, or has it refused

    async def _again(self, number: str, first: deeds.Received, digest: str) -> Answer:
        """The same key: the first answer, or 422 if the content differs."""
        if first.digest != digest:
            raise Problem(422, "KeyReused", "this Idempotency-Key was used with another content: take another")
        if first.refusal:
            raise deeds.refusal_of(first.refusal)
        return await self._applied(number, first)

    async def _applied(self, number: str, deed: deeds.Received) -> Answer:
        async with self.once.connect() as conn:
            status = (await conn.execute(_STATUS_AFTER, {"deed": deed.id, "number": number})).scalar_one_or_none()
        return Answer(number, deed.id, deed.state, status)

    async def desk(self, number: str, caller: Caller, about: str | None, opened: bool) -> str:
        """The desk of a case that this caller may see; the unit that the act is about has a part in it, or had one."""
        async with self.once.connect() as conn:
            case, _ = await look(conn, number, caller, opened, reading.standing)
            if case["destroyed"]:
                raise destroyed()
            parts = await reading.rows_of(conn, "assignments", number) if about else []
        if about and about not in {part["unit"] for part in parts}:
            raise Unknown(
                "`unit`: the code is not that of a unit with a part in this case; GET /cases/{number} lists them"
            )
        return str(case["desk"])

    def _deed(self, number: str, act: Act, caller: Caller, body: dict[str, Any], notes: dict[Text, str]) -> Deed:
        about = {"unit": caller.unit} if caller.unit else {}
        return deeds.DEED.validate_python(
            {
                **body,
                "id": uuid4().hex,
                "number": number,
                "act": act,
                "role": caller.role,
                "actor": caller.subject,
                "received_at": self.now(),
                "notes": notes,
                **about,
            }
        )

    def _digest(self, number: str, act: Act, body: dict[str, Any], texts: dict[Text, str]) -> str:
        content = json.dumps([number, act, body, texts], sort_keys=True, ensure_ascii=False, default=str)
        return self.digest(content.encode("utf-8", "surrogatepass"))

    def digest(self, content: bytes) -> str:
        """By which the same content is known again, and no guess at its words can be tried without the secret."""
        return hmac.new(hmac.digest(self.settings.secret, b"digest", "sha256"), content, "sha256").hexdigest()


_STATUS_AFTER = text("SELECT status FROM entries WHERE case_number = :number AND deed = :deed")


async def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


HouseDep = Annotated[House, Depends(_house)]
Number = Annotated[str, Path(description="the case's number", examples=["TJ20260302000001"])]
