"""The requester's own door: by number and tracking code. The code comes in a header, never in the URL (Art. 15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import TRACKING, Caller, opens
from api.acts import ANSWERS, BODIES, Key, taken, told
from api.errors import destroyed, documented
from api.examples import EXAMPLES, shown
from api.house import Answer, House, HouseDep, Number
from api.sight import look
from api.views import Passage, Row, Said, Tracked, texts_of, view
from domain.acceptance import ELSEWHERE
from domain.lifecycle import MOVES, acts_open_to
from domain.vocabulary import Act, Exclusion, Mark, Matter, Outcome, Role, Status
from storage import reading, units

router = APIRouter(prefix="/tracking", tags=["tracking"])

Code = Annotated[str, Header(**TRACKING, description="as intake gave it", examples=["ABCDEFGH23456723"])]
PUBLIC_EVENTS = {
    Act.REGISTER, Act.ANSWER, Act.TRANSFER, Act.REFER, Act.DECLINE, Act.CEASE, Act.ASK, Act.ADMIT, Act.REJECT,
    Act.FEEDBACK, Act.RETURN, Act.DESIGNATE, Act.ATTEMPT, Act.RATE, Act.SUPPLEMENT, Act.URGE, Act.WITHDRAW, Act.DISPUTE,
    Mark.REDONE, Mark.WAIVED, Mark.UNREACHABLE, Mark.SEALED,
}  # fmt: skip
"""What the requester is shown of the file."""

PUBLIC_TEXTS = ("request", "public", "question", "comment")


@router.get(
    "/{number}",
    summary="查询进度 · track a request",
    response_description="What the requester may see.",
    responses=documented(404, 422, 503),
)
async def track(number: Number, code: Code, house: HouseDep) -> Tracked:
    """Where it stands, by when the next step is due, what was replied and asked, and what the person may do now."""
    opened = opens(house.settings.secret, number, code)
    async with house.reading(_person(number), number if opened else "") as conn:
        row, _ = await look(conn, number, _person(number), opened)
        entries = await reading.rows_of(conn, "entries", number)
        notes = await reading.rows_of(conn, "notes", number)
        turn_to, turn_to_zh = await _elsewhere(conn, row, entries)
    status = Status(row["status"])
    texts = [note for note in texts_of(entries, notes) if note["kind"] in PUBLIC_TEXTS]
    return view(
        Tracked,
        row | {"matter": Matter(row["matter"]).zh},
        status_zh=status.zh,
        outcome_zh=Outcome(row["outcome"]).zh if row["outcome"] else None,
        turn_to=turn_to,
        turn_to_zh=turn_to_zh,
        acts=acts_open_to(status, Role.REQUESTER),
        history=[view(Passage, entry) for entry in entries if entry["event"] in PUBLIC_EVENTS],
        texts=[view(Said, note, at=note["written_at"]) for note in texts],
    )


async def _requester(number: Number, code: Code, house: HouseDep) -> Caller:
    """Whoever comes with the code of this case; a 404 if there is none, or another code."""
    await _standing(number, code, house)
    return _person(number)


async def _sender(number: Number, code: Code, house: HouseDep) -> Caller:
    """The same, who brings new words: a 410 if those of the case were destroyed."""
    if (await _standing(number, code, house))["destroyed"]:
        raise destroyed()
    return _person(number)


async def _standing(number: str, code: str, house: House) -> Row:
    async with house.once.connect() as conn:
        opened = opens(house.settings.secret, number, code)
        case, _ = await look(conn, number, _person(number), opened, reading.standing)
    return case


RequesterDep = Annotated[Caller, Depends(_requester)]
SenderDep = Annotated[Caller, Depends(_sender)]


def _person(number: str) -> Caller:
    return Caller(f"requester:{number}", Role.REQUESTER)


async def _elsewhere(conn: AsyncConnection, row: Row, entries: Sequence[Row]) -> tuple[str | None, str | None]:
    """Where the person should turn, in English and Chinese: told whoever is declined (Art. 8, 10(4)), or in danger."""
    declined = [entry["detail"] for entry in entries if entry["event"] == Act.DECLINE]
    where = Exclusion.EMERGENCY.value if row["exclusion"] == Exclusion.EMERGENCY else None
    if row["outcome"] == Outcome.DECLINED and declined:
        where = declined[-1]["turn_to"]
    if where is None:
        return None, None
    if where in {exclusion.value for exclusion in Exclusion}:
        elsewhere = ELSEWHERE[Exclusion(where)]
        return elsewhere.en, elsewhere.zh
    named = {unit.code: unit for unit in await units.listed(conn)}
    return (named[where].en, named[where].zh) if where in named else (where, where)


def _route(act: Act, shape: type[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(shape)

    async def endpoint(
        number: Number, given: Any, code: Code, house: HouseDep, response: Response, key: Key = None
    ) -> Answer:
        content = adapter.dump_python(given, exclude_none=True)
        opened = opens(house.settings.secret, number, code)
        answer = await house.act(number, act, _person(number), content, key, wait=True, opened=opened)
        return told(answer, response, Role.REQUESTER)

    endpoint.__annotations__["given"] = taken(shape)
    router.add_api_route(
        f"/{{number}}/{act.value}",
        endpoint,
        methods=["POST"],
        name=f"track_{act}",
        summary=f"{act.zh} · {act.en}",
        description=(shape.__doc__ or "").strip(),
        response_description="Carried out; `status` is where the case stands after it.",
        responses={status: answer for status, answer in ANSWERS.items() if status not in (401, 403)},
        openapi_extra=shown(EXAMPLES[act]),
    )


for _act in dict.fromkeys(m.act for m in MOVES if Role.REQUESTER in m.roles):
    _route(_act, BODIES[_act])
