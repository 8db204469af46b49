"""The pictures of the documentation: a stack of its own, invented cases, a browser. `python -m docs.screenshots`.

Needs Chromium and a font with Chinese glyphs on the machine, and `playwright` (its Python part only). Cases are
registered through the HTTP API; those that are to be overdue through one whose clock is some days slow.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from api.access import Caller, issue
from api.app import create_app
from domain.vocabulary import Role
from settings import Settings

PICTURES = Path(__file__).parent / "pictures"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH = 1440
DAYS_AGO = 12
PERSON = {"name": "张样例", "phone": "19900000001"}


class Cast:
    """Every role of the house, through one API; its clock is `ago` behind."""

    def __init__(self, http: httpx.AsyncClient, secret: bytes, ago: timedelta = timedelta(0)) -> None:
        self._http, self._secret, self._ago = http, secret, ago

    async def register(self, title: str, text: str, **facts: Any) -> str:
        """An invented request; its number."""
        body = {"title": title, "text": text, **PERSON, **facts}
        answer = await self._post("/cases", Role.CHANNEL, None, body)
        return str(answer["number"])

    async def act(self, number: str, role: Role, act: str, unit: str | None = None, **body: Any) -> None:
        await self._post(f"/cases/{number}/{act}", role, unit, body)

    async def agent(self, number: str, act: str, **body: Any) -> None:
        await self.act(number, Role.AGENT, act, **body)

    async def unit(self, number: str, unit: str, act: str, **body: Any) -> None:
        await self.act(number, Role.UNIT, act, unit, **body)

    async def _post(self, path: str, role: Role, unit: str | None, body: dict[str, Any]) -> dict[str, Any]:
        token = issue(self._secret, Caller(unit or role.value, role, unit), datetime.now(UTC))
        response = await self._http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found


@asynccontextmanager
async def slow_clock(settings: Settings, ago: timedelta) -> AsyncIterator[Cast]:
    """An API in this process whose clock is behind."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        app.state.house = replace(app.state.house, now=lambda: datetime.now(UTC) - ago)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://then", timeout=30) as http:
            yield Cast(http, settings.secret, ago)


async def play(now: Cast, then: Cast) -> dict[str, str]:
    """Cases in every standing; name -> number."""
    told = "已现场处理完毕，谢谢您的反映。"
    cases: dict[str, str] = {}

    cases["overdue"] = number = await then.register(
        "样例小区暖气不热", "样例小区3号楼整栋暖气不热。", district="HX", channel="phone", matter="help"
    )
    await then.agent(number, "transfer", lead="HEAT", assisting=["HX"], reason="供热公司主办，河西区协办。")
    await then.unit(number, "HEAT", "sign")

    number = await then.register("样例路积水", "样例路下穿通道雨后积水。", district="HD", channel="web")
    await then.agent(number, "transfer", lead="JW")
    await then.unit(number, "JW", "sign")

    cases["several"] = number = await now.register(
        "样例路口自来水漏水", "样例路口路面冒水，已影响通行。", district="NK", channel="app", matter="help", urgency="urgent"
    )
    await now.agent(number, "transfer", lead="WATER", assisting=["NK"])
    await now.unit(number, "WATER", "sign")
    await now.unit(number, "WATER", "request-extension", until=_day(6), reason="需要等待管材。")

    cases["designation"] = number = await now.register("样例桥下路灯不亮", "桥下路灯一直不亮。", district="HB")
    for unit in ("JT", "POWER"):
        await now.agent(number, "transfer", lead=unit)
        await now.unit(number, unit, "return", reason="不属于本单位职责。", disputed=unit == "POWER")

    for district, unit in (("HP", "GAS"), ("BH", "WJ")):
        cases["callback"] = number = await now.register("样例街垃圾未清运", "已三天未清运。", district=district)
        await now.agent(number, "transfer", lead=unit)
        await now.unit(number, unit, "sign")
        await now.unit(number, unit, "feedback", public=told, replied="phone")

    cases["archived"] = number = await now.register("样例站公交不停", "公交车到站不停。", district="NK", channel="wechat")
    await now.agent(number, "transfer", lead="JT")
    await now.unit(number, "JT", "sign")
    await now.unit(number, "JT", "feedback", public=told, replied="phone")
    await now.act(number, Role.CALLER, "attempt", reach="reached", resolved=True, rating="good")

    number = await now.register("样例局窗口态度", "办事窗口态度不好。", matter="staff", respondent="HP.XB", district="HP")
    await now.agent(number, "transfer", lead="HP")
    await now.unit(number, "HP", "feedback", public=told, replied="visit")

    number = await now.register("举报样例店无照经营", "样例店无照经营。", report="unlawful", district="HQ", channel="letter")
    await now.agent(number, "transfer", lead="SC")

    number = await now.register("样例广场噪声", "夜间广场噪声。", district="HX")
    await now.agent(number, "transfer", lead="HB1")
    await now.unit(number, "HB1", "return", reason="不属于本单位职责。")

    await now.register("咨询居住证办理", "居住证如何办理？", matter="consultation", channel="web", district="JN")
    cases["waiting"] = await now.register("建议增设公交站", "建议在样例路增设公交站。", matter="suggestion", channel="app")
    return cases


def _day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


if __name__ == "__main__":
    print("WIP")
