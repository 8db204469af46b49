"""The string types of the API: what a text may hold is said once, here."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

LINE, WORDS = 200, 10_000


def _storable(text: str) -> str:
    """NUL is legal in JSON and illegal in PostgreSQL; a lone surrogate is no character."""
    if "\x00" in text:
        raise ValueError("a text must not contain NUL")
    if re.search("[\ud800-\udfff]", text):
        raise ValueError("a text must not contain a lone surrogate")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("a text must not be blank")
    return text


Line = Annotated[
    str, StringConstraints(min_length=1, max_length=LINE), AfterValidator(_storable), AfterValidator(_not_blank)
]
"""One line of a person's words, up to 200 characters."""

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=WORDS), AfterValidator(_storable), AfterValidator(_not_blank)
]
"""A person's words, up to 10,000 characters; odd white space and emoji stay as they are."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
"""The code of a unit, district or actor."""

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{5,24}$")]
"""A telephone number as it was given."""

Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""An hour of the day, local: "18:30"."""
