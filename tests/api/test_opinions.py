"""Opinions over HTTP (Art. 21): received, assigned, answered, published with every passage looked at, or kept back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.vocabulary import Role
from tests.line import Line, token


def said(**other: Any) -> dict[str, Any]:
    usual = {"voice": "deputy", "title": "样例建议", "question": "建议增加夜间坐席。"}
    return usual | {"reference": f"样例{uuid4().hex[:8]}号"} | other


async def post(
    house: Line, path: str, role: Role, who: str = "", unit: str | None = None, **given: Any
) -> httpx.Response:
    return await house.http.post(path, json=given, headers=token(role, unit, who or f"{role}-1"))


async def received(house: Line, **other: Any) -> str:
    made = await post(house, "/opinions", Role.AGENT, **said(**other))
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def step(house: Line, id: str, act: str, role: Role, unit: str | None = None, **given: Any) -> Any:
    """An act that must succeed; the opinion after it. `unit`: the actor's own."""
    done = await house.http.post(f"/opinions/{id}/{act}", json=given, headers=token(role, unit, f"{role}-1"))
    assert done.status_code == 200, done.text
    return done.json()


async def assigned(house: Line, **other: Any) -> str:
    """One that the Construction Commission is to answer."""
    id = await received(house, **other)
    done = await house.post(f"/opinions/{id}/assign", Role.AGENT, {"unit": "JW"})
    assert (done.status_code, done.json()["unit"]) == (200, "JW"), done.text
    return id


async def answered(house: Line, answer: str = "样例：夜间坐席已增加。", **other: Any) -> str:
    id = await assigned(house, **other)
    await step(house, id, "answer", Role.UNIT, "JW", answer=answer)
    return id


async def public(house: Line, id: str) -> dict[str, Any] | None:
    """As everybody reads it, without signing in."""
    found = (await house.http.get("/public/opinions", params={"limit": 200})).json()["items"]
    return next((each for each in found if each["id"] == id), None)


async def test_an_opinion_is_assigned_answered_published_and_says_what_changed(house: Line) -> None:  # Art. 21
    id = await answered(house, voice="journalist")
    assert await public(house, id) is None
    published = await step(house, id, "publish", Role.SUPERVISOR, version=3)
    assert (published["standing"], published["due_at"], published["late"]) == ("published", None, 0)
    await step(house, id, "effect", Role.SUPERVISOR, effect="样例：接通率提高。")
    shown = await public(house, id)
    assert shown is not None
    assert shown.items() >= {
        "voice": "journalist", "public_answer": "样例：夜间坐席已增加。", "effect": "样例：接通率提高。", "unit": "JW",
    }.items()  # fmt: skip
    whole = (await house.get(f"/opinions/{id}", Role.AUDITOR)).json()
    assert [each["act"] for each in whole["steps"]] == ["receive", "assign", "answer", "publish", "effect"]


async def test_what_is_kept_back_says_why_and_is_not_public(house: Line) -> None:  # Art. 21
    id = await answered(house)
    kept = await step(house, id, "keep", Role.SUPERVISOR, reason="样例：不宜公开。")
    assert (kept["standing"], kept["steps"][-1]["words"]) == ("kept", "样例：不宜公开。")
    assert await public(house, id) is None


async def test_nothing_is_published_that_may_name_somebody_unless_it_was_looked_at(house: Line) -> None:  # Art. 15, 21
    id = await answered(house, "样例：请联系张样例先生，电话13900000000。")
    refused = await house.post(f"/opinions/{id}/publish", Role.SUPERVISOR, {"version": 3})
    assert (refused.status_code, refused.json()["provision"]) == (422, "Art. 15")
    assert "13900000000" not in refused.text
    whole = (await house.get(f"/opinions/{id}", Role.SUPERVISOR)).json()
    assert {each["field"] for each in whole["suspected"]} == {"answer"}
    reworded = await step(house, id, "reword", Role.AGENT, answer="样例：请来电咨询。")
    assert (reworded["suspected"], reworded["public_answer"]) == ([], "样例：请来电咨询。")
    await step(house, id, "publish", Role.SUPERVISOR, version=4)
    shown = await public(house, id)
    assert shown is not None
    assert shown["public_answer"] == "样例：请来电咨询。"
    assert (await house.get(f"/opinions/{id}", Role.SUPERVISOR)).json()["answer"].startswith("样例：请联系")


async def test_what_changed_names_nobody(house: Line) -> None:  # Art. 15, 21
    id = await answered(house)
    await step(house, id, "publish", Role.SUPERVISOR, version=3)
    named = {"effect": "样例：已与李样例女士（13912340001）联系。"}
    refused = await house.post(f"/opinions/{id}/effect", Role.SUPERVISOR, named)
    assert (refused.status_code, refused.json()["provision"]) == (422, "Art. 15")
    assert "13912340001" not in refused.text
    shown = await public(house, id)
    assert shown is not None
    assert shown["effect"] is None


