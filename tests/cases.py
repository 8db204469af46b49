"""Cases played through the pure domain, as the ledger and a desk would carry them: deeds, strikes, sealing, no I/O.

The usual story begins on Monday 2025-11-03 at 10:00; no holiday is near.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.acceptance import register, turn_away
from domain.archive import seal
from domain.calendar import Calendar, Notice, compile_calendar, read_notice, seeded_notices
from domain.case import CENTRE, Assignment, Case, Deed, Entry, File, Rung, RunningClock
from domain.case import Notice as Message
from domain.limits import SHANGHAI
from domain.refusals import Refusal
from domain.regulation import Citation
from domain.step import Result
from domain.vocabulary import (
    Act,
    Channel,
    Clock,
    Exclusion,
    Mark,
    Matter,
    Rating,
    Reach,
    ReplyWay,
    Report,
    Role,
    Status,
    Text,
)

FIRST: dict[str, Any] = {"offer": "list-1", "place": 1}
"""First on a list of partners."""
ASKED: dict[str, Any] = {"honest": True, "punctual": True}
"""What a person says of a partner's price and punctuality."""
CALENDAR = compile_calendar(seeded_notices(), version=1)
INSTANT = timedelta(microseconds=1)
RULES = "TJ-2015-18"

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
    Act.FEEDBACK: (Text.PUBLIC,),
    Act.DESIGNATE: (Text.REASON,),
    Act.REVISE: (Text.REASON,),
    Act.SUPPLEMENT: (Text.REQUEST,),
    Act.DISPUTE: (Text.REASON,),
    Act.DETACH: (Text.REASON,),
}
"""The texts that an act cannot do without."""


def at(text: str) -> datetime:
    """An instant by its local time; a day without a year is one of 2025: "11-03T10:00"."""
    full = text if text[:2] == "20" and text[4] == "-" else f"2025-{text}"
    return datetime.fromisoformat(full).replace(tzinfo=SHANGHAI)


def around(due: datetime) -> list[tuple[datetime, bool]]:
    """One instant before a due instant, at it, and after it; and whether that is in time (it is exclusive)."""
    return [(due - INSTANT, True), (due, False), (due + INSTANT, False)]


@contextmanager
def refused(kind: type[Refusal], basis: Citation | None = None) -> Iterator[None]:
    """What happens within is refused: by exactly this kind, and with this provision (None: the house)."""
    with pytest.raises(Refusal) as caught:
        yield
    assert (type(caught.value), caught.value.basis) == (kind, basis), str(caught.value)


def notice(days: str, year: int = 2025) -> Notice:
    """An invented holiday notice: the TOML lines of one [[holiday]]."""
    return read_notice(f'[notice]\nyear = {year}\ntitle = "通知"\n[[holiday]]\nname = "样例节"\n{days}')


def with_notice(days: str, year: int = 2025) -> Calendar:
    """The calendar in force, after an invented notice."""
    return compile_calendar([*seeded_notices(), notice(days, year)], version=2)


