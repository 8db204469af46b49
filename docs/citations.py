"""Which code and which test names which provision: found in the source, not kept by hand.

By `art(…)`, and by citations such as `Art. 11(3)` in docstrings, comments and strings; a limit of a rule set by its basis.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.regulation import Citation, art
from domain.ruleset import rule_sets

ROOT = Path(__file__).resolve().parent.parent
CODE = ("domain", "storage", "exchange", "activities", "workflows", "api")
NOT_CODE = ("domain/regulation.py", "storage/migrations/")
NOT_TESTS = ("tests/domain/test_regulation.py", "tests/docs/")
"""Files that name provisions as examples, without carrying any out."""

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
