"""When a term ends, and why then; what comes before and after; the hours in which a person may be called."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar, compile_calendar, read_notice, seeded_notices
from domain.limits import SHANGHAI, Due, Skipped, Term, TermUnit, after, before, due, end_of, next_civil

CALENDAR = compile_calendar(seeded_notices(), version=7)
ONE_DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """An instant by its local time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def limit(start: str, term: str, day_ends: time | None = None) -> Due:
    return due(at(start), Term.parse(term), CALENDAR, day_ends)


# -- known truths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "term", "last_day"),
    [
        ("2025-09-26T15:00", "1wd", "2025-09-28"),  # Friday; the Sunday works
        ("2025-09-30T10:00", "1wd", "2025-10-09"),  # the National Day
        ("2024-02-08T09:00", "2wd", "2024-02-18"),  # the eve works, then a Sunday
        ("2018-12-28T09:00", "1wd", "2018-12-29"),  # a Saturday, by the notice for 2019
        ("2018-12-28T09:00", "2wd", "2019-01-02"),
        ("2005-12-30T09:00", "1wd", "2005-12-31"),  # a Saturday, by the notice for 2006
        ("2025-10-01T12:00", "1wd", "2025-10-09"),  # received on a holiday
        ("2025-01-31T09:00", "1wd", "2025-02-05"),  # over the end of a month
        ("2024-02-28T09:00", "1wd", "2024-02-29"),  # the leap day is a Thursday
        ("2024-02-29T09:00", "1wd", "2024-03-01"),
        ("2023-02-28T09:00", "1wd", "2023-03-01"),
        ("2020-02-28T09:00", "1wd", "2020-03-02"),  # the leap day is a Saturday
        ("2023-12-29T09:00", "1wd", "2024-01-02"),  # over the end of a year
        ("2025-11-03T09:00", "10wd", "2025-11-17"),
    ],
)
def test_working_days_end_on_the_day_that_the_notices_give(start: str, term: str, last_day: str) -> None:
    found = limit(start, term)
    assert found.last_day == date.fromisoformat(last_day)
    assert found.due == at(last_day) + ONE_DAY  # exclusive: the end of that day
    assert not found.provisional


def test_one_working_day_before_a_working_sunday_with_its_derivation() -> None:
    assert limit("2025-09-26T15:00", "1wd").to_json() == {
        "start": "2025-09-26T15:00:00+08:00",
        "term": "1wd",
        "due": "2025-09-29T00:00:00+08:00",
        "last_day": "2025-09-28",
        "counted": ["2025-09-28"],
        "skipped": [{"day": "2025-09-27", "reason": "星期六"}],
        "provisional": False,
        "calendar_version": 7,
    }


def test_holidays_are_skipped_by_name() -> None:
    reasons = [row.reason for row in limit("2025-09-30T10:00", "1wd").skipped]
    assert reasons == ["国庆节"] * 5 + ["中秋节"] + ["国庆节"] * 2


def test_shanghai_keeps_eight_hours_through_all_these_years() -> None:  # its last summer time was 1991
    midnights = (datetime(2004, 1, 1, tzinfo=SHANGHAI) + n * ONE_DAY for n in range(24 * 366))
    assert {midnight.utcoffset() for midnight in midnights} == {timedelta(hours=8)}


@pytest.mark.parametrize(
    ("start", "last_day"),
    [
        ("2025-11-03T23:59:59", "2025-11-04"),
        ("2025-11-04T00:00:00", "2025-11-05"),  # 16:00 of the 3rd in UTC
        ("2025-11-04T07:59:59", "2025-11-05"),  # still the 3rd in UTC
        ("2025-11-04T08:00:00", "2025-11-05"),
    ],
)
def test_the_day_of_receipt_is_the_day_in_shanghai(start: str, last_day: str) -> None:
    assert limit(start, "1wd").last_day == date.fromisoformat(last_day)
    in_utc = due(at(start).astimezone(UTC), Term.parse("1wd"), CALENDAR)
    assert in_utc == limit(start, "1wd")
    assert in_utc.start.tzinfo is UTC
    assert in_utc.due.tzinfo is UTC


