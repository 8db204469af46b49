"""What is to go public (公开): an agent proposes, a supervisor reviews with the suspected passages marked (Art. 15)."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import CallerDep
from api.errors import Problem, destroyed, documented
from api.examples import shown
from api.house import House, HouseDep, Number
from api.people import own_words
from api.reading import PAGE, Cursor, Limit
from api.sight import look
from api.texts import Line, Words
from api.views import Page, Row, view
from domain.masking import masked
from domain.publication import FIELDS, Suspicion, looked_at, suspected
from domain.publication import Field as Where
from domain.refusals import Lacking
from domain.regulation import art
from domain.vocabulary import Matter, Review, Role, Suspect, Text
from storage import publications, reading

router = APIRouter(tags=["publication"])
Id = Annotated[str, Path(description="the text's ID", max_length=64)]
Stage = Annotated[Review | None, Query(description="only what stands there")]
WHOLE = "The text, with the passages to look at."
REVIEWED = documented(401, 403, 404, 409, 413, 422, 503)


@body(config=ConfigDict(extra="forbid"))
class Draft:
    """What is to be said in public. What is left out is the case's own, masked."""

    title: Line | None = None
    question: Words | None = None
    answer: Words | None = None
    withheld: Annotated[tuple[Literal["district", "unit"], ...], Field(max_length=2)] = ()


@body(config=ConfigDict(extra="forbid"))
class Kept:
    """A suspected passage that may stand, as it was marked."""

    field: Where
    start: int
    end: int
    why: Suspect


@body(config=ConfigDict(extra="forbid"))
class Looked:
    """What the reviewer looked at and lets stand: any other suspected passage refuses."""

    kept: Annotated[list[Kept], Field(max_length=1000)] = field(default_factory=list)


