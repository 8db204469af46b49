"""The requester's own door: by number and tracking code. The code comes in a header, never in the URL (Art. 15)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import TypeAdapter

from api.access import Caller, opens
from api.acts import BODIES, REFUSED, Key
from api.errors import Problem
from api.house import Answer, House, HouseDep
from domain.lifecycle import MOVES, acts_open_to
from domain.vocabulary import Act, Mark, Matter, Outcome, Role, Status
from storage import reading

router = APIRouter(prefix="/tracking", tags=["tracking"])

Code = Annotated[str, Header(alias="Tracking-Code", min_length=8, max_length=40)]
PUBLIC_EVENTS = {
    Act.REGISTER, Act.ANSWER, Act.TRANSFER, Act.REFER, Act.DECLINE, Act.CEASE, Act.ASK, Act.ADMIT, Act.REJECT,
    Act.FEEDBACK, Act.RETURN, Act.DESIGNATE, Act.ATTEMPT, Act.RATE, Act.SUPPLEMENT, Act.URGE, Act.WITHDRAW, Act.DISPUTE,
    Mark.REDONE, Mark.WAIVED, Mark.UNREACHABLE, Mark.SEALED,
}  # fmt: skip
"""What the requester is shown of the file."""

PUBLIC_TEXTS = ("request", "public", "question", "comment")


@router.get("/{number}", summary="查询进度 · track a request", responses=REFUSED)
async def track(number: str, code: Code, house: HouseDep) -> dict[str, Any]:
    """Where it stands, by when the next step is due, what was replied and asked, and what the person may do now."""
    row = await _opened(number, code, house)
    async with house.once.connect() as conn:
        entries = await reading.rows_of(conn, "entries", number)
        notes = await reading.rows_of(conn, "notes", number)
    status = Status(row["status"])
    return {
        "number": number,
        "status": status,
        "status_zh": status.zh,
        "outcome": row["outcome"],
        "outcome_zh": Outcome(row["outcome"]).zh if row["outcome"] else None,
        "matter": Matter(row["matter"]).zh,
        "registered_at": row["registered_at"],
        "hands": row["hands"],
        "due_at": row["due_at"],
        "overdue": row["overdue"],
        "acts": acts_open_to(status, Role.REQUESTER),
        "history": [
            {"at": e["at"], "event": e["event"], "unit": e["unit"], "basis": e["basis"]}
            for e in entries
            if e["event"] in PUBLIC_EVENTS
        ],
        "texts": [
            {"kind": n["kind"], "text": n["text"], "at": n["written_at"]} for n in notes if n["kind"] in PUBLIC_TEXTS
        ],
    }


async def _opened(number: str, code: str, house: House) -> dict[str, Any]:
    async with house.once.connect() as conn:
        row = await reading.case_row(conn, number)
    if not opens(house.settings.secret, number, code) or row is None:
        raise Problem(404, "NoSuchCase", "no such number and code")
    return row


def _route(act: Act, shape: type[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(shape)

    async def endpoint(
        number: str, given: Any, code: Code, house: HouseDep, response: Response, key: Key = None
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
        responses=REFUSED,
    )


for _act in dict.fromkeys(m.act for m in MOVES if Role.REQUESTER in m.roles):
    _route(_act, BODIES[_act])
