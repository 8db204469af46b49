"""What the law or the house refuses, typed once; `api/errors.py` turns each type into one HTTP status."""

from __future__ import annotations

from domain.regulation import Citation


class Refusal(Exception):
    """An act that may not be done. The text holds codes only: it is kept, logged and sent (Art. 15)."""

    def __init__(self, detail: str, basis: Citation | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.basis = basis

    @property
    def kind(self) -> str:
        return type(self).__name__


class NotPermitted(Refusal):
    """No move leads from where the case stands, by this act, for this role."""


class NotYours(Refusal):
    """The case, or this part of it, is in other hands."""


class TooLate(Refusal):
    """It arrived at or after the exclusive instant."""


class MovedOn(Refusal):
    """Somebody else acted since the case was read, and the act was meant for the case as it was read."""


class Lacking(Refusal):
    """Something that the law demands with this act is missing (a reason, a text, an address)."""


class OwnCause(Refusal):
    """Nobody handles a complaint about themselves."""


class Unknown(Refusal):
    """A code that no register knows."""


REFUSALS: dict[str, type[Refusal]] = {
    cls.__name__: cls for cls in (NotPermitted, NotYours, TooLate, MovedOn, Lacking, OwnCause, Unknown)
}
