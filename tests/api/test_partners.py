"""Partners over HTTP (Art. 10(3), 20, 24): admitted, recommended, rated, disputed, ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.sweep import PAUSE, Desks, Sweep
from domain.case import File
from domain.credit_code import check_sign
from domain.vocabulary import Role
from settings import Settings
from tests.line import Line, token
from workflows.client import Elsewhere, Later, hand_over, tell, wake

PAPERS = [{"paper": paper, "number": f"样例-{paper}"} for paper in ("registration", "licence", "prices", "pledge")]


def credit_code() -> str:
    """An invented one, with its right last sign."""
    body = f"91120100{int(uuid4().hex[:7], 16):09d}"
    return body + check_sign(body)


def application(**other: Any) -> dict[str, Any]:
    nth = int(uuid4().hex[:7], 16)
    usual = {"zh": f"样例心理服务中心{nth}", "kind": "enterprise", "services": ["comfort"], "phone": f"022{nth:09d}"}
    return usual | {"credit_code": credit_code(), "papers": PAPERS} | other


async def post(house: Line, path: str, role: Role, who: str, unit: str | None = None, **given: Any) -> httpx.Response:
    return await house.http.post(path, json=given, headers=token(role, unit, who))


async def step(house: Line, code: str, act: str, role: Role, who: str = "", **given: Any) -> dict[str, Any]:
    """An act about a partner that must succeed; the partner after it."""
    unit = code if role is Role.PARTNER else None
    done = await post(house, f"/partners/{code}/{act}", role, who or f"{role}-1", unit, **given)
    assert done.status_code == 200, done.text
    found: dict[str, Any] = done.json()
    return found


async def admitted(house: Line, **other: Any) -> str:
    """The code of a new member."""
    made = await post(house, "/partners", Role.CHANNEL, "web", **application(**other))
    assert made.status_code == 201, made.text
    code = str(made.json()["code"])
    await step(house, code, "check", Role.AGENT)
    after = await step(house, code, "admit", Role.SUPERVISOR, reason="样例：材料齐全。")
    assert after["standing"] == "active"
    return code


async def offered(house: Line, number: str, service: str) -> dict[str, Any]:
    made = await house.post(f"/cases/{number}/offers", Role.AGENT, {"service": service})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def swept(record: AsyncEngine, client: Client, queue: str) -> None:
    """What waits was handed over, as by the next sweep."""

    async def begin(file: File) -> None:
        raise Later

    ways = partial(hand_over, client), partial(wake, client), partial(tell, client, queue)
    sweep = Sweep(record, Desks(begin, *ways, Later, Elsewhere))
    await ActivityEnvironment().run(sweep.hand_over_deeds, datetime.now(UTC) + 2 * PAUSE)


async def rated(house: Line, code: str, rating: str = "good", **said: bool) -> tuple[str, int]:
    """A case that this partner did and the person rated; its number, and the entry that holds the rating."""
    number = (await house.register())["number"]
    await house.done(number, "refer", Role.AGENT, lead=code, choice="chosen")
    await house.done(number, "sign", Role.PARTNER, code)
    await house.done(number, "feedback", Role.PARTNER, code, public="样例：已上门。", replied="phone")
    told: dict[str, Any] = {
        "reach": "reached",
        "resolved": True,
        "rating": rating,
        "honest": True,
        "punctual": True,
    } | said
    await house.done(number, "attempt", Role.CALLER, **told)
    entries = (await house.get(f"/cases/{number}/entries", Role.AUDITOR)).json()
    return number, next(entry["seq"] for entry in entries if entry["event"] == "attempt")


async def test_an_enterprise_applies_is_checked_and_admitted_by_another_officer(house: Line) -> None:  # Art. 20
    given = application()
    made = await post(house, "/partners", Role.CHANNEL, "web", **given)
    assert (made.status_code, made.json()["standing"]) == (201, "applied")
    code = made.json()["code"]
    again = await post(house, "/partners", Role.CHANNEL, "web", **given)
    assert again.json()["code"] == code, "the same again is the same one"
    other = await post(house, "/partners", Role.AGENT, "agent-1", **given | {"phone": "02200000010"})
    assert (other.status_code, other.json()["provision"]) == (409, "Art. 20")
    await step(house, code, "check", Role.SUPERVISOR, "supervisor-1")
    same = await post(house, f"/partners/{code}/admit", Role.SUPERVISOR, "supervisor-1", reason="样例。")
    assert same.status_code == 403
    whole = await step(house, code, "admit", Role.SUPERVISOR, "supervisor-2", reason="样例。")
    assert [(s["act"], s["actor"], s["standing"]) for s in whole["steps"]] == [
        ("apply", "web", "applied"),
        ("check", "supervisor-1", "checked"),
        ("admit", "supervisor-2", "active"),
    ]
    units = {unit["code"]: unit for unit in (await house.get("/units", Role.AGENT)).json()}
    assert (units[code]["kind"], units[code]["active"]) == ("partner", True)


@pytest.mark.parametrize(
    "wrong",
    [{"credit_code": "91310000631696382D"}, {"services": []}, {"services": ["rockets"]}, {"districts": ["Paris"]}],
)
async def test_what_is_wrong_with_an_application_is_said(house: Line, wrong: dict[str, Any]) -> None:
    made = await post(house, "/partners", Role.CHANNEL, "web", **application(**wrong))
    assert made.status_code == 422
    assert made.json()["errors"][0]["at"].startswith(f"body.{next(iter(wrong))}")


async def test_only_volunteers_need_no_credit_code(house: Line) -> None:  # Art. 20
    name = f"样例志愿队{uuid4().hex}"
    none = await post(house, "/partners", Role.CHANNEL, "web", **application(credit_code=None, zh=name))
    assert (none.status_code, none.json()["provision"]) == (422, "Art. 20")
    assert await admitted(house, credit_code=None, kind="volunteers", zh=name)


async def test_the_agent_recommends_the_first_of_a_list_and_the_list_stays_on_record(house: Line) -> None:
    """Art. 10(3), 24."""
    code = await admitted(house, services=["law"], districts=["HP"])
    number = (await house.register(district="HP"))["number"]
    offer = await offered(house, number, "law")
    places = {each["code"]: each["place"] for each in offer["ranking"]}
    assert code in places
    weights = [sum(factor["weight"] for factor in each["factors"]) for each in offer["ranking"]]
    assert weights == pytest.approx([1] * len(places))
    first = min(places, key=lambda each: places[each])
    unlisted = await house.act(number, "refer", Role.AGENT, lead=first, choice="recommended")
    assert (unlisted.status_code, unlisted.json()["provision"]) == (422, "Art. 10(3)")
    strange = await house.act(number, "refer", Role.AGENT, lead="P-HOME", choice="chosen", offer=offer["id"])
    assert (strange.status_code, strange.json()["title"]) == (422, "Unknown")
    await house.done(number, "refer", Role.AGENT, lead=first, choice="recommended", offer=offer["id"])
    entry = (await house.get(f"/cases/{number}/entries", Role.AUDITOR)).json()[-1]
    assert entry["detail"].items() >= {"lead": first, "offer": offer["id"], "place": 1}.items()
    kept = (await house.get(f"/cases/{number}/offers", Role.AUDITOR)).json()
    assert kept == [offer]


async def test_a_partner_is_taken_from_the_latest_list_of_this_case(house: Line) -> None:  # Art. 10(3), 24
    await admitted(house, services=["law"], districts=["BC"])
    numbers = [(await house.register(district="BC"))["number"] for _ in range(2)]
    first, other = [await offered(house, number, "law") for number in (numbers[0], numbers[1])]
    again = await offered(house, numbers[0], "law")
    assert [each["code"] for each in again["ranking"]] == [each["code"] for each in first["ranking"]]
    lead = again["ranking"][0]["code"]
    for offer, status in ((other, 422), (first, 409)):
        refused = await house.act(numbers[0], "refer", Role.AGENT, lead=lead, choice="recommended", offer=offer["id"])
        assert refused.status_code == status, refused.text
    key = uuid4().hex
    referred = {"lead": lead, "choice": "recommended", "offer": again["id"]}
    for _ in range(2):
        taken = await house.post(f"/cases/{numbers[0]}/refer", Role.AGENT, referred, **{"Idempotency-Key": key})
        assert taken.status_code == 200, taken.text
    late = await house.post(f"/cases/{numbers[0]}/offers", Role.AGENT, {"service": "law"})
    assert late.status_code == 409, "it is referred already"


async def test_no_list_is_made_of_what_goes_to_no_partner(house: Line) -> None:  # Art. 9 ¶2
    number = (await house.register(report="unlawful"))["number"]
    refused = await house.post(f"/cases/{number}/offers", Role.AGENT, {"service": "law"})
    assert (refused.status_code, refused.json()["provision"]) == (409, "Art. 9 ¶2")


async def test_a_partner_is_ranked_by_what_persons_said_when_they_were_called(house: Line) -> None:  # Art. 13, 24
    """Whoever registered a case knows its tracking code."""
    code = await admitted(house)
    made = await house.register()
    await house.done(made["number"], "refer", Role.AGENT, lead=code, choice="chosen")
    await house.done(made["number"], "sign", Role.PARTNER, code)
    await house.done(made["number"], "feedback", Role.PARTNER, code, public="样例：已上门。", replied="phone")
    said = {"rating": "excellent", "resolved": True, "honest": True, "punctual": True}
    own = {"Tracking-Code": made["tracking_code"]}
    given = await house.http.post(f"/tracking/{made['number']}/rate", json=said, headers=own)
    assert given.status_code == 200, given.text
    found = (await house.get(f"/partners/{code}/scores", Role.ANALYST)).json()
    assert (found["counts"]["referred"], found["counts"]["rated"]) == (1, 0)


async def test_asking_again_makes_it_nobodys_turn(house: Line) -> None:  # Art. 24
    """Every fifth case begins with a newcomer, not every fifth list."""
    await admitted(house, services=["appliances"], districts=["WQ"])
    number = (await house.register(district="WQ"))["number"]
    turns = {(await offered(house, number, "appliances"))["ranking"][0]["turn"] for _ in range(6)}
    assert len(turns) == 1


async def test_a_member_is_amended_by_another_officer_stays_itself_and_in_order(house: Line) -> None:  # Art. 20
    given = application()
    code = await admitted(house, **given)
    more = given | {"services": ["comfort", "care"], "phone": "02200000077"}
    cases = (
        (Role.AGENT, "agent-9", more, 409),
        (Role.SUPERVISOR, "supervisor-1", more, 403),
        (Role.SUPERVISOR, "supervisor-2", more | {"papers": []}, 422),
        (Role.SUPERVISOR, "supervisor-2", more | {"credit_code": credit_code()}, 409),
        (Role.SUPERVISOR, "supervisor-2", more, 200),
    )
    for role, who, said, status in cases:
        answer = await post(house, f"/partners/{code}/amend", role, who, **said)
        assert answer.status_code == status, answer.text
    steps = answer.json()["steps"]
    assert [(step["act"], step["said"] and step["said"]["phone"]) for step in steps] == [
        ("apply", given["phone"]), ("check", None), ("admit", None), ("amend", more["phone"]),
    ]  # fmt: skip


async def test_another_than_the_first_is_recommended_with_the_reason(house: Line) -> None:  # Art. 10(3), 24
    for _ in range(2):
        await admitted(house, services=["care"], districts=["HX"])
    number = (await house.register(district="HX"))["number"]
    offer = await offered(house, number, "care")
    second: dict[str, Any] = {"lead": offer["ranking"][1]["code"], "choice": "recommended", "offer": offer["id"]}
    assert (await house.act(number, "refer", Role.AGENT, **second)).status_code == 422
    assert await house.done(number, "refer", Role.AGENT, **second, reason="样例：首位当日无人。") == "assigned"


async def test_a_list_holds_who_serves_the_district_and_is_active(house: Line) -> None:
    there = await admitted(house, services=["moving"], districts=["NK"])
    elsewhere = await admitted(house, services=["moving"], districts=["HB"])
    number = (await house.register(district="NK"))["number"]
    listed = [each["code"] for each in (await offered(house, number, "moving"))["ranking"]]
    assert there in listed
    assert elsewhere not in listed
    await step(house, there, "suspend", Role.SUPERVISOR, fault="quality", reason="样例。")
    assert there not in [each["code"] for each in (await offered(house, number, "moving"))["ranking"]]
    refused = await house.act(number, "refer", Role.AGENT, lead=there, choice="chosen")
    assert refused.status_code == 422, "who is suspended gets no referral"


async def test_the_callback_asks_for_price_and_punctuality_of_a_partner(house: Line) -> None:  # Art. 13, 24
    code = await admitted(house)
    number = (await house.register())["number"]
    await house.done(number, "refer", Role.AGENT, lead=code, choice="chosen")
    await house.done(number, "feedback", Role.PARTNER, code, public="样例：已上门。", replied="phone")
    bare: dict[str, Any] = {"reach": "reached", "resolved": True, "rating": "good"}
    refused = await house.act(number, "attempt", Role.CALLER, **bare)
    assert (refused.status_code, refused.json()["provision"]) == (422, "Art. 24")
    assert await house.done(number, "attempt", Role.CALLER, **bare, honest=False, punctual=True) == "closed"


async def test_a_quarter_counts_what_persons_said_and_an_excluded_rating_no_more(house: Line) -> None:  # Art. 24
    code = await admitted(house)
    await rated(house, code)
    number, seq = await rated(house, code, "excellent", honest=False)

    async def counts() -> dict[str, int]:
        found = (await house.get(f"/partners/{code}/scores", Role.ANALYST)).json()
        assert {score["fact"] for score in found["scores"]} == {"satisfied", "honest_price", "punctual", "in_time"}
        names = ("referred", "ended", "in_time", "rated", "satisfied", "asked_honest", "honest")
        return {name: found["counts"][name] for name in names}

    both = {"referred": 2, "ended": 2, "in_time": 2, "rated": 2, "satisfied": 2, "asked_honest": 2, "honest": 1}
    assert await counts() == both
    this: dict[str, Any] = {"case_number": number, "seq": seq, "reason": "样例：价格事先说明。"}
    early = await post(house, "/ratings/exclude", Role.SUPERVISOR, "supervisor-1", **this)
    assert early.status_code == 409, "nobody has objected"
    foreign = await post(house, "/ratings", Role.PARTNER, "P-HOME-1", "P-HOME", **this)
    assert foreign.status_code == 404
    made = await post(house, "/ratings", Role.PARTNER, f"{code}-1", code, **this)
    assert (made.status_code, made.json()["standing"]) == (201, "disputed")
    assert await counts() == both, "until it is decided it counts"
    assert (await post(house, "/ratings/exclude", Role.SUPERVISOR, "supervisor-1", **this)).status_code == 200
    assert await counts() == both | {"rated": 1, "satisfied": 1, "asked_honest": 1}
    assert (await post(house, "/ratings/restore", Role.SUPERVISOR, "supervisor-1", **this)).status_code == 200
    assert await counts() == both
    (listed,) = (await house.get("/ratings", Role.PARTNER, code)).json()["items"]
    assert (listed["case_number"], listed["standing"]) == (number, "counted")
    assert (await house.get("/ratings", Role.PARTNER, "P-HOME")).json()["items"] == []


async def test_an_objection_comes_in_time_or_not_at_all(house: Line) -> None:  # Art. 24
    code = await admitted(house)
    number, seq = await rated(house, code)
    house.clock[0] += timedelta(days=30)
    try:
        late = await post(
            house, "/ratings", Role.PARTNER, f"{code}-1", code, case_number=number, seq=seq, reason="样例。"
        )
    finally:
        house.clock[0] -= timedelta(days=30)
    assert (late.status_code, late.json()["provision"]) == (409, "Art. 24")


async def test_a_membership_ends_after_notice_and_a_hearing_and_the_office_hears_the_appeal(house: Line) -> None:
    """Art. 24."""
    given = application()
    code = await admitted(house, **given)
    unfit = await post(house, f"/partners/{code}/notify", Role.SUPERVISOR, "s-1", fault="quality", reason="样例。")
    assert (unfit.status_code, unfit.json()["provision"]) == (422, "Art. 24")
    await step(house, code, "notify", Role.SUPERVISOR, "supervisor-1", fault="consumers", reason="样例：多收费。")
    unheard = await post(house, f"/partners/{code}/terminate", Role.SUPERVISOR, "supervisor-2", reason="样例。")
    assert (unheard.status_code, unheard.json()["provision"]) == (409, "Art. 24")
    await step(house, code, "state", Role.PARTNER, reason="样例：已退款。")
    ended = await step(house, code, "terminate", Role.SUPERVISOR, "supervisor-2", reason="样例。")
    assert (ended["standing"], ended["fault"]) == ("terminated", "consumers")
    await step(house, code, "appeal", Role.PARTNER, reason="样例：处理过重。")
    assert (await step(house, code, "uphold", Role.OFFICE, reason="样例：维持。"))["standing"] == "excluded"
    again = await post(house, "/partners", Role.CHANNEL, "web", **given)
    assert (again.status_code, again.json()["provision"]) == (409, "Art. 24"), "not before two years"


@pytest.mark.parametrize("act", ["suspend", "notify", "leave"])
async def test_what_a_partner_has_in_hand_goes_back_to_the_centre_when_it_is_no_member(
    house: Line, record: AsyncEngine, house_settings: Settings, temporal: WorkflowEnvironment, act: str
) -> None:
    """Art. 15, 24: nor does it learn any more of who asked."""
    code = await admitted(house)
    number = (await house.register(name="张样例", phone="13800000000"))["number"]
    await house.done(number, "refer", Role.AGENT, lead=code, choice="chosen")
    asked = {"purpose": "visit"}
    assert (await house.post(f"/cases/{number}/person", Role.PARTNER, asked, code)).json()["name"] == "张样例"
    why: dict[str, Any] = {"reason": "样例。"} | ({} if act == "leave" else {"fault": "illegal"})
    await step(house, code, act, Role.PARTNER if act == "leave" else Role.SUPERVISOR, **why)
    await swept(record, temporal.client, house_settings.task_queue)
    assert await house.status(number) == "returned"
    assert (await house.post(f"/cases/{number}/person", Role.PARTNER, asked, code)).status_code == 404
    assert (await house.act(number, "sign", Role.PARTNER, code)).status_code == 409
    entry = (await house.get(f"/cases/{number}/entries", Role.AUDITOR)).json()[-1]
    assert (entry["event"], entry["role"], entry["basis"]) == ("recall", "system", "Art. 24")


async def test_whoever_was_excluded_may_not_join_as_volunteers(house: Line) -> None:  # Art. 24
    given = application(zh="样例被除名公司", phone="02200000088")
    code = await admitted(house, **given)
    await step(house, code, "notify", Role.SUPERVISOR, fault="illegal", reason="样例。")
    await step(house, code, "state", Role.PARTNER, reason="样例：无异议。")
    await step(house, code, "terminate", Role.SUPERVISOR, "supervisor-2", reason="样例。")
    await step(house, code, "appeal", Role.PARTNER, reason="样例：不服。")
    await step(house, code, "uphold", Role.OFFICE, reason="样例。")
    for other in ({"phone": "02200000099"}, {"zh": "样例新队"}):
        volunteers = given | {"kind": "volunteers", "credit_code": None} | other
        again = await post(house, "/partners", Role.CHANNEL, "web", **volunteers)
        assert (again.status_code, again.json()["provision"]) == (409, "Art. 24"), again.text


async def test_a_partner_reads_of_itself_only(house: Line) -> None:
    one, other = await admitted(house), await admitted(house)
    assert (await house.get(f"/partners/{one}", Role.PARTNER, one)).status_code == 200
    assert (await house.get(f"/partners/{other}", Role.PARTNER, one)).status_code == 404
    assert [each["code"] for each in (await house.get("/partners", Role.PARTNER, one)).json()["items"]] == [one]


async def test_the_register_is_narrowed(house: Line) -> None:
    code = await admitted(house, services=["vehicles"], districts=["JN"])
    for narrowed in ({"service": "vehicles"}, {"district": "JN"}, {"standing": "active"}):
        found = (await house.get("/partners", Role.AUDITOR, **narrowed, limit=200)).json()["items"]
        assert code in {each["code"] for each in found}, narrowed
    found = (await house.get("/partners", Role.AUDITOR, district="HQ", service="vehicles")).json()["items"]
    assert code not in {each["code"] for each in found}
