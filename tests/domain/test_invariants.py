"""Whatever anybody does, in whatever order, whenever it arrives: nothing but a Refusal, and the file stays consistent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from domain import acts
from domain.case import CENTRE, OFFICE, Assignment, Entry, File, Rung, RunningClock
from domain.lifecycle import BY_TRIPLE, HANDLER, MOVES, acts_open_to
from domain.limits import SHANGHAI
from domain.refusals import Refusal
from domain.regulation import Citation, basis
from domain.step import UNWATCHED, Result
from domain.vocabulary import (
    Act,
    Choice,
    Clock,
    Exclusion,
    Handling,
    Mark,
    Matter,
    Part,
    Procedure,
    Rating,
    Reach,
    ReplyWay,
    Report,
    Role,
    Status,
    Urgency,
)
from tests.cases import AT, RULES, TEXTS, Story, at, incomplete, registered, supervised, with_notice

UNITS = ("WATER", "GAS", "HP", "HP.XB", "P-LOCK")
RARE = {
    Act.JOIN,
    Act.DETACH,
    Act.WITHDRAW,
    Act.CEASE,
    Act.DECLINE,
    Act.URGE,
    Act.SUPPLEMENT,
    Act.CLAIM,
    Act.RELEASE,
    Act.OVERRIDE,
}
"""Acts that would end most histories, or tell little."""
DELAYS = [timedelta(0)] * 6 + [timedelta(seconds=20), timedelta(hours=5), timedelta(days=3)]
"""How long ago a deed may have arrived that is applied only now."""
PAUSES = [timedelta(0), timedelta(minutes=7), timedelta(hours=3), timedelta(hours=20), timedelta(days=2)]
HOLIDAYS = [
    "off = [2025-11-05]",
    "off = [[2025-11-10, 2025-11-14]]",
    "works = [2025-11-08, 2025-11-09]",
    "off = [2025-11-07]\nworks = [2025-11-15]",
]


RUNS = {
    Status.ANSWERED: (Clock.RATING,),
    Status.RETURNED: (Clock.REDISPATCH,),
    Status.ESCALATED: (Clock.DESIGNATION,),
    Status.REVIEW: (Clock.REVIEW,),
    Status.CALLBACK: (Clock.CALLBACK, Clock.TRACKING),
    Status.SUPERVISED: (Clock.SUPERVISION,),
}
"""The one clock that runs while nobody but the Centre, the office or the person is waited for."""


class Chance(Random):
    """What happens next, by a seed."""

    def mostly(self, usual: list[Any], *odd: Any) -> Any:
        """One of the usual values; one time in eight an odd one."""
        return self.choice(odd) if odd and self.random() < 0.125 else self.choice(usual)

    def lead(self) -> Any:
        return self.mostly(["WATER", "HP"], None, *UNITS)

    def assisting(self) -> Any:
        return self.mostly([(), (), ("GAS",)], ("HP.XB", "P-LOCK"), ("GAS", "GAS"), ("WATER",))

    def act(self, status: Status) -> tuple[Act, Role]:
        """Mostly what the table lists, by somebody who may; sometimes anything by anybody."""
        listed = {act for role in set(Role) - {Role.SYSTEM} for act in acts_open_to(status, role)}
        usual, rare = sorted(listed - RARE), sorted(listed & RARE)
        act = self.mostly(usual or [Act.URGE], self.choice(rare or [Act.URGE]), self.choice(list(Act)))
        roles = [role for role in Role if (status, act, role) in BY_TRIPLE] or list(Role)
        return act, self.mostly(roles, *Role)

    def codes(self, act: Act, units: tuple[str, ...]) -> dict[str, Any]:
        """What the act brings: mostly what it needs, sometimes not."""
        unit = self.mostly(list(units) or ["WATER"], *UNITS)
        made: dict[Act, Callable[[], dict[str, Any]]] = {
            Act.CORRECT: lambda: {
                "matter": self.mostly([None], *Matter),
                "urgency": self.mostly([None, *Urgency]),
                "report": self.mostly([None], *Report),
                "respondent": self.mostly([None], "HP", "GAS"),
                "infringement": self.mostly([None], True, False),
            },
            Act.TRANSFER: lambda: {
                "lead": self.lead(),
                "assisting": self.assisting(),
                "term": self.mostly([None], "2wd", "36h", "30s", "9999wd", "0wd", "soon"),
                "respondent": self.mostly([None], "HP"),
            },
            Act.REFER: lambda: {
                "lead": self.lead(),
                "choice": self.mostly([*Choice], None),
                "offer": self.mostly(["list-1"], None),
                "place": self.mostly([1], 2),
            },
            Act.DECLINE: lambda: {"exclusion": self.mostly([*Exclusion], None)},
            Act.CEASE: lambda: {"procedure": self.mostly([*Procedure], None)},
            Act.GRANT: lambda: {
                "unit": unit,
                "until": self.mostly([None], date(2025, 11, 28), date(2025, 11, 4), date.max),
            },
            Act.DENY: lambda: {"unit": unit},
            Act.JOIN: lambda: {"joint": self.mostly(["J20251103-0a1b2c3d"], None)},
            Act.SUPPLY: lambda: {"unit": unit, "replied": self.mostly([*ReplyWay], None)},
            Act.REQUEST_EXTENSION: lambda: {
                "until": self.mostly([date(2025, 11, 30), date(2025, 11, 12)], None, date.max, date.min)
            },
            Act.FEEDBACK: lambda: {"replied": self.mostly([*ReplyWay], None)},
            Act.RETURN: lambda: {"disputed": self.mostly([False], True)},
            Act.DESIGNATE: lambda: {"lead": self.lead(), "assisting": self.assisting()},
            Act.REVISE: lambda: {"lead": self.lead(), "assisting": self.assisting()},
            Act.ATTEMPT: lambda: {
                "reach": self.mostly([Reach.REACHED, Reach.NO_ANSWER], None, Reach.REFUSED),
                "resolved": self.mostly([False, False, True], None),
                "rating": self.mostly([Rating.POOR, Rating.GOOD], None, *Rating),
                "honest": self.mostly([True, False], None),
                "punctual": self.mostly([True, False], None),
            },
            Act.RATE: lambda: {
                "rating": self.mostly([Rating.POOR, Rating.GOOD], None, *Rating),
                "resolved": self.mostly([None], True, False),
            },
            Act.SUPPLEMENT: lambda: {"infringement": self.mostly([None], True, False)},
        }
        return made.get(act, dict)()


class History:
    """One case in the hands of everybody at once; its tables are kept beside it as the ledger would write them."""

    def __init__(self, seed: int, say: Callable[[str], None] = lambda said: None) -> None:
        self.chance = Chance(seed)
        self.say = say
        self.clocks: dict[str, tuple[str, RunningClock]] = {}
        self.assignments: dict[tuple[str, int], Assignment] = {}
        self.moves: Counter[tuple[Status, Act | Mark, Status]] = Counter()
        self.story: Story = self.chance.choice([self._registered] * 8 + [*AT.values(), incomplete, supervised])()
        for step in self.story.steps:
            self._keep(step)
        self.check(self.story.steps[-2].file if len(self.story.steps) > 1 else None)

    def _registered(self) -> Story:
        pick = self.chance.mostly
        return registered(
            matter=self.chance.choice([*Matter]),
            urgency=pick([Urgency.NORMAL], *Urgency),
            report=pick([None], *Report),
            respondent=pick(["HP"], None),
            reachable=pick([True], False),
            infringement=pick([False], True),
            call_from=pick([None], "18:30", "23:00"),
            exclusion=pick([None], None, Exclusion.EMERGENCY),
            rule_set=pick([RULES], "demo"),
        )

    def go_on(self) -> None:
        """One more thing happens."""
        what = [self.a_deed] * 12 + [self.time_passes] * 3 + [self.the_next_instant_comes] * 2 + [self.a_notice]
        case = self.story.case
        if case.status is Status.CLOSED and not self.story.file.clocks:
            what = [self.the_archive_looks] * 3 + [self.a_deed]
        if case.exclusion is Exclusion.EMERGENCY and case.status is Status.REGISTERED and not self.story.file.clocks:
            what = [self.an_emergency_is_turned_away] * 3 + [self.a_deed]
        self.chance.choice(what)()

    # -- what happens ----------------------------------------------------------------------------------------------

    def a_deed(self) -> None:
        before, chance = self.story.file, self.chance
        act, role = chance.act(before.case.status)
        given = chance.codes(act, before.case.units) | {
            "texts": chance.mostly([TEXTS.get(act, ())] * 3, ()),
            "actor": chance.mostly(["wang"], "li"),
            "at": self.story.now - chance.choice(DELAYS),
        }
        if role in HANDLER:
            given["unit"] = chance.mostly([*before.case.units] or [None], *UNITS)
        deed = self.story.deed(act, role, **given)
        self.say(f"{before.case.status} {act} by {role} at {deed.received_at}: {given}")
        try:
            result = acts.decide(before, deed, self.story.calendar)
        except Refusal as refused:
            _says_why(refused)
            return
        assert result.file.case.status in BY_TRIPLE[before.case.status, act, role].targets
        assert (result.entries[0].event, result.entries[0].role) == (act, role)
        self.story.take(result)
        self.check(before)

    def time_passes(self) -> None:
        instant = self.story.now + self.chance.choice(PAUSES)
        for _ in range(100):
            if (coming := self.story.coming(instant)) is None:
                self.story.now = instant
                return
            self.strike(*coming, awaited=False)
        raise AssertionError("clocks without end")

    def the_next_instant_comes(self) -> None:
        if coming := self.story.coming(at("2090-01-01")):
            running, rung = coming
            if rung.at - self.story.now < timedelta(days=10):
                self.strike(running, rung, awaited=self.chance.random() < 0.3)

    def a_notice(self) -> None:
        before = self.story.file
        if before.case.status is Status.ARCHIVED:
            return
        days = self.chance.choice(HOLIDAYS)
        self.say(f"a holiday notice: {days}")
        self.story.calendar = with_notice(days)
        self.story.act(Act.RECOMPUTE, Role.SYSTEM)
        was = {running.id: running for running in before.clocks}
        assert all(running.due >= was[running.id].due for running in self.story.file.clocks)
        self.check(before)

    def the_archive_looks(self) -> None:
        before = self.story.file
        self.say("the archive looks")
        self.story.seal()
        self.check(before)

    def an_emergency_is_turned_away(self) -> None:
        before = self.story.file
        self.say("turned away")
        self.story.turn_away()
        self.check(before)

    def strike(self, running: RunningClock, rung: Rung, awaited: bool) -> None:
        before = self.story.file
        self.story.now = max(self.story.now, rung.at)
        self.say(f"{running.id} {rung.mark} at {self.story.now}, awaited: {awaited}")
        self.story.strike(running, rung, awaited=awaited)
        was = {c.id: (c.start, c.due) for c in before.clocks}
        after = {c.id: (c.start, c.due) for c in self.story.file.clocks if c.id in was}
        assert after.items() <= was.items(), "no mark moves a due instant"
        self.check(before)

    # -- what holds after every step ---------------------------------------------------------------------------------

    def check(self, before: File | None) -> None:
        result = self.story.steps[-1]
        if before:
            act = result.entries[0].event if result.entries else Act.LAPSE
            self.moves[before.case.status, act, result.file.case.status] += 1
            if not isinstance(act, Act) and before.case.status is not result.file.case.status:
                assert result.file.case.status in BY_TRIPLE[before.case.status, Act.LAPSE, Role.SYSTEM].targets
        self._it_counts_once(before, result)
        self._the_tables_hold_the_file(result)
        self._due_instants_move_on_record(before, result)
        self._what_was_said_stays_said(before, result)
        self._units_are_those_that_handle()
        self._clocks_belong_to_whoever_is_held_to_them()
        self._the_end_is_the_end()
        self._lists_show_what_is_so()
        self._nobody_handles_a_complaint_about_themselves()
        self._only_what_was_marked_is_withdrawn()

    def _it_counts_once(self, before: File | None, result: Result) -> None:
        version, last = (before.case.version, before.case.entries) if before else (0, 0)
        case = self.story.case
        assert case.version == version + 1
        assert [entry.seq for entry in result.entries] == list(range(last + 1, case.entries + 1))
        for entry in result.entries:
            basis(entry.basis)  # a provision, or house; anything else is a ValueError
            assert entry.status is case.status
            assert all(isinstance(value, str | int | bool) for value in entry.detail.values())

    def _the_tables_hold_the_file(self, result: Result) -> None:
        file = self.story.file
        self._keep(result)
        running = {name: clock for name, (state, clock) in self.clocks.items() if state == "running"}
        assert {clock.id: clock for clock in file.clocks} == running
        assert len(file.clocks) == len(running)
        present = {key: a for key, a in self.assignments.items() if key[1] == file.case.round}
        assert {(a.unit, a.round): a for a in file.assignments} == present
        assert not any(a.active for key, a in self.assignments.items() if key not in present)

    def _keep(self, result: Result) -> None:
        for row in result.clocks:
            assert row.state == ("running" if row.stopped_at is None else "stopped")
            self.clocks[row.clock.id] = (row.state, row.clock)
        for assignment in result.assignments:
            self.assignments[assignment.unit, assignment.round] = assignment

    def _due_instants_move_on_record(self, before: File | None, result: Result) -> None:
        old = {clock.id: clock.due for clock in before.clocks} if before else {}
        moved = Counter(f"{e.detail['clock']}/{e.detail['owner']}" for e in _of(result.entries, Mark.DUE_MOVED))
        changed = Counter(f"{c.clock}/{c.owner}" for c in result.file.clocks if c.id in old and c.due != old[c.id])
        assert not changed - moved
        stopped = Counter(f"{row.clock.clock}/{row.clock.owner}" for row in result.clocks if row.stopped_at)
        assert not moved - changed - stopped
        for entry in _of(result.entries, Mark.DUE_MOVED):
            assert entry.detail["old"] != entry.detail["new"]
            assert entry.detail["why"]

    def _what_was_said_stays_said(self, before: File | None, result: Result) -> None:
        case = self.story.case
        assert case.infringement or before is None or not before.case.infringement
        assert result.handover is bool(_of(result.entries, Mark.HANDED_OVER))
        assert len(self.story.all(Mark.HANDED_OVER)) == case.infringement
        assert case.returns == len(self.story.all(Act.RETURN))
        assert case.urges == len(self.story.all(Act.URGE))

    def _units_are_those_that_handle(self) -> None:
        file, case = self.story.file, self.story.case
        active = file.active()
        assert case.units == tuple(a.unit for a in active)
        assert bool(active) is (case.status is Status.ASSIGNED)
        assert all(a.active or a.ended_at for a in file.assignments)
        leads = [a for a in file.assignments if a.part is not Part.ASSISTING]
        assert len(leads) == (case.round > 0)
        if case.status in (Status.REVIEW, Status.CALLBACK):
            assert leads[0].handling is Handling.DONE
        if case.status is Status.ASSIGNED:
            assert case.hands == (leads[0].unit if leads[0].active else active[0].unit)
        else:
            assert case.hands == (OFFICE if case.status is Status.ESCALATED else CENTRE)

    def _clocks_belong_to_whoever_is_held_to_them(self) -> None:
        file, case = self.story.file, self.story.case
        owners = {OFFICE} if case.status is Status.ESCALATED else {CENTRE, *case.units}
        assert {clock.owner for clock in file.clocks} <= owners
        if case.status in RUNS:
            assert [clock.clock for clock in file.clocks] in ([clock] for clock in RUNS[case.status])
        for assignment in file.active():
            mine = Counter(clock.clock for clock in file.clocks if clock.owner == assignment.unit)
            decision = file.clock(Clock.EXTENSION, CENTRE, assignment.unit)
            assert mine[Clock.HANDLING] == 1
            assert mine[Clock.RETURN] == (not assignment.designated)
            assert mine[Clock.SIGN] == (assignment.signed_at is None)
            assert (decision is None) is (assignment.extension is None)
        for clock in file.clocks:
            assert clock.about is None or clock.about in case.units
            assert all(earlier.at <= later.at for earlier, later in pairwise(clock.rungs))
            ends = [rung for rung in clock.rungs if rung.mark in (Mark.OVERDUE, Mark.LAPSED)]
            waits = (
                clock.clock is Clock.HANDLING and (d := file.clock(Clock.EXTENSION, CENTRE, clock.owner)) and d.passed
            )
            assert len(ends) == (not clock.passed and not waits), (
                "its end was marked, or will be, or the Centre is late"
            )

    def _the_end_is_the_end(self) -> None:
        file, case = self.story.file, self.story.case
        over = case.status in (Status.CLOSED, Status.ARCHIVED)
        assert (case.outcome is not None) is over
        if case.status is Status.ARCHIVED:
            assert (file.clocks, self.story.events[-1]) == ((), Mark.SEALED)
        elif over:
            assert {clock.clock for clock in file.clocks} <= {Clock.DISPUTE, Clock.ARCHIVE}
        else:
            assert file.clocks or case.exclusion is Exclusion.EMERGENCY, "nothing sleeps for ever"

    def _lists_show_what_is_so(self) -> None:
        file, case = self.story.file, self.story.case
        watched = [clock for clock in file.clocks if clock.clock not in UNWATCHED]
        assert case.due_at == min(
            (clock.due for clock in [c for c in watched if not c.passed] or watched), default=None
        )
        assert case.overdue is any(clock.passed for clock in watched)
        desks = {
            Status.ESCALATED: f"{case.number}-designation-{case.designations}",
            Status.CALLBACK: f"{case.number}-callback-{case.callbacks}",
        }
        assert case.desk == desks.get(case.status, case.number)
        assert (case.call_at is not None) is (case.status is Status.CALLBACK and case.reachable)
        if case.call_at and case.rule_set == RULES:
            assert 9 <= case.call_at.astimezone(SHANGHAI).hour < 20

    def _nobody_handles_a_complaint_about_themselves(self) -> None:
        case = self.story.case
        if case.matter is Matter.STAFF and case.units:
            assert case.respondent
            assert not [u for u in case.units if u == case.respondent or u.startswith(f"{case.respondent}.")]

    def _only_what_was_marked_is_withdrawn(self) -> None:
        marked: Counter[tuple[Any, Any]] = Counter()
        for entry in self.story.entries:
            key = entry.detail.get("clock"), entry.detail.get("owner")
            marked[key] += entry.event in (Mark.OVERDUE, Mark.LAPSED)
            marked[key] -= entry.event is Mark.BREACH_WITHDRAWN
            assert marked[key] >= 0


def _says_why(refused: Refusal) -> None:
    assert refused.detail
    assert refused.basis is None or Citation.parse(str(refused.basis)) == refused.basis


def _of(entries: tuple[Entry, ...], event: Mark) -> list[Entry]:
    return [entry for entry in entries if entry.event is event]


@settings(database=None, deadline=None, max_examples=150)
@given(seed=st.integers(0, 2**64 - 1), length=st.integers(1, 80))
def test_whatever_happens_the_file_stays_consistent(seed: int, length: int) -> None:
    history = History(seed, note)
    for _ in range(length):
        history.go_on()


def test_such_histories_go_everywhere() -> None:
    seen: Counter[tuple[Status, Act | Mark, Status]] = Counter()
    for seed in range(150):
        history = History(seed)
        for _ in range(80):
            history.go_on()
        seen += history.moves
    assert {target for _, _, target in seen} == set(Status)
    by_deed = {(m.origin, m.act) for m in MOVES} - {(m.origin, m.act) for m in MOVES if m.act in RARE | {Act.LAPSE}}
    assert by_deed - {(origin, act) for origin, act, _ in seen} == set()
