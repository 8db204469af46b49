"""Every path that a case may take, played through a town: for the histories that are kept, and for tests that replay.

`PATHS` names each with the entries that it must leave, first to last. All words in it are invented.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar import ONE_DAY
from domain.limits import SHANGHAI
from domain.refusals import NotPermitted, TooLate
from tests.town import Request, Town, local

MOMENT = timedelta(seconds=30)

Play = Callable[[Town], Awaitable[Request]]


@dataclass(frozen=True)
class Path:
    """One way through the lifecycle, and what the file then holds."""

    play: Play
    events: tuple[str, ...]
    publishes: bool = False
    """It changes the calendar: it needs a database of its own."""


PATHS: dict[str, Path] = {}


def path(events: str, *, publishes: bool = False) -> Callable[[Play], Play]:
    """Add a path under the name of its function; it ends in the archive."""

    def add(play: Play) -> Play:
        PATHS[play.__name__] = Path(play, tuple(events.split()), publishes)
        return play

    return add


async def handled(request: Request, unit: str = "WATER", **codes: str) -> None:
    """A unit signs for it and reports the result."""
    await request.unit(unit, "sign")
    await request.unit(unit, "feedback", **{"replied": "phone", **codes})


async def content(request: Request) -> None:
    """The person is reached and satisfied."""
    await request.caller(reach="reached", resolved=True, rating="good", honest=True, punctual=True)


async def archived(request: Request) -> Request:
    """The dispute window, where there is one, ends without a word."""
    file = await request.until(lambda f: f.case.status in ("closed", "archived"))
    while file.case.status == "closed" and any(clock.clock == "dispute" for clock in file.clocks):
        await request.expire("dispute")
        file = await request.file()
    await request.until("archived")
    return request


# -- the Centre's four ways (Art. 10), and what is turned away (Art. 8) ---------------------------------------------


@path("register answer rate lapsed sealed")
async def answered(town: Town) -> Request:
    request = await town.register(matter="consultation")
    await request.agent("answer")
    await request.person("rate", rating="excellent")
    return await archived(request)


@path("register answer lapsed lapsed sealed")
async def unrated(town: Town) -> Request:
    request = await town.register(matter="consultation")
    await request.agent("answer")
    await request.expire("rating")
    return await archived(request)


@path("register answer rate redone transfer sign feedback approve attempt sealed")
async def answered_badly(town: Town) -> Request:
    request = await town.register(matter="consultation")
    await request.agent("answer")
    await request.person("rate", rating="bad")
    await request.agent("transfer", lead="WATER")
    await handled(request)
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register transfer sign feedback attempt sealed")
async def transferred(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await content(request)
    return await archived(request)


@path("register refer sign feedback attempt sealed")
async def referred(town: Town) -> Request:
    request = await town.register()
    await request.agent("refer", lead="P-LOCK", choice="chosen")
    await handled(request, "P-LOCK")
    await content(request)
    return await archived(request)


@path("register decline lapsed sealed")
async def declined(town: Town) -> Request:
    request = await town.register()
    await request.agent("decline", exclusion="civil")
    return await archived(request)


@path("register decline lapsed sealed")
async def emergency(town: Town) -> Request:
    request = await town.register(datetime.now(UTC), exclusion="emergency", urgency="critical")
    await request.until("closed")
    return await archived(request)


@path("register claim release claim correct warned overdue answer rate lapsed sealed")
async def claimed(town: Town) -> Request:
    request = await town.register(matter="consultation")
    await request.agent("claim")
    await request.agent("release")
    await request.agent("claim", actor="agent-2")
    await request.agent("correct", actor="agent-2", matter="suggestion")
    await request.expire("triage")
    await request.agent("answer", actor="agent-2")
    await request.person("rate", rating="fair")
    return await archived(request)


# -- one unit's handling (Art. 11, 12 ¶1) ---------------------------------------------------------------------------


@path("register transfer return transfer reassigned sign feedback attempt sealed")
async def returned(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "return")
    await request.agent("transfer", lead="HEAT")
    await handled(request, "HEAT")
    await content(request)
    return await archived(request)


@path(
    "register transfer return transfer reassigned return transfer reassigned return designate sign feedback attempt"
    " sealed"
)
async def returned_too_often(town: Town) -> Request:
    request = await town.register()
    for unit in ("WATER", "HEAT", "GAS"):
        await request.agent("transfer", lead=unit)
        await request.unit(unit, "return")
    await request.office("designate", lead="JW")
    await handled(request, "JW")
    await content(request)
    return await archived(request)


@path("register transfer declare_complex due_moved overdue return transfer reassigned sign feedback attempt sealed")
async def complicated(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "declare_complex")
    await request.expire("sign", "WATER")
    await request.unit("WATER", "return")
    await request.agent("transfer", lead="HEAT")
    await handled(request, "HEAT")
    await content(request)
    return await archived(request)


@path("register transfer sign request_extension grant due_moved feedback attempt sealed")
async def extended(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "sign")
    await request.unit("WATER", "request_extension", until=await week_after_due(request))
    await request.agent("grant", unit="WATER")
    await request.unit("WATER", "feedback", replied="visit")
    await content(request)
    return await archived(request)


@path("register transfer sign request_extension lapsed warned overdue deny due_moved feedback attempt sealed")
async def denied_late(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "sign")
    await request.forward(ONE_DAY)
    await request.unit("WATER", "request_extension", until=await week_after_due(request))
    await request.expire("extension")
    await request.forward(timedelta(hours=1))
    await request.agent("deny", unit="WATER")
    await request.unit("WATER", "feedback", replied="visit")
    await content(request)
    return await archived(request)


async def week_after_due(request: Request) -> str:
    """The day that a unit proposes for an extension."""
    return ((await request.clock("handling", "WATER")).due.astimezone(SHANGHAI).date() + 7 * ONE_DAY).isoformat()


@path(
    "register transfer sign lapsed warned urged explain overdue noticed explain breach bulletined feedback approve"
    " attempt sealed"
)
async def overdue(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "sign")
    clock = await request.clock("handling", "WATER")
    rungs = {rung.mark.value: rung.at for rung in clock.rungs}
    await request.forward_to(rungs["urged"])
    await request.unit("WATER", "explain")
    await request.forward_to(rungs["noticed"])
    await request.unit("WATER", "explain")
    await request.forward_to(rungs["bulletined"])
    await request.unit("WATER", "feedback", replied="phone")
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register transfer sign feedback feedback send_back sign feedback feedback approve attempt sealed")
async def several_units(town: Town) -> Request:
    request = await town.transferred("WATER", "HEAT")
    await request.unit("WATER", "sign")
    await request.unit("HEAT", "feedback", replied="relay")
    await request.unit("WATER", "feedback", replied="phone")
    await request.agent("send_back")
    await request.unit("HEAT", "sign")
    await asyncio.gather(
        request.unit("WATER", "feedback", replied="phone"), request.unit("HEAT", "feedback", replied="phone")
    )
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register transfer return feedback approve attempt sealed")
async def assisting_returned(town: Town) -> Request:
    request = await town.transferred("WATER", "HEAT")
    await request.unit("HEAT", "return")
    await request.unit("WATER", "feedback", replied="phone")
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register transfer admit sign feedback approve attempt sealed")
async def admitted(town: Town) -> Request:
    request = await town.transferred("HB1", report="unlawful")
    await request.unit("HB1", "admit")
    await handled(request, "HB1")
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register transfer reject warned overdue approve attempt lapsed sealed")
async def rejected(town: Town) -> Request:
    request = await town.transferred("HB1", report="action")
    await request.unit("HB1", "reject")
    await request.expire("review")
    await request.agent("approve")
    call_at = (await request.case()).call_at
    assert call_at is not None
    await request.forward_to(call_at)
    await request.caller(reach="refused")
    return await archived(request)


@path("register transfer sign feedback transfer reassigned sign feedback approve attempt sealed")
async def reviewed_elsewhere(town: Town) -> Request:
    request = await town.transferred("JW", matter="staff", respondent="HP")
    await handled(request, "JW")
    await request.agent("transfer", lead="JT")
    await handled(request, "JT")
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register correct due_moved transfer correct due_moved due_moved sign feedback attempt sealed")
async def corrected(town: Town) -> Request:
    request = await town.register()
    await request.agent("correct", urgency="critical")
    await request.agent("transfer", lead="WATER")
    await request.agent("correct", urgency="normal")
    await handled(request)
    await content(request)
    return await archived(request)


@path("register transfer ask supplement handed_over urge sign feedback attempt sealed")
async def questioned(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "ask")
    await request.person("supplement", infringement=True)
    await request.person("urge")
    await handled(request)
    await content(request)
    return await archived(request)


@path("register transfer recall warned overdue transfer reassigned sign feedback attempt sealed")
async def recalled(town: Town) -> Request:
    request = await town.transferred()
    await request.agent("recall")
    await request.expire("redispatch")
    await request.agent("transfer", lead="WATER")
    await handled(request)
    await content(request)
    return await archived(request)


@path("register transfer recompute due_moved sign lapsed warned feedback attempt sealed", publishes=True)
async def recomputed(town: Town) -> Request:
    request = await town.transferred()
    await town.announce(await request.now(), town.day(3))
    (deed,) = await request.waiting()
    await request.hand_over(deed)
    await request.unit("WATER", "sign")
    await request.forward_to(local(town.day(7), 23))
    await request.unit("WATER", "feedback", replied="phone")
    await content(request)
    return await archived(request)


@path(
    "register transfer lapsed overdue return breach_withdrawn breach_withdrawn transfer reassigned sign feedback attempt sealed"
)
async def returned_in_time_applied_late(town: Town) -> Request:
    request = await town.transferred()
    await request.forward_to((await request.clock("return", "WATER")).due - timedelta(hours=1))
    deed = await request.receive("return", "unit", unit="WATER")
    await request.expire("return", "WATER")
    await request.hand_over(deed)
    await request.agent("transfer", lead="HEAT")
    await handled(request, "HEAT")
    await content(request)
    return await archived(request)


@path("register transfer sign feedback attempt sealed")
async def signalled_feedback(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "sign")
    await request.signal(await request.receive("feedback", "unit", unit="WATER", replied="message"))
    await request.until("callback")
    await content(request)
    return await archived(request)


@path("register transfer return transfer reassigned sign lapsed feedback attempt sealed")
async def signalled_return(town: Town) -> Request:
    request = await town.transferred()
    await request.signal(await request.receive("return", "unit", unit="WATER"))
    await request.until("returned")
    await request.agent("transfer", lead="HEAT")
    await request.unit("HEAT", "sign")
    await request.expire("return", "HEAT")
    late = await request.receive("return", "unit", unit="HEAT")
    await request.signal(late)
    await request.until_deed(late, TooLate.__name__)
    await request.unit("HEAT", "feedback", replied="phone")
    await content(request)
    return await archived(request)


@path("register transfer sign feedback attempt sealed")
async def refused_twice(town: Town) -> Request:
    """What is refused leaves a deed with its provision, and nothing in the history of an update."""
    request = await town.register()
    with pytest.raises(NotPermitted):
        await request.agent("approve")
    await request.agent("transfer", lead="WATER")
    with pytest.raises(NotPermitted):
        await request.agent("deny", unit="WATER")
    await handled(request)
    await content(request)
    return await archived(request)


@path("register transfer sign feedback attempt sealed")
async def critical(town: Town) -> Request:
    request = await town.register(urgency="critical", district="HP", channel="app")
    await request.agent("transfer", lead="WATER", term="2h")
    await handled(request)
    await content(request)
    return await archived(request)


# -- the approval office (Art. 12 ¶2) -------------------------------------------------------------------------------


@path("register escalate urged overdue noticed designate sign feedback feedback approve attempt sealed")
async def designated(town: Town) -> Request:
    request = await town.register()
    await request.agent("escalate")
    await request.expire("designation", "office")
    await request.forward(timedelta(days=7))
    await request.office("designate", lead="JW", assisting=["WATER"])
    await request.unit("JW", "sign")
    await request.unit("WATER", "feedback", replied="phone")
    await request.unit("JW", "feedback", replied="phone")
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register transfer return designate revise sign feedback attempt sealed")
async def revised(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "return", disputed=True)
    await request.office("designate", lead="JW")
    await request.office("revise", lead="JT")
    await handled(request, "JT")
    await content(request)
    return await archived(request)


@path("register transfer escalate override escalate withdraw sealed")
async def taken_from_the_office(town: Town) -> Request:
    request = await town.transferred()
    await request.agent("escalate")
    await request.supervisor("override")
    await request.agent("escalate")
    await request.person("withdraw")
    return await archived(request)


# -- callback (Art. 13) ---------------------------------------------------------------------------------------------


@path("register transfer sign feedback attempt redone sign feedback approve attempt sealed")
async def redone(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await request.caller(reach="reached", resolved=False, rating="poor")
    await handled(request)
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path(
    "register transfer sign feedback attempt redone sign feedback approve attempt warned overdue conclude lapsed sealed"
)
async def supervised(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await request.caller(reach="reached", resolved=False, rating="poor")
    await handled(request)
    await request.agent("approve")
    await request.caller(reach="reached", resolved=False, rating="bad")
    await request.expire("supervision")
    await request.supervisor("conclude")
    return await archived(request)


@path(
    "register transfer sign feedback attempt redone sign feedback approve attempt transfer reassigned sign feedback"
    " approve attempt sealed"
)
async def supervised_to_another_unit(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await request.caller(reach="reached", resolved=False, rating="poor")
    await handled(request)
    await request.agent("approve")
    await request.caller(reach="reached", resolved=False, rating="bad")
    await request.supervisor("transfer", lead="JW")
    await handled(request, "JW")
    await request.agent("approve")
    await content(request)
    return await archived(request)


@path("register transfer sign feedback attempt attempt attempt unreachable lapsed sealed")
async def unreachable(town: Town) -> Request:
    request = await town.transferred(call_from="18:30")
    await handled(request)
    for _ in range(3):
        call_at = (await request.case()).call_at
        assert call_at is not None
        await request.forward_to(call_at)
        await request.caller(reach="no_answer")
    return await archived(request)


@path("register transfer sign feedback warned overdue attempt sealed")
async def called_late(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await request.expire("callback")
    await content(request)
    return await archived(request)


@path("register transfer sign feedback attempt lapsed sealed")
async def not_asked(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await request.caller(reach="refused")
    return await archived(request)


@path("register transfer sign feedback rate sealed")
async def tracked(town: Town) -> Request:
    request = await town.transferred(reachable=False, channel="web")
    await handled(request)
    await request.person("rate", rating="good", resolved=True)
    return await archived(request)


@path("register transfer sign feedback lapsed waived lapsed sealed")
async def waived(town: Town) -> Request:
    request = await town.transferred(reachable=False, channel="web")
    await handled(request)
    await request.expire("tracking")
    return await archived(request)


@path("register transfer sign feedback override transfer reassigned sign feedback attempt sealed")
async def overridden(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await request.supervisor("override")
    await request.agent("transfer", lead="HEAT")
    await handled(request, "HEAT")
    await content(request)
    return await archived(request)


# -- the end (Art. 8(3), 14) ----------------------------------------------------------------------------------------


@path("register transfer cease lapsed sealed")
async def ceased(town: Town) -> Request:
    request = await town.transferred()
    await request.agent("cease", procedure="litigation")
    return await archived(request)


@path("register escalate cease lapsed sealed")
async def ceased_at_the_office(town: Town) -> Request:
    request = await town.register()
    await request.agent("escalate")
    await request.agent("cease", procedure="reconsideration")
    return await archived(request)


@path("register withdraw sealed")
async def withdrawn(town: Town) -> Request:
    request = await town.register()
    await request.person("withdraw")
    return await archived(request)


@path("register transfer sign feedback withdraw sealed")
async def withdrawn_at_the_callback(town: Town) -> Request:
    request = await town.transferred()
    await handled(request)
    await request.person("withdraw")
    return await archived(request)


@path("register answer rate dispute transfer sign feedback attempt sealed")
async def disputed(town: Town) -> Request:
    request = await town.register(matter="consultation")
    await request.agent("answer")
    await request.person("rate", rating="fair")
    await request.person("dispute")
    await request.agent("transfer", lead="WATER")
    await handled(request)
    await content(request)
    return await archived(request)


@path("register transfer feedback attempt incomplete warned overdue supply sealed")
async def incomplete(town: Town) -> Request:
    request = await town.transferred()
    await request.unit("WATER", "feedback")
    await content(request)
    await request.until(lambda file: any(clock.clock == "archive" for clock in file.clocks))
    await request.expire("archive")
    await request.unit("WATER", "supply", replied="phone")
    return await archived(request)


@path("register transfer sign overdue feedback urged overdue lapsed feedback approve attempt sealed")
async def one_of_two_is_late(town: Town) -> Request:
    """Clocks of two owners whose instants differ: what is awaited next must not depend on the order of a set."""
    request = await town.transferred("WATER", "HEAT", urgency="urgent")
    await request.unit("WATER", "sign")
    await request.expire("sign", "HEAT")
    await request.unit("WATER", "feedback", replied="phone")
    await request.expire("handling", "HEAT")
    await request.unit("HEAT", "feedback", replied="phone")
    await request.agent("approve")
    await content(request)
    return await archived(request)
