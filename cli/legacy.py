"""`hotline import`: the cases of an older hotline, once (历史数据导入; Art. 14, decision 0028)."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.causes import By, Reason, cause
from cli.mapping import Mapped, Row, read, read_mapping, rows
from cli.processes import StackError
from cli.surroundings import HERE, Data, database, database_around, plainly, rules_around, spoken, surroundings
from cli.vault import told_vault
from domain.calendar import Calendar
from domain.legacy import OLDER, Fault, faults, refused
from domain.ruleset import RuleSet
from domain.vocabulary import Change, Outcome
from settings import sqlalchemy_url
from storage import units
from storage.calendar import read as read_calendar
from storage.changes import Cause, record
from storage.engine import make_engine
from storage.legacy import Older, digests, known, locked, write
from storage.readers import as_import
from storage.vault import Vault, open_vault

BATCH = 500
IMPORTED, THERE, REJECTED = "imported", "already_there", "rejected"
COLUMNS = ("line", "own", "outcome", "number", "reasons")


@dataclass(frozen=True)
class Judged:
    """A row of the file: the line on which it begins, its number there, and what it is or why it is nothing."""

    line: int
    own: str
    digests: list[str]
    found: Older | list[Fault]


@dataclass(frozen=True)
class Told:
    """What became of a row: our number, or the reasons."""

    judged: Judged
    outcome: str
    number: str = ""
    faults: list[Fault] = field(default_factory=list)

    def line(self) -> tuple[object, ...]:
        reasons = "; ".join(f"{each.name}: {each.reason}" for each in self.faults)
        return self.judged.line, self.judged.own, self.outcome, self.number, reasons


@dataclass
class Report:
    """What became of the rows: one line each in a file, and the counts."""

    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        self._write([COLUMNS], "w")

    def add(self, batch: list[Told]) -> None:
        """A batch that is on record."""
        for each in batch:
            self.counts[each.outcome] += 1
            self.reasons.update({f"{fault.name}: {fault.reason}" for fault in each.faults})
            if each.outcome == IMPORTED and isinstance(each.judged.found, Older):
                self.counts["finished" if isinstance(each.judged.found.legacy.standing, Outcome) else "open"] += 1
        self._write([each.line() for each in batch], "a")

    def _write(self, lines: Sequence[tuple[object, ...]], mode: str) -> None:
        with self.path.open(mode, encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)

    def summary(self) -> dict[str, object]:
        counted = {name: self.counts[name] for name in (IMPORTED, "finished", "open", THERE, REJECTED)}
        rows_ = sum(self.counts[name] for name in (IMPORTED, THERE, REJECTED))
        return {"rows": rows_, **counted, "reasons": dict(self.reasons.most_common())}


def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="the older system's cases, CSV or JSON lines")
    ],
    mapping: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="what its columns and words mean here")],
    report: Annotated[Path, typer.Option(dir_okay=False, help="what became of each row, as CSV")],
    reason: Reason,
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="judge every row, write nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the counts as one JSON object")] = False,
    data: Data = HERE,
) -> None:
    """历史数据导入 · bring in the cases of an older hotline, at their own instants, each once (docs/import.md).

    Signs in with the import right: HOTLINE_IMPORT_URL, else the role `hotline_import` of the database of DATABASE_URL or
    of the stack that runs on --data. Broken off, it is simply started again. Exit code 1 if a row was rejected.
    """
    why = cause(reason, by)
    with plainly():
        try:
            mapped = read_mapping(mapping.read_text(encoding="utf-8-sig"))
            told = Report(report)
            told.begin()
            asyncio.run(_run(file, mapped, told, why, data, dry_run))
        except RuntimeError as error:
            raise ValueError(str(error)) from None
        summary = told.summary()
        shown = json.dumps(summary, ensure_ascii=False) if as_json else _plain(summary)
        typer.echo(shown)
        if summary[REJECTED]:
            raise typer.Exit(1)


def _plain(summary: dict[str, object]) -> str:
    reasons = summary.pop("reasons")
    assert isinstance(reasons, dict)
    lines = [", ".join(f"{name} {count}" for name, count in summary.items())]
    return "\n".join([*lines, *(f"  {count} × {why}" for why, count in reasons.items())])


def import_url(data: Path) -> str:
    """Where and as whom an import signs in."""
    return surroundings(data).get("HOTLINE_IMPORT_URL") or as_import(database_around(data))


async def _run(file: Path, mapped: Mapped, told: Report, why: Cause, data: Path, dry_run: bool) -> None:
    url, rules = import_url(data), rules_around(data)
    async with database(url) as conn:
        register = {unit.code for unit in await units.listed(conn)}
        if not dry_run:
            sums = {"file": _sum(file), "columns": len(mapped.columns)}
            await record(conn, why, Change.CASES_IMPORTED, mapped.source, **sums)
    async with _vault(url, data) as (engine, vault):
        run = Run(engine, vault, mapped, rules, frozenset(register), why, dry_run)
        found = run.judged(rows(file, mapped))
        while batch := list(islice(found, BATCH)):
            told.add(await run.bring(batch))


def _sum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@asynccontextmanager
async def _vault(url: str, data: Path) -> AsyncIterator[tuple[AsyncEngine, Vault]]:
    keys, apart = told_vault(data)
    engine = make_engine(sqlalchemy_url(url))
    try:
        async with open_vault(keys, engine, sqlalchemy_url(apart) if apart else None) as vault:
            await vault.prove()
            yield engine, vault
    except ProgrammingError:
        raise StackError(f"{spoken(url)} has not the import right: set HOTLINE_IMPORT_URL (docs/import.md)") from None
    finally:
        await engine.dispose()


@dataclass
class Run:
    """One reading of a file. `seen`: the rows so far, by their own numbers."""

    engine: AsyncEngine
    vault: Vault
    mapped: Mapped
    rules: RuleSet
    units: frozenset[str]
    why: Cause
    dry_run: bool
    seen: dict[str, str] = field(default_factory=dict)

    def judged(self, found: Iterator[tuple[int, Row | Fault]]) -> Iterator[Judged]:
        """Each row by itself."""
        for line, row in found:
            if isinstance(row, Fault):
                yield Judged(line, "", [], [row])
                continue
            told = digests(self.vault.masters, _storable(row))
            yield Judged(line, self._own(row), told, read(row, self.mapped, self.units, told[0]))

    def _own(self, row: Row) -> str:
        """For the report; nothing that is no number."""
        own = row.get(self.mapped.columns["own"], "").strip()
        return own if own.isprintable() and len(own) <= 64 else ""

    async def bring(self, batch: list[Judged]) -> list[Told]:
        """A batch in one transaction: what became of each row, with our number or the reasons."""
        async with self.engine.connect() as conn, conn.begin() as transaction:
            await locked(conn)
            calendar = await read_calendar(conn)
            on_record = await known(conn, OLDER + self.mapped.source, [each.own for each in batch])
            told = [self._told(each, on_record, calendar) for each in batch]
            new = [
                each.judged.found for each in told if each.outcome == IMPORTED and isinstance(each.judged.found, Older)
            ]
            vault = replace(self.vault, apart=self.vault.apart and not self.dry_run)
            numbers = await write(conn, vault, new, self.rules, calendar, self.why.at) if new else []
            if self.dry_run:
                await transaction.rollback()
                return told
        given = iter(numbers)
        return [replace(each, number=next(given)) if each.outcome == IMPORTED else each for each in told]

    def _told(self, each: Judged, on_record: Mapping[str, tuple[str, str]], calendar: Calendar) -> Told:
        before = on_record.get(each.own) or (("", self.seen[each.own]) if each.own in self.seen else None)
        number, digest = before or ("", "")
        if before and digest in each.digests:
            return Told(each, THERE, number)
        if before:
            return Told(each, REJECTED, number, [Fault("own", "is on record with another content")])
        if found := self._faults(each.found, calendar):
            return Told(each, REJECTED, "", found)
        self.seen[each.own] = each.digests[0]
        return Told(each, IMPORTED)

    def _faults(self, found: Older | list[Fault], calendar: Calendar) -> list[Fault]:
        if not isinstance(found, Older):
            return found
        against = list(faults(found.legacy, self.why.at))
        if against or isinstance(found.legacy.standing, Outcome):
            return against
        fault = refused(found.legacy, self.rules, calendar, self.why.at)
        return [fault] if fault else []


def _storable(row: Row) -> list[list[str]]:
    """Lone surrogates have no bytes of which a digest could be made."""
    return [[part.encode("utf-8", "backslashreplace").decode() for part in pair] for pair in sorted(row.items())]
