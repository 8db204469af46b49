"""What operators read in Temporal's UI: summaries of timers and the current details of a case. Codes and labels only."""

from __future__ import annotations

from datetime import datetime

from domain.case import CENTRE, OFFICE, Case, File, Rung, RunningClock
from domain.lifecycle import MOVES
from domain.limits import SHANGHAI
from domain.vocabulary import Role

HANDS = {CENTRE: "专线服务中心", OFFICE: "市审批办"}


def summary(case: Case) -> str:
    """A case in a list of workflows."""
    return " · ".join(filter(None, (case.number, case.matter.zh, case.district, case.channel.zh)))


def timer(coming: list[tuple[RunningClock, Rung]]) -> str:
    """The row name of a timer: whose clock, and what comes at its end; at most 60 characters."""
    owner = coming[0][0].owner
    what = "、".join(f"{running.clock.zh}{rung.mark.zh}" for running, rung in coming)
    return f"{HANDS.get(owner, owner)} {what}"[:60]


def details(file: File) -> str:
    """The current details, as a markdown table."""
    case = file.case
    rows = [
        ("状态 status", f"{case.status.zh} `{case.status}`" + (f" → {case.outcome.zh}" if case.outcome else "")),
        ("在谁手中 hands", HANDS.get(case.hands, case.hands)),
        ("到期 due", _local(case.due_at) + (" **逾期 overdue**" if case.overdue else "")),
        ("退办次数 returns", str(case.returns)),
        ("重办次数 redos", str(case.redos)),
        ("下一步 next", _next(case)),
        ("规则 rule set", case.rule_set),
    ]
    rows += [(f"{a.part.zh} {a.unit}", a.handling.zh) for a in file.assignments]
    rows += [(f"{c.clock.zh} ({HANDS.get(c.owner, c.owner)})", _local(c.due)) for c in file.clocks]
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def _next(case: Case) -> str:
    """The acts that move the case on, each with its provision."""
    moving = [m for m in MOVES if m.origin is case.status and any(t is not case.status for t in m.targets)]
    moving = [m for m in moving if Role.REQUESTER not in m.roles]
    return "、".join(f"{m.act.zh}（{m.basis.zh() if m.basis else '内部规定'}）" for m in moving) or "—"


def _local(instant: datetime | None) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if instant else "—"
