"""Art. 15: a person's words stay in the file of record. Temporal sees numbers, codes, instants and note IDs.

Every town writes words into every text, and every test that uses one looks for them in every history (`Request.faults`).
"""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from domain.refusals import Refusal
from domain.vocabulary import Text
from storage import reading
from storage.people import open_words
from tests.line import vault_on
from tests.town import NAME, PHONE, SECRET, Request, Town, words_in


async def told_everything(town: Town) -> Request:
    """A case in which every kind of text is written, acts are refused, and a unit's signals come late."""
    request = await town.register(infringement=True)
    refused: list[tuple[str, str, dict[str, Any]]] = [
        ("approve", "agent", {}),
        ("answer", "agent", {"texts": ()}),
        ("feedback", "unit", {"unit": "GAS"}),
    ]
    await request.person("supplement")
    await request.agent("transfer", lead="WATER", texts=(Text.REASON,))
    for act, role, codes in refused:
        with pytest.raises(Refusal):
            await request.act(act, role, **codes)
    await request.unit("WATER", "ask")
    await request.unit("WATER", "explain")
    await request.expire("return", "WATER")
    late = await request.receive("return", "unit", unit="WATER")
    await request.signal(late)
    await request.until_deed(late, "TooLate")
    await request.agent("escalate")
    await request.office("designate", lead="JW")
    await request.unit("JW", "feedback", replied="phone")
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.until("archived")
    return request


async def test_no_word_of_a_person_reaches_temporal(town: Town) -> None:
    request = await told_everything(town)
    async with town.engine.connect() as conn:
        notes = await reading.rows_of(conn, "notes", request.number)
        person = await reading.person(conn, request.number)
    assert {note["kind"] for note in notes} == set(Text)
    assert all(SECRET in note["text"] for note in notes)
    assert person is not None
    keys = await vault_on(town.engine).keys([request.number])
    said = open_words(keys[request.number], request.number, person)
    assert (said["name"], said["phone"]) == (NAME, PHONE)
    histories = await request.histories()
    assert len(histories) == 3
    for history in histories:
        assert words_in(history) == []
    for description in (await request.descriptions()).values():
        shown = description.raw_description.SerializeToString()
        assert SECRET.encode() not in shown
        assert PHONE.encode() not in shown


async def test_no_word_of_a_person_is_in_an_entry_a_deed_or_a_refusal(town: Town) -> None:
    """What Temporal may see of the tables: codes, and the IDs of texts."""
    request = await told_everything(town)
    async with town.engine.connect() as conn:
        for table in ("entries", "deeds", "assignments", "clocks"):
            rows = await reading.rows_of(conn, table, request.number)
            assert rows
            assert SECRET not in repr(rows)
            assert PHONE not in repr(rows)


@pytest.mark.parametrize("word", [SECRET, f"13{PHONE}8", NAME])
def test_a_word_in_a_history_would_be_found_however_it_is_written(word: str) -> None:
    for data in (word.encode(), word.encode("ascii", "backslashreplace")):
        event: Message = HistoryEvent()
        assert isinstance(event, HistoryEvent)
        event.workflow_execution_signaled_event_attributes.input.payloads.add(data=data)
        assert words_in(WorkflowHistory("TJ0", [event])) != []
