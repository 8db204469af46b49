"""A town for workflow tests: invented requests, everybody who acts on them, and a clock that moves only when told to.

Time is that of the desk which holds a case (each workflow has a virtual clock of its own, a child starts with its
parent's). Every person's word in the town holds `SECRET`, so that a test can look for it where no word may be.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowExecutionDescription, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.ledger import Ledger
from domain.acceptance import register
from domain.calendar import ONE_DAY, Day, Notice
from domain.case import CENTRE, Case, Deed, Entry, File, RunningClock
from domain.lifecycle import move
from domain.limits import SHANGHAI
from domain.refusals import Refusal
from domain.vocabulary import Act, Clock, Role, Status, Text
from storage import deeds, files, intake, reading, tables
from storage.calendar import announce, publish, read
from storage.changes import Cause
from storage.engine import single
from storage.files import CASE
from storage.notes import note
from tests.line import vault_on
from tests.sandbox import SANDBOX
from worker import build_worker
from workflows.client import Elsewhere, Later, hand_over, signal, start

SECRET = "样例机密原话"
NAME, PHONE = f"样例某某{SECRET}", "19900008890"
USUAL = {"number": "", "channel": "phone", "matter": "help", "rule_set": "TJ-2015-18", "reachable": True}
"""The facts of a request that says nothing else: invented, like everything here."""
PROMPT = timedelta(seconds=10)
"""How late a mark may be on a busy machine: the virtual clock runs on while a worker works."""
LEAD = timedelta(milliseconds=100)
"""A skip ends this much before an instant at which something is due, and the clock runs the rest: one that ends while a
worker is at work on what has just fallen due goes on to the next timer, days too far (Temporal 1.32)."""
PATIENCE = 30.0

TEXTS: dict[Act, tuple[Text, ...]] = {
    Act.ANSWER: (Text.PUBLIC,),
    Act.DECLINE: (Text.PUBLIC,),
    Act.ESCALATE: (Text.REASON,),
    Act.DENY: (Text.REASON,),
    Act.SEND_BACK: (Text.REASON,),
    Act.CEASE: (Text.REASON,),
    Act.OVERRIDE: (Text.REASON,),
    Act.CONCLUDE: (Text.REASON,),
    Act.ASK: (Text.QUESTION,),
    Act.EXPLAIN: (Text.REASON,),
    Act.REQUEST_EXTENSION: (Text.REASON,),
    Act.DECLARE_COMPLEX: (Text.REASON,),
    Act.REJECT: (Text.PUBLIC,),
    Act.RETURN: (Text.REASON,),
    Act.FEEDBACK: (Text.PUBLIC, Text.INTERNAL),
    Act.DESIGNATE: (Text.REASON,),
    Act.REVISE: (Text.REASON,),
    Act.SUPPLEMENT: (Text.REQUEST,),
    Act.DISPUTE: (Text.REASON,),
    Act.ATTEMPT: (Text.COMMENT,),
}
"""The texts that come with an act, as the API would register them."""


def monday_ahead(weeks: int = 3) -> date:
    today = datetime.now(SHANGHAI).date()
    return today + (7 * weeks - today.weekday()) * ONE_DAY


@dataclass
class Town:
    """The servers of one test, and the cases that it registered there."""

    env: WorkflowEnvironment
    engine: AsyncEngine
    queue: str
    requests: list[Request] = field(default_factory=list)
    monday: date = field(default_factory=monday_ahead)
    """The day on which requests come in: far enough ahead for a calendar of our own, whatever today is."""

    def day(self, number: int) -> date:
        """A day counted from that Monday (0); the second Sunday is 13."""
        return self.monday + number * ONE_DAY

    async def open(self) -> None:
        """Publish ordinary weeks, so that no real holiday moves what a test expects."""
        await self.publish(ordinary=[self.day(n) for n in range(-28, 140)])

    async def register(self, at: datetime | None = None, *, begin: bool = True, **facts: Any) -> Request:
        """Register an invented request as the API does, and start its workflow: on Monday at ten, or at this instant."""
        received = at or local(self.monday, 10)
        case = CASE.validate_python({**USUAL, **facts, "registered_at": received})
        words = intake.Request("channel", None, "", None, SECRET, f"{SECRET}。", NAME, PHONE, f"{SECRET}12号")
        async with self.engine.connect() as conn:
            calendar = await read(conn)

        def made(number: str, request: str) -> Any:
            unique = f"{number}-{self.queue[-8:]}"
            return register(replace(case, number=unique, desk=unique), calendar, request=request)

        day = received.astimezone(SHANGHAI).date()
        result = await intake.register(self.engine, vault_on(self.engine), words, day, made, calendar.version)
        assert result is not None
        request = Request(self, result.file.case.number, ahead=received - datetime.now(UTC))
        self.requests.append(request)
        if begin:
            await request.begin()
        return request

    async def transferred(self, lead: str = "WATER", *assisting: str, **facts: Any) -> Request:
        """A request that an agent has sent to these units."""
        request = await self.register(**facts)
        await request.agent("transfer", lead=lead, assisting=assisting)
        return request

    @asynccontextmanager
    async def at_work(self, ledger: Callable[[AsyncEngine], Ledger] = Ledger, **changes: Any) -> AsyncIterator[Worker]:
        """A worker on this town's queue, with changes to how `worker.py` builds it, or another ledger."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("worker.Ledger", ledger)
            options = {"workflow_runner": SANDBOX, **changes}
            patch.setattr("worker.Worker", lambda *args, **usual: Worker(*args, **{**usual, **options}))
            built = build_worker(self.env.client, self.engine, self.queue)
        async with built:
            yield built

    async def publish(self, *off: date, works: Iterable[date] = (), ordinary: Iterable[date] = ()) -> Notice:
        """Publish an invented holiday notice: days off, and make-up days; ordinary days speak for themselves."""
        return await self._published(publish, off, works, ordinary)

    async def announce(self, now: datetime, *off: date, works: Iterable[date] = ()) -> Notice:
        """The same while cases are open: those concerned get a deed, which the sweep would hand over."""

        async def announced(conn: Any, notice: Notice) -> Any:
            return await announce(conn, notice, Cause("administrator-1", now, "样例通知。"))

        return await self._published(announced, off, works, ())

    async def _published(
        self,
        how: Callable[[Any, Notice], Awaitable[Any]],
        off: Iterable[date],
        works: Iterable[date],
        ordinary: Iterable[date],
    ) -> Notice:
        days = [Day(day, False, "样例节") for day in off] + [Day(day, True, "样例节") for day in works]
        days += [Day(day, day.weekday() < 5, "") for day in ordinary]
        last = max(day.day for day in days).year
        async with self.engine.begin() as conn:
            calendar = await read(conn)
            for year in range(calendar.published_through.year + 1, last):
                await publish(conn, Notice(year, "样例通知", None, ()))
            notice = Notice(last, "样例通知", None, tuple(sorted(days, key=lambda day: day.day)))
            await how(conn, notice)
        return notice

    async def look_for_faults(self) -> None:
        """Every case of the town is sound (`Request.faults`)."""
        for request in self.requests:
            assert await request.faults() == [], request.number

    async def deeds_of(self, number: str) -> dict[str, dict[str, Any]]:
        """The deeds of a case by ID."""
        async with self.engine.connect() as conn:
            return {row["id"]: row for row in await reading.rows_of(conn, "deeds", number)}


