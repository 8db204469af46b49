"""Two things at once, in every order: exactly one holds, the other is on record, and arrival decides what was in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from domain.refusals import NotPermitted, NotYours, Refusal, TooLate
from domain.vocabulary import Outcome, Status
from tests.town import Request, Town

INSTANT = timedelta(microseconds=1)


async def outcome(act: Any) -> str:
    """What an act led to: a status, or the type of its refusal."""
    try:
        return str(await act)
    except Refusal as refusal:
        return refusal.kind


# -- arrival decides, never whether the timer has fired -------------------------------------------------------------


async def test_a_return_that_arrived_before_expiry_and_is_applied_after_it_holds(town: Town) -> None:
    """Art. 11(3). What the clocks marked meanwhile is withdrawn by correcting entries."""
    request = await town.transferred()
    due = (await request.clock("return", "WATER")).due
    deed = await request.receive("return", "unit", unit="WATER", at=due - INSTANT)
    await request.forward_to(due)
    assert {"lapsed", "overdue"} <= set(await request.events())
    assert await request.hand_over(deed) == "returned"
    withdrawn = [e.detail for e in await request.entries() if e.event == "breach_withdrawn"]
    assert sorted((d["clock"], d["owner"], d["why"]) for d in withdrawn) == [
        ("return", "WATER", "arrived_in_time"),
        ("sign", "WATER", "arrived_in_time"),
    ]
    assert (await request.last("return")).at == deed.received_at


async def test_a_return_that_arrived_at_expiry_is_too_late(town: Town) -> None:
    """Art. 11(3): in time means before the exclusive instant, whenever it is applied."""
    request = await town.transferred()
    due = (await request.clock("return", "WATER")).due
    deed = await request.receive("return", "unit", unit="WATER", at=due)
    with pytest.raises(TooLate) as refused:
        await request.hand_over(deed)
    assert str(refused.value.basis) == "Art. 11(3)"
    assert (await request.deeds())[deed.id] == "TooLate"
    assert (await request.case()).status is Status.ASSIGNED


async def test_a_return_and_the_expiry_at_the_same_time_end_the_same_way_in_every_order(town: Town) -> None:
    requests = await asyncio.gather(*(town.transferred() for _ in range(6)))

    async def race(request: Request) -> None:
        due = (await request.clock("return", "WATER")).due
        deed = await request.receive("return", "unit", unit="WATER", at=due - INSTANT)
        await request.forward_to(due - timedelta(milliseconds=30))
        status, _ = await asyncio.gather(request.hand_over(deed), request.forward_to(due))
        assert status == "returned"
        events = await request.events()
        marked = events.count("lapsed") + events.count("overdue")
        assert events.count("breach_withdrawn") == marked

    await asyncio.gather(*map(race, requests))


async def test_feedback_that_arrived_in_time_is_never_late_and_the_breach_is_withdrawn(town: Town) -> None:
    """Art. 11(1), 12 ¶1."""
    request = await town.transferred()
    await request.unit("WATER", "sign")
    due = (await request.clock("handling", "WATER")).due
    deed = await request.receive("feedback", "unit", unit="WATER", replied="phone", at=due - INSTANT)
    await request.forward_to(due)
    assert (await request.case()).overdue
    assert await request.hand_over(deed) == "callback"  # a late result would have gone to review
    assert (await request.last("feedback")).detail == {"replied": "phone"}
    assert (await request.last("breach_withdrawn")).detail["clock"] == "handling"
    assert not (await request.case()).overdue


async def test_feedback_that_arrived_late_is_late_and_never_refused(town: Town) -> None:
    request = await town.transferred()
    due = (await request.clock("handling", "WATER")).due
    deed = await request.receive("feedback", "unit", unit="WATER", replied="phone", at=due)
    assert await request.hand_over(deed) == "review"
    assert (await request.last("feedback")).detail == {"replied": "phone", "late": True}
    assert "breach_withdrawn" not in await request.events()


async def test_a_units_days_never_count_from_before_it_had_the_case(town: Town) -> None:
    """Art. 11(3). The Centre's transfer waited two days for Temporal; until then the unit saw nothing of it."""
    request = await town.register()
    deed = await request.receive("transfer", "agent", lead="WATER")
    await request.forward(timedelta(days=2))
    await request.hand_over(deed)
    assert await request.unit("WATER", "return") == "returned"