def test_the_last_day_may_end_before_midnight() -> None:
    found = limit("2025-09-26T15:00", "1wd", time(17))
    assert found.due == at("2025-09-28T17:00")
    assert limit("2025-09-26T23:30", "1wd", time(17)).due == found.due  # the hour of receipt does not matter


@pytest.mark.parametrize(
    ("term", "ends"),
    [
        ("4h", "2025-10-01T01:30"),
        ("30min", "2025-09-30T22:00"),
        ("45s", "2025-09-30T21:30:45"),
        ("0min", "2025-09-30T21:30"),
    ],
)
def test_hours_minutes_and_seconds_run_on_the_wall_clock_holidays_or_not(term: str, ends: str) -> None:
    found = limit("2025-09-30T21:30", term, time(17))
    assert found.due == at(ends)
    assert (found.last_day, found.counted, found.skipped) == (None, (), ())


@pytest.mark.parametrize(
    ("start", "term", "provisional"),
    [
        ("2026-12-29T09:00", "5wd", True),  # into a year that nobody has announced
        ("2026-12-24T09:00", "1wd", True),  # 25 December 2026: a coming notice can still move it
        ("2026-12-23T09:00", "1wd", False),
        ("2025-12-29T09:00", "2wd", False),  # the notice for 2026 is out
        ("2027-05-06T09:00", "1wd", True),
        ("2027-05-06T09:00", "24h", False),  # the wall clock needs no notice
    ],
)
def test_a_day_that_a_coming_notice_can_move_makes_the_limit_provisional(
    start: str, term: str, provisional: bool
) -> None:
    assert limit(start, term).provisional is provisional


def test_a_new_notice_settles_and_moves_a_provisional_limit() -> None:
    text = """
        [notice]
        year = 2027
        title = "通知"
        [[holiday]]
        name = "元旦"
        off = [[2027-01-01, 2027-01-04]]
        works = [2026-12-27, 2027-01-09]
    """
    newer = compile_calendar([*seeded_notices(), read_notice(text)], version=8)
    old, new = limit("2026-12-31T09:00", "5wd"), due(at("2026-12-31T09:00"), Term.parse("5wd"), newer)
    assert (old.last_day, old.provisional, old.calendar_version) == (date(2027, 1, 7), True, 7)
    assert (new.last_day, new.provisional, new.calendar_version) == (date(2027, 1, 9), False, 8)
    assert new.skipped == tuple(Skipped(date(2027, 1, n), "元旦") for n in (1, 2, 3, 4))
    assert due(at("2026-12-25T09:00"), Term.parse("1wd"), newer).last_day == date(2026, 12, 27)


def test_a_day_ends_at_24_or_at_the_hour_of_the_rule_set() -> None:
    assert end_of(date(2025, 9, 28)) == at("2025-09-29T00:00")
    assert end_of(date(2025, 9, 28), time(17)) == at("2025-09-28T17:00")


def test_what_has_no_end_is_refused() -> None:
    with pytest.raises(ValueError, match="0wd"):
        limit("2025-09-26T15:00", "0wd")
    with pytest.raises(ValueError, match="24:00 is None"):
        limit("2025-09-26T15:00", "1wd", time(0))


def test_an_instant_without_its_offset_is_refused() -> None:
    naive, term = datetime(2025, 9, 26, 15), Term.parse("1wd")
    for ask in (due, before, after):
        with pytest.raises(ValueError, match="naive"):
            ask(naive, term, CALENDAR)
    with pytest.raises(ValueError, match="naive"):
        next_civil(naive, time(9), time(20))


# -- terms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("1wd", "1个工作日", "1 working day"),
        ("2wd", "2个工作日", "2 working days"),
        ("4h", "4小时", "4 hours"),
        ("30min", "30分钟", "30 minutes"),
        ("45s", "45秒", "45 seconds"),
    ],
)
def test_a_term_reads_as_it_is_written(text: str, zh: str, en: str) -> None:
    term = Term.parse(text)
    assert (str(term), term.zh, term.en) == (text, zh, en)


@pytest.mark.parametrize(
    "text", ["", "wd", "1", "1 wd", "-1wd", "01wd", "1.5h", "1d", "1WD", "10000h", "１wd", "1wd\n"]
)
def test_what_is_no_term_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a term"):
        Term.parse(text)


