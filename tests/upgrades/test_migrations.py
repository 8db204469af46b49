"""Migrations run while the earlier version serves: they expand what it knows, and take nothing from it (docs/upgrades.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine

from domain.vocabulary import Role
from storage.migrate import alembic_config
from tests.upgrades.conftest import PRESENT, Street

VERSIONS = Path("storage/migrations/versions")

CONTRACTS: dict[str, str] = {}
"""Migrations that take something away -> the release that was the last to use it, which must be before the earlier one."""

TAKES = {
    "drop_column",
    "drop_table",
    "drop_constraint",
    "rename_table",
    "create_unique_constraint",
    "create_check_constraint",
}
SQL = re.compile(r"\b(DROP|RENAME|TRUNCATE|SET\s+NOT\s+NULL|REVOKE|CREATE\s+UNIQUE)\b", re.IGNORECASE)


def newer(earlier: Path) -> list[Path]:
    """The migrations that the earlier version does not have, in their order."""
    known = {path.name for path in (earlier / VERSIONS).glob("*.py")}
    return sorted(path for path in (PRESENT / VERSIONS).glob("*.py") if path.name not in known)


def takes(source: str) -> list[str]:
    """What a migration's `upgrade` takes away, or newly demands, by the lines that say so."""
    upgrades = (n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name != "downgrade")
    calls = [n for function in upgrades for n in ast.walk(function) if isinstance(n, ast.Call)]
    made = {ast.unparse(call.args[0]) for call in calls if ast.unparse(call.func) == "op.create_table"}
    return [ast.unparse(call) for call in calls if any(_faults(call, made))]


def _faults(call: ast.Call, made: Set[str]) -> Iterator[bool]:
    """`made`: tables of its own, of which the earlier version knows nothing."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    options = {each.arg: ast.unparse(each.value) for each in call.keywords}
    yield name in TAKES
    yield name == "alter_column" and not options.keys().isdisjoint({"new_column_name", "type_"})
    yield name == "alter_column" and options.get("nullable") == "False"
    yield name == "create_index" and options.get("unique") == "True" and ast.unparse(call.args[1]) not in made
    yield name == "execute" and bool(SQL.search(ast.unparse(call)))
    yield name == "add_column" and "nullable=False" in ast.unparse(call) and "server_default" not in ast.unparse(call)


def test_a_new_migration_takes_nothing_that_the_earlier_version_uses(earlier_root: Path) -> None:
    found = {path.stem: takes(path.read_text(encoding="utf-8")) for path in newer(earlier_root)}
    assert {name: why for name, why in found.items() if why and name not in CONTRACTS} == {}


def test_no_migration_of_the_earlier_version_has_been_changed(earlier_root: Path) -> None:
    for path in (earlier_root / VERSIONS).glob("*.py"):
        assert (PRESENT / VERSIONS / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("cases", "hands")',
        'op.drop_table("notes")',
        'op.alter_column("cases", "hands", new_column_name="holder")',
        'op.alter_column("cases", "due_at", nullable=False)',
        'op.add_column("cases", sa.Column("seen", sa.Text(), nullable=False))',
        'op.create_index("ix_one", "cases", ["channel"], unique=True)',
        'op.execute("ALTER TABLE cases RENAME COLUMN hands TO holder")',
    ],
)
def test_what_would_break_it_is_found(line: str) -> None:
    assert takes(f"def upgrade():\n    {line}\n")
    assert not takes(f"def downgrade():\n    {line}\n")


def test_what_only_adds_is_let_through() -> None:
    added = 'op.add_column("cases", sa.Column("seen", sa.Text(), server_default="", nullable=False))'
    own = 'op.create_table("seen")\n    op.create_index("uq_seen", "seen", ["at"], unique=True)'
    assert not takes(f"def upgrade():\n    {own}\n")
    assert not takes(f'def upgrade():\n    {added}\n    op.create_index("ix_seen", "cases", ["seen"])\n')


async def test_the_earlier_version_serves_on_after_each_migration(street: Street, earlier_root: Path) -> None:
    street.earlier.work()
    line = await street.earlier.serve()
    begun = (await line.register())["number"]
    for path in newer(earlier_root):
        upgrade(street.database, path.stem.split("_")[0])
        number = (await line.register(title="样例又一件"))["number"]
        assert await line.done(number, "transfer", Role.AGENT, lead="WATER") == "assigned"
        listed: Any = (await line.get("/cases", Role.AGENT)).json()
        assert {begun, number} <= {case["number"] for case in listed["items"]}
    await line.done(begun, "transfer", Role.AGENT, lead="WATER")
    await line.done(begun, "feedback", Role.UNIT, "WATER", public="样例答复：已修好。", replied="phone")
    await line.done(begun, "attempt", Role.CALLER, reach="reached", resolved=True, rating="good")
    assert await line.until(begun, "archived") == "archived"


async def test_what_takes_something_away_is_noticed_by_the_earlier_version(street: Street) -> None:
    """The test above can fail: a column that it reads is gone."""
    line = await street.earlier.serve()
    with psycopg.connect(street.database.replace("+psycopg", ""), autocommit=True) as conn:
        conn.execute("ALTER TABLE cases RENAME COLUMN hands TO gone")
    assert (await line.get("/cases", Role.AGENT)).status_code >= 500


def upgrade(database: str, revision: str) -> None:
    engine = create_engine(database, hide_parameters=True)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)
    engine.dispose()
