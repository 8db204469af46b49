"""Templates over HTTP (Art. 17): listed with what they need, filled, refused with the provision; nothing is kept."""

from __future__ import annotations

from datetime import timedelta

from domain.templates import templates
from domain.vocabulary import Role
from tests.line import Line

GIVEN = {"matter": "样例纠纷", "turn_to": "样例人民调解委员会"}


async def test_each_template_is_listed_with_what_it_needs(untouched: Line) -> None:  # Art. 17
    listed = (await untouched.get("/templates", Role.UNIT, "WATER")).json()
    assert [each["code"] for each in listed] == sorted({each.code for each in templates()})
    declining = (await untouched.get("/templates", Role.AGENT, act="decline")).json()
    assert {each["basis"] for each in declining} == {"Art. 8(1)", "Art. 8(2)", "Art. 8(3)", "Art. 8(4)"}
    assert {field["zh"] for field in declining[0]["fields"]} == {"事项", "可以联系的部门"}
    first = min(each.since for each in templates())
    assert (await untouched.get("/templates", Role.AGENT, on=str(first - timedelta(days=1)))).json() == []


async def test_a_filled_template_goes_with_its_act(house: Line) -> None:
    filled = await house.post("/templates/refusal-civil/fill", Role.AGENT, {"fields": GIVEN})
    assert filled.status_code == 200
    text = filled.json()["text"]
    assert all(said in text for said in (*GIVEN.values(), "第八条第（二）项"))
    number = (await house.register())["number"]
    assert await house.done(number, "decline", Role.AGENT, exclusion="civil", public=text) == "closed"


async def test_what_is_missing_is_named_with_the_provision_and_nothing_is_quoted(untouched: Line) -> None:
    lacking = await untouched.post("/templates/refusal-civil/fill", Role.AGENT, {"fields": {"matter": "样例机密"}})
    assert (lacking.status_code, lacking.json()["provision"]) == (422, "Art. 8(2)")
    assert lacking.json()["detail"] == "`fields`: turn_to"
    other = await untouched.post("/templates/refusal-civil/fill", Role.AGENT, {"fields": GIVEN | {"样例机密": "样例"}})
    assert other.status_code == 422
    assert "样例机密" not in lacking.text + other.text
    assert (await untouched.post("/templates/none/fill", Role.AGENT, {"fields": GIVEN})).status_code == 404
    assert (await untouched.post("/templates/refusal-civil/fill", Role.AUDITOR, {"fields": GIVEN})).status_code == 403