@dataclass
class Story:
    """One case, and all that it left in the file of record."""

    file: File
    now: datetime
    calendar: Calendar = CALENDAR
    steps: list[Result] = field(default_factory=list)

    # -- acts ----------------------------------------------------------------------------------------------------------

    def agent(self, act: Act, **given: Any) -> Status:
        return self.act(act, Role.AGENT, **given)

    def supervisor(self, act: Act, **given: Any) -> Status:
        return self.act(act, Role.SUPERVISOR, **given)

    def unit(self, unit: str, act: Act, **given: Any) -> Status:
        return self.act(act, Role.UNIT, unit=unit, **given)

    def office(self, act: Act, **given: Any) -> Status:
        return self.act(act, Role.OFFICE, **given)

    def person(self, act: Act, **given: Any) -> Status:
        return self.act(act, Role.REQUESTER, **given)

    def call(self, reach: Reach | None, **given: Any) -> Status:
        return self.act(Act.ATTEMPT, Role.CALLER, reach=reach, **given)

    def act(self, act: Act, role: Role, **given: Any) -> Status:
        """Somebody acts, now or at another instant; the status after it, or the Refusal."""
        return self.take(acts.decide(self.file, self.deed(act, role, **given), self.calendar))

    def deed(
        self,
        act: Act,
        role: Role,
        *,
        at: datetime | None = None,
        texts: Iterable[Text] | None = None,
        actor: str | None = None,
        **codes: Any,
    ) -> Deed:
        """A deed with the texts that it needs, or with these; it arrives now, or at another instant."""
        kinds = TEXTS.get(act, ()) if texts is None else tuple(texts)
        if texts is None and (codes.get("term") or (act is Act.WITHDRAW and role is not Role.REQUESTER)):
            kinds = (Text.REASON,)
        nth = len(self.steps) + 1
        return Deed(
            id=f"deed-{nth}",
            number=self.case.number,
            act=act,
            role=role,
            actor=actor or f"{codes.get('unit') or role.value}-1",
            received_at=at or self.now,
            notes={kind: f"note-{nth}-{kind}" for kind in kinds},
            **codes,
        )

    # -- usual passages ------------------------------------------------------------------------------------------------

    def transfer(self, lead: str = "WATER", *assisting: str, **given: Any) -> Status:
        return self.agent(Act.TRANSFER, lead=lead, assisting=assisting, **given)

    def feedback(self, unit: str = "WATER", **given: Any) -> Status:
        return self.unit(unit, Act.FEEDBACK, **({"replied": ReplyWay.PHONE} | given))

    def content(self, **given: Any) -> Status:
        """The person is reached, and content."""
        return self.call(Reach.REACHED, resolved=True, rating=Rating.GOOD, **ASKED | given)

    def not_content(self, **given: Any) -> Status:
        return self.call(Reach.REACHED, resolved=False, rating=Rating.POOR, **ASKED | given)

    # -- time ----------------------------------------------------------------------------------------------------------

    def until(self, instant: datetime) -> None:
        """Time passes: every instant on a clock's ladder up to this one, itself included, is marked in order."""
        while coming := self.coming(instant):
            running, rung = coming
            self.now = max(self.now, rung.at)
            self.strike(running, rung)
        self.now = max(self.now, instant)

    def coming(self, instant: datetime) -> tuple[RunningClock, Rung] | None:
        """The soonest rung that comes not later than this instant."""
        rungs = [(running, rung) for running in self.file.clocks for rung in running.rungs if rung.at <= instant]
        return min(rungs, key=lambda pair: (pair[1].at, pair[0].id), default=None)

    def strike(self, running: RunningClock, rung: Rung, *, awaited: bool = False) -> Status:
        return self.take(acts.strike(self.file, running, rung, self.calendar, self.now, awaited))

    def holidays(self, days: str, year: int = 2025) -> None:
        """A holiday notice is published, and reaches the case as a message."""
        self.calendar = with_notice(days, year)
        self.act(Act.RECOMPUTE, Role.SYSTEM)

    # -- the end -------------------------------------------------------------------------------------------------------

    def turn_away(self) -> Status:
        return self.take(turn_away(self.file, self.calendar, self.now))

    def seal(self) -> Status:
        return self.take(seal(self.file, tuple(self.entries), self.calendar, self.now))

    def take(self, result: Result) -> Status:
        self.steps.append(result)
        self.file = result.file
        return self.case.status

    # -- what is on record ---------------------------------------------------------------------------------------------

    @property
    def case(self) -> Case:
        return self.file.case

    @property
    def entries(self) -> list[Entry]:
        return [entry for step in self.steps for entry in step.entries]

    @property
    def events(self) -> list[Act | Mark]:
        return [entry.event for entry in self.entries]

    @property
    def messages(self) -> list[Message]:
        return [message for step in self.steps for message in step.notices]

    def all(self, event: Act | Mark) -> list[Entry]:
        """Every entry of this event, first to last."""
        return [entry for entry in self.entries if entry.event is event]

    def last(self, event: Act | Mark) -> Entry:
        return self.all(event)[-1]

    def new(self) -> list[Act | Mark]:
        """What the last step entered."""
        return [entry.event for entry in self.steps[-1].entries]

    def told(self) -> list[tuple[str, str, str | None]]:
        """To whom the last step sends which template: (audience, template, unit)."""
        return [(message.audience.value, message.template, message.unit) for message in self.steps[-1].notices]

    def assignment(self, unit: str = "WATER") -> Assignment:
        found = self.file.assignment(unit)
        assert found is not None, f"{unit} has no part in round {self.case.round}"
        return found

    def clock(self, clock: Clock, owner: str = CENTRE, about: str | None = None) -> RunningClock:
        found = self.file.clock(clock, owner, about)
        assert found is not None, f"no {clock} of {owner} among {[running.id for running in self.file.clocks]}"
        return found

    def due(self, clock: Clock, owner: str = CENTRE, about: str | None = None) -> datetime:
        return self.clock(clock, owner, about).due

    def rungs(self, clock: Clock, owner: str = CENTRE) -> dict[Mark, datetime]:
        """What is still to come on a clock's ladder."""
        return {rung.mark: rung.at for rung in self.clock(clock, owner).rungs}


