"""The pictures of the documentation: a stack of its own, invented cases, a browser. `python -m docs.screenshots`.

Needs Chromium and a font with Chinese glyphs on the machine, and `playwright` (its Python part only). Cases are
registered through the HTTP API; those that are to be overdue are transferred with a limit of seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from playwright.async_api import Error, Frame, Page, async_playwright

from api.access import Caller, issue
from cli.main import local_stack
from cli.stack import LocalStack, Ports
from domain.case import File
from domain.vocabulary import Role
from settings import Settings
from storage.engine import make_engine
from worker import build_worker
from workflows import desk
from workflows.client import connect

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
WIDTH, MENU = 1640, 256
"""Of the window, and of the menu at its left."""
PATIENCE = 60
"""Seconds for a page to show what it is photographed for."""
SETTLING = 20
"""Seconds, so that timelines have a length."""
TERM = "15s"
"""Over when it has settled."""
PERSON = {"name": "张样例", "phone": "19900000001"}


class Cast:
    """Every role of the house, through the API."""

    def __init__(self, http: httpx.AsyncClient, secret: bytes) -> None:
        self._http, self._secret = http, secret

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


async def play(now: Cast) -> dict[str, str]:
    """Cases in every standing; name -> number."""
    told = "已现场处理完毕，谢谢您的反映。"
    cases: dict[str, str] = {}

    cases["overdue"] = number = await now.register(
        "样例小区暖气不热", "样例小区3号楼整栋暖气不热。", district="HX", channel="phone", matter="help"
    )
    await now.agent(number, "transfer", lead="HEAT", assisting=["HX"], term=TERM, reason="供热公司主办，河西区协办。")
    await now.unit(number, "HEAT", "sign")
    await now.unit(number, "HX", "sign")

    cases["late"] = number = await now.register("样例路积水", "样例路下穿通道雨后积水。", district="HD", channel="web")
    await now.agent(number, "transfer", lead="JW", term=TERM, reason="当日处置。")
    await now.unit(number, "JW", "sign")

    cases["several"] = number = await now.register(
        "样例路口自来水漏水",
        "样例路口路面冒水，已影响通行。",
        district="NK",
        channel="app",
        matter="help",
        urgency="urgent",
    )
    await now.agent(number, "transfer", lead="WATER", assisting=["NK"])
    await now.unit(number, "WATER", "sign")
    await now.unit(number, "WATER", "request-extension", until=_day(6), reason="需要等待管材。")
    await now.unit(number, "NK", "sign")

    cases["designation"] = number = await now.register("样例桥下路灯不亮", "桥下路灯一直不亮。", district="HB")
    for unit in ("JT", "POWER"):
        await now.agent(number, "transfer", lead=unit)
        await now.unit(number, unit, "return", reason="不属于本单位职责。", disputed=unit == "POWER")

    for district, unit in (("HP", "GAS"), ("BH", "WJ")):
        cases["callback"] = number = await now.register("样例街垃圾未清运", "已三天未清运。", district=district)
        await now.agent(number, "transfer", lead=unit)
        await now.unit(number, unit, "sign")
        await now.unit(number, unit, "feedback", public=told, replied="phone")

    cases["archived"] = number = await now.register(
        "样例站公交不停", "公交车到站不停。", district="NK", channel="wechat"
    )
    await now.agent(number, "transfer", lead="JT")
    await now.unit(number, "JT", "sign")
    await now.unit(number, "JT", "feedback", public=told, replied="phone")
    await now.act(number, Role.CALLER, "attempt", reach="reached", resolved=True, rating="good")

    number = await now.register(
        "样例局窗口态度", "办事窗口态度不好。", matter="staff", respondent="HP.XB", district="HP"
    )
    await now.agent(number, "transfer", lead="HP")
    await now.unit(number, "HP", "feedback", public=told, replied="visit")

    number = await now.register(
        "举报样例店无照经营", "样例店无照经营。", report="unlawful", district="HQ", channel="letter"
    )
    await now.agent(number, "transfer", lead="SC")

    number = await now.register("样例广场噪声", "夜间广场噪声。", district="HX")
    await now.agent(number, "transfer", lead="HB1")
    await now.unit(number, "HB1", "return", reason="不属于本单位职责。")

    await now.register("咨询居住证办理", "居住证如何办理？", matter="consultation", channel="web", district="JN")
    cases["waiting"] = await now.register(
        "建议增设公交站", "建议在样例路增设公交站。", matter="suggestion", channel="app"
    )
    return cases


def _day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


# -- the pictures --------------------------------------------------------------------------------------------------

COLUMNS = ("Workflow ID", "CaseStatus", "Hands", "Units", "District", "Matter", "DueAt", "Overdue", "Returns")
OPEN = 'ExecutionStatus="Running" AND WorkflowType="Case"'
SWAGGER_UI = "**/swagger-ui*"


class Camera:
    """A browser on the stack's pages; a picture is what lies right of the menu, taken once a given text is there."""

    def __init__(self, page: Page, stack: LocalStack, folder: Path) -> None:
        self._page, self._ui, self._api, self._folder = page, stack.ui_url, stack.api_url, folder

    async def list(self, name: str, query: str, shows: str, height: int) -> None:
        """A list of workflows."""
        await self._open(f"{self._ui}/namespaces/default/workflows?query={quote(query)}", height, shows)
        await self._shoot(name)

    async def workflow(
        self,
        name: str,
        workflow: str,
        tab: str,
        shows: str,
        height: int,
        below: str | None = None,
        *,
        oldest: bool = False,
    ) -> None:
        """One tab of a workflow; `below`: from the heading with this text on."""
        await self._open(f"{self._ui}/namespaces/default/workflows/{workflow}", 900, "Timeline")
        await self._page.wait_for_url("**/timeline*")
        await self._open(f"{self._page.url.rsplit('/', 1)[0]}/{tab}", 2000 if below else height, shows)
        top = 0.0
        if below:
            box = await self._page.get_by_role("heading", name=below).first.bounding_box()
            assert box is not None, f"no heading {below}"
            top = box["y"] - 16
        await self._shoot(name, top, height if below else None)

    async def schedule(self, name: str, schedule: str, height: int) -> None:
        await self._open(f"{self._ui}/namespaces/default/schedules/{schedule}", height, "COMPLETED")
        await self._shoot(name)

    async def api_docs(self, name: str, swagger_ui: Path, height: int) -> None:
        """The page takes its script from the internet; here from a folder."""
        await self._page.route(SWAGGER_UI, lambda route: route.fulfill(path=swagger_ui / Path(route.request.url).name))
        await self._open(f"{self._api}/docs", height, "Authorize")
        await self._page.screenshot(path=self._folder / f"{name}.png")

    async def _open(self, url: str, height: int, shows: str) -> None:
        await self._page.set_viewport_size({"width": WIDTH, "height": height})
        await self._page.goto(url, wait_until="load")
        async with asyncio.timeout(PATIENCE):
            while not any([await _contains(frame, shows) for frame in self._page.frames]):
                await self._page.wait_for_timeout(200)
        await self._page.wait_for_timeout(2000)

    async def _shoot(self, name: str, top: float = 0.0, height: int | None = None) -> None:
        size = self._page.viewport_size
        assert size is not None
        await self._page.screenshot(
            path=self._folder / f"{name}.png",
            clip={"x": MENU, "y": top, "width": WIDTH - MENU, "height": height or size["height"] - top},
        )


