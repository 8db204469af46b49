"""What is done for all parts of a joint case (并案): registered once under its key, then carried by its workflow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.sweep import Beside
from api.access import Caller
from api.errors import Problem
from api.house import House
from domain.vocabulary import Act, Text
from storage import joints
from storage.joints import JointAct
from workflows.client import Later, tell


async def once(
    house: House, caller: Caller, key: str | None, given: object, work: Callable[[AsyncConnection, str], Awaitable[str]]
) -> str:
    """Do it in one transaction, once under this key: the ID of the joint case. Another content under it is a 422."""
    digest = house.digest(repr(given).encode("utf-8", "surrogatepass"))
    if first := await _earlier(house, caller, key, digest):
        return first
    try:
        async with house.engine.begin() as conn:
            return await work(conn, digest)
    except IntegrityError:
        if first := await _earlier(house, caller, key, digest):  # the same request came twice at once
            return first
        raise


async def _earlier(house: House, caller: Caller, key: str | None, digest: str) -> str | None:
    if key is None:
        return None
    async with house.once.connect() as conn:
        first = await joints.earlier(conn, caller.subject, key)
    if first and first.digest != digest:
        raise Problem(422, "KeyReused", "this Idempotency-Key was used with another content: take another")
    return first.joint if first else None


def act_of(
    house: House,
    id: str,
    act: Act,
    caller: Caller,
    content: dict[str, Any] | None = None,
    numbers: tuple[str, ...] | None = None,
) -> JointAct:
    """An act of this caller's that arrives now. `content`: its body, codes and texts."""
    body = dict(content or {})
    texts = {kind: body.pop(kind.value) for kind in Text if body.get(kind.value)}
    return JointAct(
        id=uuid4().hex,
        joint=id,
        act=act,
        role=caller.role,
        actor=caller.subject,
        unit=caller.unit,
        received_at=house.now(),
        body=body,
        texts=texts,
        numbers=numbers,
    )


async def carried(house: House, id: str) -> None:
    """Wake its workflow; if that cannot be now, the sweep does."""
    with suppress(Later):
        await tell(house.temporal, house.settings.task_queue, Beside.JOINT, id)
