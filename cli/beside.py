"""What the demonstration plays beside the cases: a joint case, a partner's admission, a hand-over repaired, an opinion."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from cli.player import Player, Score
from cli.receiver import Receiver
from domain.credit_code import check_sign
from domain.vocabulary import Role

SAMPLE = {
    "title": "样例小区停水",
    "text": "样例小区今早起停水。",
    "phone": "19900000001",
    "channel": "phone",
    "district": "HP",
}
PARTS = 3
PAPERS = [{"paper": paper, "number": "样例"} for paper in ("registration", "licence", "prices", "pledge")]
Cast = Callable[[], Player]
"""Makes a player for one more case."""


async def joint(cast: Cast, _: Receiver) -> int:
    """Many cases about one thing: handled once, everybody called for themselves (Art. 10(2), 13); how many parts."""
    players = [cast() for _ in range(PARTS)]
    await asyncio.gather(*(p.register(matter="help") for p in players))
    first = players[0]
    cases = [p.number for p in players]
    path = f"/joints/{(await first.ask('POST', '/joints', Role.AGENT, 201, title=SAMPLE['title'], cases=cases))['id']}"
    await first.until_answer(path, Role.AGENT, lambda found: sum(found["standing"].values()) == PARTS)
    await first.ask("POST", f"{path}/transfer", Role.AGENT, 202, lead="WATER")
    await first.until_answer(path, Role.AGENT, lambda found: found["standing"] == {"assigned": PARTS})
    await first.ask("POST", f"{path}/feedback", Role.UNIT, 202, by="WATER", public="水管已修复。", replied="phone")
    await first.until_answer(path, Role.AGENT, lambda found: found["standing"] == {"callback": PARTS})
    await asyncio.gather(*(p.caller(reach="reached", resolved=True, rating="good") for p in players))
    await asyncio.gather(*(p.until_status("archived") for p in players))
    await first.ask("POST", f"{path}/close", Role.SUPERVISOR)
    return PARTS


async def partner(cast: Cast, _: Receiver) -> int:
    """One applies, is admitted by another officer, is referred to, and rated (Art. 10(3), 20, 24); how many ratings count."""
    p = cast()
    body = f"91120100{uuid4().int % 10**9:09d}"
    given: dict[str, Any] = {
        "zh": "样例疏通公司",
        "kind": "enterprise",
        "services": ["pipes"],
        "phone": "02200000003",
        "papers": PAPERS,
    }
    made = await p.ask("POST", "/partners", Role.CHANNEL, 201, credit_code=body + check_sign(body), **given)
    code = made["code"]
    await p.ask("POST", f"/partners/{code}/check", Role.AGENT)
    await p.ask("POST", f"/partners/{code}/admit", Role.SUPERVISOR, reason="材料齐全。")
    await p.register(matter="help")
    offer = await p.offers("pipes")
    assert code in {each["code"] for each in offer["ranking"]}
    await p.agent("refer", lead=code, choice="chosen", offer=offer["id"])
    await p.unit(code, "sign")
    await p.unit(code, "feedback", public="管道已疏通。", replied="phone")
    await p.caller(reach="reached", resolved=True, rating="excellent", honest=True, punctual=True)
    await p.until_status("archived")
    return int((await p.ask("GET", f"/partners/{code}/scores", Role.AUDITOR))["counts"]["rated"])


async def handover(cast: Cast, platform: Receiver) -> int:
    """The platform refuses a record, a supervisor has it sent again, it is taken once (Art. 9 ¶3, 16 ¶2); how many."""
    p = cast()
    platform.refusing = "platform_in_maintenance"
    await p.register(matter="issue", infringement=True)
    id = f"{p.number}-9.3"

    def stands(state: str) -> Callable[[Any], bool]:
        return lambda found: any((each["id"], each["state"]) == (id, state) for each in found["items"])

    await p.until_answer("/dispatches?limit=200", Role.SUPERVISOR, stands("refused"))
    platform.refusing = None
    refused = await p.ask("GET", "/dispatches?state=refused&limit=200", Role.SUPERVISOR)
    for each in refused["items"]:
        await p.ask("POST", f"/dispatches/{each['id']}/resend", Role.SUPERVISOR)
    await p.until_answer("/dispatches?limit=200", Role.SUPERVISOR, stands("received"))
    return sum(record["case_number"] == p.number for record in platform.records.values())


async def opinion(cast: Cast, _: Receiver) -> int:
    """A deputy's opinion is answered, published, and what changed is on record (Art. 21); how many everybody may read."""
    p = cast()
    given = {
        "voice": "deputy",
        "reference": f"样例{uuid4().hex[:8]}号",
        "title": "增加夜间坐席",
        "question": "建议增加夜间坐席。",
    }
    id = (await p.ask("POST", "/opinions", Role.AGENT, 201, **given))["id"]
    path = f"/opinions/{id}"
    await p.ask("POST", f"{path}/assign", Role.AGENT, unit="JW")
    await p.ask("POST", f"{path}/answer", Role.UNIT, by="JW", answer="夜间坐席已增加一倍。")
    await p.ask("POST", f"{path}/reword", Role.AGENT, answer="夜间坐席已经增加。")
    await p.ask("POST", f"{path}/publish", Role.SUPERVISOR, version=4)
    await p.ask("POST", f"{path}/effect", Role.SUPERVISOR, effect="夜间接通率提高到九成五。")
    public = await p.ask("GET", "/public/opinions?limit=200", Role.AUDITOR)
    return sum(each["id"] == id for each in public["items"])


BESIDE: dict[str, Callable[[Cast, Receiver], Awaitable[int]]] = {
    "joint_parts": joint,
    "partners_rated": partner,
    "handovers_repaired": handover,
    "opinions_published": opinion,
}
EXPECTED = {"joint_parts": PARTS, "partners_rated": 1, "handovers_repaired": 1, "opinions_published": 1}
"""What each comes to."""


async def play_beside(cast: Cast, platform: Receiver, score: Score) -> dict[str, int]:
    """Play all of it at once; what each came to. What is otherwise than expected is noted."""

    async def one(name: str) -> int:
        try:
            return await BESIDE[name](cast, platform)
        except Exception as error:  # counted, shown and failed on
            score.unexpected.append(f"{name}: {error!r}")
            return 0

    found = dict(zip(BESIDE, await asyncio.gather(*map(one, BESIDE)), strict=True))
    score.unexpected += [f"{name}: {found[name]}, not {many}" for name, many in EXPECTED.items() if found[name] != many]
    return found
