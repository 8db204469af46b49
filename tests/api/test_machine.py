"""Anybody does anything, in any order, late, twice or half: the real API answers as the tables say, and nothing else changes.

`Oracle` predicts each answer from the tables (`RIGHTS`, `OWNERSHIP`, `MOVES`, `acts.decide` on the file as recorded);
`Anybody` does what hypothesis draws and compares. HOTLINE_MACHINE=500 plays so many histories, other ones each time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.access import tracking_code
from api.acts import BODIES
from api.errors import STATUS_OF
from api.examples import EXAMPLES
from api.rights import OWNERSHIP, RIGHTS, ROLES, UNITS, Ownership, path_of
from domain import acts
from domain.case import Deed, File
from domain.lifecycle import BY_TRIPLE, acts_open_to
from domain.limits import SHANGHAI
from domain.refusals import NotPermitted, Refusal
from domain.vocabulary import Act, Choice, Exclusion, Matter, Part, Role, Status, Text, Urgency
from storage import files
from storage.calendar import read
from storage.deeds import DEED
from storage.tables import joints
from storage.verification import cases as verified
from tests.line import SECRET, Line, token

T = TypeVar("T")
LONGER = int(os.environ.get("HOTLINE_MACHINE", "0"))
PLAYED = settings(
    max_examples=LONGER or 9,
    stateful_step_count=40,
    derandomize=not LONGER,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink) if LONGER else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Actor:
    """Somebody who signs in, or comes with a number and a code (`code`: the right one?)."""

    role: Role
    subject: str
    unit: str | None = None
    code: bool = False


CENTRE = [Actor(Role.AGENT, "agent-1"), Actor(Role.AGENT, "agent-2"), Actor(Role.SUPERVISOR, "supervisor-1")]
ACTORS = [
    *CENTRE,
    Actor(Role.CHANNEL, "channel-1"),
    Actor(Role.CHANNEL, "channel-2"),
    Actor(Role.CHANNEL, "channel-2", code=True),
    Actor(Role.REQUESTER, "", code=True),
    Actor(Role.REQUESTER, ""),
    *(Actor(role, f"{unit}-{role}", unit) for unit in ("WATER", "HP", "HP.XB") for role in (Role.UNIT, Role.UNIT_LEAD)),
    *(Actor(Role.PARTNER, f"{unit}-1", unit) for unit in ("P-LOCK", "P-HOME")),
    *(Actor(role, f"{role}-1") for role in (Role.OFFICE, Role.CALLER, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR)),
]
AUDITOR = next(actor for actor in ACTORS if actor.role is Role.AUDITOR)
REGISTERING = [*CENTRE, ACTORS[3]]

JOINTS = ("sample-joint-1", "sample-joint-2")
HANDLING, REFERRED = ("WATER", "HP", "HP.XB"), ("P-LOCK", "P-HOME")
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "lead": st.sampled_from([*HANDLING, *HANDLING, "P-LOCK", "NOBODY"]),
    "assisting": st.sampled_from([[], [], ["HP"], ["WATER", "HP.XB"], ["P-LOCK"]]),
    "unit": st.sampled_from([*HANDLING, "P-LOCK", "GAS"]),
    "respondent": st.sampled_from([*HANDLING, "NOBODY"]),
    "turn_to": st.sampled_from(["military", "HP", "NOBODY"]),
    "term": st.sampled_from(["2wd", "36h", "9wd"]),
    "choice": st.sampled_from([*Choice]),
    "exclusion": st.sampled_from([*Exclusion]),
    "matter": st.sampled_from([*Matter]),
    "urgency": st.sampled_from([*Urgency]),
    "until": st.integers(-2, 40),
    "resolved": st.booleans(),
    "infringement": st.booleans(),
    "disputed": st.booleans(),
    "rating": st.sampled_from(["good", "good", "poor", "bad"]),
    "reach": st.sampled_from(["reached", "reached", "no_answer", "refused"]),
    "replied": st.sampled_from(["phone", "visit"]),
    "joint": st.sampled_from([*JOINTS, "none"]),
}
"""What a field may say; `until` in days from today. A field that is not here says what its example says."""
ENDING = {Act.WITHDRAW, Act.CEASE, Act.DECLINE, Act.CONCLUDE, Act.OVERRIDE}
"""Acts that would end most histories."""
ASIDE = {Act.JOIN, Act.DETACH}
"""Acts that lead nowhere; anybody does them now and then."""
SPOILT = ["colour", "number", "missing"]
ROWS = ("cases", "entries", "assignments", "clocks", "notices", "handovers", "archives", "deeds", "notes")
KEPT_WITH_A_REFUSAL = ("deeds", "notes")


@dataclass(frozen=True)
class Asked:
    """One act as it is sent."""

    number: str
    act: Act
    by: Actor
    body: dict[str, Any]
    spoilt: bool = False
    seen: int | None = None
    key: str = ""
    wait: bool = True


@dataclass(frozen=True)
class Expected:
    """What the tables say: the HTTP status, the title of the problem or the case's status; is the deed on record?"""

    status: int
    says: str
    on_record: bool


