"""Writes docs/regulation-index.md and docs/lifecycle.md from the code; `--check` fails if one of them is not fresh.

The index asks of every provision which code carries it out and which test shows it. Both are found, not kept by hand:
by `art(…)` and by citations such as `Art. 11(3)` in docstrings, comments and strings. What has no code and no test
must stand in docs/left_to_people.toml with its reason.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from domain.case import CENTRE, OFFICE
from domain.lifecycle import FINAL, MOVES, Move, mermaid
from domain.messages import MESSAGES
from domain.notices import NOTICES
from domain.regulation import PROVISIONS, REGULATION, Citation, art
from domain.ruleset import Ladder, Limit, RuleSet, rule_sets
from domain.step import UNWATCHED
from domain.vocabulary import Act, Audience, Clock, Mark, Outcome, Status

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CODE = ("domain", "storage", "activities", "workflows", "api")
NOT_CODE = ("domain/regulation.py", "storage/migrations/")
NOT_TESTS = ("tests/domain/test_regulation.py", "tests/docs/")
"""Files that name provisions as examples, without carrying any out."""
MOST_TESTS = 6
CHAPTERS = {1: "第一章 总则", 7: "第二章 事项办理", 16: "第三章 专线建设", 22: "第四章 考核监督", 25: "第五章 附则"}
"""The first article of each chapter, and the chapter's heading."""
GENERATED = "<!-- Written by `python -m docs.generate` (make docs). Change the code, not this file. -->\n"


# -- citations in source text ------------------------------------------------------------------------------------------

_ONE = r"(\d+)(?: ¶(\d+))?(?:\((\d+)\))?"
_FIRST = re.compile(rf"Art\. {_ONE}(?![\d–])")
_NEXT = re.compile(rf"(?:, | and |; ){_ONE}(?=$|[),.;:\]—]| and |, )")


def cited(text: str) -> Iterator[Citation]:
    """The provisions that a text names: `Art. 9 ¶2`, `Art. 10(1), 13`. A range such as `Art. 7–14` names none of them.

    One that does not exist is a ValueError.
    """
    for first in _FIRST.finditer(text):
        yield _citation(first)
        at = first.end()
        while following := _NEXT.match(text, at):
            yield _citation(following)
            at = following.end()


def _citation(match: re.Match[str]) -> Citation:
    article, paragraph, item = (int(number) if number else None for number in match.groups())
    assert article is not None
    return Citation(article, paragraph, item)


@dataclass(frozen=True, order=True)
class Place:
    """Where a provision is cited: a file and a name in it; no name: the file as a whole."""

    path: str
    line: int
    name: str


