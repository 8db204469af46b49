"""Whatever is sent, the API answers in its own words: never a 5xx, errors as problem+json, and nothing quoted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access import tracking_code
from api.acts import BODIES
from api.errors import MEDIA_TYPE
from api.examples import EXAMPLES
from api.rights import ROLES, UNITS
from domain.lifecycle import MOVES
from domain.vocabulary import Act, Role
from tests.line import SECRET, Line, token

SENTINEL = "样例机密原话"
FUZZ = settings(
    deadline=timedelta(seconds=10),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

texts = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(
    ["", "\x00", "\ud800", SENTINEL, "1wd", "0wd", "9999wd", "9999-12-31", "0001-01-01", "2026-02-30", "24:00",
     "WATER", "P-LOCK", "HP.XB", "NOBODY", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "x" * 10_001]
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
FIELDS = sorted(
    {name for shape in BODIES.values() for name in shape.__dataclass_fields__} | set(EXAMPLES[Act.REGISTER])
)


@st.composite
def bodies(draw: st.DrawFn, example: dict[str, Any]) -> Any:
    """An example with fields changed, dropped and added; sometimes anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    body = dict(example)
    for name in draw(st.lists(st.sampled_from(FIELDS) | texts, max_size=3)):
        if draw(st.booleans()):
            body[name] = draw(values)
        else:
            body.pop(name, None)
    return body


async def sent(house: Line, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    """Send a body as raw JSON, and check the answer."""
    content = json.dumps(body).encode()
    response = await house.http.post(path, content=content, headers=headers | {"Content-Type": "application/json"})
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == MEDIA_TYPE
        assert SENTINEL not in response.text
        assert response.json()["status"] == response.status_code
    return response


async def registered(house: Line) -> str:
    """A case in the hands of three units."""
    number: str = (await house.register(matter="issue"))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="JW", assisting=["HP", "WATER"])
    return number


@pytest.fixture
async def open_case(house: Line) -> list[str]:
    """Its last number is that of a case that the units have in hand; a test that moves one on adds another."""
    return [await registered(house)]


@settings(FUZZ, max_examples=100)
@given(body=bodies(EXAMPLES[Act.REGISTER]))
async def test_intake(house: Line, body: Any) -> None:
    assert (await sent(house, "/cases", body, token(Role.CHANNEL))).status_code in (201, 422)


@settings(FUZZ, max_examples=200)
@given(data=st.data())
async def test_acts(house: Line, open_case: list[str], data: st.DataObject) -> None:
    act = data.draw(st.sampled_from(sorted(BODIES)))
    role = data.draw(st.sampled_from(sorted(ROLES[act] - {Role.REQUESTER, Role.SYSTEM})))
    headers = token(role, data.draw(st.sampled_from(["JW", "HP", "WATER"])) if role in UNITS else None)
    body = data.draw(bodies(EXAMPLES[act]))
    done = await sent(house, f"/cases/{open_case[-1]}/{act.value.replace('_', '-')}", body, headers)
    if done.status_code == 200 and done.json()["status"] != "assigned":
        open_case.append(await registered(house))


@settings(FUZZ, max_examples=60)
@given(data=st.data())
async def test_the_persons_acts(house: Line, open_case: list[str], data: st.DataObject) -> None:
    act = data.draw(st.sampled_from(sorted({m.act for m in MOVES if Role.REQUESTER in m.roles})))
    headers = {"Tracking-Code": tracking_code(SECRET, open_case[-1])}
    done = await sent(house, f"/tracking/{open_case[-1]}/{act}", data.draw(bodies(EXAMPLES[act])), headers)
    if done.status_code == 200 and done.json()["status"] != "assigned":
        open_case.append(await registered(house))


@settings(FUZZ, max_examples=60)
@given(body=bodies({"id": "a", "delivered": True}))
async def test_receipts(house: Line, body: Any) -> None:
    assert (await sent(house, "/notices/receipts", body, token(Role.CHANNEL))).status_code in (404, 422)


@settings(FUZZ, max_examples=80)
@given(
    content=st.binary(max_size=60), kind=st.sampled_from(["application/json", "text/json", "", "application/x+json"])
)
async def test_bytes(house: Line, content: bytes, kind: str) -> None:
    response = await house.http.post("/cases", content=content, headers=token(Role.CHANNEL) | {"Content-Type": kind})
    assert (response.status_code, response.headers["content-type"]) == (422, MEDIA_TYPE)


@settings(FUZZ, max_examples=150)
@given(
    path=st.sampled_from(["/cases", "/assignments", "/designations", "/callbacks", "/handovers", "/notices"]),
    params=st.dictionaries(
        st.sampled_from(
            ["status", "matter", "district", "unit", "overdue", "due_by", "limit", "cursor", "state", "due"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(["9999-12-31T23:59:59-23:59"]),
        max_size=3,
    ),
)
async def test_queries(house: Line, path: str, params: dict[str, str]) -> None:
    response = await house.http.get(path, params=params, headers=token(Role.AGENT))
    assert response.status_code in (200, 422), response.text


@settings(FUZZ, max_examples=100)
@given(
    number=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=20),
    part=st.sampled_from(["", "/entries", "/deeds", "/why"]),
)
async def test_numbers(house: Line, number: str, part: str) -> None:
    response = await house.http.get(f"/cases/{quote(number, safe='')}{part}", headers=token(Role.AGENT))
    assert response.status_code < 500, response.text


@settings(FUZZ, max_examples=80)
@given(header=st.binary(max_size=60).filter(lambda raw: not set(raw) & set(b"\x00\r\n")))
async def test_tokens_and_codes(untouched: Line, header: bytes) -> None:
    raw = [(b"Authorization", b"Bearer " + header), (b"Tracking-Code", header), (b"Idempotency-Key", header)]
    try:
        listed = await untouched.http.get("/cases", headers=raw)
    except Exception as error:  # what HTTP itself forbids is not sent
        assert "Illegal header" in str(error)  # noqa: PT017
        return
    assert listed.status_code in (400, 401)
    tracked = await untouched.http.get("/tracking/TJ20990101000001", headers=raw)
    assert tracked.status_code in (400, 404, 422)
