"""What the credit system is told of partners, over real HTTP: each fact once, anew when decisions change it (Art. 24)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.credit import Credits
from domain.limits import SHANGHAI
from domain.scores import Quarter
from domain.vocabulary import Role
from exchange.link import Peer
from tests.api.test_partners import admitted, post, rated
from tests.line import Line
from tests.receiver import Receiver, receiver

THIS = Quarter.of(datetime.now(SHANGHAI).date())
AFTER = THIS.ends + timedelta(hours=2)
"""A night in the next quarter."""


@pytest.fixture
def system() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def credits(record: AsyncEngine, system: Receiver) -> Credits:
    return Credits(record, Peer(system.url), now=lambda: AFTER)


async def told(house: Line, partner: str, **asked: Any) -> list[dict[str, Any]]:
    found = await house.get("/credit-records", Role.AUDITOR, limit=200, **asked)
    assert found.status_code == 200, found.text
    return [each for each in found.json()["items"] if each["partner"] == partner]


async def handed_over(credits: Credits) -> None:
    while await credits.hand_over():
        pass


async def test_a_partners_quarter_is_told_once_with_a_receipt(
    house: Line, credits: Credits, system: Receiver
) -> None:  # Art. 24
    code = await admitted(house)
    await rated(house, code, honest=False)
    await credits.prepare(AFTER)
    assert await credits.prepare(AFTER) == 0, "it is told already"
    await handed_over(credits)
    records = {each["fact"]: each for each in await told(house, code)}
    assert {fact: each["value"] for fact, each in records.items()} == {
        "satisfied": 1, "honest_price": 0, "punctual": 1, "in_time": 1, "ratings": 1,
    }  # fmt: skip
    assert {each["state"] for each in records.values()} == {"received"}
    sent = system.records[records["honest_price"]["id"]]
    assert (sent["entity"][8:17], sent["period"], sent["value"]) == (code[2:], str(THIS), 0)
    assert sent.keys() == {"id", "entity", "fact", "period", "value"}


async def test_what_decisions_on_ratings_change_is_told_anew(
    house: Line, credits: Credits, system: Receiver
) -> None:  # Art. 24
    code = await admitted(house)
    await rated(house, code)
    number, seq = await rated(house, code, "excellent", honest=False)
    await credits.prepare(AFTER)
    this: dict[str, Any] = {"case_number": number, "seq": seq, "reason": "样例。"}
    await post(house, "/ratings", Role.PARTNER, f"{code}-1", code, **this)
    await post(house, "/ratings/exclude", Role.SUPERVISOR, "supervisor-1", **this)
    assert await credits.prepare(AFTER) == 2
    await handed_over(credits)
    values = sorted((each["fact"], each["nth"], each["value"]) for each in await told(house, code))
    assert values == [
        ("honest_price", 1, 0.5), ("honest_price", 2, 1), ("in_time", 1, 1), ("punctual", 1, 1), ("ratings", 1, 2),
        ("ratings", 2, 1), ("satisfied", 1, 1),
    ]  # fmt: skip
    assert len([id for id in system.records if id.startswith(code[2:]) or code[2:] in id]) == len(values)


async def test_what_was_not_taken_is_seen_and_sent_again(house: Line, credits: Credits, system: Receiver) -> None:
    code = await admitted(house)
    await rated(house, code)
    await credits.prepare(AFTER)
    system.down = True
    assert await credits.hand_over() == 0
    waits = await told(house, code, state="waiting")
    assert {each["reason"] for each in waits} <= {None, "http_503"}
    assert any(each["tries"] for each in waits) or len(waits) == 5
    system.down = False
    system.silent = 1
    credits._now = lambda: AFTER + timedelta(days=1)  # after the pause
    await credits.hand_over()
    credits._now = lambda: AFTER + timedelta(days=2)
    await handed_over(credits)
    assert len(await told(house, code, state="received")) == 5
    (again, *_) = await told(house, code)
    sent = await house.post(f"/credit-records/{again['id']}/resend", Role.SUPERVISOR)
    assert (sent.status_code, sent.json()["state"]) == (200, "waiting")
    await handed_over(credits)
    assert system.asked[again["id"]] == 2
    assert [each["state"] for each in await told(house, code)] == ["received"] * 5


async def test_nobody_sends_again_what_is_not_there(house: Line) -> None:
    assert (await house.post("/credit-records/none/resend", Role.SUPERVISOR)).status_code == 404
