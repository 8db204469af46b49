"""The chaos bench's verdict on a sound case, and on one that somebody made unsound: each fault is seen, and as what it is."""

from __future__ import annotations

from typing import Any

import pytest

from bench.clients import Log, Sent
from bench.verdict import Verdict, verdict
from tests.api.test_verification import tampered
from tests.town import Request, Town

KINDS = ("lost", "duplicated", "early", "diverged")


def acknowledged(deed: str | None, state: str, actor: str = "agent-1") -> Sent:
    return Sent(actor, "key", 0.0, acknowledged=True, deed=deed, state=state)


async def judged(town: Town, database: str, log: Log | None = None, records: Any = ()) -> Verdict:
    url = database.replace("postgresql+psycopg", "postgresql")
    return await verdict(url, town.env.client, log or Log(), dict(records))


@pytest.fixture
async def carried(own_town: Town) -> Request:
    """A case from intake to archive, with a limit that passed."""
    request = await own_town.transferred()
    await request.expire("sign", "WATER")
    await request.unit("WATER", "feedback", replied="phone")
    await request.caller(reach="reached", resolved=True, rating="good")
    await request.handle().result()
    return request


async def test_a_sound_case_is_found_sound(carried: Request, own_town: Town, database: str) -> None:
    found = await judged(own_town, database)
    assert {kind: list(getattr(found, kind)) for kind in KINDS} == {kind: [] for kind in KINDS}
    assert len(found.late) >= 1


FAULTS = {
    "UPDATE entries SET seq = seq + 1 WHERE event = 'sealed'": "diverged",
    "UPDATE cases SET status = 'closed'": "diverged",
    "DELETE FROM archives": "diverged",
    "UPDATE deeds SET state = 'received', decided_at = NULL WHERE act = 'feedback'": "diverged",
    "UPDATE clocks SET state = 'running' WHERE clock = 'triage'": "diverged",
    "UPDATE entries SET deed = (SELECT id FROM deeds WHERE act = 'feedback') WHERE event = 'sealed'": "duplicated",
    "UPDATE entries SET at = at - interval '1 year' WHERE event = 'overdue'": "early",
    "UPDATE entries SET event = 'urged' WHERE event = 'overdue'": "lost",
}
"""What somebody does to the record -> what the verdict must call it."""


@pytest.mark.parametrize("change", FAULTS)
async def test_every_fault_is_seen(change: str, carried: Request, own_town: Town, database: str) -> None:
    await tampered(own_town.engine, change)
    assert getattr(await judged(own_town, database), FAULTS[change])
    own_town.requests.remove(carried)  # it is no longer free of faults: that is the point


async def test_what_was_acknowledged_and_is_not_there_is_lost(carried: Request, own_town: Town, database: str) -> None:
    log = Log(
        [acknowledged("none", "applied"), acknowledged(None, "applied", "channel"), acknowledged(None, "refused")]
    )
    assert [sent for sent, _ in (await judged(own_town, database, log)).lost] == log.sent


async def test_what_the_other_system_lacks_is_lost_and_what_it_has_twice_is_duplicated(
    carried: Request, own_town: Town, database: str
) -> None:  # Art. 9 ¶3, 16 ¶2
    await tampered(own_town.engine, "UPDATE cases SET infringement = true")
    number = (await carried.file()).case.number
    record = {"case_number": number, "basis": "Art. 9 ¶3"}
    assert (await judged(own_town, database)).lost == [f"{number}-9.3"]
    found = await judged(own_town, database, records={f"{number}-9.3": record})
    assert (list(found.lost), list(found.duplicated)) == ([], [])
    again = {f"{number}-9.3": record, f"{number}-9.3-2": record}
    found = await judged(own_town, database, records=again)
    assert (found.lost, list(found.duplicated)) == ([f"{number}-9.3-2"], [(number, "Art. 9 ¶3")])
    own_town.requests.remove(carried)
