"""Joint cases (并案): what they are about, what was done for all of their parts, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import Deed
from domain.joint import ENDED
from domain.lifecycle import MOVES
from domain.limits import SHANGHAI
from domain.refusals import NotPermitted
from domain.vocabulary import Act, Role, Text
from storage.deeds import DEED
from storage.files import ANY
from storage.reading import Order, Rows, has_part, page
from storage.tables import cases, joint_acts, joints


@dataclass(frozen=True, kw_only=True)
class JointAct:
    """An act for all parts of a joint case, or for the cases named. `body`: the codes of a Deed; `texts`: its words."""

    id: str
    joint: str
    act: Act
    role: Role
    actor: str
    received_at: datetime
    unit: str | None = None
    body: dict[str, Any]
    texts: dict[Text, str]
    numbers: tuple[str, ...] | None = None
    last: str | None = None

    def deed(self, number: str, notes: dict[Text, str]) -> Deed:
        """The act as it reaches one case: at the instant at which it arrived for all, and once."""
        facts = {"id": f"{self.id}.{number}", "number": number, "act": self.act, "role": self.role, "actor": self.actor}
        told = facts | {"received_at": self.received_at, "notes": notes, "joint": self.joint}
        return DEED.validate_python({**self.body, **told} | ({"unit": self.unit} if self.unit else {}))


JOINT_ACT = TypeAdapter(JointAct)
Numbers = Sequence[str]


@dataclass(frozen=True)
class Received:
    """A joint act as it is on record."""

    id: str
    joint: str
    digest: str


async def open_(conn: AsyncConnection, title: str, actor: str, now: datetime) -> str:
    """A new joint case: its ID, which is that of its workflow too, and tells the number of no case (Art. 15)."""
    id = f"J{now.astimezone(SHANGHAI):%Y%m%d}-{token_hex(4)}"
    await conn.execute(insert(joints).values(id=id, title=title, opened_by=actor, opened_at=now))
    return id


async def hold(conn: AsyncConnection, id: str) -> None:
    """Nobody else acts on it or closes it until this transaction ends; NotPermitted once it is closed. It must exist."""
    query = select(joints.c.closed_at).where(joints.c.id == id).with_for_update()
    if (await conn.execute(query)).scalar_one():
        raise NotPermitted("the joint case is closed")


_RECEIVE = text(
    """
    INSERT INTO joint_acts (id, joint, seq, received_at, act, role, actor, unit, key, digest, body, texts, numbers)
    SELECT :id, :joint, 1 + coalesce(max(seq), 0), :received_at, :act, :role, :actor, :unit, :key, :digest,
           CAST(:body AS jsonb), CAST(:texts AS jsonb), CAST(:numbers AS text[])
    FROM joint_acts WHERE joint = :joint
    """
)


async def receive(conn: AsyncConnection, made: JointAct, key: str | None, digest: str) -> None:
    """Register an act of a joint case that is held."""
    row = {name: getattr(made, name) for name in ("id", "joint", "received_at", "act", "role", "actor", "unit")}
    told = {"body": ANY.dump_json(made.body).decode(), "texts": ANY.dump_json(made.texts).decode()}
    numbers = sorted(set(made.numbers)) if made.numbers is not None else None
    await conn.execute(_RECEIVE, row | told | {"numbers": numbers, "key": key, "digest": digest})


async def earlier(conn: AsyncConnection, actor: str, key: str | None) -> Received | None:
    """What this client registered under this key before."""
    query = select(joint_acts.c.id, joint_acts.c.joint, joint_acts.c.digest)
    row = (await conn.execute(query.where(joint_acts.c.actor == actor, joint_acts.c.key == key))).one_or_none()
    return Received(*row) if row else None


async def next_act(conn: AsyncConnection, joint: str) -> JointAct | None:
    """The first act that has not reached all."""
    query = select(joint_acts).where(joint_acts.c.joint == joint, joint_acts.c.done_at.is_(None))
    row = (await conn.execute(query.order_by(joint_acts.c.seq).limit(1))).mappings().one_or_none()
    if row is None:
        return None
    return JOINT_ACT.validate_python({name: row[name] for name in row if name in JointAct.__dataclass_fields__})


async def reach(conn: AsyncConnection, made: JointAct, limit: int) -> Sequence[str]:
    """The numbers of the next cases that it is to reach; those too that were told to join and have not yet."""
    joined = select(func.unnest(joint_acts.c.numbers)).where(joint_acts.c.joint == made.joint)
    parts = (cases.c.joint == made.joint) | cases.c.number.in_(joined)
    named = parts if made.numbers is None else cases.c.number.in_(made.numbers)
    query = select(cases.c.number).where(named, cases.c.number > (made.last or ""))
    return (await conn.execute(query.order_by(cases.c.number).limit(limit))).scalars().all()


async def open_to(conn: AsyncConnection, made: JointAct, limit: int) -> Sequence[str]:
    """The numbers of parts that stand where somebody of this role may do it; a unit's are those that it handles."""
    origins = sorted({move.origin for move in MOVES if move.act is made.act and made.role in move.roles})
    query = select(cases.c.number).where(cases.c.joint == made.joint, cases.c.status.in_(origins))
    if made.unit:
        query = query.where(has_part(made.unit))
    return (await conn.execute(query.order_by(cases.c.number).limit(limit))).scalars().all()


