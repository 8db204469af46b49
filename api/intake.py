"""`POST /cases`: a request comes in from a channel and is registered first (Art. 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as body
from sqlalchemy.exc import IntegrityError, OperationalError

from api.access import Caller, CallerDep, tracking_code
from api.acts import Key
from api.errors import Problem, documented
from api.examples import EXAMPLES, shown
from api.house import House, HouseDep
from api.texts import Code, District, Hour, IdNumber, Instant, Line, Phone, Uploads, Words
from domain.acceptance import ELSEWHERE, register
from domain.case import Case, File
from domain.limits import SHANGHAI
from domain.refusals import Unknown
from domain.step import Result
from domain.vocabulary import Act, Channel, Clock, Exclusion, Matter, Report, Urgency
from storage import files, intake, reading
from workflows.client import Later, start

router = APIRouter(tags=["intake"])


@body(config=ConfigDict(extra="forbid"))
class Intake:
    """A request as a channel hands it in: what it is about, and the person's words."""

    title: Annotated[Line, Field(examples=["样例路路灯不亮"])]
    text: Annotated[Words, Field(examples=["样例路12号门前的路灯已三天不亮，晚上出行不便。"])]
    channel: Channel = Channel.PHONE
    matter: Matter = Matter.ISSUE
    urgency: Urgency = Urgency.NORMAL
    report: Report | None = None
    emergency: bool = False
    infringement: bool = False
    respondent: Code | None = None
    district: District | None = None
    created: Instant | None = None
    name: Annotated[Line | None, Field(examples=["张样例"])] = None
    phone: Annotated[Phone | None, Field(examples=["13800000000"])] = None
    address: Line | None = None
    id_number: IdNumber | None = None
    call_from: Hour | None = None
    consent: bool = False
    attachments: Uploads = ()


@dataclass(frozen=True)
class Registered:
    """The answer to an intake: the number, the code for tracking, and what happens next."""

    number: str
    tracking_code: str
    registered_at: datetime
    next: str
    next_zh: str
    by: datetime | None
    provisional: bool


INTAKE = TypeAdapter(Intake)


@router.post(
    "/cases",
    status_code=201,
    summary="登记 · register a request",
    response_description="Registered, also where a key is given again.",
    responses=documented(401, 403, 413, 422, 503),
    openapi_extra=shown(EXAMPLES[Act.REGISTER]),
)
async def post_case(given: Intake, caller: CallerDep, house: HouseDep, key: Key = None) -> Registered:
    """Register a request. Its number is given even while Temporal is down: the case then starts by itself later."""
    digest = house.digest(_said(given))
    if given.respondent:
        await house.require_units({"respondent": [given.respondent]})
    try:
        made = await _register(house, given, caller, key, digest)
    except (IntegrityError, Unknown):  # the same key: there is a case already, which brought the uploads
        async with house.once.connect() as conn:
            known = await intake.known(conn, caller.subject, key) if key else None
        if known is None:
            raise
        return await _again(house, known, digest)
    try:
        await start(house.temporal, house.settings.task_queue, made.file)
        async with house.once.connect() as conn:
            await intake.begun(conn, made.file.case.number, house.now())
    except (Later, OperationalError):
        pass  # registered first: the sweep starts it when Temporal, or PostgreSQL, returns
    return _answer(house, made.file, any(_first(row.clock.clock, row.derivation) for row in made.clocks))


LATER = ("attachments", "consent", "id_number")
"""Fields that the form had not from the first."""


def _said(given: Intake) -> bytes:
    """What was handed in, for its digest; without what came later to the form and was left out."""
    return INTAKE.dump_json(given, exclude={name for name in LATER if not getattr(given, name)})


async def _register(house: House, given: Intake, caller: Caller, key: str | None, digest: str) -> Result:
    request = intake.Request(
        client=caller.subject,
        key=key,
        digest=digest,
        stated_at=given.created,
        title=given.title,
        text=given.text,
        name=given.name,
        phone=given.phone,
        address=given.address,
        id_number=given.id_number,
        uploads=given.attachments,
        consent=given.consent,
        role=caller.role,
    )
    attachments = await house.brought("", caller, given.attachments)
    now = house.now()
    calendar = await house.calendar.get()

    def make(number: str, words: str) -> Result:
        case = _case(number, given, house.settings.rule_set, now)
        return register(case, calendar, request=words, attachments=attachments, actor=caller.subject, role=caller.role)

    while True:
        made = await intake.register(
            house.engine, house.vault, request, now.astimezone(SHANGHAI).date(), make, calendar.version
        )
        if made:
            return made
        calendar = await house.calendar.again()


def _case(number: str, given: Intake, rule_set: str, now: datetime) -> Case:
    return Case(
        number=number,
        desk=number,
        registered_at=now,
        channel=given.channel,
        matter=given.matter,
        rule_set=rule_set,
        urgency=given.urgency,
        report=given.report,
        exclusion=Exclusion.EMERGENCY if given.emergency else None,
        respondent=given.respondent,
        infringement=given.infringement,
        district=given.district,
        reachable=given.phone is not None,
        call_from=given.call_from,
    )


async def _again(house: House, known: intake.Known, digest: str) -> Registered:
    if known.digest != digest:
        raise Problem(422, "KeyReused", "this Idempotency-Key was used with another content: take another")
    async with house.once.connect() as conn:
        first = await files.first_answer(conn, known.number)
        clocks = await reading.rows_of(conn, "clocks", known.number)
    return _answer(house, first, any(_first(row["clock"], row["derivation"]) for row in clocks if row["round"] == 0))


def _first(clock: str, derivation: dict[str, Any] | None) -> bool:
    """Is this the Centre's first clock, and derived from days that a coming notice can still move?"""
    return clock == Clock.TRIAGE and bool(derivation and derivation["provisional"])


def _answer(house: House, file: File, provisional: bool) -> Registered:
    """What the person is told; made from what was recorded at registration, so it is the same whenever it is asked.

    But for `provisional`: once the notice has come, the clock's derivation says so, and whoever asks again hears it.
    """
    case = file.case
    triage = next((clock for clock in file.clocks if clock.clock is Clock.TRIAGE), None)
    emergency = ELSEWHERE[Exclusion.EMERGENCY]
    return Registered(
        number=case.number,
        tracking_code=tracking_code(house.settings.secret, case.number),
        registered_at=case.registered_at,
        next="the Centre answers, transfers or declines it" if triage else emergency.en,
        next_zh="专线服务中心将答复、转办或者告知不予受理" if triage else emergency.zh,
        by=triage.due if triage else None,
        provisional=provisional,
    )
