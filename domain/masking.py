"""Masking (脱敏): what is shown of a person, and which passages of a text look like a person's (Art. 15)."""

from __future__ import annotations

import re
from collections.abc import Iterable

STAR = "＊"
Span = tuple[int, int]
"""Where a passage begins, and where it has ended."""

_PLAIN = str.maketrans("０１２３４５６７８９ＸｘＡ＠．－＋　", "0123456789XxA@.-+ ")
"""Character for character, so that places stay."""
_MOBILE = r"(?:\+?(?:00)?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}"
_LANDLINE = r"0\d{2,3}[ -]?\d{4}[ -]?\d{3,4}|(?!20\d\d(?:0[1-9]|1[0-2])|20\d\d[ -]20\d\d)[2-8]\d{3}[ -]?\d{4}"
_PHONE = re.compile(rf"(?<!\d)(?:{_MOBILE}|{_LANDLINE})(?!\d)")
_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]
_ROAD = re.compile(r"[^\d]*?(?:路|街|道|巷|胡同)")
_DISTRICT = re.compile(r"[^\d]*?(?:(?<!小)区|县)")


def plain(text: str) -> str:
    """The text with plain digits and letters, character for character: a place in it is the place in the text."""
    return text.translate(_PLAIN)


def dialled(phone: str) -> str:
    """The digits that are dialled, without China's own prefix: equal for what reaches the same telephone."""
    digits = re.sub(r"\D", "", plain(phone))
    return re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)


def masked_name(name: str) -> str:
    """Its first character: 张＊＊."""
    return name[:1] + STAR * (len(name) - 1)


def masked_phone(phone: str) -> str:
    """Three digits and the last four: 199****8890; of a shorter one its last two."""
    digits = dialled(phone)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 11 else f"****{digits[-2:]}"


def masked_address(address: str) -> str:
    """To its road, or else its district; no house."""
    place = _ROAD.match(address) or _DISTRICT.match(address)
    return (place.group() if place else "") + STAR * 2


def masked_id(number: str) -> str:
    """Where it was issued, and its last two: 120101**********18."""
    return f"{number[:6]}{'*' * 10}{number[-2:]}"


def is_id(number: str) -> bool:
    """Is it a citizen's number by the checksum of GB 11643?"""
    if not _ID.fullmatch(number) or not number.isascii():
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True)) % 11
    return "10X98765432"[rest] == number[17].upper()


def passages(text: str) -> list[Span]:
    """Suspected telephone numbers, ID numbers with a right checksum, e-mail addresses; in order, none overlaps another."""
    flat = plain(text)
    found = [match.span() for kind in (_PHONE, _MAIL) for match in kind.finditer(flat)]
    found += [match.span() for match in _ID.finditer(flat) if is_id(match.group())]
    return _merged(found)


def masked(text: str, *own: str | None) -> str:
    """The text with the person's own words and every suspected passage as ＊, each character for one."""
    shown = _starred(text, _merged(span for words in own if words for span in said(text, words)))
    while found := passages(shown):  # what a mask leaves beside it may look like a number of its own
        shown = _starred(shown, found)
    return shown


def said(text: str, words: str) -> list[Span]:
    """Where these words stand, a phone however it is grouped."""
    digits = dialled(words)
    phone = len(digits) >= 5 and not re.search(r"[^\d+() -]", words)
    sought = r"[ ()-]*".join(digits) if phone else re.escape(words)
    return [match.span() for match in re.finditer(sought, plain(text) if phone else text)]


def _starred(text: str, spans: Iterable[Span]) -> str:
    shown = list(text)
    for start, end in spans:
        shown[start:end] = STAR * (end - start)
    return "".join(shown)


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