def registered(**facts: Any) -> Story:
    """A request as its registration leaves it; the facts of the case may be other ones."""
    usual: dict[str, Any] = {
        "number": "TJ20251103000001",
        "desk": "TJ20251103000001",
        "registered_at": at("11-03T10:00"),
        "channel": Channel.PHONE,
        "matter": Matter.HELP,
        "rule_set": RULES,
        "reachable": True,
    }
    case = Case(**(usual | facts))
    story = Story(File(case), case.registered_at)
    story.take(register(case, CALENDAR))
    return story


def assigned(lead: str = "WATER", *assisting: str, **facts: Any) -> Story:
    """With the units, since Monday 10:00."""
    story = registered(**facts)
    story.transfer(lead, *assisting)
    return story


def answered(**facts: Any) -> Story:
    story = registered(matter=Matter.CONSULTATION, **facts)
    story.agent(Act.ANSWER)
    return story


def returned(**facts: Any) -> Story:
    story = assigned(**facts)
    story.unit("WATER", Act.RETURN)
    return story


def escalated(**facts: Any) -> Story:
    story = registered(**facts)
    story.agent(Act.ESCALATE)
    return story


def in_review(**facts: Any) -> Story:
    """A report's result, which the Centre looks at before it calls."""
    story = assigned(**({"report": Report.UNLAWFUL} | facts))
    story.unit("WATER", Act.ADMIT)
    story.feedback()
    return story


def at_callback(**facts: Any) -> Story:
    story = assigned(**facts)
    story.feedback()
    return story


def supervised(**facts: Any) -> Story:
    """Twice the person was not content."""
    story = at_callback(**facts)
    story.not_content()
    story.feedback()
    story.agent(Act.APPROVE)
    story.not_content()
    return story


def declined(**facts: Any) -> Story:
    """Closed, and the person may dispute it."""
    story = registered(**facts)
    story.agent(Act.DECLINE, exclusion=Exclusion.CIVIL)
    return story


def incomplete(**facts: Any) -> Story:
    """Closed, and the archive misses how the person was replied to."""
    story = assigned(**facts)
    story.feedback(replied=None)
    story.content()
    story.seal()
    return story


def archived(**facts: Any) -> Story:
    story = at_callback(**facts)
    story.content()
    story.seal()
    return story


AT = {
    Status.REGISTERED: registered,
    Status.ANSWERED: answered,
    Status.ASSIGNED: assigned,
    Status.RETURNED: returned,
    Status.ESCALATED: escalated,
    Status.REVIEW: in_review,
    Status.CALLBACK: at_callback,
    Status.SUPERVISED: supervised,
    Status.CLOSED: declined,
    Status.ARCHIVED: archived,
}
"""A case in each status, come there by real steps."""
