"""What may be wrong with one case: CHECKS, how each shows on both sides, and what safely mends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from cli.rebuild import FAILED, begin
from domain.case import File
from domain.vocabulary import Status
from storage import files, waiting
from storage.engine import single
from workflows.client import wake
from workflows.condition import Condition, condition

Repair = Callable[[AsyncEngine, Client, str], Awaitable[bool]]


@dataclass(frozen=True)
class Finding:
    """What is wrong, by a code; of which case (none: of the house), and how it shows: codes and instants."""

    what: str
    number: str | None = None
    detail: str = ""
    repaired: bool = False


@dataclass(frozen=True)
class Facts:
    """One case on both sides: its file, and the workflows that carry it."""

    file: File
    begun: bool
    own: Condition | None
    desk: Condition | None
    """Of the desk that holds it: its own workflow, or a child."""

    @property
    def problem(self) -> str:
        return next((each.problem for each in (self.own, self.desk) if each and each.problem), "")


@dataclass(frozen=True)
class Check:
    """What may be wrong with a case; how it shows, in codes; what mends it safely."""

    what: str
    holds: Callable[[Facts], bool]
    detail: Callable[[Facts], str] = lambda facts: facts.file.case.status.value
    repair: Repair | None = None


async def _begin(engine: AsyncEngine, client: Client, number: str) -> bool:
    """Start it from its file."""
    return await begin(engine, client, number) != FAILED


async def _look(engine: AsyncEngine, client: Client, number: str) -> bool:
    """Have it read its file; one that has ended meanwhile need not."""
    await wake(client, number)
    return True


def _ended(facts: Facts) -> bool:
    return facts.own is not None and not facts.own.runs


def _archived(facts: Facts) -> bool:
    return facts.file.case.status is Status.ARCHIVED


def _disagrees(facts: Facts) -> bool:
    return facts.own is not None and facts.own.shows != facts.file.case.status


def _no_timer(facts: Facts) -> bool:
    awaits = any(clock.rungs for clock in facts.file.clocks)
    return awaits and facts.desk is not None and not facts.desk.asleep and not facts.desk.timers


CHECKS = (
    Check("left_running", lambda f: _archived(f) and bool(f.own and f.own.runs), repair=_look),
    Check("not_begun", lambda f: f.own is None and not f.begun, repair=_begin),
    Check("lost", lambda f: f.own is None, repair=_begin),
    Check("ended", _ended, lambda f: f.own.status if f.own else "", _begin),
    Check("stuck", lambda f: bool(f.problem), lambda f: f.problem),
    Check("no_desk", lambda f: not (f.desk and f.desk.runs), lambda f: f.file.case.desk, _look),
    Check("disagrees", _disagrees, lambda f: f"{f.file.case.status} / {f.own.shows if f.own else None}", _look),
    Check("no_timer", _no_timer, lambda f: f.file.case.desk, _look),
)
"""In this order: the first that holds is what is said of a case. An archived case is only asked whether it still runs."""


async def diagnose(engine: AsyncEngine, client: Client, number: str) -> Finding | None:
    """What is wrong with one case; None: it is sound."""
    async with single(engine).connect() as conn:
        file = await files.load(conn, number)
        if file is None:
            return Finding("not_on_record", number)
        begun = await waiting.is_begun(conn, number)
    own = await condition(client, number)
    desk = own if file.case.desk == number else await condition(client, file.case.desk)
    facts = Facts(file, begun, own, desk)
    checks = CHECKS[:1] if _archived(facts) else CHECKS[1:]
    return next((Finding(each.what, number, each.detail(facts)) for each in checks if each.holds(facts)), None)