class Source:
    """One file of Python, and which name each of its lines belongs to."""

    def __init__(self, path: Path) -> None:
        self.path = path.relative_to(ROOT).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        self.spans = list(_spans(self.tree, ""))

    def citations(self) -> Iterator[tuple[Citation, Place]]:
        """Every citation in calls, docstrings, strings and comments, with the innermost name around it."""
        for line, citation in (*self._calls(), *self._strings(), *self._comments()):
            yield citation, self._place(line)

    def users(self, name: str) -> Iterator[Place]:
        """The test functions that use a name of the module."""
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                nodes = (*ast.walk(node),)
                if any(isinstance(used, ast.Name) and used.id == name for used in nodes):
                    yield Place(self.path, node.lineno, node.name)

    def _calls(self) -> Iterator[tuple[int, Citation]]:
        """Calls of `art` with plain numbers."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "art" and node.args:
                article, named = _number(node.args[0]), {k.arg: _number(k.value) for k in node.keywords}
                if article and all(named.values()):
                    yield node.lineno, art(article, paragraph=named.get("paragraph"), item=named.get("item"))

    def _strings(self) -> Iterator[tuple[int, Citation]]:
        """Docstrings (and attribute docstrings) by what they name; other strings only if they are a citation."""
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                yield from ((node.lineno, citation) for citation in self._named(node.value.value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _FIRST.fullmatch(node.value):
                yield from ((node.lineno, citation) for citation in self._named(node.value))

    def _comments(self) -> Iterator[tuple[int, Citation]]:
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield from ((token.start[0], citation) for citation in self._named(token.string))

    def _named(self, text: str) -> Iterator[Citation]:
        try:
            yield from cited(text)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None

    def _place(self, line: int) -> Place:
        """The innermost definition around a line; a comment between definitions belongs to the next one."""
        around = [span for span in self.spans if span[0] <= line <= span[1]]
        if around:
            start, _, name = max(around, key=lambda span: (span[0], -span[1]))
            return Place(self.path, start, name)
        following = [span for span in self.spans if span[0] == self._code_after(line)]
        return Place(self.path, following[0][0], following[0][2]) if following else Place(self.path, 0, "")

    def _code_after(self, line: int) -> int:
        lines = self.text.splitlines()
        while line < len(lines) and lines[line - 1].lstrip().startswith("#"):
            line += 1
        return line


def _number(node: ast.expr) -> int | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def _spans(node: ast.AST, outer: str) -> Iterator[tuple[int, int, str]]:
    """First and last line of every function, class and named value, decorators and attribute docstrings included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            name = f"{outer}{child.name}"
            yield first, child.end_lineno or first, name
            if isinstance(child, ast.ClassDef):
                yield from _spans(child, f"{name}.")
        elif isinstance(child, ast.Assign | ast.AnnAssign) and isinstance(node, ast.Module):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            if names:
                yield child.lineno, _with_docstring(node, child), names[0]


def _with_docstring(module: ast.Module, statement: ast.stmt) -> int:
    following = module.body[module.body.index(statement) + 1 :][:1]
    ends = statement.end_lineno or statement.lineno
    if following and isinstance(following[0], ast.Expr) and isinstance(following[0].value, ast.Constant):
        return following[0].end_lineno or ends
    return ends


