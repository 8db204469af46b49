"""NOTICES: which entry is told to whom, with which template. One loop reads it (`told`)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.case import CENTRE as CENTRE_HANDS
from domain.case import OFFICE as OFFICE_HANDS
from domain.case import Case, Entry, Notice
from domain.vocabulary import Act, Audience, Mark

PERSON, UNIT, CENTRE, OFFICE = Audience.PERSON, Audience.UNIT, Audience.CENTRE, Audience.OFFICE
OWNER = None
"""Whoever is held to the clock that the entry is about."""

NOTICES: dict[Act | Mark, tuple[Audience | None, ...]] = {
    Act.REGISTER: (PERSON,),
    Act.ANSWER: (PERSON,),
    Act.REFER: (PERSON, UNIT),
    Act.TRANSFER: (PERSON, UNIT),
    Act.DECLINE: (PERSON,),
    Act.CEASE: (PERSON, UNIT),
    Act.WITHDRAW: (UNIT, PERSON),
    Act.RECALL: (UNIT,),
    Act.OVERRIDE: (UNIT,),
    Act.CONCLUDE: (PERSON,),
    Act.RETURN: (CENTRE,),
    Act.ESCALATE: (OFFICE, UNIT),
    Act.DESIGNATE: (UNIT,),
    Act.REVISE: (UNIT,),
    Act.EXPLAIN: (CENTRE,),  # Art. 11(2): the reason is given to the Centre
    Act.REQUEST_EXTENSION: (CENTRE,),
    Act.GRANT: (UNIT, PERSON),
    Act.DENY: (UNIT,),
    Act.ASK: (PERSON,),
    Act.ADMIT: (PERSON,),  # Art. 9 ¶2: the decision is told to the person
    Act.REJECT: (PERSON,),
    Act.FEEDBACK: (PERSON,),  # Art. 11(1)
    Act.SEND_BACK: (UNIT,),
    Act.SUPPLEMENT: (UNIT,),
    Act.URGE: (UNIT,),
    Act.DISPUTE: (CENTRE,),
    Mark.WARNED: (OWNER,),
    Mark.URGED: (OWNER,),
    Mark.OVERDUE: (OWNER, CENTRE),  # Art. 12 ¶1: the Centre follows up
    Mark.NOTICED: (OWNER, CENTRE),
    Mark.BULLETINED: (OWNER, CENTRE),
    Mark.BREACH_WITHDRAWN: (UNIT,),
    Mark.DUE_MOVED: (UNIT,),
    Mark.REDONE: (UNIT,),
    Mark.UNREACHABLE: (PERSON,),
    Mark.INCOMPLETE: (CENTRE,),
}
"""A unit's notices go to the unit in whose hands the entry or the clock is; a clock of others tells no unit."""


def told(entry: Entry, case: Case, units: tuple[str, ...]) -> Iterator[Notice]:
    """The notices for one entry. A person without a number reads it on the tracking page instead.

    `units` are those concerned by the step: in whose hands it was, and in whose it is now.
    """
    owner = entry.detail.get("owner")
    hands = HANDS.get(str(owner), UNIT) if owner else None
    named = NOTICES.get(entry.event, ())
    for audience in dict.fromkeys(hands if audience is OWNER else audience for audience in named):
        if audience is None or (audience is PERSON and not case.reachable):
            continue
        if audience is UNIT and hands in (CENTRE, OFFICE):
            continue
        addressed = ((entry.unit,) if entry.unit else units) if audience is UNIT else (None,)
        for unit in addressed:
            yield Notice(at=entry.at, audience=audience, template=entry.event.value, unit=unit, params=_params(entry))


HANDS = {CENTRE_HANDS: CENTRE, OFFICE_HANDS: OFFICE}


def _params(entry: Entry) -> dict[str, str | int | None]:
    return {key: str(value) for key in ("clock", "due", "turn_to") if (value := entry.detail.get(key))}
