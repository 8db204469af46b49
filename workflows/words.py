"""What operators read in Temporal's UI: summaries of workflows and timers, the details of a case. Codes and labels only.

Chinese first, then the code in English, which is also the name in the API and in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from domain.acts import LAPSES
from domain.calendar import ONE_DAY
from domain.case import CENTRE, OFFICE, Case, File, Rung, RunningClock
from domain.lifecycle import MOVES, Move
from domain.limits import MIDNIGHT, SHANGHAI, Term
from domain.step import UNWATCHED
from domain.vocabulary import Act, Clock, Role, Status, Word

HANDS = {CENTRE: "专线服务中心", OFFICE: "市审批办"}

NOW = "现状 as it stands"
REGISTERED = "登记时 as registered"
RESTARTED = "重新启动时 as restarted"
"""Headings of the details: those that are given at the start stay as they were."""

LATE = " · **逾期 overdue**"
OVER = " · 期满 over"

NEEDS: Mapping[Act, frozenset[Clock]] = {
    Act.SIGN: frozenset({Clock.SIGN}),
    Act.RETURN: frozenset({Clock.RETURN}),
    Act.ADMIT: frozenset({Clock.ADMISSION}),
    Act.REJECT: frozenset({Clock.ADMISSION}),
    Act.GRANT: frozenset({Clock.EXTENSION}),
    Act.DENY: frozenset({Clock.EXTENSION}),
    Act.ATTEMPT: frozenset({Clock.CALLBACK}),
    Act.DISPUTE: frozenset({Clock.DISPUTE}),
    Act.SUPPLY: frozenset({Clock.ARCHIVE}),
    Act.LAPSE: frozenset(LAPSES),
}
"""Acts that are possible only while a clock runs: an open window, or a limit, passed or not."""

BARRED: Mapping[Act, Callable[[File], bool]] = {
    Act.ANSWER: lambda file: file.case.report is not None,  # Art. 9 ¶2: it goes to the competent unit
    Act.REFER: lambda file: file.case.report is not None,
    Act.RECALL: lambda file: any(a.designated for a in file.active()),  # Art. 12 ¶2: the office revises
    Act.FEEDBACK: lambda file: all(file.clock(Clock.ADMISSION, a.unit) for a in file.active()),  # Art. 9 ¶2
}
"""Acts that the file itself rules out."""

CHILDREN: Mapping[Status, tuple[str, Callable[[Case], int]]] = {
    Status.ESCALATED: (Status.ESCALATED.zh, lambda case: case.designations),
    Status.CALLBACK: (Act.ATTEMPT.zh, lambda case: case.callbacks),
}
"""What a child is called, and how many the case has had."""


def summary(case: Case) -> str:
    """A case in a list of workflows."""
    return " · ".join(filter(None, (case.number, case.matter.zh, case.district, case.channel.zh)))


def child(case: Case) -> str:
    """A designation or a callback in a list of workflows: which one of the case's it is."""
    what, nth = CHILDREN[case.status]
    return f"{what}（第{nth(case)}次）· {case.number}"


def timer(coming: list[tuple[RunningClock, Rung]]) -> str:
    """The row name of a timer: whose clock, and what comes at its end; at most 60 characters."""
    owner = coming[0][0].owner
    what = "、".join(dict.fromkeys(f"{running.clock.zh}{rung.mark.zh}" for running, rung in coming))
    return f"{HANDS.get(owner, owner)} {what}"[:60]


def details(file: File, heading: str = NOW) -> str:
    """Where the case stands, its clocks, the units' parts and what may come next, as markdown tables."""
    case = file.case
    standing = (
        ("状态 status", _both(case.status) + (f" → {_both(case.outcome)}" if case.outcome else "")),
        ("在谁手中 hands", _hands(case.hands)),
        ("下一期限 due", _until(case.due_at) if case.due_at else "—"),
        ("逾期 overdue", "是 **yes**" if case.overdue else "否 no"),
        ("退办次数 returns", str(case.returns)),
        ("重办次数 redos", str(case.redos)),
        ("规则 rule set", case.rule_set),
    )
    clocks = (
        (_both(c.clock) + (f"（{c.about}）" if c.about else ""), _hands(c.owner), _ends(c))
        for c in sorted(file.clocks, key=lambda c: (c.due, c.id))
    )
    parts = ((_both(a.part), a.unit, _both(a.handling)) for a in file.assignments)
    tables = (
        _table((heading, ""), standing),
        _table(("时限 clock", "谁的 whose", "到期 until"), clocks),
        _table(("承办 part", "单位 unit", "办理 handling"), parts),
        _table(("谁 who", "下一步 next"), _next(file)),
    )
    return "\n\n".join(filter(None, tables))


def _ends(running: RunningClock) -> str:
    """Until when, by which term, and whether that has passed: a limit is then overdue, a window over."""
    term = f" · {Term.parse(running.term).zh}" if running.term else ""
    passed = (OVER if running.clock in UNWATCHED else LATE) if running.passed else ""
    return _until(running.due) + term + passed


def _until(due: datetime) -> str:
    """An exclusive instant in local time: midnight is the end of the day before."""
    local = due.astimezone(SHANGHAI)
    if local.time() == MIDNIGHT:
        return f"{local.date() - ONE_DAY} 24:00"
    return f"{local:%Y-%m-%d %H:%M:%S}"


def _both(word: Word) -> str:
    return f"{word.zh} {word}"


def _hands(code: str) -> str:
    return f"{HANDS[code]} {code}" if code in HANDS else code


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A markdown table; nothing, if it has no rows."""
    lines = [_line(row) for row in rows]
    return "\n".join((_line(head), "|---" * len(head) + "|", *lines)) if lines else ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


# -- what may come next ----------------------------------------------------------------------------------------------


def _awaited(found: Move) -> bool:
    """It moves the case on or answers a clock. What the system does by itself, only a clock brings."""
    moves = any(target is not found.origin for target in found.targets)
    return found.act in NEEDS or (moves and found.roles != (Role.SYSTEM,))


UNSAID = (Role.REQUESTER, Role.UNIT_LEAD, Role.PARTNER)
"""The person reads it on their own page; a unit is one, whoever of it signs in."""


def _who(found: Move) -> str:
    """The roles that may, as an operator tells them apart."""
    roles = [role for role in found.roles if role not in UNSAID]
    return f"{'、'.join(role.zh for role in roles)} {', '.join(roles)}"


def _by_role(status: Status) -> dict[str, dict[Act, str]]:
    found: dict[str, dict[Act, str]] = {}
    for m in MOVES:
        if m.origin is status and _awaited(m):
            basis = m.basis.zh() if m.basis else "内部规定"
            found.setdefault(_who(m), {})[m.act] = f"{_both(m.act)}（{basis}）"
    return found


NEXT: Mapping[Status, Mapping[str, Mapping[Act, str]]] = {status: _by_role(status) for status in Status}
"""By status and by who may: the acts of `MOVES` that are awaited, as they are shown."""


def _next(file: File) -> Iterable[tuple[str, str]]:
    """Who may do what, as the file stands."""
    running = {c.clock for c in file.clocks if not (c.passed and c.clock in UNWATCHED)}
    for who, acts in NEXT[file.case.status].items():
        possible = [
            text
            for act, text in acts.items()
            if not (act in NEEDS and NEEDS[act].isdisjoint(running)) and not (act in BARRED and BARRED[act](file))
        ]
        if possible:
            yield who, "、".join(possible)
