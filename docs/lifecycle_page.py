"""docs/lifecycle.md: the tables that decide: moves, clocks with their ladders, numbers, notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any

from docs.markdown import GENERATED, table
from domain.case import CENTRE, OFFICE
from domain.lifecycle import FINAL, MOVES, Move
from domain.messages import MESSAGES
from domain.notices import NOTICES
from domain.ruleset import Ladder, Limit, Retention, RuleSet, rule_sets
from domain.step import UNWATCHED
from domain.vocabulary import Act, Audience, Clock, Mark, Outcome, Status


def lifecycle() -> str:
    """The tables that decide: moves, clocks with their ladders, numbers, notices."""
    parts = [GENERATED, "# Lifecycle", "", _INTRODUCTION, "", "```mermaid", *_diagram(), "```", "", _anywhere()]
    parts += ["", "## Where a case stands", "", *_words(Status), "", "## How it ended", "", *_words(Outcome)]
    parts += ["", "## Moves", "", *_moves()]
    for rules in sorted(rule_sets().values(), key=lambda rules: rules.code):
        parts += ["", f"## Clocks of the rule set {rules.code}", "", *_rules(rules)]
    parts += ["", "## Notices", "", *_notices()]
    return "\n".join(parts) + "\n"


_INTRODUCTION = (
    "Derived from `domain/lifecycle.py`, `domain/rules/*.toml`, `domain/notices.py` and `domain/messages.py`. "
    "The diagram leaves out what does not move the case, and what may happen nearly anywhere; the table has it all. What "
    "no row allows is refused (409, with the provision where there is one)."
)
ANYWHERE = 5
"""An act that moves the case on from so many statuses would only tangle the diagram."""


def _diagram() -> Iterator[str]:
    """One arrow for all acts that lead from one status to another."""
    arrows: dict[tuple[Status, Status], list[str]] = {}
    for move in MOVES:
        for target in move.targets:
            if target is not move.origin and move.act not in _frequent():
                labels = arrows.setdefault((move.origin, target), [])
                labels += [f"{move.act.zh} {move.act}"] if f"{move.act.zh} {move.act}" not in labels else []
    yield "stateDiagram-v2"
    yield "    direction LR"
    yield from (f"    {status}: {status.zh}<br>{status}" for status in Status)
    yield f"    [*] --> {Status.REGISTERED}"
    yield from (f"    {origin} --> {target}: {'<br>'.join(labels)}" for (origin, target), labels in arrows.items())
    yield from (f"    {status} --> [*]" for status in sorted(FINAL))


def _frequent() -> dict[Act, set[Status]]:
    """The acts of many origins, with where they lead."""
    origins: dict[Act, set[Status]] = {}
    targets: dict[Act, set[Status]] = {}
    for move in MOVES:
        if moved := set(move.targets) - {move.origin}:
            origins.setdefault(move.act, set()).add(move.origin)
            targets.setdefault(move.act, set()).update(moved)
    return {act: targets[act] for act, found in origins.items() if len(found) >= ANYWHERE}


def _anywhere() -> str:
    led = (f"{act.zh} `{act}` to {', '.join(f'`{t}`' for t in sorted(to))}" for act, to in _frequent().items())
    return f"Not in the diagram, since they lead there from nearly everywhere: {'; '.join(led)}."


def _words(kind: type[Status] | type[Outcome]) -> Iterator[str]:
    yield from table(("code", "中文", "English"), ((f"`{word}`", word.zh, word.en) for word in kind))
    if kind is Status:
        yield ""
        yield f"Final: {', '.join(f'`{status}`' for status in sorted(FINAL))}."


def _moves() -> Iterator[str]:
    """One row for moves that differ in their origin only."""
    grouped: dict[tuple[Any, ...], list[Move]] = {}
    for move in MOVES:
        stays = move.targets == (move.origin,)
        grouped.setdefault((move.act, move.roles, None if stays else move.targets, move.basis), []).append(move)
    rows = (
        (
            f"{act.zh}<br>`{act}`",
            ", ".join(role.en for role in roles),
            ", ".join(f"`{move.origin}`" for move in moves),
            "stays" if targets is None else " or ".join(f"`{target}`" for target in targets),
            str(basis or "house"),
        )
        for (act, roles, targets, basis), moves in grouped.items()
    )
    yield from table(("act", "by", "while it is", "leads to", "rests on"), rows)


def _rules(rules: RuleSet) -> Iterator[str]:
    """Limits and ladders by clock, then the numbers."""
    yield (
        f"{rules.title}. In force for cases registered from {rules.effective_from}. The last day of a term ends at "
        f"{_hour(rules.day_ends)}; persons are called from {_hour(rules.civil_opens)} to {_hour(rules.civil_closes)}, "
        f"{rules.callback_spacing.en} apart, {rules.numbers.callback_attempts} times at most. "
        f"Returns that bring a case before the approval office: {rules.numbers.returns_before_escalation}; redos before "
        f"it is supervised: {rules.numbers.redos}. Results that the Centre reviews before the callback: "
        f"{', '.join(sorted(rules.review))}. Closures open to dispute: {', '.join(sorted(rules.disputable))}. "
        f"Kept, from the January after it was sealed: {', '.join(_kept(row) for row in rules.retentions)}; destroyed at the "
        f"person's wish not before {rules.numbers.erasure_days} days. Before an answer of the knowledge base expires, its "
        f"owner is reminded: {rules.numbers.knowledge_days} days. Counts below {rules.numbers.least_shown} are not shown to "
        "everybody."
    )
    yield ""
    yield "*wd* is a working day by the State Council's notices. A *window* is when somebody may act: nobody is overdue."
    yield ""
    rows = (
        (
            f"{clock.zh}<br>`{clock}`" + (" *window*" if clock in UNWATCHED else ""),
            "<br>".join(_limit(row) for row in rules.limits if row.clock is clock),
            "<br>".join(_rung(row) for row in rules.ladder(clock)),
        )
        for clock in Clock
        if any(row.clock is clock for row in rules.limits)
    )
    yield from table(("clock", "limit", "what is marked when"), rows)


def _kept(row: Retention) -> str:
    which = next((word.en for word in (row.matter, row.report) if word), None)
    return f"{row.years} years" + (f" if {which}" if which else "")


def _limit(row: Limit) -> str:
    which = [word.en.split(":")[0] for word in (row.matter, row.urgency) if word] + (["complex"] if row.complex else [])
    return f"{row.term}" + (f" if {', '.join(which)}" if which else "") + f" ({row.basis or 'house'})"


def _rung(row: Ladder) -> str:
    when = f"{row.before} before" if row.before else f"{row.after} after" if row.after else "at its end"
    return f"{when}: {row.mark.zh} `{row.mark}`"


def _hour(hour: time | None) -> str:
    return f"{hour:%H:%M}" if hour else "24:00"


def _notices() -> Iterator[str]:
    yield (
        "A unit is told of what is in its own hands; a clock's notices go to whoever is held to it, so "
        f"`{CENTRE}` and `{OFFICE}` hear of their own. Persons get a message if they left a number."
    )
    yield ""
    rows = (
        (f"{event.zh}<br>`{event}`", *(_told(audience, told, event) for audience in Audience))
        for event, told in NOTICES.items()
    )
    yield from table(("entry", *(audience.en for audience in Audience)), rows)


def _told(audience: Audience, told: tuple[Audience | None, ...], event: Act | Mark) -> str:
    if audience not in told:
        return ""
    return MESSAGES.get(event, "yes") if audience is Audience.PERSON else "yes"
