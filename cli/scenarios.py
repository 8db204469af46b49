"""The scripts that the demonstration plays: each way that Chapter II of the law knows, at least once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.player import Player

Scenario = Callable[[Player], Awaitable[None]]

UNITS = ("WATER", "GAS", "HEAT", "POWER", "JW", "JT", "HP", "NK", "HX", "WJ")
TO_PERSON = "已现场处理完毕，谢谢您的反映。"
WHY = "经核实，理由如上。"


def _units(p: Player, count: int) -> list[str]:
    return p.chance.sample(UNITS, count)


async def _handled(p: Player, unit: str) -> None:
    await p.unit(unit, "sign")
    await p.unit(unit, "feedback", public=TO_PERSON, replied="phone")


async def _content(p: Player, **more: Any) -> None:
    rating = p.chance.choice(["excellent", "good", "fair"])
    await p.caller(reach="reached", resolved=True, rating=rating, **more)
    await p.until_status("archived")


async def answered(p: Player) -> None:
    """Art. 10(1), 13: answered directly, rated at once."""
    await p.register(matter="consultation")
    await p.agent("claim")
    await p.agent("answer", public="请携带身份证到窗口办理。")
    await p.person("rate", rating="good")
    await p.until_status("archived")


async def rating_lapsed(p: Player) -> None:
    """Art. 13: nobody rates, the window lapses."""
    await p.register(matter="consultation")
    await p.agent("answer", public="热线全天开通。")
    await p.until_status("closed", "archived")
    await p.until_status("archived")


async def disputed(p: Player) -> None:
    """The person disputes the closure; the case is handled again."""
    (unit,) = _units(p, 1)
    await p.register(matter="consultation")
    await p.agent("answer", public="已经答复。")
    await p.person("rate", rating="fair")
    await p.person("dispute", reason="问题没有说清楚。")
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)
    await _content(p)


async def handled(p: Player) -> None:
    """Art. 10(2), 11(1), 13: transferred, handled, called back."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)
    await _content(p)


async def in_conversation(p: Player) -> None:
    """The unit asks, the person supplements and urges; the urgency is corrected."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("correct", urgency="urgent")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "sign")
    await p.unit(unit, "ask", question="请问具体位置？")
    await p.person("supplement", request="就在样例路口。")
    await p.person("urge")
    await p.unit(unit, "feedback", public=TO_PERSON, replied="visit")
    await p.until_status("callback", "review")
    if (await p.case())["status"] == "review":
        await p.agent("approve")
    await _content(p)


async def reassigned(p: Player) -> None:
    """Art. 11(3): given back in time with the reason, sent out anew."""
    first, second = _units(p, 2)
    await p.register(matter="issue")
    await p.agent("transfer", lead=first)
    await p.unit(first, "return", expect=422)
    await p.unit(first, "return", reason="不属于本单位职责。")
    await p.agent("transfer", lead=second)
    await _handled(p, second)
    await _content(p)


async def complex_return(p: Player) -> None:
    """Art. 11(3): declared complex with the ground, then given back within the longer window."""
    first, second = _units(p, 2)
    await p.register(matter="issue")
    await p.agent("transfer", lead=first)
    await p.unit(first, "declare-complex", reason="涉及多个权属。")
    await p.unit(first, "return", reason="经查不属于本单位。")
    await p.agent("transfer", lead=second)
    await _handled(p, second)
    await _content(p)


async def extended(p: Player) -> None:
    """Art. 11(2): explained beforehand; an extension asked for and granted."""
    (unit,) = _units(p, 1)
    await p.register(matter="issue")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "sign")
    await p.unit(unit, "explain", reason="需要等待材料。")
    await p.unit(unit, "request-extension", until=_day(2), reason="需要等待材料。")
    await p.agent("grant", unit=unit)
    await p.unit(unit, "feedback", public=TO_PERSON, replied="phone")
    await _content(p)


async def extension_denied(p: Player) -> None:
    """An extension asked for and denied, with the reason."""
    (unit,) = _units(p, 1)
    await p.register(matter="issue")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "sign")
    await p.unit(unit, "request-extension", until=_day(5), reason="人手不足。")
    await p.agent("deny", unit=unit, reason="理由不充分。")
    await p.unit(unit, "feedback", public=TO_PERSON, replied="phone")
    await p.until_status("callback", "review")
    if (await p.case())["status"] == "review":
        await p.agent("approve")
    await _content(p)


async def overdue(p: Player) -> None:
    """Art. 12 ¶1: overdue, urged, noticed, on the bulletin list; a late return is refused, a late result is not."""
    (unit,) = _units(p, 1)
    await p.register(matter="issue")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "sign")
    await p.until_event("bulletined")
    await p.unit(unit, "return", expect=409, reason=WHY)
    await p.unit(unit, "explain", reason="迟到的说明。")
    await p.unit(unit, "feedback", public=TO_PERSON, replied="phone")
    await p.agent("approve")
    await _content(p)


async def centre_late(p: Player) -> None:
    """Art. 9 ¶2, 10(2): the Centre's own clock warns it, and marks it overdue, when nobody takes up what is urgent."""
    (unit,) = _units(p, 1)
    await p.register(matter="help", urgency="critical")
    await p.until_event("warned")
    await p.until_event("overdue")
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)
    await _content(p)


