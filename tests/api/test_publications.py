"""What goes public: proposed, looked through by another, read by everybody, withdrawn and destroyed (Art. 15)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.vocabulary import Role, Suspect
from tests.api.test_disposals import approved, asked, rows_with, run
from tests.conftest import owning
from tests.line import Line, token

pytestmark = pytest.mark.parametrize("line", ["demo"], indirect=True)

PERSON = {"name": "张样例", "phone": "19900008890", "address": "样例路8号", "id_number": "120000190001010006"}
ASKED = "我叫张样例，住样例路8号，样例路口的路灯不亮。"
ANSWER = "已修复，可拨打022-00008890查询。"
NUMBER = "022-00008890"


async def archived(line: Line, **intake: Any) -> dict[str, str]:
    """A handled and archived case: number and tracking code."""
    made = await line.register(title="样例路路灯", **({"text": ASKED} | PERSON | intake))
    number = made["number"]
    await line.done(number, "transfer", Role.AGENT, lead="GAS")
    if await line.done(number, "feedback", Role.UNIT, "GAS", public=ANSWER, replied="phone") == "review":
        await line.done(number, "approve", Role.SUPERVISOR)
    await line.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    await line.sealed(number)
    return {"number": number, "code": made["tracking_code"]}


async def propose(
    line: Line, number: str, who: str = "agent-1", role: Role = Role.AGENT, **said: str
) -> httpx.Response:
    url = f"/cases/{number}/publications"
    return await line.http.post(url, json=said, headers=token(role, subject=who))


async def step(line: Line, id: str, path: str, who: str = "supervisor-1", **body: Any) -> httpx.Response:
    url = f"/publications/{id}/{path}"
    return await line.http.post(url, json=body, headers=token(Role.SUPERVISOR, subject=who))


async def public(line: Line) -> list[dict[str, Any]]:
    """What somebody reads who did not sign in."""
    answer = await line.http.get("/public/cases")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def published(line: Line, number: str) -> str:
    """The ID of the case's public text, after a whole review."""
    made = (await propose(line, number)).json()
    done = await step(line, made["id"], "publish", kept=made["suspected"])
    assert done.status_code == 200, done.text
    return str(made["id"])


async def test_a_reviewer_looks_at_each_suspected_passage_before_everybody_reads_it(line: Line) -> None:
    case = await archived(line)
    made = (await propose(line, case["number"], answer=ANSWER)).json()
    assert made["question"] == "我叫＊＊＊，住＊＊＊＊＊，样例路口的路灯不亮。"  # the case's own words, masked
    phone = {"field": "answer", "start": ANSWER.index(NUMBER), "end": ANSWER.index("查询"), "why": "phone"}
    assert made["suspected"] == [phone]
    refused = await step(line, made["id"], "publish")
    assert refused.status_code == 422
    assert (refused.json()["title"], refused.json()["provision"]) == ("Lacking", "Art. 15")
    assert NUMBER not in refused.text
    assert await public(line) == []
    done = (await step(line, made["id"], "publish", kept=[phone])).json()
    assert (done["stage"], done["reviewed_by"], done["kept"]) == ("published", "supervisor-1", [phone])
    [shown] = await public(line)
    assert (shown["answer"], shown["matter"], shown["unit"]) == (ANSWER, "help", "GAS")
    assert case["number"] not in str(shown)
    assert shown.keys() & {"case_number", "proposed_by", "reviewed_by"} == set()


async def test_what_the_person_gave_is_marked_for_the_reviewer_and_for_nobody_who_might_guess_it(line: Line) -> None:
    """A mark in a text of one's own would tell who asked (Art. 15)."""
    case = await archived(line)
    said = {"question": "张样例问路灯", "answer": "请张样例到样例路8号"}
    by_agent = (await propose(line, case["number"], "agent-1", Role.AGENT, **said)).json()
    seen = [by_agent, (await line.get(f"/publications/{by_agent['id']}", Role.AGENT)).json()]
    assert {each["why"] for found in seen for each in found["suspected"]} == set()
    shown = (await line.get(f"/publications/{by_agent['id']}", Role.SUPERVISOR)).json()
    found = {(each["field"], each["start"], each["end"]) for each in shown["suspected"] if each["why"] == Suspect.OWN}
    assert found == {("question", 0, 3), ("answer", 1, 4), ("answer", 5, 10)}
    assert (await step(line, by_agent["id"], "publish", kept=by_agent["suspected"])).status_code == 422
    own = (await propose(line, case["number"], "supervisor-1", Role.SUPERVISOR, **said)).json()
    shown = (await line.get(f"/publications/{own['id']}", Role.SUPERVISOR)).json()
    assert (own["suspected"], shown["suspected"]) == ([], [])


