"""`unit_feedback` and `unit_return` as signals: the same step as the updates; late or wrong, a refusal on record.

Nobody waits for an answer, so nothing that comes this way may ever fail a workflow or hold it up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.case import Deed
from domain.vocabulary import Act, Status, Text
from storage import deeds
from tests.town import Request, Town
from workflows.client import Elsewhere

INSTANT = timedelta(microseconds=1)


async def works_on(request: Request) -> None:
    """The case goes on as if nothing had been."""
    if (await request.case()).status is Status.ASSIGNED:
        await request.unit("WATER", "feedback", replied="phone")
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until("archived")


# -- in time and right ----------------------------------------------------------------------------------------------


async def test_a_result_by_signal_is_a_result(town: Town) -> None:
    """Art. 11(1)."""
    request = await town.transferred()
    deed = await request.receive("feedback", "unit", unit="WATER", replied="message")
    await request.signal(deed)
    await request.until("callback")
    entry = await request.last("feedback")
    assert (entry.deed, entry.at, entry.unit, entry.notes) == (deed.id, deed.received_at, "WATER", deed.notes)
    await works_on(request)


async def test_a_return_by_signal_is_a_return(town: Town) -> None:
    """Art. 11(3)."""
    request = await town.transferred()
    await request.signal(await request.receive("return", "unit", unit="WATER"))
    await request.until("returned")


async def test_a_signal_that_no_api_registered_is_on_record_before_it_is_judged(town: Town) -> None:
    request = await town.transferred()
    result = await request.with_texts(
        request.deed("feedback", "unit", await request.now(), unit="WATER", replied="phone")
    )
    await request.signal(result)
    await request.until("callback")
    assert (await request.deeds())[result.id] == "applied"
    late = request.deed("return", "unit", await request.now(), unit="WATER")
    await request.signal(late)
    await request.until_deed(late, "NotPermitted")
    await works_on(request)


async def test_a_text_that_is_not_on_record_is_none(town: Town) -> None:  # Art. 11(1), (3)
    """Whatever a signal names as its text: a reason, a reply must be there for who reads the file."""
    request, other = await town.transferred(), await town.transferred()
    theirs = await other.receive("return", "unit", unit="WATER")
    for text in ("样例理由", "no-such-note", theirs.notes[Text.REASON]):
        deed = replace(request.deed("return", "unit", await request.now(), unit="WATER"), notes={Text.REASON: text})
        await request.signal(deed)
        await request.until_deed(deed, "Lacking")
    await works_on(request)


async def test_a_return_by_signal_that_arrived_in_time_and_comes_late_holds(town: Town) -> None:
    """Art. 11(3): arrival decides."""
    request = await town.transferred()
    due = (await request.clock("return", "WATER")).due
    deed = await request.receive("return", "unit", unit="WATER", at=due - INSTANT)
    await request.forward_to(due)
    await request.signal(deed)
    await request.until("returned")
    assert "breach_withdrawn" in await request.events()


# -- late or wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("registered", [True, False], ids=["registered", "unregistered"])
async def test_a_late_return_by_signal_is_refused_on_record_with_the_provision(registered: bool, town: Town) -> None:
    """Art. 11(3)."""
    request = await town.transferred()
    due = await request.expire("return", "WATER")
    if registered:
        late = await request.receive("return", "unit", unit="WATER", at=due)
    else:
        late = await request.with_texts(request.deed("return", "unit", due, unit="WATER"))
    await request.signal(late)
    await request.until_deed(late, "TooLate")
    refusal = (await town.deeds_of(request.number))[late.id]["refusal"]
    assert refusal["basis"] == "Art. 11(3)"
    assert "return" not in await request.events()
    await works_on(request)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a unit that has no part in it": ({"unit": "GAS"}, "NotYours"),
    "no unit": ({"unit": None}, "NotYours"),
    "a unit that does not exist": ({"unit": "样例"}, "NotYours"),
    "no text": ({"texts": ()}, "Lacking"),
    "an agent": ({"role": "agent"}, "NotPermitted"),
    "the system": ({"role": "system"}, "NotPermitted"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("act", ["feedback", "return"])
async def test_a_wrong_signal_is_refused_on_record_and_the_case_goes_on(act: str, wrong: str, town: Town) -> None:
    codes, kind = WRONG[wrong]
    request = await town.transferred()
    deed = request.deed(act, **{"role": "unit", "unit": "WATER", "at": await request.now(), **codes})
    await request.signal(deed)
    await request.until_deed(deed, kind)
    assert await request.events() == ["register", "transfer"]
    await works_on(request)


async def test_a_second_result_by_signal_is_refused_on_record(town: Town) -> None:
    request = await town.transferred()
    await request.unit("WATER", "feedback", replied="phone")
    again = await request.receive("feedback", "unit", unit="WATER", replied="phone")
    await request.signal(again)
    await request.until_deed(again, "NotPermitted")
    await works_on(request)


async def test_a_signal_before_any_transfer_is_refused_on_record(town: Town) -> None:
    request = await town.register()
    early = await request.receive("feedback", "unit", unit="WATER")
    await request.signal(early)  # unlike an update it does not wake a case that waits for its first instant
    await request.agent("transfer", lead="WATER")
    await request.until_deed(early, "NotPermitted")
    await works_on(request)


async def test_a_designated_unit_cannot_give_back_by_signal(town: Town) -> None:
    """Art. 12 ¶2 (house)."""
    request = await town.register()
    await request.agent("escalate")
    await request.office("designate", lead="WATER")
    deed = await request.receive("return", "unit", unit="WATER")
    await request.signal(deed)
    await request.until_deed(deed, "NotPermitted")
    await works_on(request)


async def test_a_signal_while_a_child_holds_the_case_disturbs_neither(town: Town) -> None:
    request = await town.register()
    await request.agent("transfer", lead="WATER")
    await request.agent("escalate")
    deed = await request.receive("return", "unit", unit="WATER")
    await request.signal(deed)
    await request.until_deed(deed, "NotPermitted")
    await request.expire("designation", "office")  # the child keeps its clock
    await request.office("designate", lead="WATER")
    await works_on(request)


async def test_a_signal_that_says_another_act_is_what_its_name_says(town: Town) -> None:
    request = await town.transferred()
    deed = await request.with_texts(
        replace(request.deed("override", "unit", await request.now(), unit="WATER"), notes={Text.REASON: ""})
    )
    await request.handle().signal("unit_return", deed)
    await request.until("returned")
    assert (await request.last("return")).deed == deed.id


@pytest.mark.parametrize("whose", ["another case's", "nobody's"])
async def test_a_signal_with_another_number_is_a_deed_of_the_case_that_it_reached(whose: str, town: Town) -> None:
    request, other = await town.transferred(), await town.transferred()
    number = other.number if whose == "another case's" else "TJ0"
    deed = request.deed("feedback", "unit", await request.now(), unit="WATER", number=number, replied="phone")
    deed = await request.with_texts(deed)
    await request.handle().signal("unit_feedback", deed)
    await request.until("callback")
    assert (await request.deeds())[deed.id] == "applied"
    assert (await other.case()).status is Status.ASSIGNED
    await works_on(request)
    await works_on(other)


async def test_a_signal_under_the_id_of_another_deed_is_not_carried_out(town: Town) -> None:
    request = await town.transferred("WATER", "HEAT")
    kept = await request.receive("sign", "unit", unit="WATER")
    await request.signal(request.deed("return", "unit", await request.now(), unit="HEAT", id=kept.id))
    await request.unit("HEAT", "sign")
    assert await request.events() == ["register", "transfer", "sign"]


async def test_a_signal_that_no_api_registered_cannot_say_that_it_came_earlier(town: Town) -> None:
    """Art. 11(3)."""
    request = await town.transferred()
    due = await request.expire("return", "WATER")
    antedated = await request.with_texts(request.deed("return", "unit", due - timedelta(hours=1), unit="WATER"))
    await request.signal(antedated)
    await request.unit("WATER", "sign")
    assert (await request.deeds())[antedated.id] == "TooLate"


async def test_a_signal_that_is_no_deed_is_nobodys_and_refused_on_record(town: Town) -> None:
    request = await town.transferred()
    for junk in ("样例", {"id": uuid4().hex}, None, 7):
        await request.handle().signal("unit_feedback", junk)
    await request.handle().signal("unit_feedback")
    await request.handle().signal("no_such_signal", "样例")
    await request.unit("WATER", "sign")
    assert await request.events() == ["register", "transfer", "sign"]
    refused = [deed for deed in (await town.deeds_of(request.number)).values() if deed["refusal"]]
    assert [(deed["actor"], deed["unit"], deed["refusal"]["kind"]) for deed in refused] == [
        ("signal", None, "NotYours")
    ] * 5
    await works_on(request)


UNSTORABLE: dict[str, dict[str, Any]] = {
    "NUL in the ID": {"id": "a\x00b"},
    "NUL in the unit": {"unit": "WATER\x00"},
    "NUL in the actor": {"actor": "\x00"},
    "NUL in a note's ID": {"notes": {"public": "\x00"}},
    "an ID of any length": {"id": "x" * 6000},
}


@pytest.mark.parametrize("wrong", UNSTORABLE)
async def test_a_signal_that_cannot_be_kept_as_it_came_is_refused_on_record(wrong: str, town: Town) -> None:
    """It must not hold the case up: nobody else could act, and no clock would strike."""
    request = await town.transferred()
    deed = deeds.DEED.dump_python(request.deed("feedback", "unit", await request.now(), unit="WATER"), mode="json")
    await request.handle().signal("unit_feedback", {**deed, **UNSTORABLE[wrong]})
    await request.unit("WATER", "sign")
    (refused,) = [deed for deed in (await town.deeds_of(request.number)).values() if deed["refusal"]]
    assert (refused["actor"], refused["refusal"]["kind"]) == ("signal", "NotYours")
    await works_on(request)


async def test_a_signal_to_an_archived_case_finds_nobody(town: Town) -> None:
    """The API keeps it on record, and the sweep has it refused."""
    request = await town.transferred()
    await works_on(request)
    await request.handle().result()
    with pytest.raises(Elsewhere):
        await request.signal(await request.receive("feedback", "unit", unit="WATER"))


async def test_only_results_and_returns_come_by_signal(town: Town) -> None:
    request = await town.transferred()
    deed: Deed = await request.receive("sign", "unit", unit="WATER")
    assert deed.act is Act.SIGN
    with pytest.raises(KeyError):
        await request.signal(deed)


@pytest.mark.parametrize("junk", [(), (None,), ("样例",), ({"id": "1"},)], ids=str)
async def test_an_update_that_is_no_deed_is_rejected_and_leaves_no_trace(junk: tuple[Any, ...], town: Town) -> None:
    request = await town.transferred()
    before = len((await request.handle().fetch_history()).events)
    with pytest.raises(WorkflowUpdateFailedError):
        await request.handle().execute_update("sign", args=junk, rpc_timeout=timedelta(seconds=5))
    assert len((await request.handle().fetch_history()).events) == before
    await works_on(request)


@pytest.mark.parametrize("name", ["feedback", "no_such_act"])
async def test_an_update_under_another_name_than_its_deed_is_rejected(name: str, town: Town) -> None:
    request = await town.transferred()
    deed = await request.receive("sign", "unit", unit="WATER")
    with pytest.raises(WorkflowUpdateFailedError):
        await request.handle().execute_update(name, deed, rpc_timeout=timedelta(seconds=5))
    assert await request.hand_over(deed) == "assigned"