# -- two acts at once -----------------------------------------------------------------------------------------------


async def test_of_a_withdrawal_and_a_result_at_once_the_withdrawal_holds_and_the_case_closes(town: Town) -> None:
    requests = await asyncio.gather(*(town.transferred() for _ in range(6)))

    async def race(request: Request) -> None:
        withdrawal, feedback = await asyncio.gather(
            outcome(request.person("withdraw")),
            outcome(request.unit("WATER", "feedback", replied="phone")),
        )
        assert (withdrawal, feedback in ("callback", "NotPermitted")) == ("closed", True)
        assert (await request.case()).outcome is Outcome.WITHDRAWN
        await request.until("archived")
        assert sorted(await request.events()) in (
            ["register", "sealed", "transfer", "withdraw"],
            ["feedback", "register", "sealed", "transfer", "withdraw"],
        )
        assert sorted((await request.deeds()).values()).count("NotPermitted") == (feedback == "NotPermitted")

    await asyncio.gather(*map(race, requests))


@pytest.mark.parametrize("act", ["answer", "claim", "decline", "escalate"])
async def test_of_two_agents_at_once_one_is_heard_and_the_other_refused_on_record(act: str, town: Town) -> None:
    codes = {"exclusion": "civil"} if act == "decline" else {}
    request = await town.register(matter="consultation")
    found = await asyncio.gather(*(outcome(request.agent(act, actor=f"agent-{n}", **codes)) for n in range(2)))
    assert len([word for word in found if word in ("NotPermitted", "NotYours")]) == 1, found
    assert sorted((await request.deeds()).values())[1:] == ["applied"]
    assert (await request.events()).count(act) == 1


async def test_of_two_transfers_at_once_one_is_a_reassignment_on_record_and_one_unit_has_the_case(town: Town) -> None:
    """The Centre may reassign at any time; agents who do not want that claim the case first, or say which version they read."""
    request = await town.register()
    found = await asyncio.gather(
        outcome(request.agent("transfer", actor="agent-1", lead="WATER")),
        outcome(request.agent("transfer", actor="agent-2", lead="HEAT")),
    )
    assert list(found) == ["assigned", "assigned"]
    file = await request.file()
    last = await request.last("transfer")
    assert [a.unit for a in file.active()] == list(file.case.units) == [last.detail["lead"]]
    assert {clock.owner for clock in file.clocks} == set(file.case.units)
    assert await request.events() == ["register", "transfer", "transfer", "reassigned"]


async def test_of_two_transfers_for_the_case_as_it_was_read_one_is_carried_out(town: Town) -> None:
    request = await town.register()
    seen = (await request.case()).version
    found = await asyncio.gather(
        outcome(request.agent("transfer", actor="agent-1", lead="WATER", seen=seen)),
        outcome(request.agent("transfer", actor="agent-2", lead="HEAT", seen=seen)),
    )
    assert sorted(found) == ["MovedOn", "assigned"]
    assert sorted((await request.deeds()).values()) == ["MovedOn", "applied"]
    assert await request.events() == ["register", "transfer"]


async def test_who_has_claimed_a_case_is_alone_with_it(town: Town) -> None:
    request = await town.register()
    await request.agent("claim", actor="agent-1")
    assert await outcome(request.agent("transfer", actor="agent-2", lead="HEAT")) == NotYours.__name__
    assert await outcome(request.agent("transfer", actor="agent-1", lead="WATER")) == "assigned"
    assert (await request.case()).units == ("WATER",)


async def test_two_units_report_at_once_and_there_is_one_result(town: Town) -> None:
    request = await town.transferred("WATER", "HEAT", "GAS")
    found = await asyncio.gather(
        *(outcome(request.unit(unit, "feedback", replied="phone")) for unit in ("WATER", "HEAT", "GAS"))
    )
    assert sorted(found) == ["assigned", "assigned", "review"]


