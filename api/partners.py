"""Partners (加盟企业与社会力量): who applies, where each stands, and every act about one (Art. 20, 24)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body

from activities.sweep import Beside
from api.access import Caller, CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import House, HouseDep
from api.reading import PAGE, Cursor, Limit
from api.texts import CreditCode, Day, District, Hour, Line, Phone, Words
from api.views import Page, view
from domain import partners as membership
from domain.partners import Doing, Particulars, Partner, Shown
from domain.refusals import Lacking
from domain.regulation import art
from domain.ruleset import RuleSet, rule_sets
from domain.vocabulary import Fault, MemberAct, Membership, Paper, PartnerKind, Role, Service
from storage import partners
from workflows.client import Later, tell

router = APIRouter(prefix="/partners", tags=["partners"])
STRICT = ConfigDict(extra="forbid")
Code = Annotated[str, Path(description="the partner's code", max_length=40, examples=["P-0001"])]
WHOLE = "The partner, and every step that brought it there."
STEP = documented(401, 403, 404, 409, 413, 422, 503)


@body(config=STRICT)
class PaperGiven:
    """A paper that is shown."""

    paper: Paper
    number: Line
    valid_until: Day | None = None


@body(config=STRICT)
class Application:
    """Who applies, what it does where and when, and its papers. Volunteers need no credit code."""

    zh: Line
    kind: PartnerKind
    services: Annotated[tuple[Service, ...], Field(min_length=1, max_length=len(Service))]
    phone: Phone
    credit_code: CreditCode | None = None
    districts: Annotated[tuple[District, ...], Field(max_length=20)] = ()
    opens: Hour = "00:00"
    closes: Hour | None = None
    papers: Annotated[tuple[PaperGiven, ...], Field(max_length=20)] = ()


@body(config=STRICT)
class Amended(Application):
    """What it says of itself from now on; kind and credit code stay."""


@body(config=STRICT)
class Reasoned:
    """Why; on record, and shown to the partner."""

    reason: Words


@body(config=STRICT)
class Remark:
    """A remark, if any."""

    reason: Words | None = None


@body(config=STRICT)
class Faulted:
    """Which fault, and what is known of it."""

    fault: Fault
    reason: Words


BODIES: Mapping[MemberAct, type[Any]] = {move.act: Reasoned for move in membership.MOVES} | {
    MemberAct.AMEND: Amended,
    MemberAct.CHECK: Remark,
    MemberAct.SUSPEND: Faulted,
    MemberAct.NOTIFY: Faulted,
}

APPLICATION: dict[str, Any] = {
    "zh": "样例管道疏通公司",
    "kind": "enterprise",
    "services": ["pipes"],
    "phone": "02200000003",
    "credit_code": "5112010000000003C4",
    "districts": ["HP"],
    "opens": "08:00",
    "papers": [
        {"paper": "registration", "number": "样例-9", "valid_until": "2099-12-31"},
        {"paper": "prices", "number": "样例-10"},
        {"paper": "pledge", "number": "样例-11"},
    ],
}
REASON = {"reason": "材料齐全，符合加盟条件。"}
EXAMPLES: Mapping[MemberAct, dict[str, Any]] = {act: REASON for act in BODIES} | {
    MemberAct.AMEND: APPLICATION,
    MemberAct.CHECK: {},
    MemberAct.SUSPEND: {"fault": "quality", "reason": "连续三次回访不满意。"},
    MemberAct.NOTIFY: {"fault": "consumers", "reason": "经核实多收费用。"},
}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A partner, and where it stands."""

    code: str
    zh: str
    kind: PartnerKind
    services: list[Service]
    phone: str
    credit_code: str | None
    districts: list[str]
    opens: str
    closes: str
    papers: list[Shown]
    standing: Membership
    set_at: datetime
    due_at: datetime | None
    fault: Fault | None
    heard: bool


@dataclass(frozen=True, kw_only=True)
class MemberStep:
    """One step: whose, when, why, and where the partner stood after it."""

    version: int
    at: datetime
    act: MemberAct
    actor: str
    role: Role
    standing: Membership
    fault: Fault | None
    reason: str | None
    said: Particulars | None


@dataclass(frozen=True, kw_only=True)
class MemberWhole(Member):
    """The same, with every step."""

    steps: list[MemberStep]


