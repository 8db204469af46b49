"""The approval office (Art. 12 ¶2): a child of the case that holds it until the office has decided, or it ended otherwise."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from domain.refusals import Lacking, NotPermitted
from domain.vocabulary import Outcome, Status
from tests.town import PROMPT, Request, Town, eventually


async def escalated(town: Town) -> Request:
    request = await town.register()
    await request.agent("escalate")
    return request


async def child(request: Request, nth: int = 1) -> WorkflowExecutionStatus | None:
    """How the office's workflow stands; it is a child of the case's."""
    description = await request.handle(f"{request.number}-designation-{nth}").describe()
    assert description.parent_id == request.number
    assert description.workflow_type == "Designation"
    return description.status


async def test_the_office_gets_a_workflow_of_its_own_and_the_case_waits_for_it(town: Town) -> None:
    request = await escalated(town)
    case = await request.case()
    assert (case.status, case.hands, case.desk) == (Status.ESCALATED, "office", f"{request.number}-designation-1")
    await request.now()
    assert await child(request) is WorkflowExecutionStatus.RUNNING
    assert await request.office("designate", lead="JW") == "assigned"
    await request.until(lambda file: file.case.desk == request.number)
    await request.unit("JW", "sign")  # the case's own desk has it again
    assert await child(request) is WorkflowExecutionStatus.COMPLETED


async def test_the_office_is_reminded_then_overdue_then_noticed_and_may_still_designate(town: Town) -> None:
    """Only the office can decide, so its limit ends nothing."""
    request = await escalated(town)
    due = await request.expire("designation", "office")
    await request.forward(timedelta(days=4))
    assert (await request.events())[2:] == ["urged", "overdue", "noticed"]
    assert (await request.clock("designation", "office")).due == due
    assert await request.office("designate", lead="JW", assisting=["WATER"]) == "assigned"
    entry = await request.last("designate")
    assert (entry.basis, entry.role, entry.detail) == ("Art. 12 ¶2", "office", {"lead": "JW", "assisting": "WATER"})
    assert [(a.unit, a.part, a.designated) for a in (await request.file()).active()] == [
        ("JW", "lead", True),
        ("WATER", "assisting", True),
    ]
    delivered = (await request.clock("handling", "JW")).start
    assert entry.at <= delivered < entry.at + PROMPT  # the unit's clocks count from the designation, however late it is


async def test_the_office_gives_a_written_reason_and_names_a_lead(town: Town) -> None:
    request = await escalated(town)
    with pytest.raises(Lacking):
        await request.office("designate", lead="JW", texts=())
    with pytest.raises(Lacking):
        await request.office("designate")
    assert await request.office("designate", lead="JW") == "assigned"


async def test_while_the_office_has_it_nobody_else_sends_it_out(town: Town) -> None:
    request = await escalated(town)
    for act in ("transfer", "answer", "refer", "decline", "recall"):
        with pytest.raises(NotPermitted):
            await request.agent(act, lead="WATER", exclusion="civil", choice="chosen")
    with pytest.raises(NotPermitted):
        await request.unit("WATER", "sign")
    assert (await request.case()).status is Status.ESCALATED


async def test_the_person_may_withdraw_while_the_office_has_it(town: Town) -> None:
    request = await escalated(town)
    assert await request.person("withdraw") == "closed"
    assert (await request.case()).outcome is Outcome.WITHDRAWN
    await request.until("archived")
    assert await child(request) is WorkflowExecutionStatus.COMPLETED
    assert "overdue" not in await request.events()


async def test_a_supervisor_may_take_it_back_from_the_office_and_escalate_again(town: Town) -> None:
    request = await escalated(town)
    assert await request.supervisor("override") == "returned"
    await request.expire("redispatch")  # the Centre's own clock runs, the office's does not
    assert [e.detail["owner"] for e in await request.entries() if e.event == "overdue"] == ["centre"]
    await request.agent("escalate")
    assert (await request.case()).desk == f"{request.number}-designation-2"
    await request.office("designate", lead="JW")
    await request.until(lambda file: file.case.desk == request.number)
    assert [await child(request, nth) for nth in (1, 2)] == [WorkflowExecutionStatus.COMPLETED] * 2


async def test_a_procedure_that_begins_while_the_office_has_it_ends_it(town: Town) -> None:
    """Art. 8(3)."""
    request = await escalated(town)
    assert await request.agent("cease", procedure="petition") == "closed"
    assert (await request.case()).outcome is Outcome.CEASED


async def test_the_office_may_revise_and_the_designated_unit_may_not_give_back(town: Town) -> None:
    request = await escalated(town)
    await request.office("designate", lead="WATER")
    with pytest.raises(NotPermitted):
        await request.unit("WATER", "return")
    assert await request.office("revise", lead="JW") == "assigned"
    assert [a.unit for a in (await request.file()).active()] == ["JW"]
    assert await request.unit("JW", "feedback", replied="phone") == "callback"


async def test_a_supplement_reaches_the_office_and_moves_nothing(town: Town) -> None:
    request = await escalated(town)
    due = (await request.clock("designation", "office")).due
    assert await request.person("supplement") == "escalated"
    assert await request.person("urge") == "escalated"
    assert (await request.clock("designation", "office")).due == due


async def test_a_designation_and_a_withdrawal_at_once_leave_one_of_both(town: Town) -> None:
    requests = await asyncio.gather(*(escalated(town) for _ in range(4)))

    async def race(request: Request) -> None:
        await asyncio.gather(request.office("designate", lead="JW"), request.person("withdraw"), return_exceptions=True)
        await request.until("archived")  # the withdrawal holds in either order
        states = sorted((await request.deeds()).values())
        assert states in (["NotPermitted", "applied", "applied"], ["applied"] * 3)

    await asyncio.gather(*map(race, requests))


async def test_a_case_that_never_went_there_has_no_such_child(town: Town) -> None:
    request = await town.register()
    with pytest.raises(RPCError, match="not found"):
        await child(request)


async def test_operators_find_a_case_that_is_overdue_at_the_office(town: Town) -> None:
    request = await escalated(town)
    await request.expire("designation", "office")
    overdue = SearchAttributeKey.for_bool("Overdue")

    async def shown() -> bool:
        return bool((await request.handle().describe()).typed_search_attributes.get(overdue))

    await eventually(shown)
