"""Every answer tells the browser to keep nothing and to run nothing, whatever it answers (Art. 15)."""

from __future__ import annotations

import pytest

from api.body import MOST
from api.headers import HEADERS
from domain.vocabulary import Role
from tests.line import Line, token

ANSWERS = {
    "a list": ("GET", "/cases", token(Role.AGENT), 200),
    "an error": ("GET", "/cases/TJ20990101000001", token(Role.AGENT), 404),
    "nobody": ("GET", "/cases", {}, 401),
    "no such page": ("GET", "/nowhere", {}, 404),
    "too much": ("POST", "/cases", token(Role.CHANNEL), 413),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_every_answer_carries_the_headers(house: Line, what: str) -> None:
    method, path, headers, status = ANSWERS[what]
    answer = await house.http.request(
        method, path, headers=headers, content=b" " * (MOST + 1) if status == 413 else None
    )
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


async def test_the_documentation_page_may_load_its_scripts_and_keeps_the_rest(house: Line) -> None:
    answer = await house.http.get("/docs")
    assert answer.status_code == 200
    assert "content-security-policy" not in answer.headers
    assert answer.headers["x-frame-options"] == "DENY"
