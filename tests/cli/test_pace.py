"""Who plays at once: fewer when the API answers slowly, and whoever waits for a clock burdens nobody."""

from __future__ import annotations

import asyncio

import pytest

from cli import pace
from cli.pace import ACTIVE, FIRST, MOST, QUICK, SLOW, Pace


class Clock:
    """Stands in for the module `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(pace, "time", made := Clock())
    return made


class Stage:
    """Cases that go on only when they are told to."""

    def __init__(self, many: int) -> None:
        self.pace, self.playing, self.left = Pace(), 0, asyncio.Event()
        self.aside = asyncio.Event()
        self._cases = [asyncio.create_task(self._case()) for _ in range(many)]

    async def _case(self) -> None:
        async with self.pace.case():
            self.playing += 1
            if not self.aside.is_set():
                await self.aside.wait()
            with self.pace.aside():
                await self.left.wait()
            self.playing -= 1

    async def settle(self) -> int:
        for _ in range(5):
            await asyncio.sleep(0)
        return self.playing

    async def end(self) -> None:
        self.aside.set()
        self.left.set()
        await asyncio.gather(*self._cases)


def answered(by: Pace, clock: Clock, seconds: float, times: int = 1) -> None:
    for _ in range(times):
        with by.measured():
            clock.now += seconds


async def test_quick_answers_let_more_cases_act_up_to_a_number(clock: Clock) -> None:
    stage = Stage(100)
    assert await stage.settle() == FIRST
    answered(stage.pace, clock, QUICK / 2, times=4)
    assert await stage.settle() == FIRST + 1
    answered(stage.pace, clock, QUICK / 2, times=1000)
    assert await stage.settle() == ACTIVE
    await stage.end()


async def test_slow_answers_let_nobody_begin_until_it_is_quick_again(clock: Clock) -> None:
    stage = Stage(100)
    assert await stage.settle() == FIRST
    answered(stage.pace, clock, SLOW + 1, times=100)
    answered(stage.pace, clock, QUICK / 2, times=2)
    assert await stage.settle() == FIRST
    answered(stage.pace, clock, QUICK / 2, times=40)
    assert await stage.settle() > FIRST
    await stage.end()


async def test_slow_answers_under_way_together_count_once(clock: Clock) -> None:
    stage = Stage(0)
    with stage.pace.measured(), stage.pace.measured(), stage.pace.measured():
        clock.now += SLOW + 1
    more = Stage(0)
    answered(more.pace, clock, SLOW + 1)
    assert vars(stage.pace)["_allowed"] == vars(more.pace)["_allowed"] == FIRST / 2


async def test_whoever_waits_for_a_clock_makes_room(clock: Clock) -> None:
    stage = Stage(100)
    assert await stage.settle() == FIRST
    stage.aside.set()
    for _ in range(20):
        await stage.settle()
    assert stage.playing == MOST
    stage.left.set()
    await stage.end()
    assert stage.playing == 0


async def test_one_that_was_given_up_in_the_queue_takes_no_place(clock: Clock) -> None:
    stage = Stage(int(FIRST))
    await stage.settle()
    waiting = asyncio.create_task(stage.pace.case().__aenter__())
    await stage.settle()
    waiting.cancel()
    await stage.end()
    again = [stage.pace.case() for _ in range(int(FIRST))]
    async with asyncio.timeout(5):
        for case in again:
            await case.__aenter__()
    for case in again:
        await case.__aexit__(None, None, None)
