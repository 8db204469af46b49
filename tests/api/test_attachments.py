"""Attachments: sent in parts, recognised by content, brought by acts, seen as the case is, never run by a browser."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.acts import BODIES
from api.body import PART
from api.rights import RIGHTS, SIGNED_IN, UPLOADERS
from domain.attachments import A_CASE, AN_ACT, BRINGING, KINDS, LARGEST, PARTS
from domain.chain import sealed
from domain.vocabulary import Act, Role
from tests.api.conftest import Stored
from tests.contents import OTHERS, PLACE, SAMPLES, moving, picture
from tests.line import Line, token

MEDIA = {"Content-Type": "application/partial-upload"}
Headers = dict[str, str]


async def begun(house: Line, who: Headers, content: bytes, door: str = "", **said: Any) -> str:
    """A new upload; its ID."""
    made = await house.http.post(f"{door}/uploads", json={"size": len(content)} | said, headers=who)
    assert made.status_code == 201, made.text
    found: str = made.json()["upload"]
    return found


async def sent(
    house: Line, who: Headers, upload: str, content: bytes, offset: int = 0, door: str = ""
) -> httpx.Response:
    headers = who | MEDIA | {"Upload-Offset": str(offset)}
    return await house.http.patch(f"{door}/uploads/{upload}", content=content, headers=headers)


async def uploaded(house: Line, who: Headers, content: bytes, door: str = "", **said: Any) -> str:
    """A whole upload; its ID."""
    upload = await begun(house, who, content, door, **said)
    answer = await sent(house, who, upload, content, door=door)
    assert answer.json().get("complete"), answer.text
    return upload


async def listed(house: Line, number: str, role: Role, unit: str | None = None) -> list[dict[str, Any]]:
    answer = await house.get(f"/cases/{number}/attachments", role, unit)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize("code", KINDS)
async def test_every_kind_is_taken_by_its_content_and_comes_back_as_a_file_to_save(house: Line, code: str) -> None:
    upload = await uploaded(house, token(Role.CHANNEL), SAMPLES[code], name="样例附件.exe")
    number = (await house.register(attachments=[upload]))["number"]
    (found,) = await listed(house, number, Role.AGENT)
    assert (found["kind"], found["media"], found["entry"]) == (code, KINDS[code].media, 1)
    answer = await house.get(f"/cases/{number}/attachments/{found['id']}", Role.AGENT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == KINDS[code].media
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert len(answer.content) == found["length"]
    assert PLACE.encode() not in answer.content


@pytest.mark.parametrize("what", OTHERS)
async def test_what_is_no_kind_is_refused_whatever_its_name_and_deleted(
    house: Line, record: AsyncEngine, what: str
) -> None:
    who = token(Role.CHANNEL)
    upload = await begun(house, who, OTHERS[what], name="样例.jpg")
    answer = await sent(house, who, upload, OTHERS[what])
    assert (answer.status_code, answer.json()["title"]) == (415, "NotAllowed")
    assert all(code in answer.json()["detail"] for code in KINDS)
    assert (await sent(house, who, upload, b"")).status_code == 409
    async with record.connect() as conn:
        row = await conn.execute(text("SELECT blob, name FROM attachments WHERE upload = :upload"), {"upload": upload})
        assert row.one() == (None, None)


@pytest.mark.parametrize("code", KINDS)
async def test_each_kind_has_its_limit(house: Line, record: AsyncEngine, code: str) -> None:
    """The row says that all but the last byte has come, so that no test sends hundreds of megabytes."""
    who, most = token(Role.CHANNEL), KINDS[code].most
    if most == LARGEST:
        too_much = await house.http.post("/uploads", json={"size": most + 1}, headers=who)
        assert too_much.status_code == 422
        return
    upload = (await house.http.post("/uploads", json={"size": most + 1}, headers=who)).json()["upload"]
    await sent(house, who, upload, SAMPLES[code])
    async with record.begin() as conn:
        await conn.execute(text("UPDATE attachments SET taken = size - 1 WHERE upload = :u"), {"u": upload})
    answer = await sent(house, who, upload, b"\0", most)
    assert (answer.status_code, answer.json()["title"]) == (422, "TooLarge")


async def test_an_interrupted_upload_goes_on_where_it_ended(house: Line) -> None:
    who, content = token(Role.AGENT), SAMPLES["pdf"]
    upload = await begun(house, who, content, sha256=sha256(content).hexdigest())
    assert (await sent(house, who, upload, content[:10])).headers["upload-complete"] == "?0"
    head = await house.http.head(f"/uploads/{upload}", headers=who)
    assert (head.status_code, head.headers["upload-offset"], head.headers["upload-complete"]) == (204, "10", "?0")
    again = await sent(house, who, upload, content[:10])
    assert (again.status_code, again.headers["upload-offset"]) == (409, "10")
    too_much = await sent(house, who, upload, content, 10)
    assert (too_much.status_code, too_much.json()["title"]) == (422, "TooLong")
    last = await sent(house, who, upload, content[10:], 10)
    assert last.json() == {
        "upload": upload,
        "size": len(content),
        "offset": len(content),
        "complete": True,
        "kind": "pdf",
    }
    assert (await sent(house, who, upload, b"", len(content))).json() == last.json()  # the last answer was lost


async def test_an_upload_does_not_come_byte_by_byte(house: Line, record: AsyncEngine) -> None:
    """The row says that so many parts have come, so that no test sends thousands."""
    who = token(Role.AGENT)
    upload = await begun(house, who, b"0123456789")
    async with record.begin() as conn:
        many = {"u": upload, "parts": json.dumps([str(n) for n in range(PARTS)])}
        await conn.execute(text("UPDATE attachments SET parts = CAST(:parts AS jsonb) WHERE upload = :u"), many)
    answer = await sent(house, who, upload, b"0")
    assert (answer.status_code, answer.json()["title"]) == (422, "TooManyParts")


async def test_a_connection_that_breaks_loses_nothing_of_what_came(house: Line) -> None:
    who, content = token(Role.AGENT), SAMPLES["wav"] + bytes(300_000)
    upload = await begun(house, who, content)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.http.base_url.port)
    head = {**who, **MEDIA, "Upload-Offset": "0", "Content-Length": str(len(content)), "Host": "localhost"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"PATCH /uploads/{upload} HTTP/1.1\r\n{lines}\r\n".encode() + content[:100_000])
    await writer.drain()
    writer.write_eof()
    await reader.read()
    writer.close()
    async with asyncio.timeout(20):
        while (come := await _offset(house, who, upload)) == 0:
            await asyncio.sleep(0.02)
    assert (await sent(house, who, upload, content[come:], come)).json()["kind"] == "wav"


async def _offset(house: Line, who: Headers, upload: str) -> int:
    return int((await house.http.head(f"/uploads/{upload}", headers=who)).headers["upload-offset"])


async def test_the_same_part_sent_twice_at_once_is_kept_once(house: Line) -> None:
    who, content = token(Role.AGENT), SAMPLES["pdf"]
    upload = await begun(house, who, content)
    both = await asyncio.gather(*(sent(house, who, upload, content) for _ in range(4)))
    assert {answer.status_code for answer in both} <= {200, 409}
    assert (await sent(house, who, upload, b"", len(content))).json()["complete"]


async def test_a_part_is_bounded_and_has_its_media_type(house: Line) -> None:
    who = token(Role.CHANNEL)
    upload = await begun(house, who, bytes(PART + 1))
    assert (await sent(house, who, upload, bytes(PART + 1))).status_code == 413
    as_json = await house.http.patch(f"/uploads/{upload}", content=b"{}", headers=who | {"Upload-Offset": "0"})
    assert as_json.status_code == 415
    assert await _offset(house, who, upload) == 0


async def test_what_is_not_what_was_announced_is_refused(house: Line) -> None:
    who, content = token(Role.CHANNEL), SAMPLES["pdf"]
    upload = await begun(house, who, content, sha256="0" * 64)
    assert (await sent(house, who, upload, content)).json()["title"] == "Unlike"


@pytest.mark.parametrize(
    "content",
    [picture("PNG", (8000, 8000), place=False), SAMPLES["jpeg"][:-30], SAMPLES["png"][:40], moving()],
    ids=["a bomb", "cut off", "no picture", "moving"],
)
async def test_a_picture_that_cannot_be_written_anew_is_refused(house: Line, content: bytes) -> None:
    who = token(Role.CHANNEL)
    upload = await begun(house, who, content)
    assert (await sent(house, who, upload, content)).json()["title"] == "Damaged"


@pytest.mark.parametrize("code", ["jpeg", "png", "webp"])
async def test_a_picture_stands_upright_without_place_and_device(house: Line, code: str) -> None:
    assert PLACE.encode() in SAMPLES[code]
    upload = await uploaded(house, token(Role.CHANNEL), SAMPLES[code] + b"<script>appended</script>")
    number = (await house.register(attachments=[upload]))["number"]
    (found,) = await listed(house, number, Role.AGENT)
    content = (await house.get(f"/cases/{number}/attachments/{found['id']}", Role.AGENT)).content
    with Image.open(BytesIO(content)) as kept:
        assert (kept.format, kept.size, dict(kept.getexif())) == (code.upper(), (4, 8), {})
    assert PLACE.encode() not in content
    assert b"appended" not in content
    assert sha256(content).hexdigest() == found["sha256"]
    assert found["id"] == sealed(found["salt"], found["kind"], found["sha256"])


# -- brought by acts ---------------------------------------------------------------------------------------------------


def hostile() -> dict[str, bytes]:
    """Contents whose readers raise what nobody listed: a stream that breaks off, metadata that is none."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "样例" * 4000)
    broken = bytearray(packed.getvalue())
    broken[60:90] = b"\xff" * 30
    picture, exif = BytesIO(), Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "样例相机"
    Image.new("RGB", (9, 5)).save(picture, "jpeg", exif=exif)
    told = picture.getvalue().replace(b"\x01\x12\x00\x03", b"\x01\x12\x00\x07")
    return {"docx": bytes(broken), "jpeg": told}


