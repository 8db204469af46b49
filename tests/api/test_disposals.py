"""Disposal: asked for, listed, appraised and approved by three officers, carried out, and what stays (Art. 14, 15)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from api.app import create_app
from api.rights import RIGHTS
from domain.chain import Broken
from domain.disposal import STAGES
from domain.limits import SHANGHAI
from domain.refusals import NotPermitted
from domain.ruleset import rule_sets
from domain.vocabulary import Role, Stage
from storage import disposals, packages
from storage.blobs import Blobs
from storage.destruction import carry_out
from storage.engine import single
from storage.files import entries_of
from tests.api.test_attachments import uploaded
from tests.api.test_verification import SEAL, found, sign, tampered
from tests.cases import INSTANT
from tests.conftest import house_on, owning
from tests.contents import SAMPLES
from tests.line import Line, settings_for, token, unit_for, vault_on

pytestmark = pytest.mark.parametrize("line", ["demo"], indirect=True)

WORD = "哨兵样例暗语"
OFFICES = ("/cases/{number}/designate", "/cases/{number}/revise")
ID = "120000190001010006"
PERSON = {"name": f"张{WORD}", "phone": "19900008890", "address": f"{WORD}路1号", "id_number": ID}
STATISTICS = "SELECT matter, outcome, units, count(*), sum(entries), sum(attempts) FROM cases GROUP BY 1, 2, 3"
STEPS = {Stage.APPRAISED: ("appraise", Role.SUPERVISOR), Stage.APPROVED: ("approve", Role.OFFICE)}


async def archived(line: Line) -> dict[str, str]:
    """A sealed case full of words, with a picture from the person and the unit's document: number and tracking code."""
    picture = await uploaded(line, token(Role.CHANNEL), SAMPLES["jpeg"], name=WORD)
    document = await uploaded(line, token(Role.UNIT, "WATER"), SAMPLES["pdf"], name=WORD)
    made = await line.register(title=f"标题{WORD}", text=f"正文{WORD}", attachments=[picture], **PERSON)
    number = made["number"]
    await line.done(number, "transfer", Role.AGENT, lead="WATER", reason=WORD)
    assert (await line.act(number, "send-back", Role.AGENT, reason=WORD)).status_code == 409  # its text stays
    reply = {"public": WORD, "replied": "phone", "attachments": [document]}
    assert (await line.post(f"/cases/{number}/feedback", Role.UNIT, reply, "WATER")).status_code == 200
    await line.done(number, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good", comment=WORD)
    await line.sealed(number)
    return {"number": number, "code": made["tracking_code"]}


async def asked(line: Line, case: dict[str, str]) -> httpx.Response:
    return await line.http.post(f"/tracking/{case['number']}/erasure", headers={"Tracking-Code": case["code"]})


async def step(line: Line, list_id: str, target: Stage, officer: str, **body: Any) -> httpx.Response:
    """A list's next step by this officer."""
    path, role = STEPS[target]
    return await line.http.post(f"/disposals/{list_id}/{path}", json=body, headers=token(role, subject=officer))


async def proposed(line: Line) -> dict[str, Any]:
    response = await line.post("/disposals", Role.SUPERVISOR)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def approved(line: Line, **appraisal: Any) -> str:
    """A list of whatever may go now, by three officers: its ID."""
    made: str = (await proposed(line))["id"]
    assert (await step(line, made, Stage.APPRAISED, "supervisor-2", **appraisal)).status_code == 200
    assert (await step(line, made, Stage.APPROVED, "office-1")).status_code == 200
    return made


async def run(engine: AsyncEngine, tmp_path: Path) -> list[str]:
    """What one run destroys."""
    blobs = Blobs(str(tmp_path))
    return [n async for n in carry_out(single(engine), blobs, vault_on(engine), lambda: datetime.now(UTC))]


async def rows_with(engine: AsyncEngine, word: str) -> set[str]:
    """The tables of every schema in which a row says it, in whatever column."""
    tables = "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema IN ('public', 'vault')"
    async with owning(engine) as conn:
        names = (await conn.execute(text(tables))).scalars().all()
        asked_of = {name: text(f"SELECT EXISTS (SELECT FROM {name} t WHERE t::text LIKE :like)") for name in names}
        return {name for name, query in asked_of.items() if await conn.scalar(query, {"like": f"%{word}%"})}


def kept_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


async def statistics(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as conn:
        return sorted(map(tuple, (await conn.execute(text(STATISTICS))).all()))


@pytest.fixture(scope="module")
async def sealed(
    temporal: WorkflowEnvironment, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, dict[str, str]]:
    """A database and a folder with a sealed case whose person has asked for it to be destroyed."""
    blobs = tmp_path_factory.mktemp("blobs")
    async with house_on(postgres, temporal, blobs, "demo") as house:
        made = await archived(house.line)
        assert (await asked(house.line, made)).json() == {"number": made["number"], "state": "received"}
    return house.database, blobs, made


@pytest.fixture
def template(request: pytest.FixtureRequest) -> str:
    """With that case, if the test asks for it."""
    return str(request.getfixturevalue("sealed")[0]) if "case" in request.fixturenames else "template_hotline"


@pytest.fixture
def case(sealed: tuple[str, Path, dict[str, str]], tmp_path: Path) -> dict[str, str]:
    """Sealed, and its person has asked for it to be destroyed."""
    copytree(sealed[1], tmp_path, dirs_exist_ok=True)
    return sealed[2]


async def test_what_is_destroyed_is_gone_and_the_record_still_proves_itself(  # Art. 14, 15
    case: dict[str, str], line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    number = case["number"]
    await remarked_on(engine, number)
    await sign(engine)
    before, files = await statistics(engine), kept_in(tmp_path)
    async with engine.connect() as conn:
        entries = await entries_of(conn, number)
    words = {"public.notes", "public.attachments", "public.checks", "public.rating_steps", "public.joints"}
    assert words <= await rows_with(engine, WORD)
    assert "vault.case_keys" in await rows_with(engine, number)
    made = await approved(line)
    assert await run(engine, tmp_path) == [number]
    assert await run(engine, tmp_path) == []

    assert await rows_with(engine, WORD) == set()
    assert not {"public.people", "vault.case_keys"} & await rows_with(engine, number)
    assert len(files) == 2
    assert kept_in(tmp_path) == set()
    assert await statistics(engine) == before
    async with engine.connect() as conn:
        assert await entries_of(conn, number) == entries
        assert await packages_of(conn, number, tmp_path) == []
    assert await found(engine) == []

    (row,) = (await line.get("/destructions", Role.AUDITOR)).json()["items"]
    assert row | {"at": None, "bytes": None} == {
        "case_number": number, "list": made, "at": None, "ground": "request", "basis": "Art. 15",
        "approved_by": "office-1", "texts": 5, "attachments": 2, "bytes": None, "identity": True,
        "entries": len(entries), "chain": entries[-1].chain,
    }  # fmt: skip
    assert (await line.get(f"/disposals/{made}", Role.OFFICE)).json()["stage"] == "carried_out"


async def remarked_on(engine: AsyncEngine, number: str) -> None:
    """It is part of a joint case, its reply was checked, and a partner has objected to its rating: words about the case."""
    about = {"number": number, "words": f"样例：{WORD}"}
    async with engine.begin() as conn:
        await conn.execute(
            text("INSERT INTO joints (id, title, opened_by, opened_at) VALUES (:number, :words, 'x', now())"), about
        )
        await conn.execute(text("UPDATE cases SET joint = :number WHERE number = :number"), about)
        await conn.execute(
            text(
                "INSERT INTO checks (case_number, seq, sample, what, drawn_by, drawn_at, checked_by, checked_at, met, missed,"
                " remark) VALUES (:number, 1, 's', 'feedback', 'x', now(), 'x', now(), '{}', '{}', :words)"
            ),
            about,
        )
        await conn.execute(
            text(
                "INSERT INTO rating_steps (case_number, seq, nth, partner, standing, at, actor, reason)"
                " VALUES (:number, 1, 1, 'P-LOCK', 'disputed', now(), 'x', :words)"
            ),
            about,
        )


async def packages_of(conn: Any, number: str, tmp_path: Path) -> list[Any]:
    """What does not fit in a package of it, checked without the database."""
    made = BytesIO()
    await packages.write(conn, number, made, Blobs(str(tmp_path)))
    return packages.check(made, SEAL).broken


async def test_the_case_says_that_its_words_are_gone_and_takes_no_new_ones(
    case: dict[str, str], line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    number = case["number"]
    attached = (await line.get(f"/cases/{number}/attachments", Role.AGENT)).json()
    made = await approved(line)
    await run(engine, tmp_path)
    seen = (await line.get(f"/cases/{number}", Role.AGENT)).json()
    assert seen["person"] == {"readable": False, "name": None, "phone": None, "address": None, "id_number": None}
    assert (seen["texts"], seen["disposal"]) == ([], made)
    for role, unit in ((Role.UNIT, "WATER"), (Role.ANALYST, None), (Role.AUDITOR, None)):
        other = (await line.get(f"/cases/{number}", role, unit)).json()
        assert (other["disposed_at"], other["texts"]) == (seen["disposed_at"], [])
    assert (await line.get(f"/cases/{number}/archive", Role.AGENT)).json()["attachments"] == sorted(
        a["id"] for a in attached
    )
    for path in ("attachments", f"attachments/{attached[0]['id']}"):
        assert (await line.get(f"/cases/{number}/{path}", Role.AGENT)).status_code == 410
    assert (await line.post(f"/cases/{number}/person", Role.SUPERVISOR, {"purpose": "verify"})).status_code == 410
    assert (await line.act(number, "transfer", Role.AGENT, lead="GAS", reason=WORD)).status_code == 410
    assert (await asked(line, case)).status_code == 410
    assert await rows_with(engine, WORD) == set()
    code = {"Tracking-Code": case["code"]}
    tracked = (await line.http.get(f"/tracking/{number}", headers=code)).json()
    assert (tracked["texts"], tracked["disposed_at"]) == ([], seen["disposed_at"])
    found_by_phone = await line.post("/searches/phone", Role.AGENT, {"phone": PERSON["phone"]})
    assert found_by_phone.json()["items"] == []


async def test_nothing_is_done_to_what_was_destroyed(
    case: dict[str, str], line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    """Every route of a case that acts, by the table of rights."""
    await approved(line)
    await run(engine, tmp_path)
    spec = create_app(settings_for("postgresql+psycopg://", "", "demo")).openapi()["paths"]
    acting = [route.split(" ")[1] for route in RIGHTS if route.startswith("POST ") and "{number}" in route]
    told = {}
    for path in acting:
        content = spec[path]["post"].get("requestBody", {}).get("content", {}).get("application/json", {})
        role = next(role for role in Role if role in RIGHTS[f"POST {path}"])
        who = {"Tracking-Code": case["code"]} if role is Role.REQUESTER else token(role, unit_for(role))
        answer = await line.http.post(
            path.format(number=case["number"], seq=1), json=content.get("example"), headers=who
        )
        told[path] = answer.status_code
    assert len(told) > 30
    assert {path: status for path, status in told.items() if status != 410} == dict.fromkeys(OFFICES, 404)


@pytest.mark.parametrize("target", STAGES)
@pytest.mark.parametrize("officer", ["supervisor-1", "supervisor-2"])
async def test_no_officer_takes_two_steps_of_a_list(  # Art. 14
    target: Stage, officer: str, case: dict[str, str], line: Line
) -> None:
    made = (await proposed(line))["id"]
    done = ["supervisor-1"]
    for stage in STAGES:
        if stage is target:
            break
        assert (await step(line, made, stage, "supervisor-2")).status_code == 200
        done.append("supervisor-2")
    response = await step(line, made, target, officer)
    assert response.status_code == (403 if officer in done else 200)
    if officer in done:
        assert (response.json()["title"], response.json()["provision"]) == ("NotYours", "Art. 14")


async def test_a_list_takes_its_steps_in_order_and_once(case: dict[str, str], line: Line) -> None:
    assert (await step(line, "0" * 32, Stage.APPROVED, "office-1")).status_code == 404
    made = await proposed(line)
    assert [item["case_number"] for item in made["items"]] == [case["number"]]
    assert (await line.post("/disposals", Role.SUPERVISOR)).status_code == 409  # it stands on a list: nothing is left
    assert (await step(line, made["id"], Stage.APPROVED, "office-1")).json()["title"] == "NotPermitted"
    unknown = await step(line, made["id"], Stage.APPRAISED, "supervisor-2", strike=[{"number": "TJ1", "why": "value"}])
    assert (unknown.status_code, unknown.json()["title"]) == (422, "Unknown")
    assert (await step(line, made["id"], Stage.APPRAISED, "supervisor-2")).status_code == 200
    assert (await step(line, made["id"], Stage.APPRAISED, "supervisor-3")).status_code == 409
    (listed,) = (await line.get("/disposals", Role.AUDITOR)).json()["items"]
    assert (listed["proposed_by"], listed["appraised_by"], listed["approved_by"]) == (
        "supervisor-1",
        "supervisor-2",
        None,
    )


async def test_what_appraisal_strikes_off_is_kept_and_may_be_asked_for_again(
    case: dict[str, str], line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    await approved(line, strike=[{"number": case["number"], "why": "proceedings"}])
    assert await run(engine, tmp_path) == []
    assert (await line.get(f"/cases/{case['number']}", Role.AGENT)).json()["disposed_at"] is None
    assert (await line.post("/disposals", Role.SUPERVISOR)).status_code == 409
    assert (await asked(line, case)).status_code == 200
    assert len((await proposed(line))["items"]) == 1


async def test_what_the_law_keeps_is_refused_on_record_with_its_provision(
    line: Line, engine: AsyncEngine
) -> None:  # Art. 14
    made = await line.register()
    case = {"number": made["number"], "code": made["tracking_code"]}
    for _ in range(2):
        response = await asked(line, case)
        assert (response.status_code, response.json()["provision"]) == (409, "Art. 14")
    assert (await asked(line, case | {"code": "ABCDEFGH23456723"})).status_code == 404
    async with engine.connect() as conn:
        (row,) = (await conn.execute(text("SELECT basis, refusal FROM erasures"))).all()
    assert (row.basis, "archived" in row.refusal) == ("Art. 14", True)
    assert (await line.post("/disposals", Role.SUPERVISOR)).status_code == 409


async def test_killed_between_file_and_row_the_next_run_goes_on_and_nothing_is_claimed_before(  # Art. 14
    case: dict[str, str], line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    await approved(line)
    async with engine.connect() as conn:
        uploads = (await conn.execute(text("SELECT upload FROM attachments"))).scalars().all()
    await Blobs(str(tmp_path)).delete(uploads[0])  # a run that was killed here
    assert (await line.get("/destructions", Role.AUDITOR)).json()["items"] == []
    assert await run(engine, tmp_path) == [case["number"]]
    assert await found(engine) == []


async def test_no_other_way_leads_to_a_text(case: dict[str, str], line: Line, engine: AsyncEngine) -> None:  # Art. 14
    await proposed(line)
    parameters = {"number": case["number"], "at": datetime.now(UTC)}
    for statement in (
        "DELETE FROM notes", "UPDATE notes SET text = ''", "DELETE FROM people", "DELETE FROM vault.case_keys",
        "INSERT INTO disposals SELECT * FROM disposals", "DELETE FROM disposals", "SELECT destroy(:number, :at)",
        "CREATE TEMP TABLE disposal_lists ON COMMIT DROP AS SELECT id, 'approved' AS stage, 'x' AS approved_by FROM"
        " public.disposal_lists; SELECT destroy(:number, :at)",
        "UPDATE disposal_lists SET stage = 'approved'", "UPDATE disposal_lists SET appraised_by = proposed_by",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match=r"permission denied|no approved list|23514"):
            async with engine.begin() as conn:
                for each in statement.split("; "):
                    await conn.execute(text(each), parameters)
    assert "public.notes" in await rows_with(engine, WORD)


TAMPERED = {
    "DELETE FROM disposals": "its text `request` is missing",
    "UPDATE disposals SET chain = 'x'": "the entry is not the last one of the register of destruction",
    "INSERT INTO notes (id, case_number, kind, text, written_at) SELECT notes ->> 'request', case_number, 'request', '样例',"
    " at FROM entries WHERE case_number = :n AND seq = 1": "the register says that its words are destroyed, and they are there",
}  # fmt: skip


@pytest.mark.parametrize("change", TAMPERED)
async def test_a_text_without_a_register_row_is_broken_and_a_forged_row_too(  # Art. 14
    change: str, case: dict[str, str], line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    await approved(line)
    await run(engine, tmp_path)
    assert await found(engine) == []
    async with owning(engine) as conn:
        await conn.execute(text("ALTER TABLE disposals DISABLE TRIGGER USER"))
    await tampered(engine, change.replace(":n", f"'{case['number']}'"))
    (fault,) = await found(engine)
    assert isinstance(fault, Broken)
    assert (fault.case, fault.what) == (case["number"], TAMPERED[change])


async def test_the_register_is_only_ever_appended_to(
    case: dict[str, str], line: Line, engine: AsyncEngine, tmp_path: Path
) -> None:
    await approved(line)
    await run(engine, tmp_path)
    for statement in ("DELETE FROM disposals", "UPDATE disposals SET texts = 0", "TRUNCATE disposals"):
        with pytest.raises(DBAPIError, match="only ever appended to"):
            async with owning(engine) as conn:
                await conn.execute(text(statement))


async def test_what_was_kept_long_enough_is_listed_without_anybody_asking(
    line: Line, engine: AsyncEngine
) -> None:  # Art. 14
    number = (await archived(line))["number"]
    year = datetime.now(SHANGHAI).year
    (end,) = {rules.retentions[0].years for rules in rule_sets().values() if rules.code == "demo"}
    early, due = (datetime(year + 1 + end, 1, 1, tzinfo=SHANGHAI) - before for before in (INSTANT, timedelta(0)))
    async with engine.connect() as conn:
        with pytest.raises(NotPermitted):
            await disposals.propose(conn, "supervisor-1", early, 10)
        await conn.rollback()
        made = await disposals.one(conn, await disposals.propose(conn, "supervisor-1", due, 10))
    assert made is not None
    assert [(item["case_number"], item["ground"]) for item in made["items"]] == [(number, "retention")]


async def test_two_proposals_at_once_put_a_case_on_one_list(case: dict[str, str], line: Line) -> None:
    answers = await asyncio.gather(*(line.post("/disposals", Role.SUPERVISOR) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len((await line.get("/disposals", Role.AUDITOR)).json()["items"]) == 1
