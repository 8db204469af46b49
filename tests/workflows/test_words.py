"""What operators read of a case: until when, whose, what may come next; and that none of it is a person's word."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.acts import decide
from domain.case import CENTRE, Deed, Rung
from domain.lifecycle import MOVES
from domain.refusals import Refusal
from domain.step import UNWATCHED
from domain.vocabulary import (
    Act,
    Choice,
    Clock,
    Exclusion,
    Mark,
    Matter,
    Procedure,
    Rating,
    Reach,
    Report,
    Role,
)
from tests.cases import (
    AT,
    Story,
    assigned,
    at,
    at_callback,
    declined,
    escalated,
    in_review,
    incomplete,
    registered,
    returned,
)
from workflows.words import CHILDREN, LATE, NEEDS, NEXT, OVER, REGISTERED, UNSAID, child, details, summary, timer

Make = Callable[[], Story]


def tables(story: Story) -> list[list[list[str]]]:
    """The cells of each table, head and rows."""
    blocks = [block.splitlines() for block in details(story.file).split("\n\n")]
    return [[line[2:-2].split(" | ") for line in (head, *rows)] for head, _, *rows in blocks]


def rows(story: Story, head: str) -> list[list[str]]:
    """The rows of the table whose head begins so; none, if it is not there."""
    return next((found[1:] for found in tables(story) if found[0][0].startswith(head)), [])


def until(story: Story, clock: Clock, owner: str = CENTRE) -> str:
    """The third column of this clock's row."""
    return next(u for what, whose, u in rows(story, "时限") if clock.zh in what and owner in whose)


def offered(story: Story) -> dict[str, list[str]]:
    """By who may: the acts that are shown."""
    return {who: re.findall(r" (\w+)（", acts) for who, acts in rows(story, "谁")}


def shown(story: Story) -> set[tuple[str, str]]:
    """The roles and the acts that are shown for them."""
    return {(role, act) for who, acts in offered(story).items() for role in re.findall(r"[a-z]+", who) for act in acts}


# -- until when ----------------------------------------------------------------------------------------------------------


def test_an_exclusive_midnight_reads_as_the_end_of_the_day_before() -> None:
    story = assigned()
    assert story.due(Clock.SIGN, "WATER") == at("11-05T00:00")
    assert until(story, Clock.SIGN, "WATER") == "2025-11-04 24:00 · 1个工作日"
    assert ["下一期限 due", "2025-11-04 24:00"] in rows(story, "现状")


def test_midnight_at_a_turn_of_the_year_is_still_the_day_before() -> None:
    story = registered(registered_at=at("2025-12-31T20:00"))
    assert until(story, Clock.TRIAGE) == "2025-12-31 24:00 · 4小时"


def test_any_other_instant_reads_to_the_second() -> None:
    story = registered(registered_at=at("11-03T10:00:05"))
    assert until(story, Clock.TRIAGE) == "2025-11-03 14:00:05 · 4小时"


def test_a_day_that_a_person_set_has_no_term() -> None:
    assert until(granted(), Clock.HANDLING, "WATER") == "2025-11-14 24:00"


def test_a_limit_that_has_passed_is_overdue_and_a_window_is_over() -> None:
    story = assigned()
    assert not any(word in details(story.file) for word in (LATE, OVER))
    story.until(at("11-05T00:00"))
    assert until(story, Clock.SIGN, "WATER") == f"2025-11-04 24:00 · 1个工作日{LATE}"
    assert until(story, Clock.RETURN, "WATER") == f"2025-11-04 24:00 · 1个工作日{OVER}"
    assert until(story, Clock.HANDLING, "WATER") == "2025-11-10 24:00 · 5个工作日"
    assert ["下一期限 due", "2025-11-10 24:00"] in rows(story, "现状")
    assert ["逾期 overdue", "是 **yes**"] in rows(story, "现状")


@pytest.mark.parametrize("clock", Clock)
def test_only_windows_are_over(clock: Clock) -> None:
    story = registered()
    passed = replace(story.clock(Clock.TRIAGE), clock=clock, passed=True)
    story.file = replace(story.file, clocks=(passed,))
    assert until(story, clock).endswith(OVER if clock in UNWATCHED else LATE)


def test_clocks_come_soonest_first_with_whose_they_are_and_what_about() -> None:
    assert [row[:2] for row in rows(asked(), "时限")] == [
        ["延期审批时限 extension（WATER）", "专线服务中心 centre"],
        ["退办时限 return", "WATER"],
        ["签收时限 sign", "WATER"],
        ["办理时限 handling", "WATER"],
    ]


def test_each_unit_has_its_part() -> None:
    story = assigned("JW", "WATER")
    story.unit("WATER", Act.SIGN)
    assert rows(story, "承办") == [
        ["主办 lead", "JW", "待签收 delivered"],
        ["协办 assisting", "WATER", "已签收 signed"],
    ]
    assert rows(registered(), "承办") == []