@pytest.mark.parametrize(("what", "status"), [("docx", 415), ("jpeg", 200)])
async def test_a_content_that_breaks_its_reader_is_refused_and_broken_metadata_is_no_matter(
    house: Line, what: str, status: int
) -> None:
    who, content = token(Role.CHANNEL), hostile()[what]
    upload = await begun(house, who, content)
    assert (await sent(house, who, upload, content)).status_code == status


async def test_a_retry_creates_nothing_twice(house: Line, stored: Stored) -> None:
    who, key = token(Role.CHANNEL), {"Idempotency-Key": uuid4().hex}
    said = {"size": len(SAMPLES["pdf"])}
    both = [await house.http.post("/uploads", json=said, headers=who | key) for _ in range(2)]
    assert both[0].json() == both[1].json()
    upload = both[0].json()["upload"]
    await sent(house, who, upload, SAMPLES["pdf"])
    body = {"title": "样例", "text": "样例", "attachments": [upload]}
    first, again = [await house.http.post("/cases", json=body, headers=who | key) for _ in range(2)]
    assert (first.status_code, again.json()) == (201, first.json())
    other = await house.http.post("/cases", json=body, headers=who)
    assert (other.status_code, other.json()["title"]) == (422, "Unknown")
    number, upload = first.json()["number"], await uploaded(house, who, SAMPLES["amr"])
    act = {"request": "样例补充。", "attachments": [upload]}
    before = await stored()
    for _ in range(2):
        answer = await house.post(f"/cases/{number}/supplement", Role.CHANNEL, act, **key)
        assert answer.status_code == 200, answer.text
    after = await stored()
    assert after["deeds"] - before["deeds"] == after["entries"] - before["entries"] == 1
    assert [each["entry"] for each in await listed(house, number, Role.AGENT)] == [1, 2]
    reused = await house.post(f"/cases/{number}/supplement", Role.CHANNEL, {"request": "样例补充。"}, **key)
    assert reused.json()["title"] == "KeyReused"


