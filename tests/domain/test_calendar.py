"""Which days work, in every year that is published; what a notice may and may not say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest

from domain.calendar import Calendar, Day, Notice, compile_calendar, read_notice, seeded_notices

CALENDAR = compile_calendar(seeded_notices(), version=1)

INVENTED = """
[notice]
year = 2027
title = "国务院办公厅关于2027年部分节假日安排的通知"
published = 2026-11-05

[[holiday]]
name = "元旦"
off = [[2027-01-01, 2027-01-03]]
works = [2026-12-27]

[[holiday]]
name = "国庆节"
off = [[2027-10-01, 2027-10-05], 2027-10-07]
works = [2027-09-26, 2027-10-09]
"""


def every_day() -> Iterator[date]:
    first, last = date(2004, 1, 1), date(2026, 12, 31)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def notice(body: str, head: str = 'year = 2027\ntitle = "通知"') -> Notice:
    return read_notice(f"[notice]\n{head}\n{body}")


def holiday(days: str) -> str:
    return f'[[holiday]]\nname = "国庆节"\n{days}'


@pytest.mark.parametrize(
    ("day", "works", "why"),
    [
        ("2025-09-28", True, None),  # a Sunday that works for the National Day
        ("2025-10-01", False, "国庆节"),
        ("2025-10-06", False, "中秋节"),
        ("2025-10-09", True, None),
        ("2025-10-11", True, None),  # a Saturday that works
        ("2025-10-12", False, "星期日"),
        ("2025-10-18", False, "星期六"),
        ("2024-02-09", True, None),  # the eve of the Spring Festival: leave is only encouraged
        ("2024-02-18", True, None),
        ("2018-12-29", True, None),  # a Saturday, by the notice for 2019
        ("2018-12-31", False, "元旦"),
        ("2020-01-31", False, "春节"),
        ("2020-02-01", False, "春节"),  # was to work; the festival was lengthened
        ("2015-09-03", False, "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"),
    ],
)
def test_a_day_works_or_says_why_not(day: str, works: bool, why: str | None) -> None:
    found = date.fromisoformat(day)
    assert (CALENDAR.works(found), CALENDAR.why_skipped(found)) == (works, why)


def test_every_day_of_2004_to_2026_is_as_the_package_holidays_says() -> None:
    other = holidays.country_holidays("CN", years=range(2004, 2027))
    assert [day for day in every_day() if CALENDAR.works(day) != other.is_working_day(day)] == []


def test_every_day_is_as_chinesecalendar_says_but_for_the_one_it_has_wrong() -> None:
    # The notice for 2006 makes Saturday 2005-12-31 a working day; chinesecalendar leaves it off.
    others = [day for day in every_day() if CALENDAR.works(day) != chinese_calendar.is_workday(day)]
    assert others == [date(2005, 12, 31)]
    assert CALENDAR.works(date(2005, 12, 31))


def test_a_day_off_bears_the_name_that_chinesecalendar_gives_it() -> None:
    for day in every_day():
        _, name = chinese_calendar.get_holiday_detail(day)
        why = CALENDAR.why_skipped(day)
        if name and why:
            assert why.startswith(chinese_calendar.Holiday(name).chinese), day


def test_one_notice_was_published_for_each_year_and_most_before_it_began() -> None:
    assert [notice.year for notice in seeded_notices()] == list(range(2004, 2027))
    assert all(notice.published < date(notice.year, 1, 1) for notice in seeded_notices() if notice.published)


@pytest.mark.parametrize(
    ("day", "provisional"),
    [
        ("2025-12-31", False),  # the notice for 2026 is out
        ("2026-10-01", False),
        ("2026-12-24", False),
        ("2026-12-25", True),
        ("2026-12-31", True),
        ("2027-01-01", True),
        ("2030-06-03", True),
    ],
)
def test_what_a_coming_notice_can_move_is_provisional(day: str, provisional: bool) -> None:
    assert CALENDAR.provisional(date.fromisoformat(day)) is provisional


def test_a_new_notice_moves_the_end_of_the_old_year_and_settles_it() -> None:
    assert not CALENDAR.works(date(2026, 12, 27))
    newer = compile_calendar([*seeded_notices(), read_notice(INVENTED)], version=2)
    assert newer.works(date(2026, 12, 27))
    assert newer.published_through == date(2027, 12, 31)
    assert not newer.provisional(date(2026, 12, 27))
    assert newer.provisional(date(2027, 12, 25))
    assert newer.version == 2


def test_a_notice_reads_as_it_was_published() -> None:
    read = read_notice(INVENTED)
    assert (read.year, read.published) == (2027, date(2026, 11, 5))
    assert read.title == "国务院办公厅关于2027年部分节假日安排的通知"
    assert Day(date(2026, 12, 27), works=True, name="元旦") in read.days
    off = [day.day.isoformat() for day in read.days if day.name == "国庆节" and not day.works]
    assert off == ["2027-10-01", "2027-10-02", "2027-10-03", "2027-10-04", "2027-10-05", "2027-10-07"]


def test_the_later_notice_wins_day_by_day() -> None:
    change = notice(
        holiday("off = [2027-10-09]\nworks = [2027-10-10]"), 'year = 2027\ntitle = "调整"\nordinary = [2027-10-05]'
    )
    changed = compile_calendar([read_notice(INVENTED), change], version=1)
    assert changed.why_skipped(date(2027, 10, 9)) == "国庆节"
    assert changed.works(date(2027, 10, 10))
    assert changed.works(date(2027, 10, 5))  # given back to the ordinary week: a Tuesday
    assert changed.why_skipped(date(2027, 10, 4)) == "国庆节"  # not named again, and stays


def test_a_weekend_given_back_is_off_under_its_own_name() -> None:
    change = notice("", 'year = 2027\ntitle = "调整"\nordinary = [2027-10-09]')
    assert compile_calendar([read_notice(INVENTED), change], version=1).why_skipped(date(2027, 10, 9)) == "星期六"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (holiday("off = [2028-10-01]"), "2028-10-01 does not belong to the notice for 2027"),
        (holiday("off = [2026-11-30]"), "2026-11-30 does not belong"),
        (holiday("off = [2027-10-01, 2027-10-01]"), "2027-10-01 is named twice"),
        (holiday("off = [[2027-10-01, 2027-10-09]]\nworks = [2027-10-09]"), "2027-10-09 is named twice"),
        (holiday("works = [2027-10-08]"), r"2027-10-08 \(星期五\) works anyway"),
        (holiday("off = [[2027-10-05, 2027-10-01]]"), "2027-10-01 comes before 2027-10-05"),
        (holiday("off = [[2027-10-01, 2027-10-02, 2027-10-03]]"), "not 3 days"),
        (holiday("off = [2027-02-30]"), "(?i)invalid date"),
        (holiday('off = ["2027-10-01"]'), "without quotes"),
        (holiday("off = [2027-10-01T00:00:00]"), "a day such as"),
        (holiday("off = 2027-10-01"), "a list expected"),
        (holiday("of = [2027-10-01]"), "unknown keys: of"),
        ('[[holiday]]\nname = " "\noff = [2027-10-01]', "a text expected"),
        ("[[holiday]]\noff = [2027-10-01]", "lacks name"),
        ("[holiday]\nname = '国庆节'", "a list expected"),
        ("holiday = [2027-10-01]", "unknown keys: holiday"),
        ("[extra]", "unknown keys: extra"),
        ("", "names no day"),
    ],
)
def test_a_notice_that_cannot_be_meant_is_refused(body: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        notice(body)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file lacks notice"),
        ("notice = 2027", "a table expected"),
        ("[notice]\nyear = 2027", "lacks title"),
        ("[notice]\nyear = '2027'\ntitle = '通知'", "year must be a number"),
        ("[notice]\nyear = 2027\ntitle = 7", "a text expected"),
        ("[notice]\nyear = 2027\ntitle = '通知'\npublished = '2026'", "published: a day"),
        ("holiday = [2027]\n[notice]\nyear = 2027\ntitle = '通知'", "a table expected"),
    ],
)
def test_a_notice_without_its_head_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_notice(text)


def test_a_year_left_out_is_refused_lest_its_holidays_pass_for_working_days() -> None:
    with pytest.raises(ValueError, match="no notice for 2025, 2026"):
        compile_calendar(
            [notice for notice in seeded_notices() if notice.year < 2025] + [read_notice(INVENTED)], version=1
        )
    with pytest.raises(ValueError, match="at least one notice"):
        compile_calendar([], version=1)


def test_where_no_notice_speaks_monday_to_friday_work() -> None:
    bare = Calendar(version=1, days={}, published_through=date(2026, 12, 31))
    week = [date(2026, 3, 2) + timedelta(days=n) for n in range(7)]
    assert [bare.why_skipped(day) for day in week] == [None, None, None, None, None, "星期六", "星期日"]