async def alone(conn: AsyncConnection, number: str) -> bool:
    """Was it ever a report, or a complaint about staff? No correction takes the shelter away (Art. 9 ¶2, 15)."""
    return bool((await conn.execute(select(func.sheltered(number)))).scalar_one())


async def progress(conn: AsyncConnection, made: JointAct, last: str, carried: int, passed: int) -> None:
    """Keep how far it has come; once for each batch, so that an interruption counts nothing twice."""
    step = (joint_acts.c.id == made.id) & (joint_acts.c.last.is_not_distinct_from(made.last))
    more = {"carried": joint_acts.c.carried + carried, "passed": joint_acts.c.passed + passed}
    await conn.execute(update(joint_acts).where(step).values(last=last, **more))


async def done(conn: AsyncConnection, made: JointAct, now: datetime) -> None:
    """It has reached all; its texts are with the cases."""
    await conn.execute(update(joint_acts).where(joint_acts.c.id == made.id).values(done_at=now, texts=None))


async def close(conn: AsyncConnection, id: str, actor: str, now: datetime) -> None:
    """Close a joint case that is held; NotPermitted while a part of it is open, or an act on its way."""
    waits = select(joint_acts.c.id).where(joint_acts.c.joint == id, joint_acts.c.done_at.is_(None))
    if (await conn.execute(waits.limit(1))).first():
        raise NotPermitted("what was done has not reached every part yet")
    standing = await standings(conn, id)
    if left := {status: many for status, many in standing.items() if status not in ENDED}:
        told = ", ".join(f"{many} {status}" for status, many in sorted(left.items()))
        raise NotPermitted(f"parts of it are open: {told}; end them, or detach them")
    await conn.execute(update(joints).where(joints.c.id == id).values(closed_by=actor, closed_at=now))


async def standings(conn: AsyncConnection, id: str, unit: str | None = None) -> dict[str, int]:
    """How many of its parts stand where; to a unit, of those that it handles or reported on."""
    query = select(cases.c.status, func.count()).where(cases.c.joint == id).group_by(cases.c.status)
    if unit:
        query = query.where(has_part(unit))
    return dict((row[0], row[1]) for row in (await conn.execute(query)).all())


async def waiting(conn: AsyncConnection, before: datetime) -> Sequence[str]:
    """Joint cases with acts that arrived before this instant and have not reached all."""
    query = (
        select(joint_acts.c.joint).distinct().where(joint_acts.c.done_at.is_(None), joint_acts.c.received_at < before)
    )
    return (await conn.execute(query)).scalars().all()


async def one(conn: AsyncConnection, id: str, unit: str | None = None) -> dict[str, Any] | None:
    """A joint case that the reader sees."""
    found = (await conn.execute(_seen_by(unit).where(joints.c.id == id))).mappings().one_or_none()
    return dict(found) if found else None


def _seen_by(unit: str | None) -> Select[Any]:
    """A unit sees those of which it handles a part, or reported on one."""
    if unit is None:
        return select(joints)
    return select(joints).where(joints.c.id.in_(select(cases.c.joint).where(has_part(unit))))


async def listed(conn: AsyncConnection, unit: str | None, open_only: bool, limit: int, cursor: str | None) -> Rows:
    """Those that the reader sees, the latest first."""
    query = _seen_by(unit).where(*([joints.c.closed_at.is_(None)] if open_only else []))
    return await page(conn, query, Order((joints.c.opened_at, joints.c.id), last_first=True), limit, cursor)


async def acts(conn: AsyncConnection, id: str) -> list[dict[str, Any]]:
    """What was done for all of its parts, first to last."""
    query = select(joint_acts).where(joint_acts.c.joint == id).order_by(joint_acts.c.seq)
    return [dict(row) for row in (await conn.execute(query)).mappings()]
