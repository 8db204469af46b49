"""BODIES: what each act takes. Every act is `POST /cases/{number}/<act>`; who may do it when, `lifecycle.MOVES` says.

A field named like a kind of text (`reason`, `public` …) is a person's words and becomes a note; all others are codes.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Response
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as body

from api.access import TRACKING, Caller, CallerDep, opens
from api.errors import documented
from api.examples import EXAMPLES, shown
from api.house import Answer, HouseDep, Number
from api.rights import RIGHTS, ROLES, path_of
from api.texts import Code, Count, Day, Limit, Uploads, Words
from domain.lifecycle import MOVES
from domain.refusals import NotPermitted, Unknown
from domain.regulation import art
from domain.vocabulary import (
    Act,
    Choice,
    Exclusion,
    Matter,
    Procedure,
    Rating,
    Reach,
    ReplyWay,
    Report,
    Role,
    Urgency,
)
from storage import deeds, joints, offers, questions

router = APIRouter(tags=["acts"])
STRICT = ConfigDict(extra="forbid")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        description="The same key and content: the first answer. The same key, another content: 422.",
    ),
]
Prefer = Annotated[
    str | None, Header(description="`respond-async`: a unit's feedback or return is answered 202 without waiting.")
]
Seen = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^"\d{1,9}"$',
        description="The `ETag` of the case as it was read: the act is refused if somebody acted since.",
    ),
]


@body(config=STRICT)
class Plain:
    """An act that needs nothing but a note, if any."""

    internal: Words | None = None


@body(config=STRICT)
class Reasoned:
    """An act that must give its reason."""

    reason: Words


@body(config=STRICT)
class Correct:
    """Matter, urgency, report or the office complained of, as they should have been."""

    matter: Matter | None = None
    urgency: Urgency | None = None
    report: Report | None = None
    respondent: Code | None = None
    infringement: bool | None = None
    reason: Words | None = None


@body(config=STRICT)
class Say:
    """A text for the person."""

    public: Words
    internal: Words | None = None


@body(config=STRICT)
class Reply:
    """The answer; and what of the knowledge base it was given with, if anything: an entry, in the version that is valid."""

    public: Words
    internal: Words | None = None
    entry: Count | None = None
    version: Count | None = None


@body(config=STRICT)
class Transfer:
    """To whom, and with what limit if not the rule set's."""

    lead: Code
    assisting: tuple[Code, ...] = ()
    term: Limit | None = None
    respondent: Code | None = None
    reason: Words | None = None


@body(config=STRICT)
class Refer:
    """To which partner (Art. 10(3)): recommended from a list of `POST /cases/{number}/offers`, or chosen by the person.

    Whoever recommends another than the first says why.
    """

    lead: Code
    choice: Choice
    offer: Code | None = None
    reason: Words | None = None


@body(config=STRICT)
class Decline:
    """Which exclusion of Art. 8, the patient explanation, and where to turn if not the usual address."""

    exclusion: Exclusion
    public: Words
    turn_to: Code | None = None


@body(config=STRICT)
class Cease:
    """Which statutory procedure began (Art. 8(3))."""

    procedure: Procedure
    reason: Words


@body(config=STRICT)
class Grant:
    """Which unit's extension, and until when if not as proposed."""

    unit: Code
    until: Day | None = None


@body(config=STRICT)
class Deny:
    """Which unit's extension, and why not."""

    unit: Code
    reason: Words


@body(config=STRICT)
class Supply:
    """What the archive lacked: how the person was replied to, or a text; of which unit's part."""

    unit: Code | None = None
    replied: ReplyWay | None = None
    public: Words | None = None
    reason: Words | None = None


@body(config=STRICT)
class Join:
    """The ID of the joint case of which it becomes a part."""

    joint: Code


@body(config=STRICT)
class Ask:
    """What the unit wants to know of the person."""

    question: Words


@body(config=STRICT)
class RequestExtension:
    """The day that the unit proposes, and why."""

    until: Day
    reason: Words


@body(config=STRICT)
class Return:
    """Why it is not this unit's business; `disputed`: whose it is, is disputed."""

    reason: Words
    disputed: bool = False


