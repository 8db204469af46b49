"""The connectors against a real server, and their contracts (Art. 16 ¶1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from exchange.credit import Credit, EntityRecord
from exchange.link import Peer, Unanswered, reach
from exchange.permits import Permits, Standing
from exchange.platform import Held, Platform
from tests.receiver import Receiver, receiver

CONTRACTS = Path(__file__).parents[2] / "docs" / "exchange"
RECORD = EntityRecord("S-2026Q1-1", "91120000SAMPLE0001", "rating", "2026Q1", 4.5)


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def contract(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(CONTRACTS / f"{name}.yaml")
    return found


async def test_an_application_has_its_standing_or_is_unknown_or_nobody_said(other: Receiver) -> None:  # Art. 16 ¶1
    other.standings = {"X-1": {"state": "accepted", "unit": "JW", "since": "2026-03-02T01:00:00Z"}, "X-2": {"state": 1}}
    async with reach(Peer(other.url)) as link:
        found = await Permits(link).standing("X-1")
        assert found == Standing("accepted", "JW", datetime(2026, 3, 2, 1, tzinfo=UTC))
        assert await Permits(link).standing("X-3") is None
        with pytest.raises(Unanswered, match="no_standing"):
            await Permits(link).standing("X-2")
        other.down = True
        with pytest.raises(Unanswered, match="http_503"):
            await Permits(link).standing("X-1")


async def test_a_market_entitys_record_is_taken_once_with_one_receipt(other: Receiver) -> None:
    other.silent = 1
    async with reach(Peer(other.url)) as link:
        lost, *known = [await Credit(link).take(RECORD) for _ in range(3)]
    assert (lost.taken, lost.reason) == (False, "no_answer")
    assert [(each.taken, each.receipt) for each in known] == [(True, "R-1")] * 2
    assert (other.asked[RECORD.id], list(other.records)) == (3, [RECORD.id])


async def test_what_fits_no_record_of_ours_is_not_kept(other: Receiver) -> None:
    """Free text of others may name persons: a reason is a code, or the status (Art. 15)."""
    async with reach(Peer(other.url)) as link:
        for told, kept in (("district_missing", "district_missing"), ("张样例 的电话", "http_422"), (7, "http_422")):
            other.refuses["TJ1"] = told  # type: ignore[assignment]
            assert (await Platform(link).take({"id": "a", "case_number": "TJ1"})).reason == kept


async def test_a_platform_that_does_not_say_what_it_holds_is_not_taken_to_hold_nothing(other: Receiver) -> None:
    other.down = True
    async with reach(Peer(other.url)) as link:
        with pytest.raises(Unanswered, match="http_503"):
            await Platform(link).holds(0)


async def test_what_a_platform_holds_is_counted_and_only_what_may_be_ours_is_named(other: Receiver) -> None:
    """Free text of others may name persons, and NUL is no text (Art. 15)."""
    other.raw = json.dumps({"ids": ["TJ1-9.3", "王样例 13800000000", "a\0b", "\ud800", 7, "x" * 65]}).encode()
    async with reach(Peer(other.url)) as link:
        assert await Platform(link).holds(1) == Held({"TJ1-9.3"}, 10)  # it says the same on the next page
        other.raw = json.dumps({"ids": [f"TJ{n}" for n in range(20_000)]}).encode()
        with pytest.raises(Unanswered, match="too_many"):
            await Platform(link).holds(1)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(b"[" * 200_000, ""), (b"<html>", ""), (b"\xff\xfe", ""), (b" " * 1_000_001, "too_long")],
    ids=["deep", "html", "no text", "huge"],
)
async def test_whatever_is_answered_ends_as_an_answer(other: Receiver, raw: bytes, reason: str) -> None:
    other.raw = raw
    async with reach(Peer(other.url)) as link:
        answer = await Credit(link).take(RECORD)
    assert (answer.receipt, answer.reason, answer.body) == ("", reason, {})


async def test_nothing_is_asked_without_the_token_that_is_to_be_shown(other: Receiver, tmp_path: Path) -> None:
    async with reach(Peer(other.url, tmp_path / "none")) as link:
        assert (await Credit(link).take(RECORD)).reason == "no_token"
    assert not other.asked


async def test_an_answer_that_does_not_end_is_none(other: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exchange.link.WHOLE", 0.3)
    other.stalls = True
    async with reach(Peer(other.url)) as link:
        assert (await Credit(link).take(RECORD)).reason == "no_answer"


@pytest.mark.parametrize(("name", "path", "method"), [
    ("platform", "/records/{id}", "put"), ("platform", "/records", "get"),
    ("permits", "/applications/standing", "post"), ("credit", "/records/{id}", "put"),
])  # fmt: skip
def test_each_request_of_a_connector_is_in_its_contract(name: str, path: str, method: str) -> None:
    told = contract(name)
    assert (told["openapi"], method in told["paths"][path]) == ("3.1.0", True)


def test_the_contract_of_a_market_entitys_record_names_what_is_sent() -> None:
    body = contract("credit")["paths"]["/records/{id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"].keys() == set(body["required"]) == vars(RECORD).keys()
