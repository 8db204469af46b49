"""What cases say against the catalogue of duties (Art. 11(3), 12 ¶2): counted, proposed, accepted by another person."""

from __future__ import annotations

from typing import Any

import pytest

from domain.vocabulary import Role
from tests.api.test_duties import TODAY, accepted, holding, named, post, topic
from tests.line import Line

MATTER = "suggestion"
"""No other test's rows of the catalogue are about it in this district."""


async def row(line: Line, about: str) -> int:
    return await accepted(line, about, unit="POWER", matter=MATTER, district="JN")


async def transferred(line: Line) -> str:
    """The number of a case that the row's unit has."""
    number = str((await line.register(matter=MATTER, district="JN"))["number"])
    await line.done(number, "transfer", Role.AGENT, lead="POWER")
    return number


async def given_back(line: Line) -> str:
    number = await transferred(line)
    assert await line.done(number, "return", Role.UNIT, "POWER", reason="不属于本单位职责。") == "returned"
    return number


async def designated(line: Line, number: str, unit: str) -> None:
    await line.done(number, "escalate", Role.AGENT, reason="责任不清。")
    await line.done(number, "designate", Role.OFFICE, lead=unit, reason="按职责。")


async def finding(line: Line, id: int) -> dict[str, Any] | None:
    answer = await line.get("/findings", Role.SUPERVISOR, limit=200)
    assert answer.status_code == 200, answer.text
    found: dict[int, dict[str, Any]] = {each["duty"]: each for each in answer.json()}
    return found.get(id)


async def counted(line: Line, id: int) -> tuple[int, int, int, int]:
    found = await finding(line, id)
    assert found
    return found["transferred"], found["against"], found["returned"], found["designated"]


async def test_a_case_that_is_given_back_speaks_against_the_row_that_names_the_unit(line: Line) -> None:  # Art. 11(3)
    id = await row(line, topic())
    await transferred(line)
    assert await finding(line, id) is None
    back = await given_back(line)
    assert await counted(line, id) == (2, 1, 1, 0)
    found = await finding(line, id)
    assert found
    assert (found["numbers"], found["instead"]) == ([back], None)


async def test_a_designation_of_another_unit_speaks_against_it_and_one_of_the_same_for_it(
    line: Line,
) -> None:  # Art. 12 ¶2
    id = await row(line, topic())
    await designated(line, await given_back(line), "POWER")
    assert await finding(line, id) is None
    await designated(line, await given_back(line), "GAS")
    assert await counted(line, id) == (2, 1, 1, 1)
    found = await finding(line, id)
    assert found
    assert found["instead"] == "GAS"


async def test_a_finding_becomes_a_proposal_that_another_person_accepts(line: Line) -> None:
    about = topic()
    id, number = await row(line, about), await given_back(line)
    await line.done(number, "transfer", Role.AGENT, lead="GAS")
    for _ in range(2):
        made = await post(line, f"/duties/{id}/finding", ground="样例办理记录")
        assert made.status_code == 201, made.text
        assert [each["version"] for each in made.json()] == [1, 2]
    proposal = made.json()[-1]
    assert (proposal["unit"], proposal["valid_from"], proposal["counted"]) == ("GAS", str(TODAY), 1)
    assert (proposal["stage"], proposal["topic"]) == ("proposed", about)
    assert await holding(line, 0, id, "POWER") == [1]  # nothing changes by itself
    own = await post(line, f"/duties/{id}/accept", version=2)
    assert own.status_code == 403
    assert (await post(line, f"/duties/{id}/accept", "supervisor-2", version=2)).status_code == 200
    assert await holding(line, 0, id, "GAS") == [2]
    assert await finding(line, id) is None  # counted anew


async def test_of_none_that_did_it_instead_the_row_ends(line: Line) -> None:
    about = topic()
    id, number = await row(line, about), await given_back(line)
    last = (await post(line, f"/duties/{id}/finding", ground="样例办理记录")).json()[-1]
    assert (last["unit"], last["valid_until"]) == ("POWER", str(TODAY))
    assert await named(line, number, about) == [("POWER", id, 1)]


async def test_without_a_case_that_speaks_against_it_nothing_is_proposed(line: Line) -> None:
    id = await row(line, topic())
    none = await post(line, f"/duties/{id}/finding", ground="样例办理记录")
    assert (none.status_code, none.json()["provision"]) == (409, "Art. 11(3)")
    assert (await post(line, f"/duties/{2**31 - 1}/finding", ground="样例")).status_code == 404


@pytest.mark.parametrize("role", [Role.AGENT, Role.OFFICE, Role.ANALYST])
async def test_who_does_not_keep_the_catalogue_reads_no_findings(line: Line, role: Role) -> None:
    assert (await line.get("/findings", role)).status_code == 403
