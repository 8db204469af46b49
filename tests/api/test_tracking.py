"""The requester's own door: by number and a code in a header, never in the URL; what the person reads and may do."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.access import tracking_code
from api.acts import BODIES
from api.app import create_app
from api.examples import EXAMPLES
from domain.acceptance import ELSEWHERE
from domain.lifecycle import MOVES
from domain.vocabulary import Act, Exclusion, Role
from tests.api.conftest import Stored
from tests.line import SECRET, Line, settings_for, token

OPEN_TO_PERSON = sorted({m.act for m in MOVES if Role.REQUESTER in m.roles})


async def track(house: Line, number: str, code: str | None = None) -> httpx.Response:
    code = tracking_code(SECRET, number) if code is None else code
    return await house.http.get(f"/tracking/{number}", headers={"Tracking-Code": code})


async def person(house: Line, number: str, act: str, key: str | None = None, **body: Any) -> httpx.Response:
    headers = {"Tracking-Code": tracking_code(SECRET, number)} | ({"Idempotency-Key": key} if key else {})
    return await house.http.post(f"/tracking/{number}/{act}", json=body, headers=headers)


async def test_the_requester_sees_where_it_stands_what_was_replied_and_what_they_may_do(house: Line) -> None:
    given = await house.register(matter="consultation")
    number = given["number"]
    seen = (await track(house, number, given["tracking_code"])).json()
    assert (seen["number"], seen["status"], seen["status_zh"]) == (number, "registered", "已登记")
    assert seen["due_at"] == given["by"]
    assert {text["text"] for text in seen["texts"]} == {"样例路12号门前的路灯不亮。"}
    await house.done(number, "answer", Role.AGENT, public="请到窗口办理。", internal="不给本人看。")
    seen = (await track(house, number)).json()
    assert set(seen["acts"]) == {"rate", "supplement", "urge", "withdraw"}
    assert [(line["event"], line["basis"]) for line in seen["history"]] == [
        ("register", "Art. 9 ¶1"),
        ("answer", "Art. 10(1)"),
    ]
    assert {text["text"] for text in seen["texts"]} == {"样例路12号门前的路灯不亮。", "请到窗口办理。"}
    assert (await person(house, number, "rate", rating="good")).json()["status"] == "closed"
    seen = (await track(house, number)).json()
    assert (seen["outcome"], seen["outcome_zh"]) == ("answered", "直接答复")


async def test_a_text_that_came_with_a_refused_act_is_no_reply(house: Line) -> None:
    number = (await house.register(report="action", matter="issue"))["number"]
    refused = await house.act(number, "answer", Role.AGENT, public="这不是答复。")  # Art. 9 ¶2
    assert refused.status_code == 409
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "recall", Role.AGENT)
    assert (await house.act(number, "feedback", Role.UNIT, "WATER", public="迟到的答复。")).status_code == 409
    texts = (await track(house, number)).json()["texts"]
    assert [text["kind"] for text in texts] == ["request"]
    assert "这不是答复。" not in {n["text"] for n in (await house.get(f"/cases/{number}", Role.AGENT)).json()["texts"]}


async def test_the_requester_does_not_see_the_centres_own_steps_nor_who_took_them(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "claim", Role.AGENT)
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "explain", Role.UNIT, "WATER", reason="只给中心的理由。")
    page = await track(house, number)
    assert [line["event"] for line in page.json()["history"]] == ["register", "transfer"]
    assert not [word for word in ("只给中心的理由", "agent-1", "WATER-1", "19900000001") if word in page.text]


async def test_a_wrong_code_and_an_unknown_number_are_the_same_404(house: Line) -> None:
    number = (await house.register())["number"]
    other = (await house.register())["number"]
    nowhere = "TJ20990101000001"
    answers = [
        await track(house, number, "AAAAAAAAAAAAAAAA"),
        await track(house, number, tracking_code(SECRET, other)),
        await track(house, nowhere, tracking_code(SECRET, number)),
        await track(house, nowhere),  # the right code of a number that was never given
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}


async def test_the_code_is_read_as_people_type_it(house: Line) -> None:
    number = (await house.register())["number"]
    assert (await track(house, number, tracking_code(SECRET, number).lower())).status_code == 200


@pytest.mark.parametrize("code", ["", "SHORT", "A" * 41])
async def test_what_is_no_code_is_422_and_not_quoted(house: Line, code: str) -> None:
    number = (await house.register())["number"]
    response = await track(house, number, code)
    assert response.status_code == 422
    assert not code or code not in response.text


async def test_the_code_does_not_count_in_the_url(house: Line) -> None:
    given = await house.register()
    url, code = f"/tracking/{given['number']}", given["tracking_code"]
    for params in ({"Tracking-Code": code}, {"tracking_code": code}, {"code": code}):
        assert (await house.http.get(url, params=params)).status_code == 422
    assert (await house.http.get(f"{url}/{code}")).status_code in (404, 405)


def test_no_route_takes_a_code_in_its_url() -> None:
    paths = create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi()["paths"]
    assert paths.pop("/signin/callback")  # the provider's code, which serves once and says nothing of a case
    for path, operations in paths.items():
        for operation in operations.values():
            named = {p["name"].lower() for p in operation.get("parameters", []) if p["in"] in ("path", "query")}
            assert not [name for name in named if "code" in name or "track" in name], path


async def test_a_token_does_not_open_the_door(house: Line) -> None:
    number = (await house.register())["number"]
    for headers in (token(Role.AGENT), token(Role.SUPERVISOR)):
        assert (await house.http.get(f"/tracking/{number}", headers=headers)).status_code == 422


async def test_every_act_of_the_person_goes_by_the_code_and_only_by_it(house: Line, stored: Stored) -> None:
    number = (await house.register())["number"]
    other = tracking_code(SECRET, (await house.register())["number"])
    before = await stored()
    for act in OPEN_TO_PERSON:
        url = f"/tracking/{number}/{act}"
        wrong = await house.http.post(url, json=EXAMPLES[act], headers={"Tracking-Code": other})
        assert wrong.status_code == 404, act
        assert (await house.http.post(url, json=EXAMPLES[act])).status_code == 422
    for act in set(BODIES) - set(OPEN_TO_PERSON):
        code = {"Tracking-Code": tracking_code(SECRET, number)}
        response = await house.http.post(f"/tracking/{number}/{act}", json=EXAMPLES[act], headers=code)
        assert response.status_code == 404, act
    assert await stored() == before


async def test_the_person_supplements_urges_withdraws_and_disputes(house: Line) -> None:
    number = (await house.register())["number"]
    assert (await person(house, number, "supplement", request="就在路口东侧。")).json()["status"] == "registered"
    assert (await person(house, number, "urge")).json()["status"] == "registered"
    assert (await person(house, number, "withdraw")).json()["status"] == "closed"
    late = await person(house, number, "dispute", reason="我改变主意了。")
    assert late.status_code == 409  # what the person withdrew, the person does not dispute
    seen = (await track(house, number)).json()
    assert [line["event"] for line in seen["history"]][:4] == ["register", "supplement", "urge", "withdraw"]
    assert "就在路口东侧。" in {text["text"] for text in seen["texts"]}
    deeds = (await house.get(f"/cases/{number}/deeds", Role.AGENT)).json()
    assert {(deed["role"], deed["actor"]) for deed in deeds} == {("requester", f"requester:{number}")}


@pytest.mark.parametrize("reason", [{}, {"reason": "不用了。"}], ids=["none", "one"])
async def test_the_person_owes_no_reason_for_a_withdrawal(reason: dict[str, str], house: Line) -> None:
    number = (await house.register())["number"]
    assert (await person(house, number, "withdraw", **reason)).json()["status"] == "closed"


async def test_whoever_is_declined_sees_where_to_turn(house: Line) -> None:  # Art. 8, 10(4)
    for turn_to, zh, en in (
        (None, ELSEWHERE[Exclusion.CIVIL].zh, ELSEWHERE[Exclusion.CIVIL].en),
        ("GA", "市公安局", "Public Security Bureau"),
    ):
        number = (await house.register())["number"]
        seen = (await track(house, number)).json()
        assert (seen["turn_to"], seen["turn_to_zh"]) == (None, None)
        where = {"turn_to": turn_to} if turn_to else {}
        await house.done(number, "decline", Role.AGENT, exclusion="civil", public="属于民事纠纷。", **where)
        seen = (await track(house, number)).json()
        assert (seen["outcome"], seen["turn_to"], seen["turn_to_zh"]) == ("declined", en, zh)
        await person(house, number, "dispute", reason="不是民事纠纷。")
        assert (await track(house, number)).json()["turn_to"] is None  # it is looked at again


async def test_whoever_is_in_danger_sees_at_once_where_to_turn(house: Line) -> None:  # Art. 8(1)
    number = (await house.register(emergency=True))["number"]
    first = (await track(house, number)).json()
    assert "110" in first["turn_to"]
    assert first["turn_to_zh"] == ELSEWHERE[Exclusion.EMERGENCY].zh
    await house.until(number, "closed", "archived")
    assert (await track(house, number)).json()["turn_to"] == first["turn_to"]


async def test_the_persons_key_counts_for_that_person(house: Line) -> None:
    one, other, key = (await house.register())["number"], (await house.register())["number"], uuid4().hex
    first = await asyncio.gather(*(person(house, one, "urge", key) for _ in range(5)))
    assert len({answer.json()["deed"] for answer in first}) == 1
    assert (await person(house, other, "urge", key)).json()["deed"] != first[0].json()["deed"]
    assert (await house.get(f"/cases/{one}", Role.AGENT)).json()["urges"] == 1


async def test_what_the_person_believes_is_queued_and_nobody_clears_it(house: Line) -> None:  # Art. 9 ¶3
    number = (await house.register(matter="issue"))["number"]
    await person(house, number, "supplement", request="执法侵犯了我的权益。", infringement=True)
    await person(house, number, "supplement", request="再说一次。", infringement=True)
    queue = (await house.get("/handovers", Role.AGENT, limit=200)).json()["items"]
    (raised,) = [item for item in queue if item["case_number"] == number]
    assert (raised["basis"], raised["state"]) == ("Art. 9 ¶3", "waiting")
    cleared = await house.act(number, "correct", Role.SUPERVISOR, infringement=False)
    assert (cleared.status_code, cleared.json()["provision"]) == (403, "Art. 9 ¶3")
    assert (await house.get(f"/cases/{number}", Role.AGENT)).json()["infringement"] is True


def test_what_the_person_may_do_is_what_the_table_says() -> None:
    paths = create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi()["paths"]
    posted = {p.split("/")[-1] for p in paths if p.startswith("/tracking/{number}/") and "post" in paths[p]}
    assert posted - {"uploads", "erasure", "consent"} == set(OPEN_TO_PERSON)  # three that are no act of the case
    assert set(OPEN_TO_PERSON) == {Act.RATE, Act.SUPPLEMENT, Act.URGE, Act.WITHDRAW, Act.DISPUTE}