def test_a_term_is_never_negative_and_working_days_have_no_length() -> None:
    with pytest.raises(ValueError, match="from 0"):
        Term(-1, TermUnit.HOURS)
    with pytest.raises(ValueError, match="without a calendar"):
        _ = Term.parse("1wd").length


def test_terms_compare_by_size() -> None:
    ordered = [Term.parse(text) for text in ("59s", "1min", "1h", "24h", "1wd", "25h", "2wd")]
    for n, shorter in enumerate(ordered):
        assert [term for term in ordered if shorter.shorter_than(term)] == ordered[n + 1 :]


# -- before and after --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "instant"),
    [
        ("1wd", "2025-10-11T00:00"),  # the last day itself, a working Saturday
        ("2wd", "2025-10-10T00:00"),
        ("3wd", "2025-10-09T00:00"),
        ("4wd", "2025-09-30T00:00"),  # over the National Day
        ("0wd", "2025-10-12T00:00"),
        ("2h", "2025-10-11T22:00"),
    ],
)
def test_before_is_when_so_much_remains(term: str, instant: str) -> None:
    assert before(at("2025-10-12T00:00"), Term.parse(term), CALENDAR) == at(instant)


@pytest.mark.parametrize(
    ("due_at", "term", "instant"),
    [
        ("2025-10-12T00:00", "1wd", "2025-10-14T00:00"),  # Sunday does not count; Monday must have passed
        ("2025-10-12T00:00", "5wd", "2025-10-18T00:00"),
        ("2025-09-30T17:00", "1wd", "2025-10-09T17:00"),  # days that end at 17:00
        ("2025-10-13T00:00", "1wd", "2025-10-14T00:00"),  # a last day that somebody set, a Sunday
        ("2025-10-12T00:00", "0wd", "2025-10-12T00:00"),
        ("2025-10-12T00:00", "90min", "2025-10-12T01:30"),
    ],
)
def test_after_is_when_so_much_has_passed(due_at: str, term: str, instant: str) -> None:
    assert after(at(due_at), Term.parse(term), CALENDAR) == at(instant)


def test_before_a_last_day_that_does_not_work_counts_from_the_working_day_before_it() -> None:
    assert before(at("2025-10-13T00:00"), Term.parse("1wd"), CALENDAR) == at("2025-10-11T00:00")


# -- civil hours -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "called"),
    [
        ("2025-09-26T15:00", "2025-09-26T15:00"),
        ("2025-09-26T09:00", "2025-09-26T09:00"),
        ("2025-09-26T03:00", "2025-09-26T09:00"),
        ("2025-09-26T19:59:59", "2025-09-26T19:59:59"),
        ("2025-09-26T20:00", "2025-09-27T09:00"),
        ("2025-12-31T23:30", "2026-01-01T09:00"),
    ],
)
def test_a_person_is_called_within_civil_hours(instant: str, called: str) -> None:
    assert next_civil(at(instant), time(9), time(20)) == at(called)


def test_civil_hours_may_keep_to_working_days() -> None:
    assert next_civil(at("2025-09-27T10:00"), time(9), time(20), CALENDAR) == at("2025-09-28T09:00")
    assert next_civil(at("2025-09-30T21:00"), time(9), time(20), CALENDAR) == at("2025-10-09T09:00")


@pytest.mark.parametrize("instant", ["2025-10-01T00:00", "2025-10-01T12:34:56", "2025-10-01T23:59:59.999999"])
def test_from_00_to_24_is_always(instant: str) -> None:
    assert next_civil(at(instant), time(0), None) == at(instant)


def test_hours_that_end_before_they_begin_are_refused() -> None:
    for closes in (time(9), time(8), time(0)):
        with pytest.raises(ValueError, match="no civil hours"):
            next_civil(at("2025-10-01T00:00"), time(9), closes)


# -- properties --------------------------------------------------------------------------------------------------------