async def test_nothing_goes_public_of_whom_nobody_can_mask(line: Line, engine: AsyncEngine) -> None:  # Art. 15
    case = await archived(line)
    made = await propose(line, case["number"])
    async with owning(engine) as conn:
        await conn.execute(text("UPDATE vault.case_keys SET master = 'unknown'"))
    again = await line.post(f"/cases/{case['number']}/publications", Role.AGENT, {})
    published = await step(line, made.json()["id"], "publish")
    for refused in (again, published):
        assert (refused.status_code, refused.json()["title"]) == (503, "Unreadable")
    assert await public(line) == []


async def test_what_of_the_case_is_withheld_is_not_shown_and_the_reviewer_sees_the_rest(line: Line) -> None:
    case = await archived(line, district="HP")
    made = (await propose(line, case["number"])).json()
    assert (made["matter"], made["district"], made["unit"]) == ("help", "HP", "GAS")
    url = f"/cases/{case['number']}/publications"
    again = await line.http.post(url, json={"withheld": ["district", "unit"]}, headers=token(Role.AGENT))
    assert (await step(line, again.json()["id"], "publish", kept=again.json()["suspected"])).status_code == 200
    [shown] = await public(line)
    assert (shown["matter"], shown["district"], shown["unit"]) == ("help", None, None)


async def test_the_same_proposal_again_is_the_same_one(line: Line) -> None:
    case = await archived(line)
    first, again = [(await propose(line, case["number"])).json() for _ in range(2)]
    assert again == first


async def test_nobody_publishes_what_they_proposed(line: Line) -> None:
    case = await archived(line)
    made = (await propose(line, case["number"], "supervisor-1", Role.SUPERVISOR)).json()
    assert (await step(line, made["id"], "publish", kept=made["suspected"])).status_code == 403
    assert (await step(line, made["id"], "publish", "supervisor-2", kept=made["suspected"])).status_code == 200


async def test_a_later_proposal_stands_instead_and_a_public_text_is_withdrawn_first(line: Line) -> None:
    case = await archived(line)
    first, second = [(await propose(line, case["number"], title=title)).json() for title in ("样例一", "样例二")]
    assert (await step(line, first["id"], "publish", kept=first["suspected"])).status_code == 409
    assert (await step(line, second["id"], "publish", kept=second["suspected"])).status_code == 200
    assert (await propose(line, case["number"])).status_code == 409
    withdrawn = await step(line, second["id"], "withdraw", reason="诉求人要求撤回。")
    assert (withdrawn.json()["stage"], withdrawn.json()["withdrawn_by"]) == ("withdrawn", "supervisor-1")
    assert await public(line) == []
    third = (await propose(line, case["number"])).json()
    assert (await step(line, third["id"], "refuse", reason="不宜公开。")).json()["stage"] == "refused"
    listed = (await line.get("/publications", Role.AUDITOR)).json()["items"]
    assert [each["stage"] for each in listed] == ["replaced", "withdrawn", "refused"]
    waiting = await line.http.get("/publications", params={"stage": "proposed"}, headers=token(Role.AGENT))
    assert waiting.json()["items"] == []


async def test_an_open_case_and_whoever_is_shielded_do_not_go_public(line: Line) -> None:
    open_case = await line.register(title="样例", text="样例。")
    shielded = await archived(line, matter="staff", respondent="WATER", consent=True)
    answers = [await propose(line, number, answer="样例。") for number in (open_case["number"], shielded["number"])]
    assert [(answer.status_code, answer.json()["provision"]) for answer in answers] == [(409, "Art. 15")] * 2


async def test_what_is_destroyed_is_public_no_more(line: Line, engine: AsyncEngine, tmp_path: Path) -> None:
    case = await archived(line)
    await published(line, case["number"])
    assert (await asked(line, case)).status_code == 200
    await approved(line)
    assert await run(engine, tmp_path) == [case["number"]]
    assert await public(line) == []
    assert await rows_with(engine, NUMBER) == set()
    assert (await propose(line, case["number"], answer="样例。")).status_code == 410


async def test_a_text_that_does_not_exist_is_a_404(line: Line) -> None:
    assert (await line.get("/publications/none", Role.AGENT)).status_code == 404
    assert [(await step(line, "none", path, reason="样例。")).status_code for path in ("refuse", "withdraw")] == [
        404
    ] * 2
    assert (await step(line, "none", "publish")).status_code == 404
