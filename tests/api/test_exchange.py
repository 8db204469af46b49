"""Records for the enforcement-supervision platform, over real HTTP: each once, refusals seen and mended (Art. 9 ¶3, 16 ¶2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.exchange import Exchange
from domain.vocabulary import Role
from exchange.link import Peer
from storage.outbox import FIRST_PAUSE, MAX_TRIES
from tests.line import Line
from tests.receiver import Receiver, receiver

CONTRACT = YAML(typ="safe").load(Path(__file__).parents[2] / "docs" / "exchange" / "platform.yaml")
RECORD = CONTRACT["components"]["schemas"]["Record"]


@pytest.fixture
def platform() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def exchange(engine: AsyncEngine, platform: Receiver, after: float = 0, token: Path | None = None) -> Exchange:
    """The exchange, so many seconds from now."""
    now = datetime.now(UTC) + timedelta(seconds=after)
    return Exchange(engine, Peer(platform.url, token), now=lambda: now)


async def infringed(line: Line, **facts: Any) -> str:
    """A case whose person believes that enforcement infringed their rights; its number."""
    return str((await line.register(infringement=True, **facts))["number"])


async def records(line: Line, **asked: Any) -> dict[str, dict[str, Any]]:
    response = await line.get("/dispatches", Role.SUPERVISOR, **asked)
    assert response.status_code == 200, response.text
    return {item["id"]: item for item in response.json()["items"]}


async def test_what_is_believed_to_infringe_rights_is_handed_over_once_with_a_receipt(  # Art. 9 ¶3
    line: Line, engine: AsyncEngine, platform: Receiver, tmp_path: Path
) -> None:
    number = await infringed(line)
    await line.register()
    (tmp_path / "token").write_text("sample-token\n")
    sending = exchange(engine, platform, token=tmp_path / "token")
    assert (await sending.hand_over(), await sending.hand_over()) == (1, 0)
    assert (platform.asked, platform.tokens) == ({f"{number}-9.3": 1}, {"Bearer sample-token"})
    (record,) = (await records(line)).values()
    assert (record["state"], record["receipt"], record["reason"], record["tries"]) == ("received", "R-1", None, 1)
    (raised,) = (await line.get("/handovers", Role.AGENT)).json()["items"]
    assert (raised["case_number"], raised["state"]) == (number, "taken")


async def test_nothing_of_whoever_asks_is_handed_over(line: Line, engine: AsyncEngine, platform: Receiver) -> None:
    """Art. 15: codes and instants only, those that docs/exchange/platform.yaml names."""
    said = {
        "name": "张样例",
        "phone": "19900008890",
        "address": "样例机密路",
        "title": "样例机密",
        "text": "样例机密。",
    }
    number = await infringed(line, **said, report="unlawful")
    await exchange(engine, platform).hand_over()
    record = platform.records[f"{number}-9.3"]
    assert record.keys() == RECORD["properties"].keys() == set(RECORD["required"])
    assert not [word for word in ("张样例", "19900008890", "样例机密") if word in str(record)]


@pytest.mark.parametrize("silent", [1, 3])
async def test_a_lost_answer_makes_nothing_twice(
    line: Line, engine: AsyncEngine, platform: Receiver, silent: int
) -> None:
    key = f"{await infringed(line)}-9.3"
    platform.silent = silent
    for n in range(silent):
        assert await exchange(engine, platform, after=n * 3600).hand_over() == 0
        assert (await records(line))[key]["reason"] == "no_answer"
    assert await exchange(engine, platform, after=silent * 3600).hand_over() == 1
    assert (platform.asked[key], list(platform.records)) == (silent + 1, [key])
    assert (await records(line, state="received")).keys() == {key}


async def test_a_refusal_is_seen_with_its_reason_and_sent_again_after_mending(
    line: Line, engine: AsyncEngine, platform: Receiver
) -> None:
    bad, good = await infringed(line), await infringed(line)
    platform.refuses[bad] = "district_missing"
    assert await exchange(engine, platform).hand_over() == 1
    (refused,) = (await records(line, state="refused")).values()
    assert (refused["case_number"], refused["reason"]) == (bad, "district_missing")
    assert await exchange(engine, platform, after=86_400).hand_over() == 0
    platform.refuses.clear()
    again = await line.post(f"/dispatches/{refused['id']}/resend", Role.SUPERVISOR)
    assert (again.json()["state"], again.json()["resent_by"]) == ("waiting", "supervisor-1")
    assert await exchange(engine, platform).hand_over() == 1
    assert {item["state"] for item in (await records(line)).values()} == {"received"}
    assert platform.asked == {f"{bad}-9.3": 2, f"{good}-9.3": 1}


async def test_a_platform_that_stays_silent_leaves_records_unanswered_and_they_can_be_sent_again(
    line: Line, engine: AsyncEngine, platform: Receiver
) -> None:
    key = f"{await infringed(line)}-9.3"
    platform.down = True
    for n in range(MAX_TRIES):
        assert await exchange(engine, platform, after=FIRST_PAUSE * 2 ** (n + 1)).hand_over() == 0
    (silent,) = (await records(line, state="unanswered")).values()
    assert (silent["reason"], silent["tries"]) == ("http_503", MAX_TRIES)
    platform.down = False
    assert (await line.post(f"/dispatches/{key}/resend", Role.SUPERVISOR)).status_code == 200
    assert await exchange(engine, platform).hand_over() == 1
    assert list(platform.records) == [key]


async def test_an_outage_is_not_charged_to_every_record(line: Line, engine: AsyncEngine, platform: Receiver) -> None:
    for _ in range(3):
        await infringed(line)
    platform.down = True
    await exchange(engine, platform).hand_over()
    assert sorted(item["tries"] for item in (await records(line)).values()) == [0, 0, 1]


async def test_every_record_that_asks_for_unlawful_conduct_to_be_investigated_is_consolidated_once(  # Art. 16 ¶2
    line: Line, engine: AsyncEngine, platform: Receiver
) -> None:
    report = str((await line.register(report="unlawful"))["number"])
    both = await infringed(line, report="unlawful")
    await line.register(report="action")
    await line.register()
    sending, now = exchange(engine, platform, after=1), datetime.now(UTC) + timedelta(seconds=1)
    assert (await sending.consolidate(now), await sending.consolidate(now + timedelta(days=1))) == (2, 0)
    assert await exchange(engine, platform, after=2).hand_over() == 3
    assert platform.records.keys() == {f"{report}-16.2", f"{both}-16.2", f"{both}-9.3"}


async def test_a_reconciliation_names_what_either_side_lacks(
    line: Line, engine: AsyncEngine, platform: Receiver
) -> None:
    lost, refused, *_ = [await infringed(line) for _ in range(5)]
    platform.refuses[refused] = "district_missing"
    sending, now = exchange(engine, platform), datetime.now(UTC)
    assert await sending.hand_over() == 4
    assert await sending.reconcile(now) == {"they_lack": 0, "we_lack": 0}
    del platform.records[f"{lost}-9.3"]
    platform.records[f"{refused}-9.3"] = {}
    lacks = {"they_lack": 1, "we_lack": 1}
    assert [await sending.reconcile(now + timedelta(days=1)) for _ in range(2)] == [lacks, lacks]
    for role in (Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR):
        latest, first = (await line.get("/reconciliations", role)).json()["items"]
        assert (latest["they_lack"], latest["we_lack"]) == ([f"{lost}-9.3"], [f"{refused}-9.3"])
        assert (latest["ours"], latest["theirs"], first["they_lack_count"]) == (4, 4, 0)
    platform.refuses.clear()
    for number in (lost, refused):
        await line.post(f"/dispatches/{number}-9.3/resend", Role.SUPERVISOR)
    assert await sending.hand_over() == 2
    assert await sending.reconcile(now + timedelta(days=2)) == {"they_lack": 0, "we_lack": 0}


async def test_no_record_is_sent_again_that_is_none(line: Line) -> None:
    assert (await line.post("/dispatches/none/resend", Role.SUPERVISOR)).status_code == 404