async def designated(p: Player) -> None:
    """Art. 12 ¶2: duty disputed, the approval office designates; a designated unit cannot give back."""
    first, second = _units(p, 2)
    await p.register(matter="issue")
    await p.agent("transfer", lead=first)
    await p.unit(first, "return", reason="职责有争议。", disputed=True)
    await p.office("designate", lead=second, reason="按照三定规定由该单位负责。")
    await p.unit(second, "return", expect=409, reason=WHY)
    await _handled(p, second)
    await _content(p)


async def designated_by_count(p: Player) -> None:
    """Art. 12 ¶2: given back three times, the approval office decides, and revises its designation."""
    units = _units(p, 4)
    await p.register(matter="issue")
    for unit in units[:3]:
        await p.agent("transfer", lead=unit)
        await p.unit(unit, "return", reason="不属于本单位职责。")
    await p.office("designate", lead=units[0], reason="由该单位牵头。")
    await p.office("revise", lead=units[3], assisting=[units[1]], reason="变更牵头单位。")
    await _handled(p, units[3])
    await _handled(p, units[1])
    await p.agent("approve")
    await _content(p)


async def several(p: Player) -> None:
    """Lead and assisting units handle in parallel; one result."""
    lead, assisting = _units(p, 2)
    await p.register(matter="issue")
    await p.agent("transfer", lead=lead, assisting=[assisting])
    await _handled(p, assisting)
    await _handled(p, lead)
    await p.agent("approve")
    await _content(p)


async def redone(p: Player) -> None:
    """Art. 13: the person is not content; it is done again, reviewed, called back."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)
    await p.caller(reach="reached", resolved=False, rating="poor", comment="问题还在。")
    await _handled(p, unit)
    await p.agent("send-back", reason="答复没有针对诉求。")
    await _handled(p, unit)
    await p.agent("approve")
    await _content(p)


async def supervised(p: Player) -> None:
    """Twice not content: supervision, concluded with the reason."""
    (unit,) = _units(p, 1)
    await p.register(matter="issue")
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)
    await p.caller(reach="reached", resolved=False, rating="bad")
    await _handled(p, unit)
    await p.agent("approve")
    await p.caller(reach="reached", resolved=False, rating="poor")
    await p.supervisor("conclude", reason="已责成单位限期整改。")
    await p.until_status("archived")


async def unreachable(p: Player) -> None:
    """Art. 13: nobody answers, a set number of times."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)
    await p.caller(reach="no_answer")
    await p.caller(reach="no_answer", expect=409)
    await p.until("the next call", lambda case: _passed(case["call_at"]))
    await p.caller(reach="no_answer")
    await p.until_status("archived")


async def waived(p: Player) -> None:
    """Art. 13: no number; the tracking page asks, nobody answers, the waiver is recorded."""
    (unit,) = _units(p, 1)
    await p.register(matter="suggestion", phone=None)
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)
    await p.until_status("archived")


async def declined(p: Player) -> None:
    """Art. 8, 10(4): not accepted, with the provision and the right address."""
    await p.register(matter="issue")
    await p.agent(
        "decline", exclusion=p.chance.choice(["civil", "military", "procedure"]), public="很抱歉，这不属于受理范围。"
    )
    await p.until_status("archived")


async def emergency(p: Player) -> None:
    """Art. 8(1): 110, 119, 120 at once, and on record."""
    await p.register(matter="help", emergency=True)
    await p.until_status("archived")


async def ceased(p: Player) -> None:
    """Art. 8(3): litigation begins while the case is handled."""
    (unit,) = _units(p, 1)
    await p.register(matter="issue")
    await p.agent("transfer", lead=unit)
    await p.agent("cease", procedure="litigation", reason="当事人已向法院起诉。")
    await p.until_status("archived")


