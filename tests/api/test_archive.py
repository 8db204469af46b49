"""The manifest of a sealed file as it is read (Art. 14): with what a reader gets it can be checked; and what is not sealed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from domain.vocabulary import Role
from tests.line import Line, settings_for

WORDS = "样例路灯“已”修好。\u3000👷\u200d \\ / \t\n"


async def read(house: Line, path: str, role: Role = Role.AGENT, unit: str | None = None) -> Any:
    response = await house.get(path, role, unit)
    assert response.status_code == 200, response.text
    return response.json()


async def refused(house: Line, number: str, role: Role = Role.AGENT, unit: str | None = None) -> dict[str, Any]:
    """The 404 that says why there is no manifest."""
    response = await house.get(f"/cases/{number}/archive", role, unit)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    found: dict[str, Any] = response.json()
    return found


async def called_back(house: Line, replied: str | None = "visit") -> str:
    """A case that two units handled, closed by the person's word."""
    number: str = (await house.register(matter="issue", title=WORDS, text=WORDS))["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER", assisting=["GAS"])
    await house.done(number, "explain", Role.UNIT, "GAS", reason="只有燃气知道。")
    told = {"replied": replied} if replied else {}
    for unit in ("WATER", "GAS"):
        await house.done(number, "feedback", Role.UNIT, unit, public=f"{unit}{WORDS}", internal=f"内部{unit}", **told)
    late = await house.act(number, "feedback", Role.UNIT, "GAS", public="迟到的答复。")
    assert late.status_code == 409
    if await house.status(number) == "review":
        await house.done(number, "approve", Role.AGENT)
    await house.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    return number


async def sealed(house: Line) -> str:
    number = await called_back(house)
    await house.until(number, "archived")
    return number


async def with_lack(house: Line, number: str) -> None:
    """Wait until the seal was tried, and the archive's clock runs."""
    async with asyncio.timeout(20):
        while not (await read(house, f"/cases/{number}"))["clocks"]:
            await asyncio.sleep(0.02)


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def hashed(value: Any) -> str:
    return digest(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def as_sealed(number: str, before: str, entry: dict[str, Any]) -> str:
    """An entry's hash, as the description tells a reader to compute it."""
    said = {name: value for name, value in entry.items() if name != "chain" and value not in (None, "", {}, [])}
    return hashed([before, number, said])


def as_named(note: dict[str, Any]) -> str:
    """A text's ID, as the description tells a reader to compute it."""
    return hashed([note["salt"], note["title"], note["text"]])


def broken(found: dict[str, Any], entries: list[dict[str, Any]]) -> list[int]:
    """The entries that are not what the manifest says."""
    return [
        entry["seq"]
        for entry in entries
        if (link := found["entries"][str(entry["seq"])])["chain"] != as_sealed(found["number"], link["before"], entry)
    ]


async def checked(house: Line, number: str, role: Role, unit: str | None = None) -> dict[str, Any]:
    """The manifest, every hash of it compared with what this reader gets."""
    found: dict[str, Any] = await read(house, f"/cases/{number}/archive", role, unit)
    entries = await read(house, f"/cases/{number}/entries", role, unit)
    assert list(found["entries"]) == [str(entry["seq"]) for entry in entries]
    assert broken(found, entries) == []
    texts = (await read(house, f"/cases/{number}", role, unit))["texts"]
    assert [note["id"] for note in texts] == [as_named(note) for note in texts]
    assert found["texts"] == sorted(note["id"] for note in texts)
    return found


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.CALLER])
async def test_whoever_reads_the_whole_file_can_check_the_whole_manifest(house: Line, role: Role) -> None:  # Art. 14
    number = await sealed(house)
    found = await checked(house, number, role)
    entries = await read(house, f"/cases/{number}/entries", role)
    chains = [entry["chain"] for entry in entries]
    assert [link["chain"] for link in found["entries"].values()] == chains
    assert [link["before"] for link in found["entries"].values()] == ["", *chains[:-1]]
    assert found["parts"]["centre"] == [entry["seq"] for entry in entries]
    assert set(found["parts"]) == {"centre", "WATER", "GAS"}
    (refused_one,) = [deed for deed in await read(house, f"/cases/{number}/deeds", role) if deed["refusal"]]
    assert refused_one["act"] == "feedback"  # what came with it is no part of the file: `checked` compared the texts
    assert found["number"] == number