class Oracle:
    """Predicts, from tables alone."""

    def __init__(self, file: File, parts: list[tuple[str, str]], client: str) -> None:
        self.file, self.parts, self.client = file, parts, client

    def sees(self, by: Actor) -> bool:
        """Is the case the actor's business?"""
        case = self.file.case
        partner = by.role is Role.PARTNER
        had = any(unit == by.unit and (part == Part.PARTNER) is partner for unit, part in self.parts)
        above = [by.unit[:n] for n in range(len(by.unit) + 1) if by.unit[n : n + 1] in ("", ".")] if by.unit else []
        part = had and not (case.matter is Matter.STAFF and case.respondent in above)
        business = {
            Ownership.EVERY: True,
            Ownership.CODES: True,
            Ownership.ESCALATED: case.designations > 0,
            Ownership.PART: part,
            Ownership.REFERRAL: part,
            Ownership.REGISTERED: by.code or self.client == by.subject,
            Ownership.CODE: by.code,
            Ownership.NONE: False,
        }
        return business[OWNERSHIP[by.role]]

    def answer(self, asked: Asked, deed: Deed | None, calendar: Any) -> Expected:
        """By the role, the body and sight nothing is on record; then what `decide` says of the file as recorded."""
        person, case_has = asked.by.role is Role.REQUESTER, {unit for unit, _ in self.parts}
        before = (  # the person's door has no path for what is no act of theirs
            (asked.by.role not in ROLES[asked.act], (404, "NotFound") if person else (403, "")),
            (deed is None, (422, "Invalid")),
            (_unknown(asked), (422, "Unknown")),
            (not self.sees(asked.by), (404, "NoSuchCase")),
            (asked.body.get("unit", "") not in ("", *case_has), (422, "Unknown")),
        )
        for met, (status, says) in before:
            if met:
                return Expected(status, says, False)
        assert deed is not None
        return self._decided(deed, calendar)

    def _decided(self, deed: Deed, calendar: Any) -> Expected:
        case = self.file.case
        if (case.status, deed.act, deed.role) not in BY_TRIPLE:
            return Expected(409, "NotPermitted", True)
        try:
            after = acts.decide(self.file, deed, calendar).file.case.status
        except Refusal as refusal:
            return Expected(STATUS_OF[type(refusal)], refusal.kind, True)
        assert after in BY_TRIPLE[case.status, deed.act, deed.role].targets
        return Expected(200, after.value, True)


def _unknown(asked: Asked) -> bool:
    """Does it name a unit that there is not, or a partner where a unit is wanted, or the other way round; or a joint case?"""
    if asked.body.get("joint") == "none":
        return True
    named = {asked.body.get(field) for field in ("lead", "respondent", "turn_to")} | {*asked.body.get("assisting", ())}
    right = REFERRED if asked.act is Act.REFER else HANDLING
    return asked.by.role is not Role.REQUESTER and bool(named - {None, *right})