async def _contains(frame: Frame, text: str) -> bool:
    """The UI shows details in frames of their own, which come and go while the page loads."""
    try:
        return await frame.get_by_text(text).count() > 0
    except Error:
        return False


@asynccontextmanager
async def camera_on(stack: LocalStack, chromium: str) -> AsyncIterator[Camera]:
    """A browser in Shanghai, with columns for the search attributes."""
    async with async_playwright() as playing:
        browser = await playing.chromium.launch(executable_path=chromium, args=list(FLAGS))
        context = await browser.new_context(timezone_id="Asia/Shanghai", locale="zh-CN")
        columns = json.dumps({"default": [{"label": label} for label in COLUMNS]})
        await context.add_init_script(f"localStorage.setItem('namespace-workflow-table-columns', {columns!r})")
        yield Camera(await context.new_page(), stack, PICTURES)
        await browser.close()


async def photograph(camera: Camera, cases: dict[str, str]) -> None:
    """What an operator sees on a good day."""
    child = f"{cases['designation']}-designation-1"
    await camera.list("open-cases", OPEN, cases["overdue"], 760)
    await camera.list("overdue-cases", f"{OPEN} AND Overdue=true", cases["overdue"], 440)
    await camera.workflow("case-details", cases["overdue"], "user-metadata", "办理时限", 690, below="Summary")
    await camera.workflow("case-timeline", cases["several"], "timeline", "transfer", 470, below="Timeline")
    await camera.workflow("case-history", cases["late"], "history", "overdue", 560, below="Event History")
    await camera.workflow("relationships", cases["designation"], "relationships", "-designation-1", 800)
    await camera.workflow("designation", child, "user-metadata", "指定时限", 720)
    await camera.schedule("sweep", "sweep", 700)


@asynccontextmanager
async def broken_worker(stack: LocalStack, settings: Settings) -> AsyncIterator[None]:
    """A worker in the place of the stack's, whose workflows raise an error at their first step."""

    def broken(file: File) -> str:
        raise RuntimeError("broken on purpose, for the picture")

    stack.stop("worker")
    setattr(desk, "details", broken)  # noqa: B010  (mypy takes a module's imports for private)
    engine = make_engine(settings.database_url)
    async with build_worker(await connect(), engine, settings.task_queue):
        yield
    await engine.dispose()


async def cases_then_pictures(stack: LocalStack, chromium: str, swagger_ui: Path | None) -> None:
    settings = Settings.from_environment()
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=30) as http:
        now = Cast(http, settings.secret)
        cases = await play(now)
        await asyncio.sleep(SETTLING)
        async with camera_on(stack, chromium) as camera:
            await photograph(camera, cases)
            if swagger_ui:
                await camera.api_docs("api-docs", swagger_ui, 900)
            async with broken_worker(stack, settings):
                stuck = await now.register("样例路口信号灯不亮", "信号灯不亮。", district="HD")
                await now.agent(stuck, "transfer", lead="GA")
                await camera.workflow("stuck", stuck, "timeline", "Pending Workflow Task", 920)


def main() -> None:
    """Start a stack, play, photograph, stop it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    options.add_argument(
        "--swagger-ui", type=Path, help="a folder with swagger-ui-dist, for the picture of the API docs"
    )
    given = options.parse_args()
    for name in ("DATABASE_URL", "TEMPORAL_ADDRESS", "HOTLINE_RULE_SET"):
        os.environ.pop(name, None)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, local_stack(Path(data), Ports(0, 0, 0)) as stack:
        os.environ.update(stack.environment)
        asyncio.run(cases_then_pictures(stack, given.chromium, given.swagger_ui))
    for picture in sorted(PICTURES.glob("*.png")):
        print(f"{picture.stat().st_size // 1024:4d} KB  {picture.name}")


if __name__ == "__main__":
    main()