async def withdrawn(p: Player) -> None:
    """The person withdraws; the unit's report comes too late for it."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "sign")
    await p.person("withdraw")
    await p.unit(unit, "feedback", expect=409, public=TO_PERSON)
    await p.until_status("archived")


async def referred(p: Player) -> None:
    """Art. 10(3): to a partner enterprise, bound by Art. 11 like a unit."""
    await p.register(matter="help")
    offer = await p.offers("locks")
    first = offer["ranking"][0]["code"]
    await p.agent("refer", lead=first, choice=p.chance.choice(["recommended", "chosen"]), offer=offer["id"])
    await _handled(p, first)
    await p.caller(reach="reached", resolved=True, rating="good", expect=422)
    await _content(p, honest=True, punctual=p.chance.random() < 0.9)


async def admitted(p: Player) -> None:
    """Art. 9 ¶2: a report of unlawful conduct is registered first and transferred; the unit decides to accept."""
    await p.register(matter="issue", report="unlawful", infringement=True)
    await p.agent("answer", expect=409, public="不能直接答复。")
    await p.agent("transfer", lead="GA")
    await p.unit("GA", "admit")
    await _handled(p, "GA")
    await p.agent("approve")
    await _content(p)


async def rejected(p: Player) -> None:
    """Art. 9 ¶2: the unit decides not to accept, and the person is told why."""
    await p.register(matter="issue", report="action")
    await p.agent("transfer", lead="JW")
    await p.unit("JW", "reject", public="依法不予受理，理由如下。")
    await p.agent("approve")
    await p.caller(reach="refused")
    await p.until_status("archived")


async def own_cause(p: Player) -> None:
    """Art. 7(4): a complaint about staff never goes to the office complained of."""
    await p.register(matter="staff", respondent="HP.XB")
    await p.agent("transfer", expect=409, lead="HP.XB")
    await p.agent("transfer", lead="HP")
    await _handled(p, "HP")
    await p.agent("approve")
    await _content(p)


async def incomplete(p: Player) -> None:
    """Art. 14: the unit did not say how it replied; the file is listed, not sealed, until that is supplied."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "sign")
    await p.unit(unit, "feedback", public=TO_PERSON)
    await p.caller(reach="reached", resolved=True, rating="good")
    await p.until_event("incomplete")
    await p.unit(unit, "supply", replied="message")
    await p.until_status("archived")


async def by_machine(p: Player) -> None:
    """A unit's system reports without waiting for an answer."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "sign")
    await p.unit(unit, "feedback", expect=202, wait=False, public=TO_PERSON, replied="message")
    await p.until_status("callback")
    await _content(p)


async def overridden(p: Player) -> None:
    """A supervisor takes it back with a reason; the Centre recalls and reassigns."""
    first, second = _units(p, 2)
    await p.register(matter="issue")
    await p.agent("escalate", reason="职责不清。")
    await p.supervisor("override", reason="职责清楚，不必报请。")
    await p.agent("transfer", lead=first)
    await p.agent("recall", internal="转办单位有误。")
    await p.agent("transfer", lead=second)
    await _handled(p, second)
    await _content(p)


def _day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def _passed(instant: str | None) -> bool:
    return instant is not None and datetime.fromisoformat(instant) <= datetime.now(UTC)


SCENARIOS: dict[Scenario, int] = {
    handled: 20,
    answered: 16,
    rating_lapsed: 4,
    reassigned: 5,
    extended: 5,
    overdue: 5,
    designated: 3,
    redone: 4,
    declined: 4,
    withdrawn: 3,
    in_conversation: 4,
    complex_return: 2,
    extension_denied: 2,
    designated_by_count: 1,
    several: 3,
    supervised: 1,
    unreachable: 3,
    waived: 3,
    emergency: 1,
    ceased: 1,
    referred: 2,
    admitted: 2,
    rejected: 1,
    own_cause: 1,
    incomplete: 2,
    by_machine: 2,
    disputed: 2,
    overridden: 1,
    centre_late: 1,
}
"""How often each is drawn; every one is played once before any is drawn."""

PATIENT = (overdue, centre_late, unreachable, supervised, rating_lapsed, waived)
"""They wait for clocks for most of their time, so they begin first."""


# -- left half-way, so that the UI has open cases to show ---------------------------------------------------------


async def left_with_unit(p: Player) -> None:
    """Two units have it, one signed for it and asks for more time."""
    lead, assisting = _units(p, 2)
    await p.register(matter="issue")
    await p.agent("transfer", lead=lead, assisting=[assisting])
    await p.unit(lead, "sign")
    await p.unit(lead, "request-extension", until=_day(2), reason="需要等待材料。")


async def left_at_office(p: Player) -> None:
    """The approval office has to designate: a child of the case."""
    (unit,) = _units(p, 1)
    await p.register(matter="issue")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "return", reason="职责有争议。", disputed=True)


async def left_at_callback(p: Player) -> None:
    """Nobody has called back yet: a child of the case."""
    (unit,) = _units(p, 1)
    await p.register(matter="help")
    await p.agent("transfer", lead=unit)
    await _handled(p, unit)


async def left_returned(p: Player) -> None:
    """Given back, and not sent out anew."""
    (unit,) = _units(p, 1)
    await p.register(matter="issue")
    await p.agent("transfer", lead=unit)
    await p.unit(unit, "return", reason="不属于本单位职责。")


async def left_registered(p: Player) -> None:
    """Nobody has looked at it yet."""
    await p.register(matter="consultation")


LEFT_OPEN = (left_with_unit, left_at_office, left_at_callback, left_returned, left_registered)