class Anybody(RuleBasedStateMachine):
    """A handful of cases in the hands of everybody at once."""

    loop: asyncio.AbstractEventLoop
    house: Line
    record: AsyncEngine
    told: Counter[int]
    moves: Counter[tuple[str, str, str]]

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[str] = []
        self.sent: list[tuple[Asked, httpx.Response]] = []
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.house.clock[0] = timedelta(0)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """On the loop that the house lives on."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    # -- what happens ------------------------------------------------------------------------------------------------

    @initialize()
    def the_first_calls(self) -> None:
        self._register(REGISTERING[3], {})

    @precondition(
        lambda self: len(self.numbers) < 4 and not self.house.clock[0]
    )  # other days' numbers are other tests'
    @rule(
        by=st.sampled_from(REGISTERING),
        facts=st.fixed_dictionaries(
            {"matter": st.sampled_from([*Matter])},
            optional={
                "urgency": st.sampled_from([*Urgency]),
                "respondent": st.sampled_from(HANDLING),
                "infringement": st.booleans(),
                "emergency": st.just(True),
                "report": st.just("unlawful"),
            },
        ),
    )
    def somebody_calls(self, by: Actor, facts: dict[str, Any]) -> None:
        self._register(by, facts)

    @rule(data=st.data())
    def what_the_table_lists(self, data: st.DataObject) -> None:
        """A few acts that the case's standing allows, each by somebody who may."""
        number = data.draw(st.sampled_from(self.numbers))
        for _ in range(data.draw(st.integers(1, 4))):
            file = self.run(self._file(number))
            usual = {
                a for o, a, r in BY_TRIPLE if o is file.case.status and r is not Role.SYSTEM and a not in ENDING | ASIDE
            }
            act = data.draw(st.sampled_from(sorted(usual) or [Act.URGE]))
            roles = {role for origin, a, role in BY_TRIPLE if (origin, a) == (file.case.status, act)}
            by = data.draw(st.sampled_from(_those(roles, file) or CENTRE))
            self._do(self._asked(data, number, act, by, file, good=True))

    @rule(data=st.data(), act=st.sampled_from(sorted(BODIES)), by=st.sampled_from(ACTORS))
    def anything_by_anybody(self, data: st.DataObject, act: Act, by: Actor) -> None:
        number = data.draw(st.sampled_from(self.numbers))
        file = self.run(self._file(number))
        may = [actor for actor in ACTORS if actor.role in ROLES[act]]
        by = data.draw(st.sampled_from([by, *may]))
        self._do(self._asked(data, number, act, by, file, good=False))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), other=st.booleans())
    def the_same_again(self, data: st.DataObject, other: bool) -> None:
        """The same key: the same answer, however long ago; with another content a 422."""
        asked, first = data.draw(st.sampled_from(self.sent))
        before = self.run(self._rows(asked.number))
        if not self.run(self._oracle(asked.number)).sees(asked.by):
            assert self._send(asked).status_code == 404
        elif other and asked.body.get("reason"):
            again = self._send(replace(asked, body=asked.body | {"reason": "另一个理由。"}))
            assert (again.status_code, again.json()["title"]) == (422, "KeyReused")
        else:
            again = self._send(asked)
            assert _lasting(again) == _lasting(first)
        assert self.run(self._rows(asked.number)) == before

    @rule(by=st.sampled_from(ACTORS), data=st.data())
    def somebody_looks(self, by: Actor, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.numbers))
        sees = self.run(self._oracle(number)).sees(by)
        path = "/tracking/{number}" if by.role is Role.REQUESTER else "/cases/{number}"
        may = by.role in RIGHTS[f"GET {path}"]
        found = self._call("GET", path.format(number=number), by, number)
        assert found.status_code == (403 if not may else 200 if sees else 404), found.text
        if found.status_code == 200 and "acts" in found.json():
            assert found.json()["acts"] == acts_open_to(Status(found.json()["status"]), by.role)

    @rule(days=st.sampled_from([1, 1, 3, 12]))
    def days_pass(self, days: int) -> None:
        """For what arrives; the clocks of the cases are other tests'."""
        self.house.clock[0] += timedelta(days=days)

    # -- what holds after each ---------------------------------------------------------------------------------------

    @invariant()
    def nothing_on_record_ever_changes(self) -> None:
        for number in self.numbers:
            entries = self.run(self._rows(number))["entries"]
            before = self.entries.get(number, [])
            assert entries[: len(before)] == before, f"{number}: what was on record is not as it was"
            self.entries[number] = entries

    @invariant()
    def every_chain_holds(self) -> None:
        assert self.run(self._broken()) == []

    # -- how ---------------------------------------------------------------------------------------------------------

    def _register(self, by: Actor, facts: dict[str, Any]) -> None:
        body = EXAMPLES[Act.REGISTER] | facts
        response = self._call("POST", "/cases", by, "", body)
        assert response.status_code == 201, response.text
        self.numbers.append(response.json()["number"])
        self.run(self._quiet(self.numbers[-1]))

    def _asked(self, data: st.DataObject, number: str, act: Act, by: Actor, file: File, good: bool) -> Asked:
        shape = {f.name: f for f in BODIES[act].__dataclass_fields__.values() if f.name != "attachments"}
        body = {}
        for name in shape:
            if name in EXAMPLES[act] or (name in FIELDS and data.draw(st.booleans())):
                body[name] = data.draw(FIELDS[name]) if name in FIELDS else EXAMPLES[act][name]
        if "until" in body:
            today = (datetime.now(SHANGHAI) + self.house.clock[0]).date()
            body["until"] = (today + timedelta(days=body["until"])).isoformat()
        if good:
            body |= {"unit": file.case.units[0]} if "unit" in body and file.case.units else {}
            body |= {"lead": "P-LOCK"} if act is Act.REFER else {}
        spoilt = not good and data.draw(st.sampled_from([False, False, True]))
        asked = Asked(
            number, act, by, body, spoilt, key=uuid4().hex, wait=data.draw(st.sampled_from([True, True, False]))
        )
        if spoilt:
            return replace(asked, body=_spoil(body, data.draw(st.sampled_from(SPOILT)), act))
        if by.role is not Role.REQUESTER and data.draw(st.integers(0, 5)) == 0:
            return replace(asked, seen=file.case.version - data.draw(st.integers(0, 1)))
        return asked

    def _do(self, asked: Asked) -> None:
        oracle = self.run(self._oracle(asked.number))
        expected = oracle.answer(asked, self._deed(asked), self.run(self._calendar()))
        before = self.run(self._rows(asked.number))
        note(f"{oracle.file.case.status} {asked} -> {expected}")
        answer = self._send(asked)
        if answer.status_code == 202:
            self.run(self._carried_out(asked))
            answer = self._send(asked)
        self.told[answer.status_code] += 1
        self._compare(asked, expected, answer, oracle.file.case.status)
        after = self.run(self._quiet(asked.number))
        if expected.on_record:
            self.sent.append((asked, answer))
        if expected.status != 200:
            kept = KEPT_WITH_A_REFUSAL if expected.on_record else ()
            assert {t: v for t, v in after.items() if t not in kept} == {
                t: v for t, v in before.items() if t not in kept
            }
        new = [row for row in after["deeds"] if row not in before["deeds"]]
        assert [row["state"] for row in new] == [
            "applied" if expected.status == 200 else "refused"
        ] * expected.on_record

    def _compare(self, asked: Asked, expected: Expected, answer: httpx.Response, origin: Status) -> None:
        found = answer.json()
        assert answer.status_code == expected.status, (asked, expected, answer.text)
        if expected.status == 200:
            assert found["status"] == expected.says
            self.moves[origin.value, asked.act.value, expected.says] += 1
        elif expected.says:
            assert found["title"] == expected.says, (asked, expected, answer.text)
        if expected.says == NotPermitted.__name__ and asked.by.unit is None:
            assert found["allowed"] == [act for act in acts_open_to(origin, asked.by.role) if act is not asked.act]

    def _deed(self, asked: Asked) -> Deed | None:
        """The act as `decide` takes it; None: its body is none."""
        if asked.spoilt:
            return None
        adapter: TypeAdapter[Any] = TypeAdapter(BODIES[asked.act])
        body = adapter.dump_python(adapter.validate_python(asked.body), exclude_none=True)
        notes = {kind: kind.value for kind in Text if body.pop(kind.value, None)}
        body.pop("attachments", None)
        about = {"unit": asked.by.unit} if asked.by.unit else {}
        now = datetime.now(SHANGHAI) + self.house.clock[0]
        facts = {"id": "x", "number": asked.number, "act": asked.act, "role": asked.by.role, "seen": asked.seen}
        subject = asked.by.subject or f"requester:{asked.number}"
        return DEED.validate_python({**body, **facts, "actor": subject, "received_at": now, "notes": notes, **about})

    def _send(self, asked: Asked) -> httpx.Response:
        headers = {"Idempotency-Key": asked.key}
        headers |= {"If-Match": f'"{asked.seen}"'} if asked.seen is not None else {}
        headers |= {} if asked.wait else {"Prefer": "respond-async"}
        person = asked.by.role is Role.REQUESTER
        path = f"/tracking/{asked.number}/{asked.act}" if person else f"/cases/{asked.number}/{path_of(asked.act)}"
        return self._call("POST", path, asked.by, asked.number, asked.body, headers)

    def _call(
        self, method: str, path: str, by: Actor, number: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        code = {"Tracking-Code": tracking_code(SECRET, number if by.code else "TJ20990101000001")}
        proof = {} if by.role is Role.REQUESTER else token(by.role, by.unit, by.subject)
        proof |= code if by.role in (Role.REQUESTER, Role.CHANNEL) else {}
        answer = self.run(self.house.http.request(method, path, json=body, headers=proof | (headers or {})))
        assert answer.status_code < 500, answer.text
        return answer

    # -- the record --------------------------------------------------------------------------------------------------

    async def _file(self, number: str) -> File:
        async with self.record.connect() as conn:
            found = await files.load(conn, number)
        assert found is not None
        return found

    async def _oracle(self, number: str) -> Oracle:
        rows = await self._rows(number)
        parts = [(row["unit"], row["part"]) for row in rows["assignments"]]
        return Oracle(await self._file(number), parts, rows["cases"][0]["client"])

    async def _calendar(self) -> Any:
        async with self.record.connect() as conn:
            return await read(conn)

    async def _rows(self, number: str) -> dict[str, list[dict[str, Any]]]:
        """Every row of the case, by table."""
        each = [
            f"SELECT '{name}' AS name, to_jsonb(t) AS row FROM {name} t"
            f" WHERE {'number' if name == 'cases' else 'case_number'} = :number"
            for name in ROWS
        ]
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in ROWS}
        async with self.record.connect() as conn:
            for row in await conn.execute(text(" UNION ALL ".join(each)), {"number": number}):
                found[row.name].append(row.row)
        for rows in found.values():
            rows.sort(key=lambda row: (row.get("seq", 0), str(row)))
        return found

    async def _quiet(self, number: str) -> dict[str, list[dict[str, Any]]]:
        """Wait for what the workflow does by itself: an emergency is turned away, what is closed is sealed."""
        async with asyncio.timeout(30):
            while _goes_on(await self._file(number)):
                await asyncio.sleep(0.02)
        return await self._rows(number)

    async def _carried_out(self, asked: Asked) -> None:
        """Wait until nothing of the case is only received."""
        async with asyncio.timeout(30):
            while any(row["state"] == "received" for row in (await self._rows(asked.number))["deeds"]):
                await asyncio.sleep(0.02)

    async def _broken(self) -> list[Any]:
        async with self.record.connect() as conn:
            return [found async for found in verified(conn, self.numbers) if found[1] is not None]


