"""Rules as dated data: every clock has its limit and its ladder, and only the law's own numbers cite the law."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from importlib import resources
from itertools import product

import pytest

from domain.handling import review_grounds
from domain.limits import Term, due
from domain.regulation import PROVISIONS, REGULATION, art
from domain.ruleset import RuleSet, read_rule_set, rule_sets
from domain.step import UNWATCHED, Step
from domain.vocabulary import Clock, Mark, Matter, Outcome, Report, Urgency
from tests.cases import CALENDAR, RULES, assigned, at

ALL = list(rule_sets().values())
CASES = [assigned(respondent="HP", matter=m, urgency=u).case for m, u in product(Matter, Urgency)]
TEXT = (resources.files("domain") / "rules" / "tj-2015-18.toml").read_text(encoding="utf-8")


def test_the_rule_sets_that_ship() -> None:
    assert set(rule_sets()) == {RULES, "demo"}
    assert all(code == rules.code for code, rules in rule_sets().items())
    assert all(rules.effective_from >= REGULATION.in_force for rules in ALL)


@pytest.mark.parametrize("rules", ALL, ids=lambda r: r.code)
def test_every_clock_has_a_limit_for_every_matter_and_urgency(rules: RuleSet) -> None:
    for clock, case, complex in product(Clock, CASES, (False, True)):
        limit = rules.limit(clock, case, complex=complex)
        assert limit.clock is clock
        assert due(at("11-03T10:00"), limit.term, CALENDAR, rules.day_ends).due > at("11-03T10:00")


@pytest.mark.parametrize("rules", ALL, ids=lambda r: r.code)
def test_every_clock_has_a_ladder_that_marks_its_end(rules: RuleSet) -> None:
    for clock in Clock:
        ends = [row.mark for row in rules.ladder(clock) if not row.before and not row.after]
        assert ends == [Mark.LAPSED if clock in UNWATCHED else Mark.OVERDUE], clock


@pytest.mark.parametrize("rules", ALL, ids=lambda r: r.code)
def test_what_comes_before_an_end_warns_or_urges_and_what_comes_after_presses(rules: RuleSet) -> None:
    assert {row.mark for row in rules.ladders if row.before} <= {Mark.WARNED, Mark.URGED}
    assert {row.mark for row in rules.ladders if row.after} <= {Mark.NOTICED, Mark.BULLETINED}
    assert not any(row.before and row.after for row in rules.ladders)


def test_the_centres_own_clocks_are_warned_of_and_marked_like_the_units() -> None:  # Art. 9 ¶2, 10(2), 12 ¶1
    for clock in (Clock.TRIAGE, Clock.REDISPATCH, Clock.EXTENSION, Clock.REVIEW, Clock.HANDLING):
        marks = {row.mark for row in rule_sets()[RULES].ladder(clock)}
        assert {Mark.WARNED, Mark.OVERDUE} <= marks


@pytest.mark.parametrize("rules", ALL, ids=lambda r: r.code)
def test_only_the_window_for_giving_back_rests_on_a_provision_every_other_number_is_the_houses(rules: RuleSet) -> None:
    assert {row.clock for row in rules.limits if row.basis} == {Clock.RETURN}  # Art. 11(3)
    assert {row.basis for row in rules.limits if row.clock is Clock.RETURN} == {art(11, item=3)}
    assert {row.basis for row in rules.limits if row.basis} <= set(PROVISIONS)


def test_the_laws_own_numbers_are_one_and_two_working_days() -> None:  # Art. 11(3)
    rows = {row.complex: row.term for row in rule_sets()[RULES].limits if row.clock is Clock.RETURN}
    assert rows == {False: Term.parse("1wd"), True: Term.parse("2wd")}


def test_what_names_more_beats_what_names_less() -> None:
    rules = rule_sets()[RULES]
    case = CASES[0]

    def term(matter: Matter, urgency: Urgency) -> str:
        return str(rules.limit(Clock.HANDLING, replace(case, matter=matter, urgency=urgency)).term)

    assert term(Matter.HELP, Urgency.NORMAL) == "5wd"
    assert term(Matter.STAFF, Urgency.NORMAL) == "10wd"
    assert term(Matter.STAFF, Urgency.CRITICAL) == "24h"


def test_complex_is_a_limit_of_its_own_only_where_there_is_one() -> None:  # Art. 11(3)
    rules, case = rule_sets()[RULES], CASES[0]
    assert str(rules.limit(Clock.RETURN, case, complex=True).term) == "2wd"
    assert str(rules.limit(Clock.RETURN, case).term) == "1wd"
    assert rules.limit(Clock.SIGN, case, complex=True) == rules.limit(Clock.SIGN, case)


def test_a_clock_without_a_limit_is_an_error_and_no_silence() -> None:
    rules = replace(rule_sets()[RULES], limits=())
    with pytest.raises(LookupError, match="no limit for triage"):
        rules.limit(Clock.TRIAGE, CASES[0])


@pytest.mark.parametrize("rules", ALL, ids=lambda r: r.code)
def test_the_grounds_of_a_review_are_known_ones(rules: RuleSet) -> None:
    story = assigned("WATER", "GAS", report=Report.ACTION, matter=Matter.STAFF, respondent="HP")
    late = tuple(replace(part, late=True) for part in story.file.assignments)
    file = replace(story.file, case=replace(story.case, redos=1), assignments=late)
    every = review_grounds(Step(file, rules, CALENDAR, story.now))
    assert rules.review <= every
    assert every == {"redone", "overdue", "staff", "report", "several", "always"}


def test_the_demonstration_runs_in_seconds_round_the_clock() -> None:
    demo = rule_sets()["demo"]
    assert all(row.term.unit == "s" for row in demo.limits)
    assert (demo.civil_opens, demo.civil_closes) == (time(0), None)
    assert (demo.day_ends, demo.callback_spacing.length.seconds) == (None, 5)


def test_the_file_reads_as_it_is_written() -> None:
    rules = read_rule_set(TEXT)
    assert (rules.code, rules.effective_from, rules.day_ends) == (RULES, date(2015, 7, 1), None)
    assert (rules.civil_opens, rules.civil_closes) == (time(9), time(20))
    assert rules.disputable == set(Outcome) - {Outcome.RESOLVED, Outcome.WITHDRAWN}
    assert rules == rule_sets()[RULES]
    assert read_rule_set(TEXT.replace('day_ends = "24:00"', 'day_ends = "17:30"')).day_ends == time(17, 30)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('clock = "triage"', 'clock = "tiage"'),
        ('mark = "lapsed"', 'mark = "elapsed"'),
        ('basis = "Art. 11(3)"', 'basis = "Art. 11(4)"'),
        ('basis = "house"', 'basis = "home"'),
        ('term = "4h"', 'term = "4 h"'),
        ('urgency = "urgent"', 'urgency = "pressing"'),
        ('matter = "staff"', 'matter = "stuff"'),
        ('disputable = ["answered"', 'disputable = ["replied"'),
        ('day_ends = "24:00"', 'day_ends = "25:00"'),
        ("redos = 1", "redoes = 1"),
        ("redos = 1", "redos = 1\nmore = 2"),
        ('code = "TJ-2015-18"', 'cod = "TJ-2015-18"'),
        ('callback_spacing = "4h"', 'callback_spacing = "4"'),
        ('matter = "suggestion"', 'mater = "suggestion"'),  # else it would be the limit of every matter
        ('complex = true', 'complicated = true'),
        ('before = "15min"', 'befor = "15min"'),  # else it would be marked at the end
        ('civil_opens', 'civil_begins'),
    ],
)  # fmt: skip
def test_a_word_a_provision_or_a_key_that_does_not_exist_is_refused(was: str, becomes: str) -> None:
    assert was in TEXT
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_rule_set(TEXT.replace(was, becomes, 1))