# -- what may come next --------------------------------------------------------------------------------------------------


def asked() -> Story:
    story = assigned()
    story.unit("WATER", Act.REQUEST_EXTENSION, until=date(2025, 11, 14))
    return story


def granted() -> Story:
    story = asked()
    story.agent(Act.GRANT, unit="WATER")
    return story


def designated() -> Story:
    story = escalated()
    story.office(Act.DESIGNATE, lead="WATER")
    return story


def lead_has_reported() -> Story:
    story = assigned("JW", "WATER")
    story.feedback("JW")
    return story


def admitted() -> Story:
    story = assigned(report=Report.ACTION)
    story.unit("WATER", Act.ADMIT)
    return story


def signed() -> Story:
    story = assigned()
    story.unit("WATER", Act.SIGN)
    return story


def later(make: Make, days: int) -> Make:
    """The same, so many days later, with all that the clocks brought."""

    def made() -> Story:
        story = make()
        story.until(story.now + timedelta(days=days))
        return story

    return made


STORIES: dict[str, Make] = {
    **{status.value: make for status, make in AT.items()},
    "signed": signed,
    "asked for an extension": asked,
    "granted": granted,
    "designated": designated,
    "one of two has reported": lead_has_reported,
    "a report": lambda: registered(report=Report.UNLAWFUL),
    "a report that came back": lambda: returned(report=Report.UNLAWFUL),
    "a report with the unit": lambda: assigned(report=Report.ACTION),
    "an admitted report": admitted,
    "a complaint about staff": lambda: registered(matter=Matter.STAFF, respondent="JW"),
    "no number to call": lambda: at_callback(reachable=False),
    "incomplete": incomplete,
    "the return window is over": later(assigned, 3),
    "everything is overdue": later(assigned, 30),
    "the decision on an extension is overdue": later(asked, 3),
    "the callback is overdue": later(at_callback, 10),
    "the dispute window is over": later(declined, 10),
    "the tracking page was not used": later(lambda: at_callback(reachable=False), 10),
}
CODES: dict[Act, dict[str, Any]] = {
    Act.TRANSFER: {"lead": "HEAT"},
    Act.REFER: {"lead": "P-LOCK", "choice": Choice.CHOSEN},
    Act.DECLINE: {"exclusion": Exclusion.CIVIL},
    Act.CEASE: {"procedure": Procedure.LITIGATION},
    Act.GRANT: {"until": date(2026, 1, 5)},
    Act.DESIGNATE: {"lead": "HEAT"},
    Act.ATTEMPT: {"reach": Reach.REACHED, "resolved": True, "rating": Rating.GOOD},
    Act.RATE: {"rating": Rating.GOOD, "resolved": True},
    Act.SUPPLY: {"replied": "visit"},
    Act.JOIN: {"joint": "J20251103-0a1b2c3d"},
}


def succeeds(story: Story, act: Act, role: Role) -> bool:
    """Somebody in this role can do it now, for one unit at least."""

    units = [a.unit for a in story.file.assignments] or ["WATER"]
    return any(_succeeds(story, story.deed(act, role, unit=unit, **CODES.get(act, {}))) for unit in units)


def _succeeds(story: Story, deed: Deed) -> bool:
    try:
        decide(story.file, deed, story.calendar)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("make", STORIES.values(), ids=STORIES)
def test_what_is_shown_can_be_done_and_what_would_be_refused_is_not_shown(make: Make) -> None:
    story = make()
    possible = {
        (role.value, m.act.value)
        for m in MOVES
        if m.origin is story.case.status and (m.act in NEEDS or set(m.targets) != {m.origin})
        for role in m.roles
        if role not in (*UNSAID, Role.SYSTEM) and succeeds(story, m.act, role)
    }
    assert {(role, act) for role, act in shown(story) if role != Role.SYSTEM} == possible


def test_acts_are_grouped_by_who_may_with_the_provision() -> None:
    assert rows(assigned(), "谁") == [
        [
            "话务员、值班长 agent, supervisor",
            "报请指定 escalate（第十二条第二款）、终止办理 cease（第八条第（三）项）、收回 recall（内部规定）",
        ],
        [
            "承办单位 unit",
            "签收 sign（内部规定）、退办 return（第十一条第（三）项）、反馈结果 feedback（第十一条第（一）项）",
        ],
        ["值班长 supervisor", "值班长收回 override（内部规定）"],
        ["受理渠道、话务员、值班长 channel, agent, supervisor", "撤回 withdraw（内部规定）"],
    ]


@pytest.mark.parametrize("make", [designated, later(assigned, 3), later(designated, 3)])
def test_a_unit_that_cannot_give_back_is_not_shown_that_it_may(make: Make) -> None:  # Art. 11(3), 12 ¶2
    assert "return" not in offered(make())["承办单位 unit"]
    assert "return" in offered(assigned())["承办单位 unit"]


