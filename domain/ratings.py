"""A partner's ratings (诚信评价): one may be disputed, and by a recorded decision is excluded or restored (Art. 24)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.calendar import Calendar
from domain.limits import due
from domain.refusals import NotPermitted, TooLate
from domain.regulation import art
from domain.ruleset import PartnerTerms
from domain.vocabulary import Objection

STEPS: Mapping[Objection, frozenset[Objection | None]] = {
    Objection.DISPUTED: frozenset({None}),
    Objection.EXCLUDED: frozenset({Objection.DISPUTED, Objection.COUNTED}),
    Objection.COUNTED: frozenset({Objection.DISPUTED, Objection.EXCLUDED}),
}
"""Where a rating's objection comes to stand -> where it must stand before; None: nobody has objected."""


def advance(standing: Objection | None, target: Objection) -> None:
    """Otherwise a NotPermitted."""
    if standing not in STEPS[target]:
        raise NotPermitted(f"the rating is {standing or 'not disputed'}: it cannot be {target}", art(24))


def in_time(rated_at: datetime, now: datetime, terms: PartnerTerms, calendar: Calendar) -> None:
    """A partner objects within the house's limit, or hears TooLate."""
    if now >= due(rated_at, terms.dispute, calendar).due:
        raise TooLate(f"a rating is disputed within {terms.dispute.en}", art(24))