@body(config=ConfigDict(extra="forbid"))
class Reason:
    """Why it is not, or no longer, public."""

    reason: Words


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A text that is to go public, or did, and who took which step when."""

    id: str
    case_number: str
    stage: Review
    title: str
    question: str
    answer: str
    matter: Matter
    district: str | None
    unit: str | None
    asked_in: str
    proposed_by: str
    proposed_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class PublicationWhole(Publication):
    """The same, with the passages that a reviewer must look at, and those that one let stand."""

    suspected: list[Suspicion]
    kept: list[Suspicion] | None


@router.post(
    "/cases/{number}/publications",
    status_code=201,
    summary="提请公开 · propose to make public",
    response_description=WHOLE,
    responses=documented(401, 403, 404, 409, 410, 413, 422, 503),
    openapi_extra=shown({"title": "样例路路灯", "question": "路灯不亮，何时修复？", "answer": "已于当日修复。"}),
)
async def post_publication(number: Number, given: Draft, caller: CallerDep, house: HouseDep) -> PublicationWhole:
    """Of an archived case; nothing of whoever complains about staff or reports unlawful conduct (Art. 15)."""
    async with house.once.connect() as conn:
        row, _ = await look(conn, number, caller)
    if row["disposed_at"]:
        raise destroyed()
    own = await _words(house, number)
    async with house.engine.begin() as conn:
        await publications.publishable(conn, number)
        said = await _said(conn, number, given, own)
        made = await publications.propose(conn, number, said, caller.subject, house.now())
        return _whole(_found(await publications.one(conn, made)), [])


async def _said(conn: AsyncConnection, number: str, given: Draft, own: list[str | None]) -> dict[str, Any]:
    """The three texts, and nothing for what is withheld; Lacking if nobody gave an answer, in the case neither."""
    notes = await reading.rows_of(conn, "notes", number)
    asked = next((note for note in notes if note["kind"] == Text.REQUEST), None)
    if asked is None:
        raise destroyed()
    replies = [note["text"] for note in notes if note["kind"] == Text.PUBLIC]
    answer = given.answer or (masked(replies[-1], *own) if replies else None)
    if answer is None:
        raise Lacking("`answer`: the case has none of its own", art(15))
    title = given.title or masked(asked["title"] or "", *own)
    question = given.question or masked(asked["text"], *own)
    return {"title": title, "question": question, "answer": answer} | dict.fromkeys(given.withheld)


@router.get(
    "/publications",
    summary="公开审查 · what is to go public",
    response_description=PAGE,
    responses=documented(401, 403, 422, 503),
)
async def get_publications(
    caller: CallerDep, house: HouseDep, stage: Stage = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[Publication]:
    """The first proposed first."""
    async with house.reading(caller) as conn:
        found = await publications.queue(conn, stage, limit, cursor)
    return Page([view(Publication, row) for row in found.items], found.next)


@router.get(
    "/publications/{id}",
    summary="公开审查 · one text",
    response_description=WHOLE,
    responses=documented(401, 403, 404, 422, 503),
)
async def get_publication(id: Id, caller: CallerDep, house: HouseDep) -> PublicationWhole:
    """With the passages that may name somebody: where, and why."""
    async with house.reading(caller) as conn:
        row = _found(await publications.one(conn, id))
    return _whole(row, await _own(house, row, caller.role, caller.subject))


@router.post(
    "/publications/{id}/publish",
    summary="准予公开 · publish",
    response_description=WHOLE,
    responses=REVIEWED,
    openapi_extra=shown({"kept": [{"field": "answer", "start": 5, "end": 13, "why": "phone"}]}),
)
async def post_publish(id: Id, given: Looked, caller: CallerDep, house: HouseDep) -> PublicationWhole:
    """By a supervisor who did not propose it. Each suspected passage is kept by name, or a new text is proposed."""
    return await _reviewed(
        id, Review.PUBLISHED, caller.subject, house, kept={Suspicion(**asdict(each)) for each in given.kept}
    )


@router.post(
    "/publications/{id}/refuse",
    summary="不予公开 · refuse",
    response_description=WHOLE,
    responses=REVIEWED,
    openapi_extra=shown({"reason": "答复涉及他人信息。"}),
)
async def post_refuse(id: Id, given: Reason, caller: CallerDep, house: HouseDep) -> PublicationWhole:
    """A proposal does not go public."""
    return await _reviewed(id, Review.REFUSED, caller.subject, house, reason=given.reason)


@router.post(
    "/publications/{id}/withdraw",
    summary="撤回公开 · withdraw",
    response_description=WHOLE,
    responses=REVIEWED,
    openapi_extra=shown({"reason": "诉求人要求撤回。"}),
)
async def post_withdraw(id: Id, given: Reason, caller: CallerDep, house: HouseDep) -> PublicationWhole:
    """What is public is so no longer."""
    return await _reviewed(id, Review.WITHDRAWN, caller.subject, house, reason=given.reason)


async def _reviewed(
    id: str, target: Review, actor: str, house: House, *, kept: Set[Suspicion] = frozenset(), reason: str | None = None
) -> PublicationWhole:
    async with house.once.connect() as conn:
        row = _found(await publications.one(conn, id))
    own = await _own(house, row, Role.SUPERVISOR, actor)
    suspicions = set(_suspected(row, own))
    if target is Review.PUBLISHED:
        looked_at(suspicions, kept)
    step = publications.Step(target, actor, house.now(), sorted(suspicions & kept), reason)
    async with house.engine.begin() as conn:
        await publications.review(conn, id, step)
        return _whole(_found(await publications.one(conn, id)), own)


async def _own(house: House, row: Row, role: Role, reader: str) -> list[str | None]:
    """What the person gave, for whoever may review: nobody learns by marks in a text of their own who asked."""
    reviewer = role is Role.SUPERVISOR and reader != row["proposed_by"]
    return await _words(house, row["case_number"]) if reviewer else []


async def _words(house: House, number: str) -> list[str | None]:
    """What the person gave; a Problem if it cannot be read: what nobody can mask or mark does not go public (Art. 15)."""
    found = await own_words(house, number)
    if found is None:
        raise Problem(503, "Unreadable", "who asked cannot be read here now, so nothing of the case can go public")
    return found


def _suspected(row: Row, own: list[str | None]) -> Iterator[Suspicion]:
    return (each for name in FIELDS for each in suspected(name, row[name], own))


def _whole(row: Row, own: list[str | None]) -> PublicationWhole:
    return view(PublicationWhole, row, suspected=list(_suspected(row, own)))


def _found(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        raise Problem(404, "NoSuchText", "no such text is to go public, or did")
    return row
