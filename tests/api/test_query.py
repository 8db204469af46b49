"""A query parameter that a path does not have is an error that names those which it has, and quotes nothing."""

from __future__ import annotations

import pytest

from api.access import tracking_code
from domain.vocabulary import Role
from tests.line import SECRET, Line, token


@pytest.mark.parametrize(
    ("path", "exist"),
    [
        ("/cases", "status, matter, district, channel, unit, holder, joint, overdue, due_today, due_by, limit, cursor"),
        ("/assignments", "unit, active, limit, cursor"),
        ("/callbacks", "due, limit, cursor"),
    ],
)
async def test_a_slip_in_a_filter_is_told_which_filters_exist(untouched: Line, path: str, exist: str) -> None:
    response = await untouched.http.get(path, params={"stauts": "样例机密", "limit": 1}, headers=token(Role.AGENT))
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert response.json()["errors"] == [{"at": "query.?", "what": f"no such parameter; there are: {exist}"}]
    assert not [word for word in ("stauts", "样例机密") if word in response.text]


async def test_a_path_without_parameters_takes_none(house: Line) -> None:
    number = (await house.register())["number"]
    headers = token(Role.AGENT) | {"Tracking-Code": tracking_code(SECRET, number)}
    for path in ("/health", "/vocabulary", "/units", f"/cases/{number}", f"/cases/{number}/why", f"/tracking/{number}"):
        assert (await house.http.get(path, headers=headers)).status_code == 200
        refused = await house.http.get(path, params={"x": "1"}, headers=headers)
        assert refused.status_code == 422
        assert refused.json()["errors"] == [{"at": "query.?", "what": "this path takes no parameters"}]
    acts = await house.http.post(f"/cases/{number}/claim", params={"x": "1"}, headers=headers)
    assert acts.status_code == 422
    assert (await house.http.get(f"/cases/{number}/deeds", headers=headers)).json() == []
