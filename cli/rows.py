"""Rows of the real world become requests: what the API takes stays, the rest is left out and counted, never shown."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.texts import LINE, UNSEEN, WORDS, District, Instant, Line, Phone, Words
from domain.limits import SHANGHAI
from domain.vocabulary import Channel

NAMED = 20
"""So many line numbers are named; of further ones only how many they are."""


@dataclass
class Rows:
    """What is played, and what was left out of it."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    """Each as `POST /cases` takes it."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Field -> in how many rows it, or a part of it, does not fit."""
    wordless: int = 0
    """Rows without a word, skipped."""
    unread: list[int] = field(default_factory=list)
    """Lines, from 1, that are no JSON object, skipped."""

    def said(self) -> Iterator[str]:
        """What an operator should know, a line each, without any row's content."""
        if self.unread:
            more = f" and {len(self.unread) - NAMED} more" if len(self.unread) > NAMED else ""
            yield f"skipped, no JSON object: line {', '.join(map(str, self.unread[:NAMED]))}{more}"
        if self.wordless:
            yield f"skipped, no words: {_rows(self.wordless)}"
        if self.left_out:
            yield "left out: " + "; ".join(f"{what} of {_rows(count)}" for what, count in sorted(self.left_out.items()))


def _rows(count: int) -> str:
    return f"{count} row{'s' if count > 1 else ''}"


def read_rows(source: Path | None, limit: int, seed: int) -> Rows:
    """Up to `limit` requests in an order that the seed decides; without a file invented samples, over and over."""
    file = resources.files("cli") / "samples.jsonl" if source is None else source
    rows, chance = Rows(), random.Random(seed)
    raw = list(_objects(file.read_bytes(), rows.unread))
    chance.shuffle(raw)
    for row in raw if source else (raw[n % len(raw)] for n in range(limit)):
        if len(rows.requests) == limit:
            break
        if (found := request(row, rows.left_out)) is None:
            rows.wordless += 1
            continue
        invented = {"channel": chance.choice(["phone", "web", "app"]), "phone": f"1990000{chance.randrange(10000):04d}"}
        rows.requests.append({**invented, **found})  # callbacks need a number: this one belongs to nobody
    return rows


def _objects(content: bytes, unread: list[int]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            row = json.loads(line.decode(), **STRICTLY) if line.strip() else {}
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            unread.append(number)
        elif line.strip():
            yield row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object none of whose keys is there twice: which of the two was meant, nobody knows."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _none(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


STRICTLY: dict[str, Any] = {"object_pairs_hook": _once, "parse_constant": _none}
"""JSON as RFC 8259 has it."""


def request(row: dict[str, Any], left_out: Counter[str]) -> dict[str, Any] | None:
    """The row as `POST /cases` takes it, and in `left_out` what of it does not fit; None if it has no words."""
    found, missed = dict[str, Any](), Counter[str]()
    for name, (tidy, takes) in FIELDS.items():
        given = row.get(name)
        words = _words(given)
        if not words and (given is None or isinstance(given, str)):
            continue
        tidied = tidy(words)
        try:
            found[name] = takes.dump_python(takes.validate_python(tidied), mode="json")
        except ValidationError:
            missed[name] += 1
        else:
            missed[f"a part of {name}"] += name in WHOLE and _bare(str(given)) != _bare(str(tidied))
    if "title" not in found and "text" not in found:
        return None
    found.setdefault("text", found.get("title"))
    found.setdefault("title", _bare(found["text"])[:LINE])
    if missed["channel"]:
        found["channel"] = Channel.OTHER.value
    left_out.update(+missed)
    return found


def _words(given: Any) -> str:
    """Text or number as text that can be stored (no NUL, no lone surrogate); empty if nothing of it can be seen."""
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, str | int | float) or given in ENDLESS:
        return ""
    words = re.sub("[\x00\ud800-\udfff]", "", str(given))
    return words if _bare(words) else ""


ENDLESS = (float("inf"), float("-inf"))
"""What a number too large to be one is read as."""


def _bare(text: str) -> str:
    """Without what cannot be seen at its ends."""
    seen = [n for n, character in enumerate(text) if unicodedata.category(character) not in UNSEEN]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def _title(given: str) -> str:
    return _bare(given)[:LINE]


def _text(given: str) -> str:
    return given if len(given) <= WORDS else _bare(given)[:WORDS]


DAY_AND_HOUR = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.\d*)?)?[分秒]?)?"
)
DIGITS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
SECONDS, MILLISECONDS = 10, 13
"""Digits of an epoch between 2001 and 2286."""


def instant(given: str) -> datetime | None:
    """When it was written: ISO, a day, day and hour as people write them (in Tianjin's time), an epoch; else None."""
    text = _bare(unicodedata.normalize("NFKC", given))
    whole = re.sub(r"\.\d*$", "", text)
    try:
        if whole.isdecimal():
            if len(whole) in (SECONDS, MILLISECONDS):
                return datetime.fromtimestamp(int(whole[:SECONDS]), UTC)
            found = datetime.strptime(whole, DIGITS[len(whole)])
        elif parts := DAY_AND_HOUR.fullmatch(text):
            found = datetime(*(int(part or 0) for part in parts.groups()))  # type: ignore[arg-type]
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, KeyError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


def _phone(given: str) -> str:
    """Digits, dashes and blanks of any width as they are dialled."""
    text = _bare(unicodedata.normalize("NFKC", given))
    return re.sub(r"\s+", " ", re.sub(r"[\u2010-\u2015\u2212]", "-", text))


CHANNELS = {name: channel for channel in Channel for name in (channel.value, channel.zh)}

FIELDS: dict[str, tuple[Callable[[str], Any], TypeAdapter[Any]]] = {
    "title": (_title, TypeAdapter(Line)),
    "text": (_text, TypeAdapter(Words)),
    "created": (instant, TypeAdapter(Instant)),
    "channel": (lambda given: CHANNELS.get(_bare(given).lower()), TypeAdapter(Channel)),
    "name": (_bare, TypeAdapter(Line)),
    "phone": (_phone, TypeAdapter(Phone)),
    "district": (_bare, TypeAdapter(District)),
}
"""What is taken of a row: how it is tidied, and the API's own type, which says whether it fits."""

WHOLE = ("title", "text", "name")
"""Where something is missing after tidying, the row has lost words."""
