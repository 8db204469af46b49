"""Query parameters: one that a route does not know is an error, not a filter that filters nothing."""

from __future__ import annotations

from fastapi import Request
from fastapi.exceptions import RequestValidationError

FOREIGN = ("/signin/callback",)
"""Paths whose parameters a provider writes, and adds to as it likes (RFC 6749, 4.1.2)."""


async def known(request: Request) -> None:
    """Refuse a parameter that the route does not have; its name is input and stays unsaid (Art. 15)."""
    exist = [parameter.alias for parameter in request.scope["route"].dependant.query_params]
    if request.scope["route"].path not in FOREIGN and not request.query_params.keys() <= set(exist):
        what = f"no such parameter; there are: {', '.join(exist)}" if exist else "this path takes no parameters"
        raise RequestValidationError([{"type": "unknown_parameter", "loc": ("query", "?"), "msg": what}])
