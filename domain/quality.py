"""Quality of calls and replies (质量抽检): what a check says, and who may say it (Art. 5(5), 17)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.refusals import Lacking, NotPermitted, NotYours
from domain.regulation import art
from domain.vocabulary import Point


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a reply or call meets, and what it does not; points that do not apply stand in neither."""

    met: tuple[Point, ...] = ()
    missed: tuple[Point, ...] = ()
    remark: str | None = None


def check(marks: Marks, actor: str, checker: str, checked: bool) -> None:
    """Nobody checks what they did themselves, or again what was checked; what is missed is said. Or a Refusal."""
    if checked:
        raise NotPermitted("it is checked already", art(5, item=5))
    if actor == checker:
        raise NotYours("nobody checks their own work", art(5, item=5))
    if not marks.met and not marks.missed:
        raise Lacking("say which points are met, or missed", art(5, item=5))
    if both := sorted({*marks.met} & {*marks.missed}):
        raise Lacking(f"both met and missed: {', '.join(both)}", art(5, item=5))
    if marks.missed and not marks.remark:
        raise Lacking("what is missed is said in a remark", art(5, item=5))