@router.post(
    "",
    status_code=201,
    summary="申请加盟 · apply to become a partner",
    response_description="The application, and until when it is decided. The same again is the same one.",
    responses=documented(401, 403, 409, 413, 422, 503),
    openapi_extra=shown(APPLICATION),
)
async def post_partner(given: Application, caller: CallerDep, house: HouseDep) -> Member:
    """By whoever takes it in. Its papers are looked at next (`check`), then it is decided on by another officer."""
    doing = _doing(house, caller, MemberAct.APPLY, given)
    calendar = await house.calendar.again()
    async with house.engine.begin() as conn:
        partner = await partners.enter(conn, doing, rules_of(house).partners, calendar)
    await _told(house, partner.code)
    return _member(partner)


@router.get(
    "",
    summary="加盟名录 · the register of partners",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_partners(
    caller: CallerDep,
    house: HouseDep,
    standing: Annotated[Membership | None, Query(description="only who stands there")] = None,
    service: Annotated[Service | None, Query(description="only who does this")] = None,
    district: Annotated[District | None, Query(description="only who serves there")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Member]:
    """By code; a partner reads of itself."""
    async with house.reading(caller) as conn:
        found = await partners.listed(conn, standing, service, district, limit, cursor)
    return Page([view(Member, row) for row in found.items], found.next)


@router.get(
    "/{partner}",
    summary="加盟单位 · one partner",
    response_description=WHOLE,
    responses=documented(401, 403, 404, 422, 503),
)
async def get_partner(partner: Code, caller: CallerDep, house: HouseDep) -> MemberWhole:
    """A partner reads of itself."""
    return await whole(house, caller, partner)


def _route(act: MemberAct, shape: type[Any]) -> None:
    async def endpoint(partner: Code, given: Any, caller: CallerDep, house: HouseDep) -> MemberWhole:
        await whole(house, caller, partner)
        doing = _doing(house, caller, act, given)
        calendar, terms = await house.calendar.again(), rules_of(house).partners
        async with house.engine.begin() as conn:
            before = await partners.hold(conn, partner)
            assert before is not None
            after = membership.decide(before, doing, terms, calendar)
            await partners.keep(conn, after, doing, getattr(given, "reason", None))
        await _told(house, partner)
        return await whole(house, caller, partner)

    endpoint.__annotations__ |= {"given": shape}
    moves = [move for move in membership.MOVES if move.act is act]
    roles = ", ".join(sorted({role for move in moves for role in move.roles}))
    basis = ", ".join(sorted({str(move.basis or "house") for move in moves}))
    router.add_api_route(
        f"/{{partner}}/{act}",
        endpoint,
        methods=["POST"],
        name=f"partner_{act}",
        summary=f"{act.zh} · {act.en}",
        description=f"{(shape.__doc__ or '').strip()}\n\nBy: {roles}. Rests on: {basis}.",
        response_description=WHOLE,
        responses=STEP,
        openapi_extra=shown(EXAMPLES[act]),
    )


def _doing(house: House, caller: Caller, act: MemberAct, given: Any = None) -> Doing:
    return Doing(
        act=act,
        actor=caller.subject,
        role=caller.role,
        at=house.now(),
        fault=getattr(given, "fault", None),
        particulars=_particulars(given) if isinstance(given, Application) else None,
    )


def _particulars(given: Application) -> Particulars:
    if given.credit_code is None and given.kind is not PartnerKind.VOLUNTEERS:
        raise Lacking("`credit_code`: only volunteers need none", art(20))
    return partners.PARTICULARS.validate_python(asdict(given) | {"closes": given.closes or "24:00"})


def rules_of(house: House) -> RuleSet:
    """The rule set in force."""
    return rule_sets()[house.settings.rule_set]


def _member(partner: Partner) -> Member:
    return view(Member, partners.row_of(partner))


async def whole(house: House, caller: Caller, code: str) -> MemberWhole:
    """A partner as this caller sees it, or a Problem."""
    async with house.reading(caller) as conn:
        partner = await partners.one(conn, code)
        if partner is None:
            raise Problem(404, "NoSuchPartner", "no such partner, or none that the caller may see")
        steps = await partners.steps(conn, code)
    if caller.role is Role.ANALYST:
        steps = [step | {"reason": None} for step in steps]  # it may name somebody
    return view(MemberWhole, partners.row_of(partner), steps=[view(MemberStep, step) for step in steps])


async def _told(house: House, code: str) -> None:
    """Its workflow looks where it stands; if that cannot be now, the sweep tells it."""
    with suppress(Later):
        await tell(house.temporal, house.settings.task_queue, Beside.PARTNER, code)


for _act, _shape in BODIES.items():
    _route(_act, _shape)
