"""The documentation is true where a machine can tell: provisions, generated files, links, commands, the lock."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import citations, generate, lock
from docs.citations import ROOT, cited
from docs.index_page import Left, leaves, left_to_people
from domain.regulation import Citation, art

HIDDEN = (".venv", ".hotline", "node_modules", "build")
PAGES = sorted(p for p in ROOT.rglob("*.md") if not p.relative_to(ROOT).parts[0].startswith((".", *HIDDEN)))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def rows(kind: str) -> list[Citation]:
    return [citation for citation, left in left_to_people().items() if left.kind == kind]


@pytest.mark.parametrize("provision", leaves(), ids=str)
def test_a_provision_has_code_and_a_test_or_a_reason_why_not(provision: Citation) -> None:
    left = left_to_people().get(provision)
    code, tests = citations.code().get(provision, ()), citations.tests().get(provision, ())
    if left is None or left.begun:
        assert code, f"no code cites {provision}"
        assert tests, f"no test cites {provision}"
    else:
        assert not (code and tests), f"{provision} is carried out: take it out of docs/left_to_people.toml"


def test_the_table_of_what_is_left_gives_its_reasons() -> None:
    for provision, left in left_to_people().items():
        assert left.reason, provision
        assert (left.duty is not None) == (left.kind == "later"), provision
        assert bool(left.by) == (left.kind == "through"), provision
        assert left.begun <= (left.kind == "later"), provision


def test_it_lists_only_provisions_that_stand_for_themselves() -> None:
    assert {left.kind for left in left_to_people().values()} <= {"people", "later", "through"}
    assert set(left_to_people()) <= set(leaves())


@pytest.mark.parametrize("provision", rows("through"), ids=str)
def test_what_takes_effect_through_others_names_some_that_are_not_left_to_people(provision: Citation) -> None:
    nowhere = Left("carried out", "")
    kinds = {left_to_people().get(other, nowhere).kind for other in left_to_people()[provision].by}
    assert "carried out" in kinds
    assert kinds <= {"carried out", "later"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(Art. 11(3))", [art(11, item=3)]),
        ("Art. 10(1), 13: asked at once", [art(10, item=1), art(13)]),
        ("(Art. 7, 8), and how one is declined", [art(7), art(8)]),
        ("Art. 9 ¶2 and Art. 12 ¶1.", [art(9, paragraph=2), art(12, paragraph=1)]),
        ("Art. 11(3), 2 working days if complex", [art(11, item=3)]),
        ("Chapter II, Art. 7–14", []),
    ],
)
def test_citations_are_read_from_prose(text: str, found: list[Citation]) -> None:
    assert list(cited(text)) == found


def test_generated_pages_are_fresh() -> None:
    assert not generate.stale(), "make docs"


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in LINK.findall(text):
            if not re.match(r"[a-z]+:|#|/", target):
                yield page, target.partition("#")[0]


def test_every_relative_link_leads_somewhere() -> None:
    broken = [f"{page.relative_to(ROOT)}: {target}" for page, target in links() if not (page.parent / target).exists()]
    assert not broken


def test_every_picture_is_shown_and_small() -> None:
    shown = {(page.parent / target).resolve() for page, target in links()}
    for picture in (ROOT / "docs" / "pictures").glob("*"):
        assert picture in shown, picture.name
        assert picture.stat().st_size < 200_000, picture.name


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_two_commands_of_the_readme_are_in_the_makefile(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert {"demo", "test"} <= set(re.findall(r"\bmake ([a-z]+)", text))


def test_every_make_command_that_a_page_names_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in PAGES:
        code = "".join(re.findall(r"`[^`]*`|```.*?```", page.read_text(encoding="utf-8"), re.DOTALL))
        named = set(re.findall(r"\bmake ([a-z]+)", code))
        assert named <= targets, page.name


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {re.split(r"[\[<>=~! ;]", name)[0].lower() for name in wanted}
    locked = set(re.findall(r"(?m)^([a-z0-9._-]+)==", lock.LOCK.read_text(encoding="utf-8")))
    assert names <= locked


def test_the_lock_does_not_say_where_packages_come_from() -> None:
    assert lock.hosts(lock.LOCK.read_text(encoding="utf-8")) == []
    assert lock.hosts("--index-url https://packages.example.invalid/simple\nalembic==1.0\n") != []
