"""A membership on virtual time (Art. 20, 24): papers expire, hearings and appeals end, nothing sleeps for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.partnerships import Partnerships
from activities.sweep import Beside
from domain.calendar import compile_calendar, seeded_notices
from domain.limits import SHANGHAI
from domain.partners import Doing, Particulars, Partner, Shown, decide
from domain.ruleset import rule_sets
from domain.vocabulary import Fault, MemberAct, Membership, Paper, PartnerKind, Role, Service
from storage import partners, tables
from tests.sandbox import SANDBOX
from tests.town import LEAD
from workflows.client import tell
from workflows.partnership import Partnership

A, M = MemberAct, Membership
TERMS = rule_sets()["TJ-2015-18"].partners
CALENDAR = compile_calendar(seeded_notices(), 1)


@pytest.fixture(autouse=True)
async def worker(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> AsyncIterator[None]:
    """One that keeps memberships, on a database of its own."""
    async with Worker(
        temporal.client,
        task_queue=queue,
        workflows=[Partnership],
        activities=[Partnerships(engine).keep],
        workflow_runner=SANDBOX,
    ):
        yield


class Register:
    """One volunteers' team in the register, and its workflow."""

    def __init__(self, temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> None:
        self.temporal, self.engine, self.queue, self.code = temporal, engine, queue, ""

    async def apply(self, days: int | None = None) -> None:
        """It applies, with a pledge that is good for so many days from today."""
        last = datetime.now(SHANGHAI).date() + timedelta(days=days) if days is not None else None
        given = Particulars(
            zh=f"样例志愿队{self.queue}",
            kind=PartnerKind.VOLUNTEERS,
            services=(Service.COMFORT,),
            phone="02200000001",
            papers=(Shown(paper=Paper.PLEDGE, number="样例-1", valid_until=last),),
        )
        async with self.engine.begin() as conn:
            applies = self._doing(A.APPLY, Role.CHANNEL, "web", particulars=given)
            self.code = (await partners.enter(conn, applies, TERMS, CALENDAR)).code
        await self.tell()

    def _doing(self, act: MemberAct, role: Role, actor: str = "supervisor-1", **facts: Any) -> Doing:
        return Doing(act=act, actor=actor, role=role, at=datetime.now(UTC), **facts)

    async def do(self, act: MemberAct, role: Role, actor: str = "supervisor-1", **facts: Any) -> Partner:
        doing = self._doing(act, role, actor, **facts)
        async with self.engine.begin() as conn:
            before = await partners.hold(conn, self.code)
            assert before is not None
            after = decide(before, doing, TERMS, CALENDAR)
            await partners.keep(conn, after, doing, "样例。")
        await self.tell()
        return after

    async def admitted(self, days: int | None = None) -> Partner:
        await self.apply(days)
        await self.do(A.CHECK, Role.AGENT, "agent-1")
        return await self.do(A.ADMIT, Role.SUPERVISOR)

    async def tell(self) -> None:
        """Its workflow looks, and has looked."""
        await tell(self.temporal.client, self.queue, Beside.PARTNER, self.code)
        await self.until(lambda _: True)

    async def until(self, holds: Any) -> Partner:
        """The partner, once its workflow knows of it and it is so."""
        async with asyncio.timeout(30):
            while True:
                async with self.engine.connect() as conn:
                    partner = await partners.one(conn, self.code)
                    seen = await conn.scalar(select(tables.partners.c.seen).where(tables.partners.c.code == self.code))
                assert partner is not None
                if seen == partner.version and holds(partner):
                    return partner
                await asyncio.sleep(0.02)

    async def pass_by(self, until: datetime) -> None:
        handle = self.temporal.client.get_workflow_handle(self.code)
        await self.temporal.fast_forward(handle, until - datetime.now(UTC))

    async def acts(self) -> list[str]:
        async with self.engine.connect() as conn:
            return [step["act"] for step in await partners.steps(conn, self.code)]


@pytest.fixture
def register(temporal: WorkflowEnvironment, engine: AsyncEngine, queue: str) -> Register:
    return Register(temporal, engine, queue)


async def test_a_paper_is_good_until_its_last_day_ends_then_the_member_is_suspended(register: Register) -> None:
    """Art. 20: nobody is referred to whose papers have expired."""
    member = await register.admitted(days=40)
    assert member.due_at is not None
    await register.pass_by(member.due_at - timedelta(minutes=1))
    assert (await register.until(lambda _: True)).standing is M.ACTIVE
    await register.pass_by(member.due_at + LEAD)
    expired = await register.until(lambda partner: partner.standing is M.SUSPENDED)
    assert (expired.fault, expired.set_at) == (Fault.EXPIRED, member.due_at)
    assert (await register.acts())[-1] == "lapse"


async def test_who_does_not_appeal_in_time_is_excluded_and_the_workflow_ends(register: Register) -> None:
    """Art. 24."""
    await register.admitted()
    await register.do(A.NOTIFY, Role.SUPERVISOR, fault=Fault.ILLEGAL)
    await register.do(A.STATE, Role.PARTNER, "team")
    ended = await register.do(A.TERMINATE, Role.SUPERVISOR, "supervisor-2")
    assert ended.due_at is not None
    await register.pass_by(ended.due_at + LEAD)
    await register.until(lambda partner: partner.standing is M.EXCLUDED)
    handle: Any = register.temporal.client.get_workflow_handle(register.code)
    assert (await handle.result()).endswith(Membership.EXCLUDED.en)


async def test_the_time_to_state_ones_case_ends_by_itself(register: Register) -> None:
    """Art. 24: whoever says nothing is not heard for ever."""
    await register.admitted()
    noticed = await register.do(A.NOTIFY, Role.SUPERVISOR, fault=Fault.CONSUMERS)
    assert noticed.due_at is not None
    await register.pass_by(noticed.due_at + LEAD)
    await register.until(lambda partner: partner.due_at is None)
    assert (await register.do(A.TERMINATE, Role.SUPERVISOR, "supervisor-2")).standing is M.TERMINATED


async def test_an_application_that_waits_too_long_is_marked(register: Register) -> None:
    """The Centre's own limit (Art. 20)."""
    await register.apply()
    waits = await register.until(lambda _: True)
    assert waits.due_at is not None
    await register.pass_by(waits.due_at + LEAD)
    assert (await register.until(lambda partner: partner.due_at is None)).standing is M.APPLIED
    assert await register.acts() == ["apply", "lapse"]


async def test_whoever_was_refused_applies_again_under_the_same_code(register: Register) -> None:
    await register.apply()
    code = register.code
    await register.do(A.REFUSE, Role.SUPERVISOR)
    handle: Any = register.temporal.client.get_workflow_handle(code)
    assert (await handle.result()).endswith(Membership.REFUSED.en)
    await register.apply(days=90)
    assert register.code == code
    assert (await register.until(lambda _: True)).standing is M.APPLIED
