"""What the hotline accepts and what it does not (Art. 7, 8), how a case is registered, and how one is declined (10(4))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar
from domain.case import CENTRE, Case, Deed, File
from domain.closing import close
from domain.refusals import Lacking
from domain.regulation import Citation, art
from domain.requester import hand_over
from domain.ruleset import rule_sets
from domain.step import Line, Result, Step
from domain.vocabulary import Act, Clock, Exclusion, Matter, Outcome, Role, Status, Text

ACCEPTED: dict[Matter, Citation] = {
    Matter.CONSULTATION: art(7, item=1),
    Matter.HELP: art(7, item=2),
    Matter.ISSUE: art(7, item=3),
    Matter.STAFF: art(7, item=4),
    Matter.SUGGESTION: art(7, item=5),
}


@dataclass(frozen=True)
class Elsewhere:
    """Why the hotline declines, and where the person should turn instead."""

    basis: Citation
    zh: str
    en: str


ELSEWHERE: dict[Exclusion, Elsewhere] = {
    Exclusion.EMERGENCY: Elsewhere(
        art(8, item=1),
        "请立即拨打110（报警）、119（火警）或120（急救）",
        "Call 110 (police), 119 (fire) or 120 (ambulance) now",
    ),
    Exclusion.CIVIL: Elsewhere(
        art(8, item=2),
        "请向人民调解委员会申请调解或向人民法院起诉",
        "Turn to a people's mediation committee or a court",
    ),
    Exclusion.PROCEDURE: Elsewhere(
        art(8, item=3), "请向正在办理该法定程序的机关反映", "Turn to the body that conducts the statutory procedure"
    ),
    Exclusion.MILITARY: Elsewhere(
        art(8, item=4), "请向军队、武警有关部门反映", "Turn to the military or armed-police authority concerned"
    ),
}


def register(
    case: Case,
    calendar: Calendar,
    *,
    request: str | None = None,
    attachments: tuple[str, ...] = (),
    actor: str = "system",
    role: Role = Role.SYSTEM,
) -> Result:
    """Registered first (先行登记, Art. 9 ¶2): the first entry, and the Centre's own clock for what follows.

    `request`: the ID of the person's words; `attachments`: those of what came with them.
    """
    step = Step(File(case), rule_sets()[case.rule_set], calendar, case.registered_at)
    line = step.record(Act.REGISTER, art(9, paragraph=2) if case.report else art(9, paragraph=1))
    line.by = (actor, role)
    line.notes = {Text.REQUEST: request} if request else {}
    line.attachments = attachments
    line.detail.update(matter=case.matter, channel=case.channel, report=case.report, infringement=case.infringement)
    if case.infringement:
        hand_over(step)
    if case.exclusion is not Exclusion.EMERGENCY:
        step.arm(Clock.TRIAGE, CENTRE)
    return step.finish(Status.REGISTERED)


def turn_away(file: File, calendar: Calendar, at: datetime) -> Result:
    """Danger to life or property is answered at once with where to turn, and is on record (Art. 8(1))."""
    step = Step(file, rule_sets()[file.case.rule_set], calendar, at)
    elsewhere = ELSEWHERE[Exclusion.EMERGENCY]
    step.record(Act.DECLINE, elsewhere.basis, exclusion=Exclusion.EMERGENCY, turn_to=Exclusion.EMERGENCY)
    return step.finish(close(step, Outcome.DECLINED))


def decline(step: Step, deed: Deed, line: Line) -> Status:
    """Names the provision and the right address, and explains patiently (Art. 8, 10(4))."""
    if deed.exclusion is None:
        raise Lacking("name the exclusion of Art. 8 that applies", art(8))
    if Text.PUBLIC not in deed.notes:
        raise Lacking("the person must be told, patiently, why", art(10, item=4))
    step.set(exclusion=deed.exclusion)
    line.basis = ELSEWHERE[deed.exclusion].basis
    line.detail.update(exclusion=deed.exclusion, turn_to=deed.turn_to or deed.exclusion)
    return close(step, Outcome.DECLINED)
