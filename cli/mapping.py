"""A mapping (对照表): how an older system's file is read, and what its words mean here (docs/import.md)."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TextIO
from zoneinfo import ZoneInfo

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as body

from api.texts import Code, District, IdNumber, Line, Phone, Words
from domain.legacy import INSTANTS, STANDINGS, Fault, Legacy
from domain.vocabulary import Channel, Matter, Rating, Report, Text, Urgency
from storage.legacy import Older

csv.field_size_limit(1 << 26)  # a text that is too long is a fault of its row, not of the file

CODES: Mapping[str, Mapping[str, Any]] = {
    "standing": STANDINGS,
    **{
        name: {word.value: word for word in words}
        for name, words in (
            ("channel", Channel), ("matter", Matter), ("urgency", Urgency), ("report", Report), ("rating", Rating),
        )
    },
}  # fmt: skip
"""Fields that hold one of our words, and which."""
NAMED = ("district", "unit", "respondent")
"""Fields that hold a code of a register; the mapping may translate them."""
REQUIRED = ("own", "registered_at", "standing", "channel", "matter", "title", "text")

Own = Annotated[Line, StringConstraints(max_length=64)]


@body
class Said:
    """What a row says in words and codes, checked like anybody's; no more than an intake may hold."""

    own: Own
    title: Line
    text: Words
    name: Line | None = None
    phone: Phone | None = None
    address: Line | None = None
    id_number: IdNumber | None = None
    reply: Words | None = None
    district: District | None = None
    unit: Code | None = None
    respondent: Code | None = None


SAID = TypeAdapter(Said)
WORDS = ("own", "title", "text", "name", "phone", "address", "id_number", "reply", *NAMED)
FIELDS = frozenset((*WORDS, *CODES, *INSTANTS))
KEYS = {"source", "format", "encoding", "delimiter", "zone", "instants", "columns", "values", "defaults"}

Row = Mapping[str, str]


@dataclass(frozen=True)
class Mapped:
    """A mapping that holds. `columns`: our field -> theirs; `values`: our field -> their word -> ours."""

    source: str
    columns: Mapping[str, str]
    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    instants: str = "iso"
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


def read_mapping(text: str) -> Mapped:
    """Parse a mapping; a ValueError that names all its faults."""
    raw = tomllib.loads(text)
    if found := list(_faults(raw)):
        raise ValueError("the mapping: " + "; ".join(found))
    return Mapped(**raw | {"zone": ZoneInfo(raw.get("zone", "Asia/Shanghai"))})


def _faults(raw: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"unknown key `{key}`" for key in sorted(raw.keys() - KEYS))
    tables = {name: raw.get(name, {}) for name in ("columns", "values", "defaults")}
    if bad := [name for name, table in tables.items() if not isinstance(table, dict)]:
        yield from (f"[{name}] is no table" for name in bad)
        return
    yield from (
        f"[{name}]: unknown field `{key}`" for name, table in tables.items() for key in table if key not in FIELDS
    )
    given = tables["columns"].keys() | tables["defaults"].keys()
    yield from (f"no column for `{name}`" for name in REQUIRED if name not in given)
    yield from (f"a default for `{name}` would make it up" for name in ("own", *INSTANTS) if name in tables["defaults"])
    for name in ("columns", "defaults"):
        yield from (f"[{name}] {key}: no text" for key, value in tables[name].items() if not isinstance(value, str))
    for name, told in tables["values"].items():
        if name not in (*CODES, *NAMED) or not isinstance(told, dict):
            yield f"[values.{name}]: no table of a field that holds codes"
            continue
        yield from (f"[values.{name}]: unknown code `{code}`" for code in told.values() if not _is_code(name, code))
    for name, code in tables["defaults"].items():
        if name in CODES and not _is_code(name, code):
            yield f"[defaults] {name}: unknown code `{code}`"
    yield from _file_faults(raw)


def _is_code(name: str, code: object) -> bool:
    return isinstance(code, str) and (name not in CODES or code in CODES[name])


def _file_faults(raw: Mapping[str, Any]) -> Iterator[str]:
    try:
        TypeAdapter(Code).validate_python(raw.get("source"))
    except ValidationError:
        yield "`source` is a code: letters, digits, `.`, `_`, `-`"
    if raw.get("format", "csv") not in ("csv", "jsonl"):
        yield "`format` is csv or jsonl"
    try:
        "".encode(raw.get("encoding", "utf-8"))
    except (LookupError, TypeError):
        yield "`encoding` is none"
    if not isinstance(raw.get("delimiter", ","), str) or len(raw.get("delimiter", ",")) != 1:
        yield "`delimiter` is one character"
    if not isinstance(raw.get("instants", "iso"), str):
        yield "`instants` is `iso`, or a format such as %Y-%m-%d %H:%M:%S"
    try:
        ZoneInfo(raw.get("zone", "Asia/Shanghai"))
    except (OSError, ValueError, TypeError, KeyError):
        yield "`zone` is a time zone such as Asia/Shanghai"