async def test_an_answer_that_misses_the_point_is_sent_back(house: Line) -> None:  # Art. 21
    id = await answered(house)
    back = await step(house, id, "send-back", Role.SUPERVISOR, reason="样例：没有针对建议。")
    assert (back["standing"], back["unit"]) == ("assigned", "JW")
    again = await step(house, id, "answer", Role.UNIT_LEAD, "JW", answer="样例：补充答复。")
    assert again["answer"] == "样例：补充答复。"


async def test_a_unit_reads_what_it_is_to_answer_and_answers_nothing_else(house: Line) -> None:  # Art. 15, 21
    id = await assigned(house)
    assert (await house.get(f"/opinions/{id}", Role.UNIT, "JW")).status_code == 200
    assert (await house.get(f"/opinions/{id}", Role.UNIT, "HP")).status_code == 404
    foreign = await house.post(f"/opinions/{id}/answer", Role.UNIT, {"answer": "样例。"}, "HP")
    assert foreign.status_code == 404
    assert id in {each["id"] for each in (await house.get("/opinions", Role.UNIT, "JW", limit=200)).json()["items"]}
    assert id not in {each["id"] for each in (await house.get("/opinions", Role.UNIT, "HP", limit=200)).json()["items"]}


async def test_the_same_letter_is_one_opinion_and_another_under_its_number_is_refused(house: Line) -> None:
    given = said()
    first, again = [await post(house, "/opinions", Role.AGENT, **given) for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 201, first.json()["id"])
    assert len(again.json()["steps"]) == 1
    other = await post(house, "/opinions", Role.AGENT, **given | {"question": "另有建议。"})
    assert (other.status_code, other.json()["provision"]) == (409, "Art. 21")


async def test_the_centre_answers_what_concerns_itself_and_another_officer_decides(house: Line) -> None:  # Art. 21
    id = await received(house)
    done = await house.post(f"/opinions/{id}/assign", Role.AGENT, {"unit": "centre"})
    assert done.status_code == 200
    await step(house, id, "answer", Role.SUPERVISOR, answer="样例：已改进。")
    same = await post(house, f"/opinions/{id}/publish", Role.SUPERVISOR, "supervisor-1", version=3)
    assert same.status_code == 403
    other = await post(house, f"/opinions/{id}/publish", Role.SUPERVISOR, "supervisor-2", version=3)
    assert other.status_code == 200


async def test_what_is_worded_for_the_public_another_officer_publishes_as_it_was_read(
    house: Line,
) -> None:  # Art. 15, 21
    id = await answered(house)
    path = f"/opinions/{id}"
    for who, words in (("supervisor-1", "样例一。"), ("supervisor-2", "样例二。")):
        assert (await post(house, f"{path}/reword", Role.SUPERVISOR, who, answer=words)).status_code == 200
    for who, version, status in (("supervisor-2", 5, 403), ("supervisor-1", 4, 412), ("supervisor-1", 5, 200)):
        answer = await post(house, f"{path}/publish", Role.SUPERVISOR, who, version=version)
        assert answer.status_code == status, answer.text
    shown = await public(house, id)
    assert shown is not None
    assert shown["public_answer"] == "样例二。"
    assert [each["words"] for each in answer.json()["steps"] if each["act"] == "reword"] == ["样例一。", "样例二。"]


async def test_a_new_answer_is_worded_anew(house: Line) -> None:  # Art. 21
    id = await answered(house)
    await step(house, id, "reword", Role.AGENT, title="样例", answer="样例：旧。")
    await step(house, id, "send-back", Role.SUPERVISOR, reason="样例。")
    again = await step(house, id, "answer", Role.UNIT, "JW", answer="样例：新。")
    assert (again["public_answer"], again["public_title"]) == ("样例：新。", again["title"])


async def test_nobody_is_assigned_who_is_no_unit(house: Line) -> None:
    id = await received(house)
    refused = await house.post(f"/opinions/{id}/assign", Role.AGENT, {"unit": "NOBODY"})
    assert (refused.status_code, refused.json()["title"]) == (422, "Unknown")


@pytest.mark.parametrize("narrowed", [{"voice": "member"}, {"standing": "assigned"}, {"unit": "JW"}])
async def test_the_list_is_narrowed(house: Line, narrowed: dict[str, str]) -> None:
    one, other = await assigned(house, voice="member"), await received(house, voice="deputy")
    asked: dict[str, Any] = {"limit": 200, **narrowed}
    answer = await house.http.get("/opinions", params=asked, headers=token(Role.OFFICE))
    found = {each["id"] for each in answer.json()["items"]}
    assert one in found
    assert other not in found
