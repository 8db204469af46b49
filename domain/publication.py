"""What goes public (公开): which cases, after which review, and which passages a reviewer must look at (Art. 15)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from domain.masking import Span, passages, plain, said
from domain.refusals import Lacking, NotPermitted, NotYours, Refusal
from domain.regulation import art
from domain.vocabulary import Review, Status, Suspect

Field = Literal["title", "question", "answer"]
FIELDS: tuple[Field, ...] = get_args(Field)
"""The texts of a publication."""


@dataclass(frozen=True, order=True)
class Suspicion:
    """A passage: the characters of a field from `start` to before `end`, and why they are suspected."""

    field: Field
    start: int
    end: int
    why: Suspect


_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
"""The hundred most frequent: nine of ten people."""
_NAMED = rf"(?:欧阳|司马|上官|诸葛|[{_SURNAMES}])"
_COUNT = r"(?:\d+|[一二三四五六七八九十]+)"
PATTERNS: Mapping[Suspect, re.Pattern[str]] = {
    Suspect.NUMBER: re.compile(r"(?<!\d)(?!20\d{6}(?!\d))\d{8,}[Xx]?(?!\d)"),
    Suspect.PLATE: re.compile(
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][ ·•-]?[A-Z0-9]{5,6}"
    ),
    Suspect.DOOR: re.compile(rf"(?:{_COUNT}(?:号楼|号院|单元)|\d+(?:栋|幢|室|门(?![口店面诊])))+(?:{_COUNT}[号室]?)?"),
    Suspect.NAME: re.compile(
        rf"(?:我叫|我是|姓名[:：]?|名叫){_NAMED}[一-龥]{{1,2}}"
        rf"|{_NAMED}(?:[某一-龥]{{0,2}})(?:先生|女士|小姐|师傅|大爷|大妈|阿姨|老师|医生|大夫|经理|主任|队长|所长|书记)"
    ),
}
"""Found in a text whose digits and letters are plain. A suspicion costs a look, a miss a name: they find too much."""


def suspected(field: Field, text: str, own: Iterable[str | None]) -> list[Suspicion]:
    """Passages to look at, in order; none lies within another. `own`: what the person gave as theirs."""
    flat = plain(text)
    found = {match.span(): why for why, kind in PATTERNS.items() for match in kind.finditer(flat)}
    found |= {span: Suspect.MAIL if "@" in flat[slice(*span)] else Suspect.PHONE for span in passages(text)}
    found |= {span: Suspect.OWN for words in own if words for span in said(text, words)}
    return [Suspicion(field, *span, why) for span, why in sorted(found.items()) if not _within_another(span, found)]


def names_nobody(what: str, text: str, stands: Collection[Suspect] = ()) -> None:
    """Lacking if anything in the text may name somebody (Art. 15); `stands`: the kinds of suspicion it may raise."""
    if found := [each for each in suspected("title", text, ()) if each.why not in stands]:
        places = ", ".join(f"{each.start}-{each.end} {each.why}" for each in found[:20])
        raise Lacking(f"`{what}`: what may name somebody does not belong here: {places}", art(15))


def _within_another(span: Span, found: Iterable[Span]) -> bool:
    return any(other[0] <= span[0] and span[1] <= other[1] for other in found if other != span)


@dataclass(frozen=True)
class Publishable:
    """A case, as far as its publication asks."""

    status: Status
    sheltered: bool
    destroyed: bool


BARS: tuple[tuple[Callable[[Publishable], bool], str], ...] = (
    (lambda case: case.destroyed, "the case's words were destroyed"),
    (lambda case: case.status is not Status.ARCHIVED, "the case is not archived: its answer may still change"),
    (lambda case: case.sheltered, "whoever complains about staff or reports unlawful conduct is shielded"),
)
"""Asked in this order; the first that holds refuses."""


def barred(case: Publishable) -> Refusal | None:
    """Why nothing of a case goes public; None: it may be proposed."""
    return next((NotPermitted(why, art(15)) for holds, why in BARS if holds(case)), None)


REVIEWS: Mapping[Review, Review] = {
    Review.PUBLISHED: Review.PROPOSED,
    Review.REFUSED: Review.PROPOSED,
    Review.WITHDRAWN: Review.PUBLISHED,
}
"""What a reviewer makes of a proposal -> what it must be before."""


def reviewed(stage: Review, target: Review, proposer: str, reviewer: str) -> None:
    """A proposal's next stage; nobody publishes what they proposed themselves. Otherwise a Refusal."""
    if REVIEWS[target] is not stage:
        raise NotPermitted(f"it is {stage}, not {REVIEWS[target]}", art(15))
    if target is Review.PUBLISHED and reviewer == proposer:
        raise NotYours("whoever proposed a text does not review it", art(15))


def looked_at(suspicions: Iterable[Suspicion], kept: Iterable[Suspicion]) -> None:
    """Lacking, unless each suspected passage was looked at and is kept by name; it is said where, and not what."""
    left = sorted(set(suspicions) - set(kept))
    if left:
        places = ", ".join(f"{each.field} {each.start}-{each.end} {each.why}" for each in left[:20])
        raise Lacking(f"suspected passages are neither reworded nor kept by name: {places}", art(15))