@body(config=STRICT)
class Feedback:
    """The result: the reply to the person, how it was given, and what only the Centre reads."""

    public: Words
    replied: ReplyWay | None = None
    internal: Words | None = None
    attachments: Uploads = ()


@body(config=STRICT)
class Designate:
    """The lead (and assisting) units, with the written reason."""

    lead: Code
    reason: Words
    assisting: tuple[Code, ...] = ()


@body(config=STRICT)
class Attempt:
    """What came of one call."""

    reach: Reach
    resolved: bool | None = None
    rating: Rating | None = None
    honest: bool | None = None
    punctual: bool | None = None
    comment: Words | None = None
    attachments: Uploads = ()


@body(config=STRICT)
class Rate:
    """One of the five grades."""

    rating: Rating
    resolved: bool | None = None
    honest: bool | None = None
    punctual: bool | None = None
    comment: Words | None = None


@body(config=STRICT)
class Withdraw:
    """The person takes it back. Whoever hands that on says why: how the person said so."""

    reason: Words | None = None
    internal: Words | None = None


@body(config=STRICT)
class Supplement:
    """More facts, in the person's words; or their statement that enforcement infringed their rights."""

    request: Words
    infringement: bool = False
    attachments: Uploads = ()


BODIES: dict[Act, type[Any]] = {
    Act.CLAIM: Plain,
    Act.RELEASE: Plain,
    Act.CORRECT: Correct,
    Act.ANSWER: Reply,
    Act.TRANSFER: Transfer,
    Act.REFER: Refer,
    Act.DECLINE: Decline,
    Act.ESCALATE: Reasoned,
    Act.RECALL: Plain,
    Act.GRANT: Grant,
    Act.DENY: Deny,
    Act.APPROVE: Plain,
    Act.SEND_BACK: Reasoned,
    Act.CEASE: Cease,
    Act.OVERRIDE: Reasoned,
    Act.CONCLUDE: Reasoned,
    Act.SUPPLY: Supply,
    Act.JOIN: Join,
    Act.DETACH: Reasoned,
    Act.SIGN: Plain,
    Act.ASK: Ask,
    Act.EXPLAIN: Reasoned,
    Act.REQUEST_EXTENSION: RequestExtension,
    Act.DECLARE_COMPLEX: Reasoned,
    Act.ADMIT: Plain,
    Act.REJECT: Say,
    Act.RETURN: Return,
    Act.FEEDBACK: Feedback,
    Act.DESIGNATE: Designate,
    Act.REVISE: Designate,
    Act.ATTEMPT: Attempt,
    Act.RATE: Rate,
    Act.SUPPLEMENT: Supplement,
    Act.URGE: Plain,
    Act.WITHDRAW: Withdraw,
    Act.DISPUTE: Reasoned,
}

ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "On record; it is carried out as soon as the case can be reached. `Location` is where to look "
        "what became of it: `GET /cases/{number}/deeds`, for the person and a channel `GET /tracking/{number}`.",
        "model": Answer,
        "headers": {"Location": {"description": "Where to look.", "schema": {"type": "string"}}},
    },
    **documented(401, 403, 404, 409, 410, 412, 413, 422, 503),
}
"""What every act may be answered with beside 200."""


