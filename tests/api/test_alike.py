"""Cases that may be about the same thing are suggested to the Centre; who is shielded is not (Art. 9 ¶2, 15)."""

from __future__ import annotations

from typing import Any

from domain.vocabulary import Role
from tests.line import Line

MIXER = "搅拌站昼夜施工，粉尘呛人。"


async def asked(line: Line, number: str) -> list[dict[str, Any]]:
    response = await line.get(f"/cases/{number}/alike", Role.AGENT)
    assert response.status_code == 200, response.text
    return list(response.json())


async def test_what_is_about_the_same_thing_or_of_the_same_person_is_suggested(line: Line) -> None:
    for n in range(20):
        await line.register(title="样例路灯不亮", text=f"样例路{n}号的路灯不亮，请尽快解决。", phone=f"1990001{n:04}")
    first = await line.register(title="新样小区旁搅拌站扰民", text=f"新样小区旁{MIXER}", phone="19900008890")
    again = await line.register(title="反映噪音", text=f"我住新样小区，{MIXER}请尽快解决。", phone="19900008891")
    other = await line.register(title="咨询社保", text="如何办理异地就医备案？", phone="19900008890")
    found = await asked(line, first["number"])
    assert [(row["number"], row["same_phone"]) for row in found] == [(again["number"], False), (other["number"], True)]
    assert found[0]["likeness"] > 0.2 > found[1]["likeness"]
    assert (await asked(line, again["number"]))[0]["number"] == first["number"]


async def test_nothing_is_suggested_for_whoever_is_shielded(line: Line) -> None:  # Art. 9 ¶2, 15
    shielded = await line.register(text=MIXER, matter="staff")
    await line.register(text=MIXER)
    assert await asked(line, shielded["number"]) == []