@dataclass
class Request:
    """One case of the town: its cast, its file, its clock."""

    town: Town
    number: str
    ahead: timedelta = timedelta(0)
    """How far its clock is ahead of the real one."""

    # -- acts --------------------------------------------------------------------------------------------------

    async def agent(self, act: str, **codes: Any) -> str:
        return await self.act(act, Role.AGENT, **codes)

    async def supervisor(self, act: str, **codes: Any) -> str:
        return await self.act(act, Role.SUPERVISOR, **codes)

    async def unit(self, unit: str, act: str, **codes: Any) -> str:
        return await self.act(act, Role.UNIT, unit=unit, **codes)

    async def office(self, act: str, **codes: Any) -> str:
        return await self.act(act, Role.OFFICE, **codes)

    async def caller(self, **codes: Any) -> str:
        return await self.act("attempt", Role.CALLER, **codes)

    async def person(self, act: str, **codes: Any) -> str:
        return await self.act(act, Role.REQUESTER, **codes)

    async def act(self, act: str, role: str, **codes: Any) -> str:
        """Register a deed and hand it over, as the API does; the status after it, or the Refusal, kept on record."""
        return await self.hand_over(await self.receive(act, role, **codes))

    def deed(self, act: str, role: str, at: datetime, texts: Iterable[Text] | None = None, **codes: Any) -> Deed:
        """A deed that nobody has registered."""
        kinds = TEXTS.get(Act(act), ()) if texts is None else tuple(texts)
        if texts is None and (codes.get("term") or (act == Act.WITHDRAW and role != Role.REQUESTER)):
            kinds = (Text.REASON,)
        return deeds.DEED.validate_python(
            {
                "id": uuid4().hex,
                "number": self.number,
                "act": act,
                "role": role,
                "actor": f"{codes.get('unit') or role}-1",
                "received_at": at,
                "notes": {kind: uuid4().hex for kind in kinds},
                **codes,
            }
        )

    async def receive(self, act: str, role: str, *, at: datetime | None = None, **codes: Any) -> Deed:
        """Register a deed with its texts; nobody hands it over. It arrives now, or at another instant."""
        deed, notes = self._written(self.deed(act, role, at or await self.now(), **codes))
        async with single(self.town.engine).connect() as conn:
            await deeds.receive(conn, deed, notes, None, "")
        return deed

    async def with_texts(self, deed: Deed) -> Deed:
        """The deed, unregistered, with texts that are on record."""
        written, notes = self._written(deed)
        async with self.town.engine.begin() as conn:
            await conn.execute(insert(tables.notes), notes)
        return written

    def _written(self, deed: Deed) -> tuple[Deed, list[dict[str, Any]]]:
        rows = [note(kind, f"{SECRET}：{kind.zh}") for kind in deed.notes]
        notes = [row | {"case_number": self.number, "written_at": deed.received_at} for row in rows]
        return replace(deed, notes={row["kind"]: row["id"] for row in rows}), notes

    async def hand_over(self, deed: Deed) -> str:
        """Find the desk that holds the case, however often it changes; one that cannot now is asked again, as by the sweep."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await hand_over(self.town.env.client, await self.desk(), deed)
                except (Elsewhere, Later):
                    if (status := (await self.case()).status) is Status.ARCHIVED:
                        return await self._judged(deed, status)
                    await asyncio.sleep(0.02)
                except Refusal as refusal:
                    return await self._refused(deed, refusal)

    async def signal(self, deed: Deed) -> None:
        """Send a unit's deed without waiting for an answer."""
        await signal(self.town.env.client, self.number, deed)

    async def _judged(self, deed: Deed, status: Status) -> str:
        """By the table: nobody answers for an archived case any more."""
        try:
            move(status, deed.act, deed.role)
        except Refusal as refusal:
            return await self._refused(deed, refusal)
        return status

    async def _refused(self, deed: Deed, refusal: Refusal) -> str:
        """Keep the refusal and raise it, as the API does; a deed that was carried out already is no refusal."""
        async with single(self.town.engine).connect() as conn:
            kept = await deeds.refuse(conn, deed.id, refusal)
        if kept is None or kept.state != "applied":
            raise refusal
        return (await self.case()).status

    # -- the file of record ------------------------------------------------------------------------------------

    async def file(self) -> File:
        async with self.town.engine.connect() as conn:
            found = await files.load(conn, self.number)
        assert found is not None
        return found

    async def case(self) -> Case:
        return (await self.file()).case

    async def desk(self) -> str:
        return (await self.case()).desk

    async def entries(self) -> tuple[Entry, ...]:
        async with self.town.engine.connect() as conn:
            return await files.entries_of(conn, self.number)

    async def events(self) -> list[str]:
        """What happened, first to last."""
        return [entry.event.value for entry in await self.entries()]

    async def last(self, event: str) -> Entry:
        """The last entry of an event, which must be there."""
        found = [entry for entry in await self.entries() if entry.event == event]
        assert found, f"no {event} among {await self.events()}"
        return found[-1]

    async def clock(self, clock: str, owner: str = CENTRE) -> RunningClock:
        """A running clock, which must be there."""
        file = await self.file()
        found = [c for c in file.clocks if (c.clock, c.owner) == (Clock(clock), owner)]
        assert found, f"no {clock} of {owner} among {[c.id for c in file.clocks]}"
        return found[0]

    async def deeds(self) -> dict[str, str]:
        """The state of each deed, by ID; a refused one's is its refusal."""
        rows = await self.town.deeds_of(self.number)
        return {id: row["refusal"]["kind"] if row["refusal"] else row["state"] for id, row in rows.items()}

    async def waiting(self) -> list[Deed]:
        """The deeds that are registered and neither applied nor refused."""
        rows = (await self.town.deeds_of(self.number)).values()
        return [deeds.DEED.validate_python(row["body"]) for row in rows if row["state"] == "received"]

    async def until(self, what: str | Callable[[File], bool]) -> File:
        """Wait in real time until the case stands there, or until its file is so: for what the worker does by itself."""
        holds = (lambda file: file.case.status == what) if isinstance(what, str) else what
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds(file := await self.file()):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{what} did not come: {file.case.status}, {await self.events()}") from None
        return file

    async def until_deed(self, deed: Deed, state: str) -> None:
        """Wait until a deed is applied, or refused by this type of refusal."""
        try:
            async with asyncio.timeout(PATIENCE):
                while (now := (await self.deeds()).get(deed.id)) != state:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"the deed is {now}, not {state}") from None

    # -- time --------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Start the workflow, and bring its clock to the registration if that lies ahead."""
        await start(self.town.env.client, self.town.queue, await self.file())
        async with single(self.town.engine).connect() as conn:
            await intake.begun(conn, self.number, await self.now())

    async def now(self) -> datetime:
        """The instant at the desk that holds the case; one that waited while another held it is brought there first."""
        ahead = self.ahead
        if (case := await self.case()).status is not Status.ARCHIVED:
            ahead = await self._ahead(case.desk)
            if ahead < self.ahead - timedelta(milliseconds=500):
                await self._skip(case.desk, self.ahead - ahead)
        self.ahead = max(ahead, self.ahead)
        return datetime.now(UTC) + self.ahead

    async def forward(self, by: timedelta) -> None:
        await self.forward_to(await self.now() + by)

    async def forward_to(self, instant: datetime) -> None:
        """Move the clock, from rung to rung and from desk to desk; returns when all that it brought is in the file."""
        async with asyncio.timeout(PATIENCE * 2):
            while (now := await self.now()) < instant:
                file = await self.file()
                coming = min((rung.at for clock in file.clocks for rung in clock.rungs), default=None)
                if file.case.status is Status.ARCHIVED:
                    self.ahead = instant - datetime.now(UTC)
                elif coming is None or coming > instant + LEAD / 2:
                    await self._skip(file.case.desk, instant - now)
                elif coming - LEAD > now:
                    await self._skip(file.case.desk, coming - LEAD - now)
                else:
                    await asyncio.sleep(max(0.0, (coming - now).total_seconds()))
                    await self.settled()
            await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is due any more, and a case that waits for nothing is archived."""

        def busy(file: File) -> bool:
            now = datetime.now(UTC) + self.ahead
            due = any(rung.at <= now for clock in file.clocks for rung in clock.rungs)
            return due or (file.case.status is Status.CLOSED and not file.clocks)

        await self.until(lambda file: not busy(file))

    async def expire(self, clock: str, owner: str = CENTRE) -> datetime:
        """Move the clock to the instant at which this clock is due, and say which it was."""
        due = (await self.clock(clock, owner)).due
        await self.forward_to(due)
        return due

    async def _skip(self, desk: str, by: timedelta) -> None:
        if not self.town.env.supports_time_skipping_v2:
            pytest.skip("needs a virtual clock")
        try:
            await self.town.env.fast_forward(self.handle(desk), by)
        except RPCError as error:  # it has just ended, or has not begun
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await asyncio.sleep(0.01)

    async def _ahead(self, desk: str) -> timedelta:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await self.town.env.get_current_time(self.handle(desk)) - datetime.now(UTC)
                except RPCError as error:  # a child that is only about to begin
                    if error.status is not RPCStatusCode.NOT_FOUND:
                        raise
                    await asyncio.sleep(0.01)

    # -- Temporal ----------------------------------------------------------------------------------------------

    def handle(self, desk: str | None = None) -> WorkflowHandle[Any, Any]:
        return self.town.env.client.get_workflow_handle(desk or self.number)

    async def desks(self) -> list[str]:
        """The workflows of this case: its own, and its children."""
        case = await self.case()
        children = [f"{self.number}-designation-{n}" for n in range(1, case.designations + 1)]
        children += [f"{self.number}-callback-{n}" for n in range(1, case.callbacks + 1)]
        return [self.number, *children]

    async def histories(self) -> list[WorkflowHistory]:
        """Of each workflow that has begun."""
        found = []
        for desk in await self.desks():
            try:
                found.append(await self.handle(desk).fetch_history())
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
        return found

    async def faults(self) -> list[str]:
        """What holds of no sound case: a failed workflow or workflow task, a personal word in a history, a gap in the file."""
        found = [
            f"{history.workflow_id}: {fault}" for history in await self.histories() for fault in faults_of(history)
        ]
        entries = await self.entries()
        if [entry.seq for entry in entries] != list(range(1, len(entries) + 1)):
            found.append(f"entries are not numbered without gaps: {[entry.seq for entry in entries]}")
        by_deed = Counter(entry.deed for entry in entries if entry.deed)
        for id, state in (await self.deeds()).items():
            if by_deed[id] != (state == "applied"):
                found.append(f"a deed that is {state} left {by_deed[id]} entries")
        return found

    async def descriptions(self) -> dict[str, WorkflowExecutionDescription]:
        return {desk: await self.handle(desk).describe() for desk in await self.desks()}


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait in real time until it holds."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            await asyncio.sleep(0.05)


def local(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """An hour of a day in Tianjin, as an instant."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


HARMLESS = (
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,  # something new came in at the last moment
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,  # an operator reset it
)


def faults_of(history: WorkflowHistory) -> list[str]:
    """What must be in no history: failures, and personal words."""
    found = [f"personal words: {words}"] if (words := words_in(history)) else []
    for event in history.events:
        name = EventType.Name(event.event_type)
        cause = event.workflow_task_failed_event_attributes.cause
        if name.endswith("FAILED") and cause not in HARMLESS:
            found.append(f"{event.event_id} {name} {event}"[:2_000])
    return found


def words_in(history: WorkflowHistory) -> list[str]:
    """The personal words that a history holds, however they are written in it; there must be none."""
    raw = b"".join(event.SerializeToString() for event in history.events)
    written = [form for word in (SECRET, PHONE) for form in {word, json.dumps(word).strip('"')}]
    return [form for form in written if form.encode() in raw]