def _route(act: Act, shape: type[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(shape)

    async def endpoint(
        number: Number,
        given: Any,
        caller: CallerDep,
        house: HouseDep,
        response: Response,
        key: Key = None,
        prefer: Prefer = None,
        seen: Seen = None,
        code: str | None = None,
    ) -> Answer:
        content = adapter.dump_python(given, mode="python", exclude_none=True)
        await looked_up(house, act, number, caller, content, key)
        if seen is not None:
            content["seen"] = int(seen.strip('"'))
        opened = code is not None and opens(house.settings.secret, number, code)
        if act is Act.JOIN:
            await house.desk(number, caller, None, opened)
            await joinable(house, content["joint"], number)
        answer = await house.act(number, act, caller, content, key, not _async(prefer), opened)
        return told(answer, response, caller.role)

    endpoint.__annotations__ |= {"given": taken(shape), "code": _code(shown=Role.CHANNEL in ROLES[act])}
    path = f"/cases/{{number}}/{path_of(act)}"
    basis = sorted({str(m.basis or "house") for m in MOVES if m.act is act})
    router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        name=act.value,
        summary=f"{act.zh} · {act.en}",
        description=f"{(shape.__doc__ or '').strip()}\n\nBy: {', '.join(sorted(ROLES[act]))}. Rests on: {', '.join(basis)}.",
        response_description="Carried out; `status` is where the case stands after it.",
        responses=ANSWERS,
        openapi_extra=shown(EXAMPLES[act]),
    )


def _async(prefer: str | None) -> bool:
    """Is `respond-async` among the preferences (RFC 7240)?"""
    named = (preference.partition(";")[0].strip().lower() for preference in (prefer or "").split(","))
    return "respond-async" in named


def taken(shape: type[Any]) -> Any:
    """A body of this shape; one that needs no field need not be sent at all."""
    try:
        shape()
    except ValidationError:
        return shape
    return Annotated[shape, Body(default_factory=shape)]


def told(answer: Answer, response: Response, role: Role) -> Answer:
    """200, or 202 with the place where to look what became of it: only staff and units read the deeds."""
    if answer.state != "applied":
        reads = role in RIGHTS["GET /cases/{number}/deeds"]
        place = f"/cases/{answer.number}/deeds" if reads else f"/tracking/{answer.number}"
        response.status_code, response.headers["Location"] = 202, place
    return answer


def _code(shown: bool) -> Any:
    """The person's tracking code, for a channel that did not register the case; elsewhere it says nothing."""
    meaning = "as intake gave it to the person: a channel that did not register the case acts by it"
    return Annotated[str | None, Header(**TRACKING, description=meaning, include_in_schema=shown)]


async def joinable(house: HouseDep, id: str, number: str) -> None:
    """The joint case exists and is open, and this case was never one that is handled alone."""
    async with house.once.connect() as conn:
        found, alone = await joints.one(conn, id), await joints.alone(conn, number)
    if found is None:
        raise Unknown("`joint`: no such joint case; GET /joints lists them")
    if found["closed_at"]:
        raise NotPermitted("the joint case is closed")
    if alone:
        raise NotPermitted("a report, or a complaint about staff, is handled alone", art(9, paragraph=2))


async def looked_up(
    house: HouseDep, act: Act, about: str, caller: Caller, content: dict[str, Any], key: str | None
) -> None:
    """What the body of an act names is there: units, an answer that is valid, a partner on the list.

    `about`: the case, or joint case, to which it is done.
    """
    await known_units(house, act, content)
    await valid_answer(house, caller, content, key)
    if content.get("offer"):
        content["place"] = await place_on(house, about, caller, content, key)


async def place_on(house: HouseDep, about: str, caller: Caller, content: dict[str, Any], key: str | None) -> int:
    """A partner's place on the latest list of the case (of a part of the joint case), or a Refusal."""
    async with house.once.connect() as conn:
        found = await offers.one(conn, content["offer"])
        if found and not found["latest"] and not await deeds.sent(conn, caller.subject, key):
            raise NotPermitted("`offer`: a later list was made for this case; name that", art(10, item=3))
    for each in found["ranking"] if found and about in (found["case_number"], found["joint"]) else ():
        if each["code"] == content["lead"]:
            return int(each["place"])
    raise Unknown("`offer`: no such list of this case, or `lead` is not on it; POST /cases/{number}/offers makes one")


async def known_units(house: HouseDep, act: Act, content: dict[str, Any]) -> None:
    """The units that an act names must exist; a referral goes to a partner, everything else to a unit.

    The one that an act is about (`unit`) must have a part in the case: `House.act` looks.
    """
    named = {field: [content[field]] for field in ("lead", "respondent", "turn_to") if content.get(field)}
    named |= {"assisting": content["assisting"]} if content.get("assisting") else {}
    if named:
        await house.require_units(named, partner=act is Act.REFER)


async def valid_answer(house: HouseDep, caller: Caller, content: dict[str, Any], key: str | None) -> None:
    """What an answer was given with is valid now; one that is sent again was looked at when it came."""
    entry, version = content.get("entry"), content.get("version")
    if entry is None or version is None:
        return
    async with house.once.connect() as conn:
        refusal = await questions.refused(conn, entry, version, house.now())
        if refusal and not await deeds.sent(conn, caller.subject, key):
            raise refusal


for _act, _shape in BODIES.items():
    _route(_act, _shape)
