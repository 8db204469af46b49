"""Opinions of deputies, CPPCC members, journalists, the public (社会监督意见): heard and answered (Art. 21)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass as body

from activities.sweep import Beside
from api.access import Caller, CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import House, HouseDep
from api.partners import rules_of
from api.publications import Kept
from api.reading import PAGE, Cursor, Limit
from api.texts import Code, Count, Line, Words
from api.views import Page, view
from domain import opinions as hearing
from domain.case import CENTRE
from domain.opinions import Doing
from domain.publication import FIELDS, Suspicion, looked_at, names_nobody, suspected
from domain.publication import Field as Passage
from domain.refusals import NotPermitted
from domain.regulation import art
from domain.vocabulary import Hearing, OpinionAct, Role, Voice
from storage import opinions
from workflows.client import Later, tell

router = APIRouter(prefix="/opinions", tags=["opinions"])
STRICT = ConfigDict(extra="forbid")
Id = Annotated[str, Path(description="the opinion's ID", max_length=40, examples=["OP-3f9a1c2b4d"])]
WHOLE = "The opinion, and every step that brought it there."
STEP = documented(401, 403, 404, 409, 412, 413, 422, 503)


@body(config=STRICT)
class Submission:
    """Whose voice it is, the number under which it came in, and what it says. Nobody's name: it is not kept."""

    voice: Voice
    reference: Annotated[str, StringConstraints(pattern=r"^[\w（）()〔〕\[\]-]{1,60}$")]
    title: Line
    question: Words


@body(config=STRICT)
class Assigned:
    """Who is to answer: a unit, or `centre`."""

    unit: Code


@body(config=STRICT)
class Answering:
    """The answer."""

    answer: Words


@body(config=STRICT)
class OpinionReason:
    """Why; on record."""

    reason: Words


@body(config=STRICT)
class OpinionWording:
    """How everybody is to read it; what is left out stays as it was said. Another officer publishes it."""

    title: Line | None = None
    question: Words | None = None
    answer: Words | None = None


@body(config=STRICT)
class Publishing:
    """The version that was read, and the suspected passages that may stand: any other refuses (Art. 15)."""

    version: Count
    kept: Annotated[list[Kept], Field(max_length=1000)] = field(default_factory=list)


@body(config=STRICT)
class Effect:
    """What changed because of it; public if the opinion is."""

    effect: Words


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """An opinion, and where it stands."""

    id: str
    voice: Voice
    reference: str
    received_at: datetime
    standing: Hearing
    unit: str | None
    warn_at: datetime | None
    due_at: datetime | None
    late: int
    title: str
    question: str
    answer: str | None
    effect: str | None
    published_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OpinionStep:
    """One step: whose, when, with which words, and where the opinion stood after it."""

    version: int
    at: datetime
    act: OpinionAct
    actor: str
    role: Role
    standing: Hearing
    unit: str | None
    words: str | None


@dataclass(frozen=True, kw_only=True)
class OpinionWhole(Opinion):
    """The same, as everybody is to read it, with every step, and the passages to look at before it is published."""

    version: int
    public_title: str
    public_question: str
    public_answer: str | None
    steps: list[OpinionStep]
    suspected: list[Suspicion]


PUBLIC: Mapping[Passage, str] = {name: f"public_{name}" for name in FIELDS}
"""Where each text stands as everybody is to read it."""

BODIES: Mapping[OpinionAct, type[Any]] = {
    OpinionAct.ASSIGN: Assigned,
    OpinionAct.ANSWER: Answering,
    OpinionAct.SEND_BACK: OpinionReason,
    OpinionAct.REWORD: OpinionWording,
    OpinionAct.PUBLISH: Publishing,
    OpinionAct.KEEP: OpinionReason,
    OpinionAct.EFFECT: Effect,
}
OPINION: dict[str, Any] = {
    "voice": "deputy",
    "reference": "样例〔2026〕1号",
    "title": "关于样例热线夜间接听的建议",
    "question": "建议增加夜间坐席。",
}
EXAMPLES: Mapping[OpinionAct, dict[str, Any]] = {
    OpinionAct.ASSIGN: {"unit": "JW"},
    OpinionAct.ANSWER: {"answer": "夜间坐席已增加一倍。"},
    OpinionAct.SEND_BACK: {"reason": "答复没有针对建议。"},
    OpinionAct.REWORD: {"answer": "夜间坐席已经增加。"},
    OpinionAct.PUBLISH: {"version": 3},
    OpinionAct.KEEP: {"reason": "涉及不宜公开的内容。"},
    OpinionAct.EFFECT: {"effect": "夜间接通率由八成提高到九成五。"},
}


@router.post(
    "",
    status_code=201,
    summary="登记意见 · receive an opinion",
    response_description=WHOLE,
    responses=documented(401, 403, 409, 413, 422, 503),
    openapi_extra=shown(OPINION),
)
async def post_opinion(given: Submission, caller: CallerDep, house: HouseDep) -> OpinionWhole:
    """The same number of the same voice is the same opinion; with other words it is refused."""
    doing, calendar = _doing(house, caller, OpinionAct.RECEIVE), await house.calendar.again()
    terms, new = rules_of(house).opinions, f"OP-{token_hex(5)}"
    made = hearing.receive(new, given.voice, given.reference, doing.at, terms, calendar)
    said = {"title": given.title, "question": given.question}
    async with house.engine.begin() as conn:
        id = await opinions.enter(conn, made, said, doing)
        known = await opinions.one(conn, id)
        if known is None or any(known[name] != words for name, words in said.items()):
            raise NotPermitted(f"there is an opinion under this number: {id}", art(21))
    await _told(house, id)
    return await _whole(house, caller, id)