async def test_two_acts_that_bring_the_same_at_once_do_not_both(house: Line) -> None:
    numbers = [(await house.register())["number"] for _ in range(4)]
    upload = await uploaded(house, token(Role.CHANNEL), SAMPLES["pdf"])
    body = {"request": "样例补充。", "attachments": [upload]}
    answers = await asyncio.gather(*(house.post(f"/cases/{n}/supplement", Role.CHANNEL, body) for n in numbers))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert sum([len(await listed(house, number, Role.AGENT)) for number in numbers]) == 1


async def test_what_is_not_ones_own_or_not_whole_is_not_brought(house: Line, stored: Stored) -> None:
    given = await house.register()
    number, person = given["number"], {"Tracking-Code": given["tracking_code"]}
    open_one = await begun(house, token(Role.CHANNEL), SAMPLES["pdf"])
    agents = await uploaded(house, token(Role.AGENT), SAMPLES["pdf"])
    persons = await uploaded(house, person, SAMPLES["pdf"], f"/tracking/{number}")
    before = await stored()
    for upload in (open_one, agents, persons, "0" * 32):
        answer = await house.act(number, "supplement", Role.CHANNEL, request="样例", attachments=[upload])
        assert (answer.status_code, answer.json()["title"]) == (422, "Unknown")
    assert await stored() == before
    for upload in (agents, "0" * 32):
        assert (await house.http.head(f"/uploads/{upload}", headers=token(Role.CHANNEL))).status_code == 404