def _those(roles: set[Role], file: File) -> list[Actor]:
    """The actors of these roles; of units, those that have the case in hand."""
    return [a for a in ACTORS if a.role in roles and (a.role not in UNITS or a.unit in file.case.units)]


def _spoil(body: dict[str, Any], how: str, act: Act) -> dict[str, Any]:
    """A body that does not fit: a field too many, a number for a text, or one that must be there missing."""
    needed = [
        name for name in ("reason", "public", "lead", "unit", "rating", "reach", "request", "question") if name in body
    ]
    if how == "colour" or not needed:
        return body | {"colour": "red"}
    if how == "number":
        return body | {needed[0]: 8890}
    optional = (Act.SUPPLY, Act.CORRECT, Act.WITHDRAW)
    missing = needed[0] if act not in optional else "colour"
    return {name: value for name, value in body.items() if name != missing} | (
        {"colour": 1} if missing == "colour" else {}
    )


def _goes_on(file: File) -> bool:
    case = file.case
    turned_away = case.status is Status.REGISTERED and case.exclusion is Exclusion.EMERGENCY
    return not file.clocks and (turned_away or case.status is Status.CLOSED)


def _lasting(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """What of an answer is the same whenever it is asked: what else may be done changes with the case."""
    return answer.status_code, {name: value for name, value in answer.json().items() if name != "allowed"}


async def test_whoever_does_whatever_the_api_answers_as_the_tables_say(house: Line, record: AsyncEngine) -> None:
    told, moves = Counter[int](), Counter[tuple[str, str, str]]()
    opened = {"title": "样例", "opened_by": "agent-1", "opened_at": datetime.now(UTC)}
    async with record.begin() as conn:
        await conn.execute(joints.insert(), [{"id": id, **opened} for id in JOINTS])
    about = {"loop": asyncio.get_running_loop(), "house": house, "record": record, "told": told, "moves": moves}
    machine = type("Anybody", (Anybody,), about)
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=PLAYED)
    assert told.keys() >= {200, 403, 404, 409, 422}, "a machine that meets no refusal proves none"
    assert {status for _, _, status in moves} >= {"assigned", "returned", "callback", "closed"}
    print(dict(told), len(moves), "moves")
