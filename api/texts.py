"""The value types of the API: what a text, a code, a day or a term may hold is said once, here."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from pydantic_core import PydanticCustomError

from domain.attachments import AN_ACT
from domain.credit_code import is_credit_code
from domain.districts import DISTRICTS, district
from domain.masking import is_id, plain

LINE, WORDS = 200, 10_000
DISTRICT = (
    f"a district of Tianjin: its code ({', '.join(each.code for each in DISTRICTS)}), its code of GB/T 2260 (120101),"
    " or its Chinese name (和平区, 和平); GET /vocabulary lists them"
)
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}
"""Unicode categories of white space, controls and joiners."""


def _storable(text: str) -> str:
    """NUL is legal in JSON and illegal in PostgreSQL; a lone surrogate is no character."""
    if "\x00" in text:
        raise PydanticCustomError("nul", "a text must not contain NUL")
    if re.search("[\ud800-\udfff]", text):
        raise PydanticCustomError("surrogate", "a text must not contain a lone surrogate")
    return text


def _not_blank(text: str) -> str:
    if all(unicodedata.category(character) in UNSEEN for character in text):
        raise PydanticCustomError("blank", "a text must not be blank")
    return text


def _of_tianjin(name: str) -> str:
    found = district(name)
    if found is None:
        raise PydanticCustomError("district", DISTRICT)
    return found.code


def _dialled(phone: str) -> str:
    if sum(character.isdigit() for character in phone) < 5:
        raise PydanticCustomError("phone", "a telephone number has five digits at least")
    return phone


def _citizens(number: str) -> str:
    found = plain(number).upper()
    if not is_id(found):
        raise PydanticCustomError("id_number", "an ID number has 18 characters and a right checksum (GB 11643)")
    return found


def _registered(code: str) -> str:
    if not is_credit_code(code):
        raise PydanticCustomError("credit_code", "a unified social credit code has 18 signs that check (GB 32100)")
    return code


Line = Annotated[
    str, StringConstraints(min_length=1, max_length=LINE), AfterValidator(_storable), AfterValidator(_not_blank)
]
"""One line of a person's words, up to 200 characters."""

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=WORDS), AfterValidator(_storable), AfterValidator(_not_blank)
]
"""A person's words, up to 10,000 characters; odd white space and emoji stay as they are."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
"""The code of a unit or actor."""

District = Annotated[str, AfterValidator(_of_tianjin), Field(description=DISTRICT, examples=["HP", "120101", "和平区"])]
"""A district by any of its names; it becomes the one code that is on record."""

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{5,24}$"), AfterValidator(_dialled)]
"""A telephone number as it was given."""

IdNumber = Annotated[str, StringConstraints(max_length=40), AfterValidator(_citizens)]
"""A citizen's ID number (居民身份证号)."""

CreditCode = Annotated[str, StringConstraints(max_length=40), AfterValidator(_registered)]
"""A unified social credit code (统一社会信用代码)."""

Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""An hour of the day, local: "18:30"."""

Limit = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}(wd|h|min|s)$")]
"""A term that an act sets: "5wd", "24h", "30min"; never none at all."""

Upload = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""The ID of an upload."""

Uploads = Annotated[tuple[Upload, ...], Field(max_length=AN_ACT), AfterValidator(lambda ids: tuple(dict.fromkeys(ids)))]
"""What an act brings: finished uploads, each once."""

Count = Annotated[int, Field(ge=1, lt=2**31)]
"""A number that something bears: 1, 2, 3."""

Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
"""A day that an act names. What lies outside the century is a slip, and some calendars end there."""

Instant = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]
"""An instant with its offset, by somebody's statement."""