def test_an_extension_is_decided_only_where_one_is_asked_for() -> None:
    assert {("agent", "grant"), ("agent", "deny")} <= shown(asked())
    for story in (assigned(), granted()):
        assert not {"grant", "deny"} & {act for _, act in shown(story)}


def test_only_a_report_that_is_not_decided_on_is_admitted_or_rejected() -> None:  # Art. 9 ¶2
    assert {("unit", "admit"), ("unit", "reject")} <= shown(assigned(report=Report.ACTION))
    for story in (assigned(), admitted()):
        assert not {"admit", "reject"} & {act for _, act in shown(story)}


def test_a_report_is_neither_answered_nor_referred() -> None:  # Art. 9 ¶2
    assert {("agent", "answer"), ("agent", "refer")} <= shown(registered())
    assert not {"answer", "refer"} & {act for _, act in shown(registered(report=Report.UNLAWFUL))}


def test_a_closure_is_disputed_while_the_window_is_open() -> None:
    assert offered(declined()) == {
        "受理渠道、话务员、值班长 channel, agent, supervisor": ["dispute"],
        "系统 system": ["lapse"],
    }
    assert offered(later(declined, 10)()) == {}


def test_a_person_without_a_number_is_not_called() -> None:  # Art. 13
    assert ("caller", "attempt") in shown(at_callback())
    unreachable = at_callback(reachable=False)
    assert ("caller", "attempt") not in shown(unreachable)
    assert ("system", "lapse") in shown(unreachable)


def test_review_is_the_centres_to_decide() -> None:  # Art. 12 ¶1
    assert {("agent", "approve"), ("agent", "send_back")} <= shown(in_review())
    assert not any(role == Role.UNIT for role, _ in shown(in_review()))


def test_what_the_person_may_do_is_for_others_to_show() -> None:
    assert not any(Role.REQUESTER.zh in who for by_role in NEXT.values() for who in by_role)


# -- the whole -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", STORIES.values(), ids=STORIES)
def test_every_standing_makes_whole_tables(make: Make) -> None:
    for head, *below in tables(make()):
        assert below
        assert {len(row) for row in below} == {len(head)}


def test_the_details_of_the_registration_say_that_they_are() -> None:
    story = registered()
    assert details(story.file, heading=REGISTERED).startswith("| 登记时 as registered |  |\n")
    assert details(story.file).startswith("| 现状 as it stands |  |\n")


def test_a_closed_case_says_how_it_ended() -> None:
    assert ["状态 status", "已办结 closed → 不予受理 declined"] in rows(declined(), "现状")


def test_the_details_name_no_note_and_nobody() -> None:  # Art. 15
    story = registered()
    story.agent(Act.CLAIM, actor="agent-of-the-test")
    story.agent(Act.ESCALATE, actor="agent-of-the-test")
    assert not re.search(r"note-|deed-|of-the-test", details(story.file))


# -- summaries -----------------------------------------------------------------------------------------------------------


def test_a_case_is_named_by_its_number_matter_district_and_channel() -> None:
    assert summary(registered().case) == "TJ20251103000001 · 突发问题与非紧急求助 · 电话"
    assert summary(registered(district="HX").case) == "TJ20251103000001 · 突发问题与非紧急求助 · HX · 电话"


def test_a_child_is_named_by_what_it_is_and_which_one() -> None:
    assert child(escalated().case) == "报请指定（第1次）· TJ20251103000001"
    story = at_callback()
    assert child(story.case) == "回访（第1次）· TJ20251103000001"
    story.not_content()
    story.feedback()
    story.agent(Act.APPROVE)
    assert child(story.case) == "回访（第2次）· TJ20251103000001"


def test_every_standing_that_a_child_holds_has_a_name() -> None:
    held = {status for status, make in AT.items() if make().case.desk != make().case.number}
    assert held == set(CHILDREN)


def test_a_timer_is_named_by_whose_it_is_and_what_comes() -> None:
    story = asked()
    handling = story.clock(Clock.HANDLING, "WATER")
    extension = story.clock(Clock.EXTENSION, CENTRE, "WATER")
    assert timer([(handling, handling.rungs[0])]) == f"WATER 办理时限{handling.rungs[0].mark.zh}"
    assert timer([(extension, Rung(Mark.OVERDUE, extension.due))]) == "专线服务中心 延期审批时限逾期"


def test_a_timer_names_what_comes_together_once_and_in_sixty_characters() -> None:
    story = asked()
    extension = story.clock(Clock.EXTENSION, CENTRE, "WATER")
    overdue = Rung(Mark.OVERDUE, extension.due)
    both = [(extension, overdue), (replace(extension, about="JW"), overdue)]
    assert timer(both) == "专线服务中心 延期审批时限逾期"
    many = [(replace(extension, clock=clock), overdue) for clock in Clock]
    assert len(timer(many)) == 60