def rows(path: Path, mapped: Mapped) -> Iterator[tuple[int, Row | Fault]]:
    """Every row with the line on which it begins, or why it is none; a ValueError if the file lacks a column.

    Bytes that are no text of the encoding become lone surrogates, which no field takes.
    """
    encoding = "utf-8-sig" if mapped.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else mapped.encoding
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        yield from (_of_csv if mapped.format == "csv" else _of_lines)(file, mapped)


def _of_csv(file: TextIO, mapped: Mapped) -> Iterator[tuple[int, Row | Fault]]:
    reader = csv.reader(file, delimiter=mapped.delimiter)
    header = next(reader, [])
    if missing := sorted(set(mapped.columns.values()) - set(header)):
        raise ValueError(f"the file has no column {', '.join(map(ascii_only, missing))}")
    if len(set(header)) < len(header):
        raise ValueError("the file names a column twice")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, Fault("row", "is no CSV")
            continue
        if cells and len(cells) != len(header):
            yield line, Fault("row", f"has {len(cells)} cells, and the header {len(header)}")
        elif cells:
            yield line, dict(zip(header, cells, strict=True))


def ascii_only(name: str) -> str:
    """A column's name as the mapping has it; without what no terminal takes."""
    return name.encode("utf-8", "replace").decode()


def _of_lines(file: TextIO, _: Mapped) -> Iterator[tuple[int, Row | Fault]]:
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            yield line, Fault("row", "is no JSON")
            continue
        if not isinstance(found, dict) or any(isinstance(value, dict | list) for value in found.values()):
            yield line, Fault("row", "is no JSON object of plain values")
        else:
            yield line, {key: "" if value is None else str(value) for key, value in found.items()}


def read(row: Row, mapped: Mapped, units: frozenset[str], digest: str) -> Older | list[Fault]:
    """A row as a case, or everything that keeps it from being one. `units`: the codes of the register."""
    cells = {name: row.get(column, "").strip() for name, column in mapped.columns.items()}
    found: list[Fault] = []
    facts = {name: _code(name, cells.get(name, ""), mapped, found) for name in CODES}
    facts |= {name: _instant(name, cells.get(name, ""), mapped, found) for name in INSTANTS}
    said = _said(cells, mapped, found)
    for name in ("unit", "respondent"):
        if said and (code := getattr(said, name)) and code not in units:
            found.append(Fault(name, "is no unit of the register"))
    found += [
        Fault(name, "is missing")
        for name in REQUIRED
        if name in facts and facts[name] is None and not _said_of(name, found)
    ]
    if found or said is None:
        return found
    facts["urgency"] = facts["urgency"] or Urgency.NORMAL
    legacy = Legacy(
        source=mapped.source,
        own=said.own,
        digest=digest,
        district=said.district,
        unit=said.unit,
        respondent=said.respondent,
        reachable=said.phone is not None,
        **facts,
    )
    texts: dict[Text, tuple[str | None, str]] = {Text.REQUEST: (said.title, said.text)}
    if said.reply:
        texts[Text.PUBLIC] = (None, said.reply)
    return Older(legacy, texts, {name: getattr(said, name) for name in ("name", "phone", "address", "id_number")})


def _said_of(name: str, found: list[Fault]) -> bool:
    return any(fault.name == name for fault in found)


def _code(name: str, cell: str, mapped: Mapped, found: list[Fault]) -> Any:
    """Our word for theirs; one that the mapping does not know is taken if it is ours already."""
    code = mapped.values.get(name, {}).get(cell, cell) if cell else mapped.defaults.get(name, "")
    if not code:
        return None
    if code not in CODES[name]:
        found.append(Fault(name, "is a word that the mapping does not know"))
    return CODES[name].get(code)


def _instant(name: str, cell: str, mapped: Mapped, found: list[Fault]) -> datetime | None:
    if not cell:
        return None
    try:
        at = datetime.fromisoformat(cell) if mapped.instants == "iso" else datetime.strptime(cell, mapped.instants)
        at = at if at.tzinfo else at.replace(tzinfo=mapped.zone)
        if at.year < EARLIEST:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        found.append(Fault(name, "is no instant of the mapping's format"))
        return None


EARLIEST = 1949


def _said(cells: Mapping[str, str], mapped: Mapped, found: list[Fault]) -> Said | None:
    told = {name: cells.get(name) or mapped.defaults.get(name) for name in WORDS}
    for name in NAMED:
        told[name] = mapped.values.get(name, {}).get(told[name] or "", told[name])
    try:
        return SAID.validate_python({name: value for name, value in told.items() if value})
    except ValidationError as error:
        for each in error.errors(include_input=False, include_context=False, include_url=False):
            found.append(Fault(str(each["loc"][0]), "is missing" if each["type"] == "missing" else each["msg"]))
        return None
