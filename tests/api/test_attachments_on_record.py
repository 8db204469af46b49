"""Attachments on record: covered by chain, manifest and package; what is lost or changed shows; what nobody brings goes."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from shutil import copytree
from zipfile import ZipFile

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.chain import Broken
from domain.vocabulary import Role
from storage import packages, verification
from storage.blobs import Blobs
from storage.signing import Seal
from tests.api.test_attachments import begun, listed, sent, uploaded
from tests.api.test_verification import tampered
from tests.conftest import house_on
from tests.contents import SAMPLES
from tests.line import Line, token
from workflows.attachments import Abandoned

SEAL = Seal.new()


async def archived(line: Line) -> str:
    """A sealed case with a picture from the person, the unit's document and the recording of the callback."""
    brought = {
        role: [await uploaded(line, token(role, unit), SAMPLES[code], name="样例机密附件")]
        for role, unit, code in (
            (Role.CHANNEL, None, "jpeg"),
            (Role.UNIT, "WATER", "pdf"),
            (Role.CALLER, None, "amr"),
        )
    }
    number: str = (await line.register(attachments=brought[Role.CHANNEL]))["number"]
    await line.done(number, "transfer", Role.AGENT, lead="WATER")
    reply = {"public": "样例答复", "replied": "phone", "attachments": brought[Role.UNIT]}
    assert (await line.post(f"/cases/{number}/feedback", Role.UNIT, reply, "WATER")).status_code == 200
    call = {"reach": "reached", "resolved": True, "rating": "good", "attachments": brought[Role.CALLER]}
    assert (await line.post(f"/cases/{number}/attempt", Role.CALLER, call)).status_code == 200
    await line.sealed(number)
    return number


@pytest.fixture(scope="module")
async def sealed(
    temporal: WorkflowEnvironment, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, str]:
    """A database and a folder with the case, and its number."""
    blobs = tmp_path_factory.mktemp("blobs")
    async with house_on(postgres, temporal, blobs) as house:
        number = await archived(house.line)
    return house.database, blobs, number


@pytest.fixture
def template(sealed: tuple[str, Path, str]) -> str:
    return sealed[0]


@pytest.fixture
def tmp_path(tmp_path: Path, sealed: tuple[str, Path, str]) -> Path:
    """A copy of the folder."""
    return copytree(sealed[1], tmp_path, dirs_exist_ok=True)


@pytest.fixture
def number(sealed: tuple[str, Path, str]) -> str:
    return sealed[2]


async def found(engine: AsyncEngine, number: str, blobs: Blobs | None) -> Broken | None:
    async with engine.connect() as conn:
        ((_, fault),) = [each async for each in verification.cases(conn, [number], blobs)]
    return fault


async def package(engine: AsyncEngine, number: str, blobs: Blobs | None) -> BytesIO:
    made = BytesIO()
    async with engine.connect() as conn:
        await packages.write(conn, number, made, blobs)
    return made


async def test_the_manifest_names_them_and_the_record_is_whole(
    number: str, line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    ids = [each["id"] for each in await listed(line, number, Role.AUDITOR)]
    entries = (await line.get(f"/cases/{number}/entries", Role.AUDITOR)).json()
    assert [id for entry in entries for id in entry["attachments"]] == ids
    manifest = (await line.get(f"/cases/{number}/archive", Role.AUDITOR)).json()
    assert manifest["attachments"] == sorted(ids)
    unit = (await line.get(f"/cases/{number}/archive", Role.UNIT, "WATER")).json()
    seen = [each["id"] for each in await listed(line, number, Role.UNIT, "WATER")]
    assert unit["attachments"] == sorted(seen)
    assert await found(engine, number, Blobs(str(tmp_path))) is None


@pytest.mark.parametrize("what", ["gone", "changed"])
async def test_contents_that_are_lost_or_changed_show(
    number: str, line: Line, engine: AsyncEngine, tmp_path: Path, what: str
) -> None:
    blobs = Blobs(str(tmp_path))
    async with engine.connect() as conn:
        row = text("SELECT blob, id FROM attachments WHERE kind = 'pdf'")
        key, id = (await conn.execute(row)).one()
    if what == "gone":
        await blobs.delete_one(key)
    else:
        await blobs.put(key, b"%PDF-1.7 another")
    fault = await found(engine, number, blobs)
    assert fault is not None
    assert id[:16] in fault.what
    assert ("missing" if what == "gone" else "not what it was") in fault.what
    assert await found(engine, number, None) is None  # the bytes are read only where they are asked for
    assert packages.check(await package(engine, number, blobs), SEAL).broken != []
    if what == "gone":
        answer = await line.get(f"/cases/{number}/attachments/{id}", Role.AUDITOR)
        assert (answer.status_code, answer.json()["title"]) == (404, "Missing")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE attachments SET sha256 = repeat('0', 64) WHERE kind = 'amr'",
        "UPDATE attachments SET kind = 'mp3' WHERE kind = 'amr'",
        "UPDATE attachments SET case_number = NULL WHERE kind = 'amr'",
        "DELETE FROM attachments WHERE kind = 'amr'",
        "UPDATE entries SET attachments = '{}' WHERE event = 'attempt'",
    ],
)
async def test_a_row_that_was_changed_shows(number: str, engine: AsyncEngine, change: str) -> None:
    await tampered(engine, change)
    assert await found(engine, number, None) is not None


