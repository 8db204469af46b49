"""Rules as dated data: a rule set is one TOML file in `domain/rules/`. A case keeps the rule set of its day."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib import resources
from typing import Any

from domain.case import Case
from domain.limits import Term
from domain.regulation import Citation, basis
from domain.vocabulary import Clock, Factor, Mark, Matter, Outcome, Report, Urgency


@dataclass(frozen=True)
class Limit:
    """How long a clock runs. A row that names more beats one that names less."""

    clock: Clock
    term: Term
    basis: Citation | None
    matter: Matter | None = None
    urgency: Urgency | None = None
    complex: bool = False

    def fits(self, case: Case, complex: bool) -> bool:
        named = self.matter in (None, case.matter) and self.urgency in (None, case.urgency)
        return named and (complex or not self.complex)

    @property
    def precision(self) -> tuple[bool, bool, bool]:
        return self.complex, self.urgency is not None, self.matter is not None


@dataclass(frozen=True)
class Ladder:
    """What is marked around a clock's due instant: `before` or `after` it by a term, or at it."""

    clock: Clock
    mark: Mark
    before: Term | None = None
    after: Term | None = None


@dataclass(frozen=True)
class Numbers:
    """Counts, all of the house."""

    returns_before_escalation: int
    redos: int
    callback_attempts: int
    erasure_days: int
    """How long an archived file stays for whoever may still sue, before the person can have it destroyed."""
    knowledge_days: int
    """How long before an answer of the knowledge base expires its owner is reminded."""
    least_shown: int
    """A smaller count is not shown to everybody (Art. 15)."""


@dataclass(frozen=True, kw_only=True)
class PartnerTerms:
    """How long what concerns partners takes (Art. 20, 24), all of the house."""

    decision: Term
    hearing: Term
    appeal: Term
    appeal_decision: Term
    dispute: Term
    """For objecting to a rating."""
    readmission_days: int


@dataclass(frozen=True, kw_only=True)
class OpinionTerms:
    """How long what concerns opinions takes (Art. 21), all of the house."""

    assign: Term
    answer: Term
    publish: Term
    warn: Term
    """How long before each of these ends."""


@dataclass(frozen=True)
class Ranking:
    """How partners are ranked (Art. 10(3), 24); all of the house. `weights` by factor, which add up to 1."""

    days: int
    """How far back the record goes."""
    newcomer: int
    """A partner with fewer ratings is a newcomer …"""
    turn: int
    """… and every so-manieth list of a service begins with one."""
    capacity: int
    """Open referrals at which it counts as full."""
    weights: Mapping[Factor, float]


@dataclass(frozen=True)
class Retention:
    """How many years a file is kept, from the first of January after it was sealed; all of the house."""

    years: int
    matter: Matter | None = None
    report: Report | None = None

    def fits(self, matter: Matter, report: Report | None) -> bool:
        return self.matter in (None, matter) and self.report in (None, report)


@dataclass(frozen=True)
class RuleSet:
    """Every limit, ladder and number that a case is held to."""

    code: str
    title: str
    effective_from: date
    day_ends: time | None
    """When the last day of a term ends, local; None is 24:00."""
    civil_opens: time
    civil_closes: time | None
    """Hours in which persons are called, local; None is 24:00."""
    callback_spacing: Term
    longest: Term
    """The longest limit that the Centre may set with a transfer."""
    review: frozenset[str]
    """The grounds on which the Centre reviews a result before the callback (`handling.review_grounds`)."""
    disputable: frozenset[Outcome]
    """The outcomes after which the person may dispute the closure for a while."""
    numbers: Numbers
    limits: tuple[Limit, ...]
    ladders: tuple[Ladder, ...]
    retentions: tuple[Retention, ...]
    partners: PartnerTerms
    ranking: Ranking
    opinions: OpinionTerms

    def limit(self, clock: Clock, case: Case, *, complex: bool = False) -> Limit:
        """The most precise limit for this clock and case; a clock without a limit is a LookupError."""
        fitting = [row for row in self.limits if row.clock is clock and row.fits(case, complex)]
        if not fitting:
            raise LookupError(f"rule set {self.code} has no limit for {clock}")
        return max(fitting, key=lambda row: row.precision)

    def ladder(self, clock: Clock) -> Iterator[Ladder]:
        return (row for row in self.ladders if row.clock is clock)

    def years_kept(self, matter: Matter, report: Report | None) -> int:
        """The longest retention that fits."""
        return max(row.years for row in self.retentions if row.fits(matter, report))