def sources(*folders: str, without: tuple[str, ...]) -> Iterator[Source]:
    """The Python files of these folders, in order."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(without):
                yield Source(path)


@cache
def code() -> dict[Citation, tuple[Place, ...]]:
    """Which code names which provision; the limits of the rule set of the regulation too."""
    found = [pair for source in sources(*CODE, without=NOT_CODE) for pair in source.citations()]
    for rules in rule_sets().values():
        path = f"domain/rules/{rules.code.lower()}.toml"
        if rules.code.startswith("TJ-"):
            found += [(row.basis, Place(path, n, row.clock.value)) for n, row in enumerate(rules.limits) if row.basis]
    return _gathered(found)


@cache
def tests() -> dict[Citation, tuple[Place, ...]]:
    """Which test names which provision; a table of a test file belongs to the tests that use it."""
    found = []
    for source in sources("tests", without=NOT_TESTS):
        for citation, place in source.citations():
            if place.name.startswith("test_"):
                found.append((citation, place))
            elif place.name:
                found += [(citation, user) for user in source.users(place.name)]
    return _gathered(found)


def _gathered(found: Iterable[tuple[Citation, Place]]) -> dict[Citation, tuple[Place, ...]]:
    places: dict[Citation, dict[tuple[str, str], Place]] = {}
    for citation, place in found:
        places.setdefault(citation, {}).setdefault((place.path, place.name), place)
    return {citation: tuple(sorted(named.values())) for citation, named in places.items()}


# -- what is left --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Left:
    """Why a provision is not carried out by code here, or only in part."""

    kind: str
    reason: str
    duty: str | None = None
    begun: bool = False
    by: tuple[Citation, ...] = ()


@cache
def left_to_people() -> dict[Citation, Left]:
    """The table of docs/left_to_people.toml; an unknown provision or a second row for one is a ValueError."""
    raw = tomllib.loads((DOCS / "left_to_people.toml").read_text(encoding="utf-8"))
    assert isinstance(raw.pop("as_of"), date)
    found: dict[Citation, Left] = {}
    for kind, rows in raw.items():
        for row in rows:
            provision = Citation.parse(row.pop("provision"))
            if provision in found:
                raise ValueError(f"{provision} stands twice in left_to_people.toml")
            found[provision] = Left(kind, by=tuple(map(Citation.parse, row.pop("by", ()))), **row)
    return found


def leaves() -> list[Citation]:
    """The provisions that can be carried out: an article that has items or paragraphs stands for these."""
    parted = {c.article for c in PROVISIONS if c.item or c.paragraph}
    return [c for c in PROVISIONS if c.item or c.paragraph or c.article not in parted]


# -- regulation-index.md -------------------------------------------------------------------------------------------------


def regulation_index() -> str:
    """Every provision with its words, its code and its tests, or why there are none."""
    kinds = [left_to_people()[c].kind if c in left_to_people() else "carried out" for c in leaves()]
    lines = [
        GENERATED,
        "# Regulation index",
        "",
        f"{REGULATION.title} ({REGULATION.order}), provision by provision: what carries it out, and what shows it. "
        f"Of {len(kinds)} provisions {kinds.count('carried out')} are carried out, {kinds.count('through')} take effect "
        f"through others, {kinds.count('later')} come later, {kinds.count('people')} are left to people "
        "([why](left_to_people.toml)). Numbers in brackets are items (项), ¶ counts paragraphs (款).",
    ]
    for citation in PROVISIONS:
        if citation.article in CHAPTERS and not (citation.item or citation.paragraph):
            lines += [
                "",
                f"## {CHAPTERS[citation.article]}",
                "",
                "| provision | words | code | tests |",
                "|---|---|---|---|",
            ]
        lines.append(_index_row(citation))
    return "\n".join(lines) + "\n"


def _index_row(citation: Citation) -> str:
    parts = any(c.article == citation.article and c.paragraph for c in PROVISIONS) and not citation.paragraph
    head = f"| **{citation}**<br>{citation.zh()} | {'' if parts else _cell(citation.text)} "
    if citation not in leaves():
        return f"{head}| | |"
    left = left_to_people().get(citation)
    found = _code_cell(code().get(citation, ())), _tests_cell(tests().get(citation, ()))
    if left is None:
        return f"{head}| {found[0] or '**none**'} | {found[1] or '**none**'} |"
    why = {
        "people": "*Left to people.*",
        "later": f"*Later: {left.duty}.*",
        "through": f"*Through {', '.join(map(str, left.by))}.*",
    }[left.kind]
    prepared = f"{found[0]}<br>" if left.begun else ""
    return f"{head}| {prepared}{why} {_cell(left.reason)} | {found[1] if left.begun else ''} |"


def _code_cell(places: tuple[Place, ...]) -> str:
    """One line a file: its name, and the names in it."""
    files: dict[str, list[str]] = {}
    for place in places:
        files.setdefault(place.path, []).append(place.name)
    lines = []
    for path, names in files.items():
        named = ", ".join(f"`{name}`" for name in dict.fromkeys(names) if name)
        lines.append(f"[{path}](../{path})" + (f": {named}" if named else ""))
    return "<br>".join(lines)


def _tests_cell(places: tuple[Place, ...]) -> str:
    """Tests as the sentences that they are; the first few of many."""
    shown = [
        f"[{place.name.removeprefix('test_').replace('_', ' ')}](../{place.path})" for place in places[:MOST_TESTS]
    ]
    more = [f"and {len(places) - MOST_TESTS} more"] if len(places) > MOST_TESTS else []
    return "<br>".join(shown + more)


# -- lifecycle.md --------------------------------------------------------------------------------------------------------


def lifecycle() -> str:
    """The tables that decide: moves, clocks with their ladders, numbers, notices."""
    parts = [GENERATED, "# Lifecycle", "", _INTRODUCTION, "", "```mermaid", mermaid().rstrip(), "```"]
    parts += ["", "## Where a case stands", "", *_words(Status), "", "## How it ended", "", *_words(Outcome)]
    parts += ["", "## Moves", "", *_moves()]
    for rules in sorted(rule_sets().values(), key=lambda rules: rules.code):
        parts += ["", f"## Clocks of the rule set {rules.code}", "", *_rules(rules)]
    parts += ["", "## Notices", "", *_notices()]
    return "\n".join(parts) + "\n"


_INTRODUCTION = (
    "Derived from `domain/lifecycle.py`, `domain/rules/*.toml`, `domain/notices.py` and `domain/messages.py`. "
    "The diagram leaves out what does not move the case; the table below has it all. What no row allows is refused "
    "(409, with the provision where there is one)."
)


def _words(kind: type[Status] | type[Outcome]) -> Iterator[str]:
    yield from _table(("code", "中文", "English"), ((f"`{word}`", word.zh, word.en) for word in kind))
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
    yield from _table(("act", "by", "while it is", "leads to", "rests on"), rows)


def _rules(rules: RuleSet) -> Iterator[str]:
    """Limits and ladders by clock, then the numbers."""
    yield (
        f"{rules.title}. In force for cases registered from {rules.effective_from}. The last day of a term ends at "
        f"{_hour(rules.day_ends)}; persons are called from {_hour(rules.civil_opens)} to {_hour(rules.civil_closes)}, "
        f"{rules.callback_spacing.en} apart, {rules.numbers.callback_attempts} times at most. "
        f"Returns that bring a case before the approval office: {rules.numbers.returns_before_escalation}; redos before "
        f"it is supervised: {rules.numbers.redos}. Results that the Centre reviews before the callback: "
        f"{', '.join(sorted(rules.review))}. Closures open to dispute: {', '.join(sorted(rules.disputable))}."
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
    yield from _table(("clock", "limit", "what is marked when"), rows)


def _limit(row: Limit) -> str:
    which = [word.en.split(":")[0] for word in (row.matter, row.urgency) if word] + (["complex"] if row.complex else [])
    return f"{row.term}" + (f" if {', '.join(which)}" if which else "") + f" ({row.basis or 'house'})"


def _rung(row: Ladder) -> str:
    when = f"{row.before} before" if row.before else f"{row.after} after" if row.after else "at its end"
    return f"{when}: {row.mark.zh} `{row.mark}`"


def _hour(hour: Any) -> str:
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
    yield from _table(("entry", *(audience.en for audience in Audience)), rows)


def _told(audience: Audience, told: tuple[Audience, ...], event: Act | Mark) -> str:
    if audience not in told:
        return ""
    return MESSAGES.get(event, "yes") if audience is Audience.PERSON else "yes"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = list(head)
    yield _line(titles)
    yield "|" + "---|" * len(titles)
    yield from (_line([_cell(cell) for cell in row]) for row in rows)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


# -- files ---------------------------------------------------------------------------------------------------------------

FILES: dict[Path, Callable[[], str]] = {
    DOCS / "regulation-index.md": regulation_index,
    DOCS / "lifecycle.md": lifecycle,
}
"""Each generated file with what writes it."""


def stale() -> list[Path]:
    """The generated files that are not as the code would have them now."""
    return [path for path, make in FILES.items() if not path.exists() or path.read_text(encoding="utf-8") != make()]


def main(arguments: list[str]) -> int:
    """Write what is stale, or with `--check` only say so; the exit code."""
    old = stale()
    for path in old:
        print(f"{path.relative_to(ROOT)} {'is stale: make docs' if arguments == ['--check'] else 'written'}")
        if arguments != ["--check"]:
            path.write_text(FILES[path](), encoding="utf-8")
    return int(bool(old) and arguments == ["--check"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