async def test_a_package_holds_them_and_is_checked_alone(number: str, engine: AsyncEngine, tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    made = await package(engine, number, blobs)
    assert packages.check(made, SEAL).broken == []
    with ZipFile(made) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    rows = {row["kind"]: row["id"] for row in json.loads(parts["attachments.json"])}
    assert parts[f"attachments/{rows['pdf']}"] == SAMPLES["pdf"]
    bare = await package(engine, number, None)
    assert packages.check(bare, SEAL).broken == []
    with ZipFile(bare) as archive:
        assert not [name for name in archive.namelist() if "attachments" in name]
    for change in ({f"attachments/{rows['pdf']}": b"other"}, {"attachments.json": b"[]"}):
        other = BytesIO()
        with ZipFile(other, "w") as archive:
            for name, content in (parts | change).items():
                archive.writestr(name, content)
        assert packages.check(other, SEAL).broken != []


async def test_no_word_and_no_content_goes_to_temporal(number: str, line: Line, temporal: WorkflowEnvironment) -> None:
    history = (await temporal.client.get_workflow_handle(number).fetch_history()).to_json()
    for each in await listed(line, number, Role.AUDITOR):
        assert each["name"] == "样例机密附件"
        assert each["salt"] not in history
    assert "样例机密" not in history


async def test_what_no_act_brings_goes_after_a_day_and_nothing_else(
    number: str, line: Line, engine: AsyncEngine, temporal: WorkflowEnvironment, queue: str, tmp_path: Path
) -> None:
    who, pdf = token(Role.CHANNEL), SAMPLES["pdf"]
    old = [await uploaded(line, who, pdf), await begun(line, who, pdf), await begun(line, who, b"none")]
    await sent(line, who, old[1], pdf[:9])
    await sent(line, who, old[2], b"none")
    infected, young = await begun(line, who, pdf), await uploaded(line, who, pdf)
    async with engine.begin() as conn:
        age = text("UPDATE attachments SET begun_at = begun_at - interval '2 days' WHERE upload <> :upload")
        await conn.execute(age, {"upload": young})
        refused = text("UPDATE attachments SET state = 'refused', refusal = 'Infected' WHERE upload = :upload")
        await conn.execute(refused, {"upload": infected})
    run = temporal.client.execute_workflow
    assert await run(Abandoned.run, id=f"abandoned-{queue}", task_queue=queue) == len(old)
    assert await run(Abandoned.run, id=f"abandoned-{queue}-again", task_queue=queue) == 0
    for upload in old:
        assert (await line.http.head(f"/uploads/{upload}", headers=who)).status_code == 404
        assert not list((tmp_path / upload).rglob("*"))
    assert (await line.http.head(f"/uploads/{infected}", headers=who)).status_code == 422
    assert (await line.act(number, "supplement", Role.CHANNEL, request="样例", attachments=[old[0]])).status_code in (
        409,
        422,
    )
    assert await found(engine, number, Blobs(str(tmp_path))) is None
    await line.register(attachments=[young])
