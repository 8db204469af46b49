"""The callback (Art. 13): a child of the case that holds it until there is a word, a refusal or a waiver."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.limits import SHANGHAI
from domain.refusals import Lacking, NotPermitted
from domain.vocabulary import Outcome, Status
from tests.town import Request, Town, local


async def reported(town: Town, **facts: Any) -> Request:
    """A unit has reported its result on Monday."""
    request = await town.transferred(**facts)
    await request.unit("WATER", "feedback", replied="phone")
    return request


async def displeased(request: Request) -> str:
    return await request.caller(reach="reached", resolved=False, rating="poor")


async def done_again(request: Request) -> None:
    """The unit reports once more, and the Centre, which looks at what is redone, lets it pass."""
    await request.unit("WATER", "feedback", replied="visit")
    await request.agent("approve")


async def child(request: Request, nth: int = 1) -> WorkflowExecutionStatus | None:
    """How a callback's workflow stands; it is a child of the case's."""
    description = await request.handle(f"{request.number}-callback-{nth}").describe()
    assert description.parent_id == request.number
    assert description.workflow_type == "Callback"
    return description.status


async def test_the_callback_is_a_workflow_of_its_own_and_the_persons_word_closes_the_case(town: Town) -> None:
    request = await reported(town)
    assert (await request.case()).desk == f"{request.number}-callback-1"
    await request.now()
    assert await child(request) is WorkflowExecutionStatus.RUNNING
    assert await request.caller(reach="reached", resolved=True, rating="excellent") == "closed"
    await request.until("archived")
    assert (await request.case()).outcome is Outcome.RESOLVED
    assert await child(request) is WorkflowExecutionStatus.COMPLETED


async def test_a_unit_cannot_close_a_case_and_neither_can_an_agent(town: Town) -> None:
    request = await reported(town)
    for act in ("feedback", "return", "sign"):
        with pytest.raises(NotPermitted):
            await request.unit("WATER", act)
    with pytest.raises(NotPermitted):
        await request.supervisor("conclude")
    with pytest.raises(Lacking):
        await request.caller(reach="reached", rating="good")
    assert (await request.case()).status is Status.CALLBACK


async def test_nobody_answers_as_often_as_the_rule_set_says_and_the_case_closes_unconfirmed(town: Town) -> None:
    """Three attempts, at civil hours, four hours apart; then on record that nobody was reached."""
    request = await reported(town)
    calls = []
    for _ in range(3):
        assert (await request.case()).status is Status.CALLBACK
        call_at = (await request.case()).call_at
        assert call_at is not None
        await request.forward_to(call_at)
        calls.append(call_at.astimezone(SHANGHAI))
        await request.caller(reach="no_answer")
    assert (await request.case()).outcome is Outcome.UNCONFIRMED
    assert (await request.events())[-4:] == ["attempt", "attempt", "attempt", "unreachable"]
    assert [e.detail["attempts"] for e in await request.entries() if e.event == "attempt"] == [1, 2, 3]
    assert all(time(9) <= call.time() < time(20) for call in calls)
    assert calls[1] - calls[0] >= timedelta(hours=4)
    await request.expire("dispute")
    await request.until("archived")


async def test_an_attempt_before_its_hour_does_not_count(town: Town) -> None:
    request = await reported(town)
    await request.caller(reach="no_answer")
    with pytest.raises(NotPermitted):
        await request.caller(reach="no_answer")
    assert (await request.case()).attempts == 1
    assert await request.caller(reach="reached", resolved=True, rating="good") == "closed"  # but a word always does


async def test_the_person_is_called_at_the_hour_that_they_prefer(town: Town) -> None:
    request = await reported(town, call_from="18:30")
    assert (await request.case()).call_at == local(town.monday, 18, 30)


async def test_a_result_of_the_evening_is_called_about_in_the_morning(town: Town) -> None:
    request = await town.register(local(town.monday, 21))
    await request.agent("transfer", lead="WATER")
    await request.unit("WATER", "feedback", replied="phone")
    assert (await request.case()).call_at == local(town.day(1), 9)


async def test_who_is_not_content_has_it_done_again_and_is_called_by_a_second_child(town: Town) -> None:
    request = await reported(town)
    assert await displeased(request) == "assigned"
    case = await request.case()
    assert (case.redos, case.round, case.units, case.desk) == (1, 2, ("WATER",), request.number)
    assert (await request.last("redone")).basis == "Art. 13"
    await done_again(request)
    assert (await request.case()).desk == f"{request.number}-callback-2"
    assert await request.caller(reach="reached", resolved=True, rating="fair") == "closed"
    await request.until("archived")
    assert [await child(request, nth) for nth in (1, 2)] == [WorkflowExecutionStatus.COMPLETED] * 2


async def test_who_is_not_content_twice_has_the_centre_supervise_it(town: Town) -> None:
    request = await reported(town)
    await displeased(request)
    await done_again(request)
    assert await displeased(request) == "supervised"
    assert (await request.case()).desk == request.number
    await request.expire("supervision")
    assert (await request.case()).overdue
    assert await request.supervisor("conclude") == "closed"
    assert (await request.case()).outcome is Outcome.UNRESOLVED


async def test_a_third_callback_follows_a_supervision_that_sends_it_out_again(town: Town) -> None:
    request = await reported(town)
    await displeased(request)
    await done_again(request)
    await displeased(request)
    await request.supervisor("transfer", lead="JW")
    await request.unit("JW", "feedback", replied="visit")
    await request.agent("approve")
    assert (await request.case()).desk == f"{request.number}-callback-3"
    assert await request.caller(reach="reached", resolved=True, rating="good") == "closed"
    await request.until("archived")


async def test_a_person_without_a_telephone_rates_by_the_tracking_page(town: Town) -> None:
    request = await reported(town, reachable=False)
    assert (await request.case()).call_at is None
    assert await request.person("rate", rating="bad", resolved=False) == "assigned"
    await done_again(request)
    assert await request.person("rate", rating="good", resolved=True) == "closed"
    assert (await request.case()).outcome is Outcome.RESOLVED


async def test_a_withdrawal_and_an_override_end_the_callback(town: Town) -> None:
    withdrawn, overridden = await reported(town), await reported(town)
    assert await withdrawn.person("withdraw") == "closed"
    await withdrawn.until("archived")
    assert await overridden.supervisor("override") == "returned"
    assert (await overridden.case()).call_at is None
    await overridden.forward(timedelta(days=10))
    owners = {e.detail["clock"] for e in await overridden.entries() if e.event == "overdue"}
    assert owners == {"redispatch"}  # the callback's clock has stopped


async def test_the_centre_is_overdue_with_its_callback_and_may_still_call(town: Town) -> None:
    request = await reported(town)
    await request.expire("callback")
    assert (await request.case()).overdue
    assert await request.caller(reach="reached", resolved=True, rating="good") == "closed"
    assert not (await request.case()).overdue
