"""Acts over HTTP: registered first, carried out once; refused with the provision, on record; their bodies."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from api.access import tracking_code
from api.acts import BODIES
from api.errors import JSON, STATUS_OF
from api.examples import EXAMPLES
from api.rights import ROLES
from domain.lifecycle import acts_open_to
from domain.limits import SHANGHAI
from domain.refusals import REFUSALS
from domain.regulation import Citation
from domain.vocabulary import Act, Role, Status
from settings import Settings
from tests.api.conftest import Stored
from tests.conftest import owning
from tests.line import SECRET, Line, token, unit_for
from workflows.sweep import SweepWorkflow

SENTINEL = "样例机密原话"


async def at_water(house: Line, **facts: Any) -> str:
    """The number of a case in the hands of WATER."""
    number: str = (await house.register(**facts))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    return number


async def deeds(house: Line, number: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.get(f"/cases/{number}/deeds", Role.AGENT)).json()
    return found


async def last_deed(house: Line, number: str, state: str) -> dict[str, Any]:
    """Poll until the last deed is in this state: for what nobody waited for."""
    async with asyncio.timeout(20):
        while (deed := (await deeds(house, number))[-1])["state"] != state:
            await asyncio.sleep(0.02)
    return deed


async def keyed(
    house: Line, number: str, act: str, key: str, role: Role, unit: str | None = None, **body: Any
) -> httpx.Response:
    return await house.post(f"/cases/{number}/{act}", role, body, unit, Idempotency_Key=key)


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    return found


# -- the same key --------------------------------------------------------------------------------------------------------


async def test_the_same_key_gets_the_same_answer_also_after_the_case_moved_on(house: Line) -> None:
    number, key = await at_water(house), uuid4().hex
    first = await keyed(house, number, "sign", key, Role.UNIT, "WATER")
    assert (first.status_code, first.json()["status"]) == (200, "assigned")
    await house.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", replied="phone")
    again = await keyed(house, number, "sign", key, Role.UNIT, "WATER")
    assert (again.status_code, again.json()) == (200, first.json())
    assert [deed["act"] for deed in await deeds(house, number)] == ["transfer", "sign", "feedback"]


async def test_the_same_key_gets_the_same_refusal(house: Line) -> None:
    number, key = await at_water(house), uuid4().hex
    first = await keyed(house, number, "admit", key, Role.UNIT, "WATER")
    assert is_problem(first, 409)["provision"] == "Art. 9 ¶2"
    again = await keyed(house, number, "admit", key, Role.UNIT, "WATER")
    assert (again.status_code, again.json()) == (409, first.json())
    assert [deed["act"] for deed in await deeds(house, number)] == ["transfer", "admit"]


@pytest.mark.parametrize("other", ["another content", "another act", "another case"])
async def test_the_same_key_for_something_else_is_refused(house: Line, stored: Stored, other: str) -> None:
    number, elsewhere, key = await at_water(house), await at_water(house), uuid4().hex
    await keyed(house, number, "explain", key, Role.UNIT, "WATER", reason="等待配件。")
    before = await stored()
    if other == "another content":
        response = await keyed(house, number, "explain", key, Role.UNIT, "WATER", reason=SENTINEL)
    elif other == "another act":
        response = await keyed(house, number, "declare-complex", key, Role.UNIT, "WATER", reason="等待配件。")
    else:
        response = await keyed(house, elsewhere, "explain", key, Role.UNIT, "WATER", reason="等待配件。")
    assert is_problem(response, 422)["title"] == "KeyReused"
    assert SENTINEL not in response.text
    assert await stored() == before


async def test_the_same_key_ten_times_at_once_is_done_once(house: Line) -> None:
    number, key = await at_water(house), uuid4().hex
    acts = (keyed(house, number, "explain", key, Role.UNIT, "WATER", reason="等待配件。") for _ in range(10))
    answers = await asyncio.gather(*acts)
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["deed"] for answer in answers}) == 1
    assert [deed["act"] for deed in await deeds(house, number)] == ["transfer", "explain"]
    entries = (await house.get(f"/cases/{number}/entries", Role.AGENT)).json()
    assert [entry["event"] for entry in entries] == ["register", "transfer", "explain"]
    last = await keyed(house, number, "explain", key, Role.UNIT, "WATER", reason="等待配件。")
    assert (last.status_code, last.json()["status"]) == (200, "assigned")


async def test_two_different_acts_at_once_are_both_done_or_refused_one_after_the_other(house: Line) -> None:
    number = await at_water(house)
    both = (house.act(number, "sign", Role.UNIT, "WATER") for _ in range(2))
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 409]
    assert sorted(deed["state"] for deed in await deeds(house, number)) == ["applied", "applied", "refused"]


# -- refusals ------------------------------------------------------------------------------------------------------------


async def test_each_kind_of_refusal_has_its_status_and_its_provision(house: Line) -> None:
    staff = (await house.register(matter="staff", respondent="HP.XB"))["number"]
    fresh, mine, closed = (await house.register())["number"], await at_water(house), (await house.register())["number"]
    await house.done(closed, "withdraw", Role.AGENT, reason="来电要求撤回。")
    await house.done(fresh, "claim", Role.AGENT)
    house.clock[0] = timedelta(0)
    other = token(Role.SUPERVISOR) | {"Idempotency-Key": uuid4().hex}
    await house.http.post(f"/cases/{fresh}/claim", json={}, headers=other)
    refusals = {
        "NotPermitted": await house.act(mine, "answer", Role.AGENT, public="不能答复。"),
        "OwnCause": await house.act(staff, "transfer", Role.AGENT, lead="HP.XB"),
        "NotYours": await house.act(fresh, "answer", Role.AGENT, public="已被值班长领取。"),
        "Lacking": await house.act(mine, "transfer", Role.AGENT, lead="GAS", assisting=["GAS"]),
        "Unknown": await house.act(mine, "transfer", Role.AGENT, lead="NOBODY"),
    }
    stale = token(Role.AGENT) | {"Idempotency-Key": uuid4().hex, "If-Match": '"1"'}
    refusals["MovedOn"] = await house.http.post(f"/cases/{mine}/correct", json={"urgency": "urgent"}, headers=stale)
    house.clock[0] = timedelta(days=30)
    refusals["TooLate"] = await house.act(mine, "return", Role.UNIT, "WATER", reason="不属于本单位。")
    for kind, response in refusals.items():
        found = is_problem(response, STATUS_OF[REFUSALS[kind]])
        assert (found["title"], found["type"]) == (kind, f"urn:hotline:{kind}")
    assert refusals.keys() == REFUSALS.keys()
    assert refusals["OwnCause"].json() | {"detail": ""} == {
        "type": "urn:hotline:OwnCause",
        "title": "OwnCause",
        "status": 409,
        "detail": "",
        "provision": "Art. 7(4)",
        "provision_zh": "第七条第（四）项",
    }
    late = refusals["TooLate"].json()
    assert (late["provision"], late["provision_zh"]) == ("Art. 11(3)", "第十一条第（三）项")
    assert Citation.parse(late["provision"]).zh() == late["provision_zh"]
    assert "provision" not in refusals["NotYours"].json()  # a rule of the house


async def test_what_is_not_permitted_now_is_refused_with_what_is(house: Line) -> None:
    number = await at_water(house)
    cases: dict[Role, tuple[str, dict[str, str]]] = {
        Role.AGENT: ("answer", {"public": "不能答复。"}),
        Role.CALLER: ("attempt", {"reach": "reached"}),
    }
    for role, (act, body) in cases.items():
        found = is_problem(await house.act(number, act, role, **body), 409)
        assert found["allowed"] == acts_open_to(Status.ASSIGNED, role)
    await house.act(number, "sign", Role.UNIT, "WATER")
    again = is_problem(await house.act(number, "sign", Role.UNIT, "WATER"), 409)
    assert again["allowed"] == [act for act in acts_open_to(Status.ASSIGNED, Role.UNIT) if act is not Act.SIGN]
    code = {"Tracking-Code": tracking_code(SECRET, number)}
    dispute = await house.http.post(f"/tracking/{number}/dispute", json={"reason": "还没修。"}, headers=code)
    assert is_problem(dispute, 409)["allowed"] == ["supplement", "urge", "withdraw"]


async def test_a_unit_whose_part_has_ended_hears_nothing_of_what_may_be_done(house: Line) -> None:
    number = await at_water(house)
    await house.done(number, "recall", Role.AGENT)
    assert is_problem(await house.act(number, "sign", Role.UNIT, "WATER"), 409)["allowed"] == []


async def test_a_case_read_and_acted_on_by_its_version_is_refused_once_somebody_acted(house: Line) -> None:
    number = await at_water(house)
    read = await house.get(f"/cases/{number}", Role.UNIT, "WATER")
    tag = read.headers["ETag"]
    first = await house.post(f"/cases/{number}/sign", Role.UNIT, {}, "WATER", If_Match=tag)
    assert first.status_code == 200, first.text
    second = await house.post(f"/cases/{number}/explain", Role.UNIT, {"reason": "等待。"}, "WATER", If_Match=tag)
    assert is_problem(second, 412)["title"] == "MovedOn"
    fresh = (await house.get(f"/cases/{number}", Role.UNIT, "WATER")).headers["ETag"]
    third = await house.post(f"/cases/{number}/explain", Role.UNIT, {"reason": "等待。"}, "WATER", If_Match=fresh)
    assert third.status_code == 200, third.text


async def test_the_unit_that_an_act_is_about_has_or_had_a_part_in_the_case(house: Line, stored: Stored) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="GAS")
    await house.done(number, "recall", Role.AGENT)
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    before = await stored()
    for unit in ("HEAT", "NOBODY"):
        for act, body in (("supply", {"replied": "phone"}), ("grant", {}), ("deny", {"reason": "不同意。"})):
            refused = await house.post(f"/cases/{number}/{act}", Role.AGENT, {"unit": unit, **body})
            assert is_problem(refused, 422)["title"] == "Unknown", (unit, act)
            assert unit not in refused.text
    assert await stored() == before
    for unit in ("GAS", "WATER"):  # it had one, it has one: what else is wrong, the case says
        refused = await house.post(f"/cases/{number}/supply", Role.AGENT, {"unit": unit, "replied": "phone"})
        assert is_problem(refused, 409)["title"] == "NotPermitted"


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("transfer", {"lead": "NOBODY"}),
        ("transfer", {"lead": "P-LOCK"}),
        ("transfer", {"lead": "WATER", "assisting": ["GAS", "NOBODY"]}),
        ("transfer", {"lead": "WATER", "respondent": "NOBODY"}),
        ("refer", {"lead": "WATER", "choice": "chosen"}),
        ("decline", {"exclusion": "civil", "public": "请另寻途径。", "turn_to": "NOBODY"}),
    ],
)
async def test_a_code_that_no_register_knows_is_named_by_its_field(house: Line, act: str, body: dict[str, Any]) -> None:
    number = (await house.register())["number"]
    refused = await house.post(f"/cases/{number}/{act}", Role.AGENT, body)
    found = is_problem(refused, 422)
    field = next(field for field in ("assisting", "respondent", "turn_to", "lead") if field in body)
    assert (found["title"], found["detail"].split(":")[0]) == ("Unknown", f"`{field}`")
    assert "GET /units" in found["detail"]
    assert "NOBODY" not in refused.text


async def test_an_act_that_needs_no_field_comes_without_a_body(house: Line) -> None:
    number = await at_water(house)
    for act, headers in (("sign", token(Role.UNIT, "WATER")), ("urge", token(Role.AGENT))):
        for more in ({}, {"Content-Type": "application/json"}):
            done = await house.http.post(f"/cases/{number}/{act}", headers=headers | more)
            assert done.status_code == (409 if act == "sign" and more else 200), done.text
    code = {"Tracking-Code": tracking_code(SECRET, number)}
    assert (await house.http.post(f"/tracking/{number}/urge", headers=code)).status_code == 200
    bare = await house.http.post(f"/cases/{number}/explain", headers=token(Role.UNIT, "WATER"))
    assert is_problem(bare, 422)["errors"] == [{"at": "body", "what": JSON}]


async def test_whoever_hands_on_a_withdrawal_says_why(house: Line) -> None:
    for role in (Role.CHANNEL, Role.AGENT, Role.SUPERVISOR):
        number = (await house.register())["number"]
        refused = await house.act(number, "withdraw", role)
        assert is_problem(refused, 422)["title"] == "Lacking"
        assert await house.done(number, "withdraw", role, reason="来电要求撤回。") == "closed"
        case = (await house.get(f"/cases/{number}", Role.AGENT)).json()
        assert ("reason", "来电要求撤回。") in {(note["kind"], note["text"]) for note in case["texts"]}


async def test_a_refused_act_is_on_record_with_what_refused_it(house: Line) -> None:
    number = (await house.register(matter="staff", respondent="HP.XB"))["number"]
    await house.act(number, "transfer", Role.AGENT, lead="HP.XB")
    (kept,) = await deeds(house, number)
    assert (kept["act"], kept["role"], kept["actor"], kept["state"]) == ("transfer", "agent", "agent-1", "refused")
    assert kept["refusal"]["kind"] == "OwnCause"
    assert kept["refusal"]["basis"] == "Art. 7(4)"
    assert datetime.now(UTC) - datetime.fromisoformat(kept["received_at"]) < timedelta(seconds=30)
    entries = (await house.get(f"/cases/{number}/entries", Role.AGENT)).json()
    assert [entry["event"] for entry in entries] == ["register"]


async def test_an_archived_case_refuses_every_act_by_the_table(house: Line) -> None:
    number = await at_water(house)
    await house.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", replied="phone")
    await house.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    await house.until(number, "archived")
    response = await house.act(number, "urge", Role.AGENT)
    assert is_problem(response, 409)["title"] == "NotPermitted"
    assert (await last_deed(house, number, "refused"))["act"] == "urge"


async def test_an_act_on_no_case_is_404(untouched: Line) -> None:
    for act in BODIES:
        role = min(ROLES[act] - {Role.REQUESTER, Role.SYSTEM})
        path = f"/cases/TJ20990101000001/{act.value.replace('_', '-')}"
        named = EXAMPLES[act] | ({"lead": "P-LOCK"} if act is Act.REFER else {})
        response = await untouched.post(path, role, named, unit_for(role))
        assert is_problem(response, 404)["title"] == "NoSuchCase", act


async def test_whose_act_it_is_says_the_token_and_never_the_body(house: Line) -> None:
    number = await at_water(house)
    response = await house.post(f"/cases/{number}/sign", Role.UNIT, {"unit": "GAS", "actor": "agent-1"}, "WATER")
    assert is_problem(response, 422)["errors"]


# -- bodies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", BODIES)
async def test_an_unknown_field_is_refused_in_every_act(untouched: Line, act: Act) -> None:
    role = min(ROLES[act] - {Role.REQUESTER, Role.SYSTEM})
    path = f"/cases/TJ20990101000001/{act.value.replace('_', '-')}"
    body = EXAMPLES[act] | {"colour": SENTINEL}
    response = await untouched.post(path, role, body, unit_for(role))
    assert is_problem(response, 422)["errors"][0]["at"] == "body.?"
    assert not [word for word in ("colour", SENTINEL) if word in response.text]


NOT_A_LIMIT = [
    "0wd",
    "0h",
    "00h",
    "1",
    "wd",
    "-1wd",
    "1.5h",
    "10000wd",
    "1 wd",
    "1wd\n",
    "１wd",
    "1WD",
    SENTINEL,
    5,
    ["1wd"],
]
NOT_A_DAY = ["2026-02-30", "9999-12-31", "1999-12-31", "2100-01-01", "0000-01-01", "tomorrow", SENTINEL, True, 1e400]
WRONG: dict[str, list[tuple[str, Role, dict[str, Any]]]] = {
    "limits": [("transfer", Role.AGENT, {"lead": "WATER", "term": term}) for term in NOT_A_LIMIT],
    "days": [
        *(("request-extension", Role.UNIT, {"until": day, "reason": "等待。"}) for day in NOT_A_DAY),
        *(("grant", Role.AGENT, {"unit": "WATER", "until": day}) for day in NOT_A_DAY),
    ],
    "units": [
        ("transfer", Role.AGENT, {"lead": "NOBODY"}),
        ("transfer", Role.AGENT, {"lead": "WATER", "assisting": ["NOBODY"]}),
        ("transfer", Role.AGENT, {"lead": "WATER", "respondent": "NOBODY"}),
        ("transfer", Role.AGENT, {"lead": "P-LOCK"}),
        ("transfer", Role.AGENT, {"lead": "WATER", "assisting": ["P-LOCK"]}),
        ("transfer", Role.AGENT, {"lead": SENTINEL}),
        ("transfer", Role.AGENT, {"lead": "water"}),
        ("transfer", Role.AGENT, {"lead": ""}),
        ("refer", Role.AGENT, {"lead": "WATER", "choice": "chosen"}),
        ("refer", Role.AGENT, {"lead": "NOBODY", "choice": "chosen"}),
        ("correct", Role.AGENT, {"respondent": "NOBODY"}),
        ("decline", Role.AGENT, {"exclusion": "civil", "public": "请另寻途径。", "turn_to": "NOBODY"}),
        ("decline", Role.AGENT, {"exclusion": "civil", "public": "请另寻途径。", "turn_to": "military"}),
    ],
    "words": [
        ("answer", Role.AGENT, {}),
        ("answer", Role.AGENT, {"public": ""}),
        ("answer", Role.AGENT, {"public": " \u3000"}),
        ("answer", Role.AGENT, {"public": SENTINEL + "\x00"}),
        ("answer", Role.AGENT, {"public": SENTINEL + "字" * 10_000}),
        ("return", Role.UNIT, {}),
        ("explain", Role.UNIT, {"reason": "\t"}),
        ("cease", Role.AGENT, {"procedure": "litigation"}),
    ],
    "codes": [
        ("decline", Role.AGENT, {"exclusion": SENTINEL, "public": "不受理。"}),
        ("cease", Role.AGENT, {"procedure": SENTINEL, "reason": "已起诉。"}),
        ("correct", Role.AGENT, {"matter": SENTINEL}),
        ("attempt", Role.CALLER, {"reach": SENTINEL}),
        ("attempt", Role.CALLER, {"reach": "reached", "resolved": SENTINEL}),
        ("rate", Role.CHANNEL, {"rating": SENTINEL}),
        ("feedback", Role.UNIT, {"public": "已修好。", "replied": SENTINEL}),
    ],
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_body_is_refused_before_anything_is_on_record(house: Line, stored: Stored, what: str) -> None:
    number = await at_water(house)
    before = await stored()
    for act, role, body in WRONG[what]:
        content = json.dumps(body).encode()
        headers = token(role, unit_for(role)) | {"Content-Type": "application/json"}
        response = await house.http.post(f"/cases/{number}/{act}", content=content, headers=headers)
        is_problem(response, 422)
        assert not [word for word in (SENTINEL, "NOBODY", "10000wd") if word in response.text], (act, body)
    assert await stored() == before


async def test_an_extension_is_a_day_after_the_present_one(house: Line) -> None:
    number = await at_water(house)
    why = (await house.get(f"/cases/{number}/why", Role.AGENT)).json()
    last = next(date.fromisoformat(c["derivation"]["last_day"]) for c in why if c["clock"] == "handling")
    same = await house.act(number, "request-extension", Role.UNIT, "WATER", until=last.isoformat(), reason="等待。")
    assert is_problem(same, 422)["title"] == "Lacking"
    later = (last + timedelta(days=1)).isoformat()
    await house.done(number, "request-extension", Role.UNIT, "WATER", until=later, reason="等待。")
    grant = f"/cases/{number}/grant"
    earlier = await house.post(grant, Role.AGENT, {"unit": "WATER", "until": last.isoformat()})
    assert is_problem(earlier, 422)["title"] == "Lacking"
    assert (await house.post(grant, Role.AGENT, {"unit": "WATER"})).status_code == 200
    (due,) = [
        c["due"] for c in (await house.get(f"/cases/{number}", Role.AGENT)).json()["clocks"] if c["clock"] == "handling"
    ]
    assert datetime.fromisoformat(due).astimezone(SHANGHAI).isoformat() == f"{last + timedelta(days=2)}T00:00:00+08:00"


async def test_a_limit_that_the_centre_names_is_kept_to(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", term="90min", reason="限时办结。")
    why = (await house.get(f"/cases/{number}/why", Role.AGENT)).json()
    handling = next(c for c in why if c["clock"] == "handling")
    assert handling["term"] == "90min"
    length = datetime.fromisoformat(handling["due"]) - datetime.fromisoformat(handling["start"])
    assert length == timedelta(minutes=90)


async def test_a_partner_gets_a_referral_and_a_unit_a_transfer(house: Line) -> None:  # Art. 10(2), (3)
    number = (await house.register())["number"]
    assert await house.done(number, "refer", Role.AGENT, lead="P-LOCK", choice="chosen") == "assigned"
    (part,) = (await house.get(f"/cases/{number}", Role.AGENT)).json()["assignments"]
    assert (part["unit"], part["part"], part["choice"]) == ("P-LOCK", "partner", "chosen")


# -- without waiting -----------------------------------------------------------------------------------------------------


async def asynchronously(house: Line, number: str, act: str, unit: str = "WATER", **body: Any) -> httpx.Response:
    return await house.post(f"/cases/{number}/{act}", Role.UNIT, body, unit, Prefer="respond-async")


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("feedback", {"public": "已修好。", "replied": "phone"}, "callback"),
        ("return", {"reason": "不属于。"}, "returned"),
    ],
)
async def test_a_unit_that_does_not_wait_hears_202_and_it_is_done(
    house: Line, act: str, body: dict[str, str], status: str
) -> None:
    number = await at_water(house)
    response = await asynchronously(house, number, act, **body)
    assert response.status_code == 202
    assert (response.json()["state"], response.json()["status"]) == ("received", None)
    assert response.headers["Location"] == f"/cases/{number}/deeds"
    assert await house.until(number, status) == status
    deed = await last_deed(house, number, "applied")
    assert (deed["id"], deed["act"]) == (response.json()["deed"], act)


async def test_other_acts_are_waited_for_whatever_the_client_prefers(house: Line) -> None:
    number = await at_water(house)
    assert (await asynchronously(house, number, "sign")).status_code == 200


async def test_a_late_return_that_nobody_waits_for_is_a_refusal_on_record(house: Line) -> None:  # Art. 11(3)
    number = await at_water(house)
    house.clock[0] = timedelta(days=30)
    assert (await asynchronously(house, number, "return", reason="不属于本单位。")).status_code == 202
    kept = await last_deed(house, number, "refused")
    assert (kept["refusal"]["kind"], kept["refusal"]["basis"]) == ("TooLate", "Art. 11(3)")
    assert await house.status(number) == "assigned"


async def test_a_result_for_a_case_withdrawn_meanwhile_is_a_refusal_on_record(house: Line) -> None:
    number = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "recall", Role.AGENT)
    assert (await asynchronously(house, number, "feedback", public="已修好。")).status_code == 202
    kept = await last_deed(house, number, "refused")
    assert kept["refusal"]["kind"] == "NotPermitted"
    assert await house.status(number) == "returned"


async def test_a_signal_lost_on_an_archived_case_is_refused_by_the_sweep(
    house: Line, temporal: WorkflowEnvironment, house_settings: Settings, record: AsyncEngine
) -> None:
    number = await at_water(house)
    await house.done(number, "feedback", Role.UNIT, "WATER", public="已修好。", replied="phone")
    await house.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    await house.until(number, "archived")
    async with owning(record) as conn:  # what an earlier test left waiting is not this test's
        await conn.execute(text("DELETE FROM deeds WHERE state = 'received'"))
    house.clock[0] = timedelta(seconds=-10)  # old enough for the sweep
    assert (await asynchronously(house, number, "feedback", public="迟到的结果。")).status_code == 202
    assert (await deeds(house, number))[0]["state"] == "received"
    queue = house_settings.task_queue
    await temporal.client.execute_workflow(SweepWorkflow.run, id=f"sweep-{uuid4().hex}", task_queue=queue)
    assert next(d for d in await deeds(house, number) if d["state"] == "refused")["refusal"]["kind"] == "NotPermitted"


@pytest.mark.parametrize("prefer", ["Respond-Async", "respond-async, wait=5", "wait=5,respond-async;foo=1"])
async def test_a_preference_is_read_as_rfc_7240_writes_it(house: Line, prefer: str) -> None:
    number = await at_water(house)
    body = {"public": "已修好。", "replied": "phone"}
    answer = await house.post(f"/cases/{number}/feedback", Role.UNIT, body, "WATER", Prefer=prefer)
    assert (answer.status_code, answer.headers["location"]) == (202, f"/cases/{number}/deeds")


async def test_the_same_key_without_waiting_is_done_once(house: Line) -> None:
    number, key = await at_water(house), uuid4().hex
    path, body = f"/cases/{number}/feedback", {"public": "已修好。", "replied": "phone"}
    for _ in range(3):
        await house.post(path, Role.UNIT, body, "WATER", Idempotency_Key=key, Prefer="respond-async")
    await house.until(number, "callback")
    answer = await house.post(path, Role.UNIT, body, "WATER", Idempotency_Key=key, Prefer="respond-async")
    assert (answer.status_code, answer.json()["state"], answer.json()["status"]) == (200, "applied", "callback")
    assert [deed["act"] for deed in await deeds(house, number)] == ["transfer", "feedback"]