async def test_a_unit_can_check_what_it_reads_and_gets_no_hash_of_anything_else(house: Line) -> None:  # Art. 14
    number = await sealed(house)
    whole = await read(house, f"/cases/{number}/archive")
    found = await checked(house, number, Role.UNIT, "WATER")
    assert found["parts"] == {"WATER": whole["parts"]["WATER"]}
    assert not {str(seq) for seq in whole["parts"]["GAS"]} & found["entries"].keys()
    assert set(found["parts"]["WATER"]) <= set(map(int, found["entries"]))
    words = {note["text"]: note["id"] for note in (await read(house, f"/cases/{number}"))["texts"]}
    hidden = {words[each] for each in ("只有燃气知道。", "内部WATER", "内部GAS", f"GAS{WORDS}")}
    assert hidden <= set(whole["texts"])
    assert not hidden & set(found["texts"])


async def test_what_was_changed_after_the_seal_shows(house: Line, record: AsyncEngine) -> None:  # Art. 14
    number = await sealed(house)
    async with record.begin() as conn:
        await conn.execute(text("ALTER TABLE entries DISABLE TRIGGER USER"))
        for change in (
            "UPDATE entries SET at = at + interval '1 microsecond' WHERE case_number = :n AND seq = 2",
            "DELETE FROM entries WHERE case_number = :n AND seq = 3",
            "UPDATE notes SET title = title || '。' WHERE case_number = :n AND title IS NOT NULL",
        ):
            await conn.execute(text(change), {"n": number})
        await conn.execute(text("ALTER TABLE entries ENABLE TRIGGER USER"))
    found = await read(house, f"/cases/{number}/archive")
    entries = await read(house, f"/cases/{number}/entries")
    assert broken(found, entries) == [2]
    assert found["entries"].keys() - {str(entry["seq"]) for entry in entries} == {"3"}
    (request,) = [n for n in (await read(house, f"/cases/{number}"))["texts"] if n["title"] is not None]
    assert request["id"] in found["texts"]
    assert request["id"] != as_named(request)


async def test_a_case_under_way_has_no_manifest_and_says_where_it_stands(house: Line) -> None:
    number = (await house.register())["number"]
    for status in ("registered", "assigned"):
        found = await refused(house, number)
        assert found["title"] == "NotArchived"
        assert f"`{status}`" in found["detail"]
        if status == "registered":
            await house.done(number, "transfer", Role.AGENT, lead="WATER")
    assert (await refused(house, number, Role.UNIT, "WATER"))["title"] == "NotArchived"


async def test_whoever_may_not_see_the_case_hears_nothing_of_its_archive(house: Line) -> None:
    number = await sealed(house)
    for role, unit in ((Role.UNIT, "JY"), (Role.OFFICE, None)):
        assert (await refused(house, number, role, unit))["title"] == "NoSuchCase"
    assert (await refused(house, "TJ20990101000001"))["title"] == "NoSuchCase"
    assert (await house.get(f"/cases/{number}/archive", Role.CHANNEL)).status_code == 403
    assert (await house.http.get(f"/cases/{number}/archive")).status_code == 401


async def test_an_incomplete_file_says_which_part_lacks_what(house: Line) -> None:  # Art. 14
    number = await called_back(house, replied=None)
    await with_lack(house, number)
    found = await refused(house, number)
    assert (found["title"], found["provision"], found["provision_zh"]) == ("Incomplete", "Art. 14", "第十四条")
    assert sorted(lack["at"] for lack in found["errors"]) == ["GAS", "WATER"]
    assert {lack["what"] for lack in found["errors"]} == {"feedback:replied"}
    theirs = await refused(house, number, Role.UNIT, "WATER")
    assert theirs["errors"] == [{"at": "WATER", "what": "feedback:replied"}]
    await house.done(number, "supply", Role.UNIT, "WATER", replied="phone")
    await with_lack(house, number)
    assert [lack["at"] for lack in (await refused(house, number))["errors"]] == ["GAS"]
    assert (await refused(house, number, Role.UNIT, "WATER"))["errors"] == []
    await house.done(number, "supply", Role.UNIT, "GAS", replied="phone")
    await house.until(number, "archived")
    await checked(house, number, Role.AGENT)


async def test_the_description_has_an_example_and_both_fit_it(house: Line) -> None:
    spec = create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi()
    operation = spec["paths"]["/cases/{number}/archive"]["get"]
    answer = operation["responses"]["200"]["content"]["application/json"]
    fits = Draft202012Validator(answer["schema"] | {"components": spec["components"]})
    given = await read(house, f"/cases/{await sealed(house)}/archive")
    for found in (answer["example"], given):
        fits.validate(found)
        assert found.keys() == spec["components"]["schemas"]["Sealed"]["properties"].keys()
    problem = Draft202012Validator({"$ref": "#/components/schemas/Problem", "components": spec["components"]})
    problem.validate(await refused(house, (await house.register())["number"]))
    assert "404" in operation["responses"]
