"""The description of the API: complete, in our own words, and true of what the API answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.acts import BODIES
from api.app import create_app
from api.errors import MEDIA_TYPE
from api.examples import EXAMPLES
from api.fields import FIELDS
from api.rights import ROLES
from domain.vocabulary import Act, Role
from tests.line import Line, settings_for, token

SPEC: dict[str, Any] = create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi()
REPETITION = ("Successful Response", "Validation Error", "Additional Response")


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


ALL = dict(operations())


def schema(found: dict[str, Any]) -> Draft202012Validator:
    """A validator for a schema of the description."""
    return Draft202012Validator(found | {"components": SPEC["components"]})


def contents(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema below."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from contents(child)
    elif isinstance(node, list):
        for child in node:
            yield from contents(child)


def test_every_act_and_every_list_is_described() -> None:
    for act in BODIES:
        assert f"POST /cases/{{number}}/{act.value.replace('_', '-')}" in ALL
    for path in ("", "/{number}", "/{number}/entries", "/{number}/deeds", "/{number}/why"):
        assert f"GET /cases{path}" in ALL
    for path in ("assignments", "designations", "callbacks", "handovers", "notices", "units", "vocabulary", "health"):
        assert f"GET /{path}" in ALL
    assert {
        "POST /cases",
        "POST /notices/receipts",
        "GET /tracking/{number}",
        "POST /tracking/{number}/rate",
    } <= ALL.keys()


@pytest.mark.parametrize("name", ALL)
def test_a_route_says_what_it_is_for_and_what_it_answers(name: str) -> None:
    operation = ALL[name]
    assert operation["tags"]
    assert "·" in operation["summary"]  # in both languages
    assert operation["description"].strip()
    for status, answer in operation["responses"].items():
        assert answer["description"] not in REPETITION, status
        kinds = answer.get("content", {})
        if int(status) >= 400:
            assert kinds == {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}, status
        elif status not in ("204", "302"):
            media = "application/octet-stream" if name.endswith("/attachments/{id}") else "application/json"
            assert list(kinds) == [media]
            assert kinds[media]["schema"] not in ({}, {"type": "object"}), status
    for parameter in operation.get("parameters", ()):
        assert parameter["schema"], parameter["name"]


def test_every_field_and_every_parameter_says_what_it_means_in_one_line() -> None:
    said = {
        f"{name}.{field}": found.get("description", "")
        for name, shape in SPEC["components"]["schemas"].items()
        for field, found in shape.get("properties", {}).items()
    } | {
        f"{name} {parameter['name']}": parameter.get("description", "")
        for name, operation in ALL.items()
        for parameter in operation.get("parameters", ())
    }
    assert len(said) > 300
    for where, meaning in said.items():
        assert meaning.strip(), where
        assert "\n" not in meaning, where


def test_no_line_about_a_field_is_without_its_field() -> None:
    named = {
        f"{name}.{field}"
        for name, shape in SPEC["components"]["schemas"].items()
        for field in shape.get("properties", {})
    }
    general = {name.split(".")[1] for name in named if name not in FIELDS}
    assert {name for name in FIELDS if name not in named | general} == set()


def test_names_of_operations_are_unique_and_readable() -> None:
    names = [operation["operationId"] for operation in ALL.values()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_errors_are_ours_and_not_the_frameworks() -> None:
    assert not {"HTTPValidationError", "ValidationError"} & SPEC["components"]["schemas"].keys()
    assert set(SPEC["components"]["schemas"]["Problem"]["required"]) == {"type", "title", "status", "detail"}


def test_whoever_needs_a_token_or_a_code_may_hear_that_it_is_not_valid() -> None:
    for name, operation in ALL.items():
        needs_code = any(p["name"] == "Tracking-Code" and p["required"] for p in operation.get("parameters", ()))
        assert ("401" in operation["responses"]) is ("security" in operation or name == "GET /signin/callback"), name
        assert needs_code is ("/tracking" in name), name
        if "{number}" in name:
            assert "404" in operation["responses"], name
        if name not in ("GET /health", "GET /vocabulary"):
            assert "503" in operation["responses"], name
        if "requestBody" in operation:
            assert {"413", "422"} <= operation["responses"].keys(), name


def test_a_channel_may_bring_the_persons_code_and_nobody_else_is_asked_for_it() -> None:
    for act in BODIES:
        operation = ALL[f"POST /cases/{{number}}/{act.value.replace('_', '-')}"]
        code = [p for p in operation["parameters"] if p["name"] == "Tracking-Code"]
        assert [(p["in"], p["required"]) for p in code] == [("header", False)] * (Role.CHANNEL in ROLES[act]), act


def test_the_version_that_was_read_is_described() -> None:
    answer = ALL["GET /cases/{number}"]["responses"]["200"]
    assert answer["headers"]["ETag"]["schema"]["type"] == "string"
    assert answer["description"] == "The case, as far as the caller may see it."
    transfer = ALL["POST /cases/{number}/transfer"]
    assert "If-Match" in {parameter["name"] for parameter in transfer["parameters"]}


def test_every_body_has_an_example_that_fits_it() -> None:
    bodies = {name: operation["requestBody"] for name, operation in ALL.items() if "requestBody" in operation}
    assert len(bodies) > len(BODIES), "every act, and what is no act"
    for name, body in bodies.items():
        (content,) = body["content"].values()
        assert "example" in content, name
        schema(content["schema"]).validate(content["example"])
    assert EXAMPLES.keys() == {*BODIES, Act.REGISTER}


def test_every_reference_leads_somewhere() -> None:
    for node in contents(SPEC):
        if isinstance(reference := node.get("$ref"), str):
            assert reference.removeprefix("#/components/schemas/") in SPEC["components"]["schemas"]


def test_a_body_takes_no_other_fields_than_those_described() -> None:
    for name, operation in ALL.items():
        if json := operation.get("requestBody", {}).get("content", {}).get("application/json"):
            reference = json["schema"]["$ref"]
            assert SPEC["components"]["schemas"][reference.split("/")[-1]]["additionalProperties"] is False, name


def test_only_a_body_that_must_hold_something_must_be_sent() -> None:
    bodies = {name: operation["requestBody"] for name, operation in ALL.items() if "requestBody" in operation}
    optional = {name for name, body in bodies.items() if not body.get("required")}
    acts = {"claim", "release", "correct", "recall", "approve", "supply", "sign", "admit", "urge", "withdraw"}
    joint = {f"POST /joints/{{id}}/{act}" for act in ("recall", "approve", "sign")}
    assert optional == joint | {f"POST /cases/{{number}}/{act}" for act in acts} | {
        f"POST /tracking/{{number}}/{act}" for act in ("urge", "withdraw")
    }


def test_202_says_where_to_look() -> None:
    for name, operation in ALL.items():
        if answer := operation["responses"].get("202"):
            assert "Location" in answer["headers"], name
            place = "GET /joints/{id}" if "/joints/" in name else "GET /cases/{number}/deeds"
            assert place in answer["description"], name


async def test_what_the_api_answers_is_as_described(house: Line) -> None:
    given = await house.register(matter="issue", name="张样例", infringement=True, created="2026-03-01T08:00:00+08:00")
    number = given["number"]
    schema(ALL["POST /cases"]["responses"]["201"]["content"]["application/json"]["schema"]).validate(given)
    await house.done(number, "transfer", Role.AGENT, lead="WATER", assisting=["GAS"])
    until = {"until": "2027-03-01", "reason": "等待配件。"}
    await house.done(number, "request-extension", Role.UNIT, "WATER", **until)
    assert (await house.post(f"/cases/{number}/grant", Role.AGENT, {"unit": "WATER"})).status_code == 200
    await house.act(number, "sign", Role.UNIT, "WATER")
    refused = await house.act(number, "sign", Role.UNIT, "WATER")
    for name, operation in ALL.items():
        method, path = name.split(" ")
        elsewhere = path.startswith("/signin") or path.endswith(("/archive", "{id}"))
        if method != "GET" or elsewhere:  # tests/api/test_browser.py, test_archive.py, test_attachments.py
            continue
        headers = token(Role.AUDITOR) | {"Tracking-Code": given["tracking_code"]}
        response = await house.http.get(path.format(number=number, partner="P-LOCK"), headers=headers)
        assert response.status_code == 200, (name, response.text)
        schema(operation["responses"]["200"]["content"]["application/json"]["schema"]).validate(response.json())
        unnamed = set(response.json()) - set(_properties(operation)) if isinstance(response.json(), dict) else set()
        assert not unnamed or name == "GET /health", name
    problem = schema({"$ref": "#/components/schemas/Problem"})
    for response in (
        refused,
        await house.act(number, "answer", Role.AGENT),
        await house.get("/handovers", Role.CALLER),
        await house.http.get("/nowhere"),
        await house.http.get("/cases"),
        await house.http.get("/tracking/TJ", headers={"Tracking-Code": "AAAAAAAAAAAAAAAA"}),
    ):
        assert response.status_code >= 400
        problem.validate(response.json())


def _properties(operation: dict[str, Any]) -> dict[str, Any]:
    found = operation["responses"]["200"]["content"]["application/json"]["schema"]
    named: dict[str, Any] = {}
    for shape in found.get("anyOf", [found]):
        named |= SPEC["components"]["schemas"].get(shape.get("$ref", "").split("/")[-1], shape).get("properties", {})
    return named


async def test_the_documentation_is_served(house: Line) -> None:
    page = await house.http.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await house.http.get("/openapi.json")).json() == SPEC
    root = await house.http.get("/")
    assert (root.is_redirect, root.headers["location"]) == (True, "/docs")
    assert (await house.http.get("/redoc")).status_code == 404


@pytest.mark.parametrize("name", ALL)
def test_every_answer_has_an_example_that_fits_it(name: str) -> None:
    for status, answer in ALL[name]["responses"].items():
        for content in answer.get("content", {}).values():
            if status < "300":
                schema(content["schema"]).validate(content["example"])
    (problem,) = SPEC["components"]["schemas"]["Problem"]["examples"]
    schema({"$ref": "#/components/schemas/Problem"}).validate(problem)