@cache
def rule_sets() -> dict[str, RuleSet]:
    """Every rule set that ships, by code."""
    return {rules.code: rules for rules in map(read_rule_set, rule_files())}


def rule_files() -> list[str]:
    """The files of the rule sets that ship, as they are written."""
    folder = resources.files("domain") / "rules"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return [f.read_text(encoding="utf-8") for f in files]


def read_rule_set(text: str) -> RuleSet:
    """Parse one file; a word, provision or key that does not exist is a ValueError, KeyError or TypeError."""
    raw = tomllib.loads(text)
    return RuleSet(
        code=raw["code"],
        title=raw["title"],
        effective_from=raw["effective_from"],
        day_ends=_hour(raw["day_ends"]),
        civil_opens=time.fromisoformat(raw["civil_opens"]),
        civil_closes=_hour(raw["civil_closes"]),
        callback_spacing=Term.parse(raw["callback_spacing"]),
        longest=Term.parse(raw["longest"]),
        review=frozenset(raw["review"]),
        disputable=frozenset(Outcome(word) for word in raw["disputable"]),
        numbers=Numbers(**raw["numbers"]),
        limits=tuple(_limit(row) for row in raw["limit"]),
        ladders=tuple(_ladder(row) for row in raw["ladder"]),
        retentions=tuple(_retention(row) for row in raw["retention"]),
        partners=_partners(raw["partners"]),
        ranking=_ranking(raw["ranking"]),
        opinions=OpinionTerms(**{name: Term.parse(text) for name, text in raw["opinions"].items()}),
    )


def _hour(text: str) -> time | None:
    return None if text == "24:00" else time.fromisoformat(text)


def _limit(row: dict[str, str]) -> Limit:
    _no_other(row, "clock", "term", "basis", "matter", "urgency", "complex")
    return Limit(
        clock=Clock(row["clock"]),
        term=Term.parse(row["term"]),
        basis=basis(row["basis"]),
        matter=Matter(row["matter"]) if "matter" in row else None,
        urgency=Urgency(row["urgency"]) if "urgency" in row else None,
        complex=bool(row.get("complex", False)),
    )


def _ladder(row: dict[str, str]) -> Ladder:
    _no_other(row, "clock", "mark", "before", "after")
    before, after = row.get("before"), row.get("after")
    return Ladder(
        Clock(row["clock"]),
        Mark(row["mark"]),
        Term.parse(before) if before else None,
        Term.parse(after) if after else None,
    )


def _retention(row: dict[str, Any]) -> Retention:
    _no_other(row, "years", "matter", "report")
    return Retention(
        years=int(row["years"]),
        matter=Matter(row["matter"]) if "matter" in row else None,
        report=Report(row["report"]) if "report" in row else None,
    )


def _partners(row: dict[str, Any]) -> PartnerTerms:
    days = int(row.pop("readmission_days"))
    terms = {name: Term.parse(text) for name, text in row.items()}
    return PartnerTerms(readmission_days=days, **terms)


def _ranking(row: dict[str, Any]) -> Ranking:
    weights = {Factor(name): float(weight) for name, weight in row.pop("weights").items()}
    if weights.keys() != set(Factor) or abs(sum(weights.values()) - 1) > 1e-9:
        raise ValueError("every factor has its weight, and they add up to 1")
    return Ranking(**row, weights=weights)


def _no_other(row: dict[str, str], *keys: str) -> None:
    """A misspelt key would be a limit for every case, or a mark at another instant: ValueError."""
    if unknown := sorted(row.keys() - set(keys)):
        raise ValueError(f"unknown keys: {', '.join(unknown)}")