@router.get("", summary="意见 · opinions", response_description=PAGE, responses=documented(401, 403, 422, 503))
async def get_opinions(
    caller: CallerDep,
    house: HouseDep,
    standing: Annotated[Hearing | None, Query(description="only what stands there")] = None,
    voice: Annotated[Voice | None, Query(description="only theirs")] = None,
    unit: Annotated[str | None, Query(max_length=40, description="only what this unit is to answer")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Opinion]:
    """The latest first; a unit reads what it is to answer."""
    async with house.reading(caller) as conn:
        found = await opinions.listed(conn, standing, voice, unit, limit, cursor)
    return Page([view(Opinion, row) for row in found.items], found.next)


@router.get(
    "/{id}", summary="意见 · one opinion", response_description=WHOLE, responses=documented(401, 403, 404, 422, 503)
)
async def get_opinion(id: Id, caller: CallerDep, house: HouseDep) -> OpinionWhole:
    """A unit reads what it is to answer."""
    return await _whole(house, caller, id)


def _route(act: OpinionAct, shape: type[Any]) -> None:
    async def endpoint(id: Id, given: Any, caller: CallerDep, house: HouseDep) -> OpinionWhole:
        if isinstance(given, Assigned) and given.unit != CENTRE:
            await house.require_units({"unit": [given.unit]})
        said, words = _said(given, asdict(await _whole(house, caller, id)), house.now())
        doing = _doing(house, caller, act, given)
        calendar = await house.calendar.again()
        async with house.engine.begin() as conn:
            opinion = await opinions.hold(conn, id)
            assert opinion is not None
            after = hearing.decide(opinion, doing, rules_of(house).opinions, calendar)
            await opinions.keep(conn, after, doing, words, **said)
        await _told(house, id)
        return await _whole(house, caller, id)

    endpoint.__annotations__ |= {"given": shape}
    moves = [move for move in hearing.MOVES if move.act is act]
    roles = ", ".join(sorted({role for move in moves for role in move.roles}))
    router.add_api_route(
        f"/{{id}}/{act.value.replace('_', '-')}",
        endpoint,
        methods=["POST"],
        name=f"opinion_{act}",
        summary=f"{act.zh} · {act.en}",
        description=f"{(shape.__doc__ or '').strip()}\n\nBy: {roles}. Rests on: Art. 21.",
        response_description=WHOLE,
        responses=STEP,
        openapi_extra=shown(EXAMPLES[act]),
    )


def _said(given: Any, row: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], str | None]:
    """Which texts of the opinion an act changes, and the words that its step keeps; Lacking if a passage is not looked at."""
    match given:
        case Assigned():
            return dict.fromkeys(("answer", *PUBLIC.values())), None  # another's answer is not the next one's
        case Answering():
            return {"answer": given.answer} | dict.fromkeys(PUBLIC.values()), given.answer
        case Effect():
            names_nobody("effect", given.effect)  # it may be public at once, without another officer's look
            return {"effect": given.effect}, given.effect
        case OpinionWording():
            texts = {PUBLIC[name]: getattr(given, name) for name in FIELDS}
            return texts, "\n".join(words for words in texts.values() if words) or None
        case Publishing():
            kept = {Suspicion(**asdict(each)) for each in given.kept}
            suspicions = set(_suspected(row))
            looked_at(suspicions, kept)
            let = [asdict(each) for each in sorted(suspicions & kept)]
            return _public(row) | {"kept": let, "published_at": now}, None
    return {}, getattr(given, "reason", None)


def _public(row: Mapping[Any, Any]) -> dict[str, Any]:
    """As everybody is to read it: as it was worded for that, else as it was said."""
    return {public: row[public] or row[name] for name, public in PUBLIC.items()}


def _suspected(row: Mapping[Any, Any]) -> Iterable[Suspicion]:
    texts = _public(row)
    return (each for name in FIELDS for each in suspected(name, texts[PUBLIC[name]] or "", ()))


def _doing(house: House, caller: Caller, act: OpinionAct, given: Any = None) -> Doing:
    unit = given.unit if isinstance(given, Assigned) else caller.unit
    seen = getattr(given, "version", None)
    return Doing(act=act, actor=caller.subject, role=caller.role, at=house.now(), unit=unit, seen=seen)


async def _whole(house: House, caller: Caller, id: str) -> OpinionWhole:
    """An opinion as this caller sees it, or a Problem."""
    async with house.reading(caller) as conn:
        row = await opinions.one(conn, id)
        if row is None:
            raise Problem(404, "NoSuchOpinion", "no such opinion, or none that the caller may see")
        steps = await opinions.steps(conn, id)
    told = [view(OpinionStep, step) for step in steps]
    return view(OpinionWhole, row | _public(row), steps=told, suspected=list(_suspected(row)))


async def _told(house: House, id: str) -> None:
    """Its workflow looks where it stands; if that cannot be now, the sweep tells it."""
    with suppress(Later):
        await tell(house.temporal, house.settings.task_queue, Beside.OPINION, id)


for _act, _shape in BODIES.items():
    _route(_act, _shape)
