"""The requester's own door: by number and tracking code. The code comes in a header, never in the URL (Art. 15)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import TypeAdapter

from api.access import Caller, opens
from api.acts import ANSWERS, BODIES, Key
from api.errors import Problem, documented
from api.examples import EXAMPLES, shown
from api.house import Answer, House, HouseDep, Number
from api.views import Passage, Said, Tracked, texts_of, view
from domain.lifecycle import MOVES, acts_open_to
from domain.vocabulary import Act, Mark, Matter, Outcome, Role, Status
from storage import reading

router = APIRouter(prefix="/tracking", tags=["tracking"])

Code = Annotated[
    str,
    Header(
        alias="Tracking-Code",
        min_length=8,
        max_length=40,
        description="as intake gave it",
        examples=["ABCDEFGH23456723"],
    ),
]
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
    row = await _opened(number, code, house)
    async with house.once.connect() as conn:
        entries = await reading.rows_of(conn, "entries", number)
        notes = await reading.rows_of(conn, "notes", number)
    status = Status(row["status"])
    texts = [note for note in texts_of(entries, notes) if note["kind"] in PUBLIC_TEXTS]
    return view(
        Tracked,
        row | {"matter": Matter(row["matter"]).zh},
        status_zh=status.zh,
        outcome_zh=Outcome(row["outcome"]).zh if row["outcome"] else None,
        acts=acts_open_to(status, Role.REQUESTER),
        history=[view(Passage, entry) for entry in entries if entry["event"] in PUBLIC_EVENTS],
        texts=[view(Said, note, at=note["written_at"]) for note in texts],
    )


async def _opened(number: str, code: str, house: House) -> dict[str, Any]:
    async with house.once.connect() as conn:
        row = await reading.case_row(conn, number)
    if not opens(house.settings.secret, number, code) or row is None:
        raise Problem(404, "NoSuchCase", "no such number and code")
    return row


def _route(act: Act, shape: type[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(shape)

    async def endpoint(
        number: Number, given: Any, code: Code, house: HouseDep, response: Response, key: Key = None
    ) -> Answer:
        await _opened(number, code, house)
        caller = Caller(f"requester:{number}", Role.REQUESTER)
        answer = await house.act(number, act, caller, adapter.dump_python(given, exclude_none=True), key, wait=True)
        response.status_code = 200 if answer.state == "applied" else 202
        return answer

    endpoint.__annotations__["given"] = shape
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