STARTS = st.datetimes(datetime(2004, 1, 1), datetime(2027, 6, 30), timezones=st.just(UTC))
VALUES = st.integers(1, 40)
TERMS = st.builds(Term, st.integers(1, 40), st.sampled_from(TermUnit))
ENDS = st.sampled_from([None, time(17), time(23, 59)])
quick = settings(database=None, deadline=None)


@quick
@given(STARTS, VALUES, ENDS)
def test_the_days_counted_and_skipped_cover_the_span(start: datetime, value: int, ends: time | None) -> None:
    found = due(start, Term(value, TermUnit.WORKING_DAYS), CALENDAR, ends)
    assert found.last_day is not None
    skipped = [row.day for row in found.skipped]
    received = start.astimezone(SHANGHAI).date()
    span = [received + n * ONE_DAY for n in range(1, (found.last_day - received).days + 1)]
    assert sorted([*found.counted, *skipped]) == span  # each day once, in one of the two
    assert len(found.counted) == value
    assert found.counted[-1] == found.last_day
    assert all(CALENDAR.works(day) for day in found.counted)
    assert not any(CALENDAR.works(day) for day in skipped)
    assert found.provisional is any(CALENDAR.provisional(day) for day in span)
    assert found.start < found.due


@quick
@given(STARTS, st.timedeltas(timedelta(0), timedelta(days=60)), TERMS, ENDS)
def test_who_comes_later_is_never_due_sooner(start: datetime, later: timedelta, term: Term, ends: time | None) -> None:
    assert due(start, term, CALENDAR, ends).due <= due(start + later, term, CALENDAR, ends).due


@quick
@given(STARTS, TERMS, st.integers(1, 40), ENDS)
def test_a_longer_term_ends_later(start: datetime, term: Term, more: int, ends: time | None) -> None:
    longer = Term(term.value + more, term.unit)
    assert due(start, term, CALENDAR, ends).due < due(start, longer, CALENDAR, ends).due


@quick
@given(STARTS, TERMS, st.integers(1, 40), ENDS)
def test_so_much_after_a_limit_is_a_limit_longer_by_so_much(
    start: datetime, term: Term, more: int, ends: time | None
) -> None:
    longer = Term(term.value + more, term.unit)
    later = after(due(start, term, CALENDAR, ends).due, Term(more, term.unit), CALENDAR)
    assert later == due(start, longer, CALENDAR, ends).due


@quick
@given(STARTS, VALUES, ENDS)
def test_the_whole_term_before_the_end_is_the_start_of_its_first_day(
    start: datetime, value: int, ends: time | None
) -> None:
    term = Term(value, TermUnit.WORKING_DAYS)
    found = due(start, term, CALENDAR, ends)
    assert before(found.due, term, CALENDAR) == at(found.counted[0].isoformat())
    assert found.start < before(found.due, term, CALENDAR) < found.due


@quick
@given(STARTS, TERMS, TERMS)
def test_before_and_after_undo_each_other(start: datetime, term: Term, margin: Term) -> None:
    ends = due(start, term, CALENDAR).due
    warned = before(ends, margin, CALENDAR)
    assert warned < ends < after(ends, margin, CALENDAR)
    if term.in_working_days:
        assert after(warned, margin, CALENDAR) == ends


@quick
@given(STARTS, st.times(max_value=time(20)), st.sampled_from([None, time(20, 30)]), st.sampled_from([None, CALENDAR]))
def test_a_call_is_never_early_and_always_within_the_hours(
    start: datetime, opens: time, closes: time | None, calendar: Calendar | None
) -> None:
    called = next_civil(start, opens, closes, calendar)
    local = called.astimezone(SHANGHAI)
    assert called >= start
    assert opens <= local.time()
    assert closes is None or local.time() < closes
    assert calendar is None or calendar.works(local.date())
    assert next_civil(called, opens, closes, calendar) == called


@quick
@given(TERMS)
def test_a_term_round_trips(term: Term) -> None:
    assert Term.parse(str(term)) == term


@quick
@given(STARTS, TERMS, ENDS)
def test_a_derivation_is_plain_json(start: datetime, term: Term, ends: time | None) -> None:
    found = due(start, term, CALENDAR, ends)
    plain = found.to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert datetime.fromisoformat(plain["due"]) == found.due
    assert plain["due"].endswith("+08:00")
