"""What past cases suggest over HTTP (Art. 7(4), 10(2)): with score, reasons and the version; nothing is done by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.learning import Example, learn
from domain.vocabulary import Role
from storage.learning import keep
from tests.line import Line

SAID = {"WATER": "自来水停水，请供水单位处理", "HP": "工作人员态度生硬，请批评"}


def examples(labels: dict[str, str]) -> list[Example]:
    return [Example(text, text, label, f"{label}-{n}") for label, text in labels.items() for n in range(6)]


@pytest.fixture
async def model(engine: AsyncEngine) -> int:
    """The version of what was learnt from invented cases."""
    matters = learn(examples({"help": SAID["WATER"], "staff": SAID["HP"]}))
    async with engine.begin() as conn:
        return await keep(conn, matters, learn(examples(SAID)), 12, datetime.now(UTC))


async def suggested(line: Line, number: str, role: Role = Role.AGENT) -> dict[str, Any]:
    answer = await line.get(f"/cases/{number}/suggestions", role)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_matter_and_unit_are_suggested_with_score_reasons_and_version(line: Line, model: int) -> None:
    number = (await line.register(title="停水", text="家里停水了。"))["number"]
    found = await suggested(line, number)
    assert (found["model"]["version"], found["model"]["cases"]) == (model, 12)
    assert [each["code"] for each in found["matters"]] == ["help", "staff"]
    first = found["units"][0]
    assert (first["code"], first["zh"]) == ("WATER", "样例自来水公司")
    assert first["score"] > 0.5
    assert any("水" in reason for reason in first["reasons"])


async def test_a_suggestion_does_nothing(line: Line, model: int) -> None:
    """The agent transfers, to whom they will (Art. 10(2))."""
    number = (await line.register(title="停水", text="家里停水了。"))["number"]
    before = (await line.get(f"/cases/{number}/entries", Role.AGENT)).json()
    await suggested(line, number)
    assert (await line.get(f"/cases/{number}/entries", Role.AGENT)).json() == before
    assert await line.done(number, "transfer", Role.AGENT, lead="GAS") == "assigned"


async def test_the_office_complained_of_is_not_suggested_by_past_cases_either(
    line: Line, model: int
) -> None:  # Art. 7(4)
    number = (await line.register(title="态度", text="工作人员态度生硬。", matter="staff"))["number"]
    await line.done(number, "correct", Role.AGENT, respondent="HP")
    found = await suggested(line, number)
    assert [each["code"] for each in found["units"]] == ["WATER"]
    assert found["matters"][0]["code"] == "staff"


async def test_before_anything_was_learnt_the_catalogue_alone_suggests(line: Line) -> None:
    found = await suggested(line, (await line.register())["number"], Role.AUDITOR)
    assert found == {"catalogue": [], "matters": [], "units": [], "model": None}


async def test_only_the_centre_and_who_audits_it_read_suggestions(line: Line, model: int) -> None:
    number = (await line.register())["number"]
    for role, unit in ((Role.UNIT, "WATER"), (Role.OFFICE, None), (Role.ANALYST, None)):
        assert (await line.get(f"/cases/{number}/suggestions", role, unit)).status_code == 403
