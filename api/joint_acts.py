"""Acts of a joint case: each act that is done once for all, by the same rights and with the same body as on one case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Response
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as body
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.joints import fits
from api.access import CallerDep
from api.acts import BODIES, Key, Say, looked_up, taken
from api.examples import EXAMPLES, shown
from api.house import HouseDep
from api.joining import act_of, carried, once
from api.joints import ON_ITS_WAY, STRICT, Id, JointWhole, router, show
from api.rights import ROLES, path_of
from domain.joint import CARRIED
from domain.lifecycle import MOVES
from domain.publication import names_nobody
from domain.refusals import NotPermitted
from domain.vocabulary import Act, ReplyWay, Suspect
from storage import files, joints
from storage.joints import JointAct

ASKED = 100
"""How many of the parts are asked, before an act is taken, whether it is for any of them."""


@body(config=STRICT)
class Result(Say):
    """The result for everybody: it names nobody. How the reply was given."""

    replied: ReplyWay | None = None


SHAPES: Mapping[Act, type[Any]] = {act: BODIES[act] for act in sorted(CARRIED)} | {Act.FEEDBACK: Result}
"""What each takes: no attachments, which belong to one case."""


def _route(act: Act, shape: type[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(shape)

    async def endpoint(
        id: Id, given: Any, caller: CallerDep, house: HouseDep, response: Response, key: Key = None
    ) -> JointWhole:
        content = adapter.dump_python(given, mode="json", exclude_none=True)
        await looked_up(house, act, id, caller, content, key)
        made = act_of(house, id, act, caller, content)
        for kind, words in made.texts.items():
            names_nobody(kind, words, stands={Suspect.DOOR, Suspect.PLATE})  # each of the others reads it

        async def work(conn: AsyncConnection, digest: str) -> str:
            await joints.hold(conn, id)
            if not await _for_some(conn, made):
                raise NotPermitted(f"no part of it takes a {act} as it stands")
            await joints.receive(conn, made, key, digest)
            return id

        await show(house, caller, id)
        await once(house, caller, key, (id, act, content), work)
        await carried(house, id)
        response.headers["Location"] = f"/joints/{id}"
        return await show(house, caller, id)

    endpoint.__annotations__ |= {"given": taken(shape)}
    basis = ", ".join(sorted({str(m.basis or "house") for m in MOVES if m.act is act}))
    router.add_api_route(
        f"/{{id}}/{path_of(act)}",
        endpoint,
        methods=["POST"],
        status_code=202,
        name=f"joint_{act}",
        summary=f"并案{act.zh} · {act.en}, for every part",
        description=f"{(shape.__doc__ or '').strip()}\n\nIt reaches every part that takes it as it stands, and counts "
        f"there from its arrival here.\n\nBy: {', '.join(sorted(ROLES[act]))}. Rests on: {basis}.",
        responses=ON_ITS_WAY,
        openapi_extra=shown({name: value for name, value in EXAMPLES[act].items() if name != "attachments"}),
    )


async def _for_some(conn: AsyncConnection, made: JointAct) -> bool:
    """Would a part take it? While an earlier act is on its way nobody knows, and it is taken."""
    if await joints.next_act(conn, made.joint):
        return True
    for number in await joints.open_to(conn, made, ASKED):
        file = await files.load(conn, number)
        if file and fits(file, made):
            return True
    return False


for _act, _shape in SHAPES.items():
    _route(_act, _shape)
