"""The register of partners (加盟企业名录): where each stands, and every step that brought it there (Art. 20, 24)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter
from sqlalchemy import any_, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.calendar import Calendar
from domain.case import Deed
from domain.partners import ENDED, TAKES_BACK, Doing, Particulars, Partner, apply, code_of
from domain.ruleset import PartnerTerms
from domain.vocabulary import Act, Fault, MemberAct, Membership, Role, Service, UnitKind
from storage import deeds, units
from storage.changes import Cause
from storage.reading import Order, Rows, page
from storage.tables import partner_steps, partners
from storage.units import Unit, put

PARTICULARS = TypeAdapter(Particulars)
STANDS = ("code", "standing", "entered_by", "set_by", "set_at", "due_at", "fault", "heard", "version")
BY_CODE = Order((partners.c.code,))
SEED, REGISTER = "seed", "partners"
"""Who enters the samples; who takes back what somebody had in hand."""


def partner_of(row: Any) -> Partner:
    """The facts of a row."""
    words = {"standing": Membership(row["standing"]), "fault": Fault(row["fault"]) if row["fault"] else None}
    return Partner(particulars=PARTICULARS.validate_python(dict(row)), **{name: row[name] for name in STANDS} | words)


def row_of(partner: Partner) -> dict[str, Any]:
    """Its row: what of it stands in columns."""
    given: dict[str, Any] = PARTICULARS.dump_python(partner.particulars, mode="json")
    return given | {name: getattr(partner, name) for name in STANDS}


async def enter(conn: AsyncConnection, doing: Doing, terms: PartnerTerms, calendar: Calendar) -> Partner:
    """A new application, or a Refusal; the same again is the same one."""
    given = doing.particulars
    assert given is not None
    code = code_of(given)
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(code))))
    former = await hold(conn, code)
    partner = apply(former, given, doing, terms, calendar, await _alike(conn, given))
    if partner is not former:
        row = row_of(partner)
        await conn.execute(insert(partners).values(row).on_conflict_do_update(index_elements=["code"], set_=row))
        await _step(conn, partner, doing, None)
    return partner


async def _alike(conn: AsyncConnection, given: Particulars) -> list[Partner]:
    """Who was excluded and has this name or this telephone."""
    same = or_(partners.c.zh == given.zh, partners.c.phone == given.phone)
    query = select(partners).where(partners.c.standing == Membership.EXCLUDED, same)
    return [partner_of(row) for row in (await conn.execute(query)).mappings()]


async def hold(conn: AsyncConnection, code: str) -> Partner | None:
    """A partner; nobody else changes where it stands until this transaction ends."""
    row = (await conn.execute(select(partners).where(partners.c.code == code).with_for_update())).mappings()
    found = row.one_or_none()
    return partner_of(found) if found else None


async def keep(conn: AsyncConnection, partner: Partner, doing: Doing, reason: str | None) -> None:
    """Put a step on record. Whoever is active is a unit to which one may refer; nobody else is."""
    await conn.execute(update(partners).where(partners.c.code == partner.code).values(row_of(partner)))
    await _step(conn, partner, doing, reason)
    active = partner.standing is Membership.ACTIVE
    if active or doing.act not in (MemberAct.CHECK, MemberAct.REFUSE, MemberAct.AMEND):
        name, cause = partner.particulars.zh, Cause(doing.actor, doing.at, f"{doing.act.zh} {doing.act.en}")
        await put(conn, Unit(partner.code, name, name, UnitKind.PARTNER, active=active), cause)
    if doing.act in TAKES_BACK:
        await _take_back(conn, partner, doing.at)


_IN_HAND = text("SELECT case_number FROM assignments WHERE unit = :code AND handling IN ('delivered', 'signed')")


async def _take_back(conn: AsyncConnection, partner: Partner, at: datetime) -> None:
    """Register the recall of what it has in hand; the sweep carries it out."""
    for number in (await conn.execute(_IN_HAND, {"code": partner.code})).scalars().all():
        deed = Deed(id=uuid4().hex, number=number, act=Act.RECALL, role=Role.SYSTEM, actor=REGISTER, received_at=at)
        await deeds.receive(conn, deed, [], f"{partner.code}/{partner.version}/{number}", "")


async def _step(conn: AsyncConnection, partner: Partner, doing: Doing, reason: str | None) -> None:
    done = {"partner": partner.code, "version": partner.version, "standing": partner.standing, "fault": partner.fault}
    by = {"at": doing.at, "act": doing.act, "actor": doing.actor, "role": doing.role, "reason": reason}
    said = PARTICULARS.dump_python(doing.particulars, mode="json") if doing.particulars else None
    await conn.execute(insert(partner_steps).values(done | by | {"said": said}))


async def one(conn: AsyncConnection, code: str) -> Partner | None:
    """A partner that the reader sees."""
    row = (await conn.execute(select(partners).where(partners.c.code == code))).mappings().one_or_none()
    return partner_of(row) if row else None


async def steps(conn: AsyncConnection, code: str) -> list[dict[str, Any]]:
    """What brought it where it stands, first to last."""
    query = select(partner_steps).where(partner_steps.c.partner == code).order_by(partner_steps.c.version)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def listed(
    conn: AsyncConnection,
    standing: Membership | None,
    service: Service | None,
    district: str | None,
    limit: int,
    cursor: str | None,
) -> Rows:
    """Partners by code; narrowed to a standing, a service, and to whom it serves in this district."""
    wanted = [partners.c.standing == standing] if standing else []
    wanted += [literal(service) == any_(partners.c.services)] if service else []
    wanted += (
        [(literal(district) == any_(partners.c.districts)) | (func.cardinality(partners.c.districts) == 0)]
        if district
        else []
    )
    return await page(conn, select(partners).where(*wanted), BY_CODE, limit, cursor)


async def seen(conn: AsyncConnection, code: str, version: int) -> None:
    """Its workflow has read this version."""
    later = partners.c.code == code, partners.c.seen < version
    await conn.execute(update(partners).where(*later).values(seen=version))


async def unseen(conn: AsyncConnection, before: datetime) -> Sequence[str]:
    """Partners of whom their workflow does not know what was done before this instant, or has slept through it."""
    done = select(func.max(partner_steps.c.at)).where(partner_steps.c.partner == partners.c.code).scalar_subquery()
    untold = (partners.c.seen < partners.c.version) & (done < before)
    query = select(partners.c.code).where(untold | (partners.c.due_at < before))
    return (await conn.execute(query)).scalars().all()


async def forget(conn: AsyncConnection) -> int:
    """Temporal lost its store: no workflow has read anything; how many are to be told."""
    lost = update(partners).where(partners.c.standing.not_in(sorted(ENDED))).values(seen=0)
    return (await conn.execute(lost)).rowcount


async def seed(conn: AsyncConnection, now: datetime) -> None:
    """Put the sample partners in place, as members; those that exist stay as they are."""
    await units.seed(conn, partners=True)
    text = (resources.files("storage") / "seed" / "partners.toml").read_text(encoding="utf-8")
    for code, given in tomllib.loads(text).items():
        particulars = PARTICULARS.validate_python(given)
        partner = Partner(
            code=code, particulars=particulars, standing=Membership.ACTIVE, entered_by=SEED, set_by=SEED, set_at=now
        )
        new = insert(partners).values(row_of(partner)).on_conflict_do_nothing().returning(partners.c.code)
        if (await conn.execute(new)).first():
            await _step(conn, partner, Doing(act=MemberAct.ADMIT, actor=SEED, role=Role.SYSTEM, at=now), None)
