"""The knowledge base (知识库): which answer is valid when, after whose word, and what was asked in vain (Art. 5(1), 5(5))."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.masking import STAR, masked
from domain.publication import suspected
from domain.refusals import Lacking, NotPermitted, NotYours
from domain.regulation import art
from domain.vocabulary import Edition, Matter

LONGEST = 100
"""Characters that are kept of what was asked in vain."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a unit would have answered: a question, its answer, and the days on which it is so, the last one included."""

    matter: Matter
    question: str
    answer: str
    valid_from: date
    valid_until: date


def review_day(proposal: Proposal, today: date, notice: int) -> date:
    """When its owner is reminded: so many days before its last one, but not before its first. Or a Lacking."""
    if proposal.valid_until < max(proposal.valid_from, today):
        raise Lacking("`valid_until`: a day that has not passed, and not before `valid_from`", art(5, item=5))
    return max(proposal.valid_from, proposal.valid_until - timedelta(days=notice))


STEPS: Mapping[Edition, Edition] = {
    Edition.RELEASED: Edition.PROPOSED,
    Edition.REFUSED: Edition.PROPOSED,
    Edition.WITHDRAWN: Edition.RELEASED,
}
"""What an officer makes of a version -> what it must be before. `REPLACED` is what a later proposal makes of one."""


def advance(stage: Edition, target: Edition, proposer: str, actor: str) -> None:
    """A version's next stage; nobody releases what they proposed themselves. Otherwise a Refusal."""
    if STEPS[target] is not stage:
        raise NotPermitted(f"it is {stage}, not {STEPS[target]}", art(5, item=5))
    if target is Edition.RELEASED and actor == proposer:
        raise NotYours("whoever proposed an answer does not release it", art(5, item=5))


def invalid(entry: int, version: int) -> NotPermitted:
    """An answer may only be given with what is valid at that instant."""
    return NotPermitted(f"version {version} of entry {entry} is not what is valid now: search again", art(10, item=1))


HOUSE = re.compile(r"\d+ *(?:[弄巷]|号(?!线)|号?[楼栋幢门室]|单元)")
"""The number of a house: with the name of a street it says where somebody lives."""


def asked_in_vain(words: str) -> str:
    """What is kept of a search that found nothing: its words in order, small letters, and nothing that may name somebody.

    Empty: nothing of it is kept.
    """
    words = unicodedata.normalize("NFKC", words)
    shown = list(masked(words))
    places = [(each.start, each.end) for each in suspected("question", words, ())]
    places += [found.span() for found in HOUSE.finditer(words)]
    for start, end in places:
        shown[start:end] = STAR * (end - start)
    runs = re.findall("[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z0-9]+", "".join(shown).lower())
    short = [run for run in runs if not (run.isdigit() and len(run) > 4)]
    kept = " ".join(dict.fromkeys(short))[:LONGEST].strip()
    return kept if kept == words else asked_in_vain(kept)  # what is left may look like a number of its own