async def test_what_a_refused_act_brought_may_come_with_another(house: Line) -> None:
    number = (await house.register())["number"]
    upload = await uploaded(house, token(Role.CALLER), SAMPLES["mp3"])
    said: dict[str, Any] = {"reach": "reached", "attachments": [upload]}
    assert (await house.act(number, "attempt", Role.CALLER, **said)).status_code == 409
    assert await listed(house, number, Role.AUDITOR) == []
    number = await _answered(house)
    await house.done(number, "attempt", Role.CALLER, resolved=True, rating="good", **said)
    assert [each["kind"] for each in await listed(house, number, Role.CALLER)] == ["mp3"]


async def test_an_act_and_a_case_take_so_many(house: Line, record: AsyncEngine) -> None:
    number = (await house.register())["number"]
    upload = await uploaded(house, token(Role.CHANNEL), SAMPLES["pdf"])
    many = [f"{n:032x}" for n in range(AN_ACT + 1)]
    assert (await house.act(number, "supplement", Role.CHANNEL, request="样例", attachments=many)).status_code == 422
    async with record.begin() as conn:
        await conn.execute(
            text(
                "INSERT INTO attachments (upload, actor, begun_at, size, case_number)"
                " SELECT md5(random()::text), 'test', now(), 1, :number FROM generate_series(1, :most)"
            ),
            {"number": number, "most": A_CASE},
        )
    answer = await house.act(number, "supplement", Role.CHANNEL, request="样例", attachments=[upload])
    assert (answer.status_code, answer.json()["title"]) == (422, "TooMany")


async def test_the_person_has_so_many_uploads_waiting_and_no_more(house: Line) -> None:
    given = await house.register()
    door, person = f"/tracking/{given['number']}", {"Tracking-Code": given["tracking_code"]}
    for _ in range(A_CASE):
        await begun(house, person, b"1", door)
    answer = await house.http.post(f"{door}/uploads", json={"size": 1}, headers=person)
    assert (answer.status_code, answer.json()["title"]) == (422, "TooMany")


def test_only_the_acts_of_the_table_bring_anything() -> None:
    taking = {act for act, shape in BODIES.items() if "attachments" in shape.__dataclass_fields__}
    assert taking | {Act.REGISTER} == BRINGING
    assert {role for role in SIGNED_IN if role in RIGHTS["POST /uploads"]} == UPLOADERS - {Role.REQUESTER}
    assert not UPLOADERS & {Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR, Role.OFFICE}


# -- who sees them -----------------------------------------------------------------------------------------------------


async def _answered(house: Line) -> str:
    """A case in callback."""
    number: str = (await house.register())["number"]
    await house.done(number, "transfer", Role.AGENT, lead="WATER")
    await house.done(number, "sign", Role.UNIT, "WATER")
    await house.done(number, "feedback", Role.UNIT, "WATER", public="样例答复。", replied="phone")
    return number