async def test_a_return_and_a_result_of_one_unit_at_once_end_its_handling_once(town: Town) -> None:
    request = await town.transferred()
    found = await asyncio.gather(
        outcome(request.unit("WATER", "return")), outcome(request.unit("WATER", "feedback", replied="phone"))
    )
    assert sorted(found) in (["NotPermitted", "returned"], ["NotPermitted", "callback"])
    assert len(set(await request.events()) & {"return", "feedback"}) == 1


async def test_several_acts_at_once_are_all_carried_out_once(town: Town) -> None:
    """As many as Temporal takes in flight for one workflow (10); more are put off by it, and come a second later."""
    request = await town.transferred()
    assert await asyncio.gather(*(outcome(request.person("urge")) for _ in range(9))) == ["assigned"] * 9
    assert (await request.case()).urges == 9
    assert [e.detail["urges"] for e in await request.entries() if e.event == "urge"] == list(range(1, 10))


async def test_a_recall_and_an_extension_granted_at_once_leave_no_clock_behind(town: Town) -> None:
    request = await town.transferred()
    await request.unit("WATER", "request_extension", until=town.day(21).isoformat())
    await asyncio.gather(outcome(request.agent("recall")), outcome(request.agent("grant", unit="WATER")))
    file = await request.file()
    assert (file.case.status, [clock.clock for clock in file.clocks]) == ("returned", ["redispatch"])


# -- once ------------------------------------------------------------------------------------------------------------


async def test_the_same_deed_twice_is_carried_out_once(town: Town) -> None:
    request = await town.transferred()
    deed = await request.receive("urge", "requester")
    assert await asyncio.gather(*(request.hand_over(deed) for _ in range(3))) == ["assigned"] * 3
    assert await request.hand_over(deed) == "assigned"
    assert (await request.case()).urges == 1


async def test_a_deed_by_update_and_by_signal_is_carried_out_once(town: Town) -> None:
    request = await town.transferred()
    deed = await request.receive("feedback", "unit", unit="WATER", replied="phone")
    await request.hand_over(deed)
    await request.signal(deed)
    await request.signal(deed)
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until("archived")
    assert (await request.events()).count("feedback") == 1
    assert (await request.deeds())[deed.id] == "applied"


async def test_a_refused_deed_stays_refused(town: Town) -> None:
    """Asked again when it would be allowed, it gets its first answer: who wants it done acts anew."""
    request = await town.register()
    deed = await request.receive("sign", "unit", unit="WATER")
    with pytest.raises(NotPermitted):
        await request.hand_over(deed)
    await request.agent("transfer", lead="WATER")
    with pytest.raises(Refusal):
        await request.hand_over(deed)
    assert (await request.deeds())[deed.id] == "NotPermitted"
    assert "sign" not in await request.events()


async def test_a_workflow_that_is_reset_finds_its_deeds_applied_and_goes_on(town: Town) -> None:
    """An operator's way out of a stuck workflow: everything is played again, nothing is written again."""
    request = await town.transferred()
    await request.unit("WATER", "sign")
    before = await request.entries()
    await reset(request)
    last = await request.receive("feedback", "unit", unit="WATER", replied="phone")
    assert await request.hand_over(last) == "callback"
    assert (await request.entries())[: len(before)] == before
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until("archived")
    assert await request.events() == ["register", "transfer", "sign", "feedback", "attempt", "sealed"]


async def test_a_deed_handed_over_again_after_a_reset_gets_its_first_answer(town: Town) -> None:
    request = await town.register()
    deed = await request.receive("transfer", "agent", lead="WATER")
    await request.hand_over(deed)
    await request.unit("WATER", "sign")
    await reset(request)
    assert await request.hand_over(deed) == "assigned"
    assert await request.events() == ["register", "transfer", "sign"]


async def reset(request: Request) -> None:
    """Take the case's workflow back to its first workflow task."""
    client = request.town.env.client
    history = await request.handle().fetch_history()
    first = next(
        event.event_id for event in history.events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    )
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=request.number),
            reason="test",
            workflow_task_finish_event_id=first,
            request_id=uuid4().hex,
        )
    )