@pytest.mark.parametrize("protected", [False, True])
async def test_who_sees_the_texts_of_an_entry_sees_what_came_with_it(house: Line, protected: bool) -> None:
    """In a case that protects the person no unit gets a picture or a recording that it did not bring (Art. 15)."""
    brought = [await uploaded(house, token(Role.CHANNEL), SAMPLES[code]) for code in ("jpeg", "amr", "pdf")]
    facts = {"matter": "staff", "respondent": "HEAT"} if protected else {"matter": "issue"}
    given = await house.register(attachments=brought, **facts)
    number, person = given["number"], {"Tracking-Code": given["tracking_code"]}
    await house.done(number, "transfer", Role.AGENT, lead="WATER", assisting=["GAS"])
    await house.done(number, "sign", Role.UNIT, "WATER")
    own = await uploaded(house, token(Role.UNIT, "WATER"), SAMPLES["png"])
    said = {"public": "样例答复。", "replied": "phone", "attachments": [own]}
    await house.done(number, "feedback", Role.UNIT, "WATER", **said)
    request = [] if protected else ["jpeg", "amr", "pdf"]
    expected: dict[tuple[Role, str | None], list[str] | int] = {
        (Role.AGENT, None): ["jpeg", "amr", "pdf", "png"],
        (Role.AUDITOR, None): ["jpeg", "amr", "pdf", "png"],
        (Role.UNIT, "WATER"): [*request, "png"],
        (Role.UNIT, "GAS"): request,
        (Role.UNIT, "HEAT"): 404,
        (Role.OFFICE, None): 404,
        (Role.ANALYST, None): 403,
        (Role.ADMINISTRATOR, None): 403,
        (Role.CHANNEL, None): 403,
    }
    all_of_it = await listed(house, number, Role.AUDITOR)
    for (role, unit), seen in expected.items():
        answer = await house.get(f"/cases/{number}/attachments", role, unit)
        shown = [each["kind"] for each in answer.json()] if answer.status_code == 200 else answer.status_code
        assert shown == seen, (role, unit)
        for each in all_of_it:
            one = await house.get(f"/cases/{number}/attachments/{each['id']}", role, unit)
            may = isinstance(seen, list) and each["kind"] in seen
            assert (one.status_code == 200) is may, (role, unit, each["kind"])
    theirs = await house.http.get(f"/tracking/{number}/attachments", headers=person)
    assert [each["kind"] for each in theirs.json()] == ["jpeg", "amr", "pdf", "png"]
    for path in ("", f"/{all_of_it[0]['id']}"):
        url = f"/tracking/{number}/attachments{path}"
        assert (await house.http.get(url, headers=person)).status_code == 200
        assert (await house.http.get(url, headers={"Tracking-Code": "AAAAAAAAAAAAAAAA"})).status_code == 404


async def test_the_person_supplements_with_a_picture_through_the_persons_own_door(house: Line) -> None:
    given = await house.register()
    number, person = given["number"], {"Tracking-Code": given["tracking_code"]}
    wrong = {"Tracking-Code": "AAAAAAAAAAAAAAAA"}
    door = f"/tracking/{number}"
    assert (await house.http.post(f"{door}/uploads", json={"size": 9}, headers=wrong)).status_code == 404
    upload = await uploaded(house, person, SAMPLES["jpeg"], door)
    assert (await house.http.head(f"{door}/uploads/{upload}", headers=wrong)).status_code == 404
    body = {"request": "样例补充。", "attachments": [upload]}
    assert (await house.http.post(f"{door}/supplement", json=body, headers=person)).status_code == 200
    assert len((await house.http.get(f"{door}/attachments", headers=person)).json()) == 1


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=5-", 206, 5, None),
        ("bytes=-4", 206, -4, None),
        ("bytes=2-999999", 206, 2, None),
        ("bytes=999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=0-1,3-4", 200, 0, None),
        ("bytes=9-2", 200, 0, None),
        ("lines=1-2", 200, 0, None),
    ],
)
async def test_a_part_of_it_may_be_asked_for(house: Line, asked: str, status: int, start: int, end: int | None) -> None:
    upload = await uploaded(house, token(Role.CHANNEL), SAMPLES["mp3"])
    number = (await house.register(attachments=[upload]))["number"]
    (found,) = await listed(house, number, Role.AGENT)
    url, who = f"/cases/{number}/attachments/{found['id']}", token(Role.AGENT)
    answer = await house.http.get(url, headers=who | {"Range": asked})
    assert answer.status_code == status
    if status != 416:
        assert answer.content == SAMPLES["mp3"][start:end]
    if status != 200:
        assert answer.headers["content-range"].endswith(f"/{len(SAMPLES['mp3'])}")
