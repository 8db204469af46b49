"""The units of Art. 6 and 11, and the sample units that a local stack starts with."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.refusals import Unknown
from domain.vocabulary import Change, UnitKind
from storage.changes import Cause, record
from storage.tables import units


@dataclass(frozen=True)
class Unit:
    """A unit. Codes are hierarchical: `HP.LY` is an office below `HP`."""

    code: str
    zh: str
    en: str
    kind: UnitKind
    district: str | None = None
    active: bool = True


async def listed(conn: AsyncConnection) -> list[Unit]:
    """All units, by code."""
    rows = await conn.execute(select(units).order_by(units.c.code))
    return [Unit(**{**row, "kind": UnitKind(row["kind"])}) for row in rows.mappings()]


async def kind(conn: AsyncConnection, code: str) -> UnitKind | None:
    """What kind of unit this is; None if it is none."""
    found = (await conn.execute(select(units.c.kind).where(units.c.code == code))).scalar_one_or_none()
    return UnitKind(found) if found else None


async def require(conn: AsyncConnection, codes: set[str], *, partner: bool = False) -> None:
    """Every code is an active unit (of the partner kind, or not); otherwise Unknown."""
    kind = units.c.kind == UnitKind.PARTNER if partner else units.c.kind != UnitKind.PARTNER
    known = set(
        (await conn.execute(select(units.c.code).where(units.c.code.in_(codes), units.c.active, kind))).scalars()
    )
    if codes - known:
        raise Unknown(f"a code is not that of an active {'partner' if partner else 'unit'}")


async def put(conn: AsyncConnection, unit: Unit, cause: Cause) -> bool:
    """Enter a unit, or change what of it differs; whether anything did. On record: each field, before and after."""
    query = select(units).where(units.c.code == unit.code).with_for_update()
    row = (await conn.execute(query)).mappings().one_or_none()
    known: dict[str, Any] = dict(row) if row else {}
    wanted = asdict(unit)
    changed = {name: [known.get(name), value] for name, value in wanted.items() if known.get(name) != value}
    if changed:
        entered = insert(units).values(wanted)
        await conn.execute(entered.on_conflict_do_update(index_elements=["code"], set_=wanted))
        await record(conn, cause, Change.UNIT_SET, unit.code, **changed)
    return bool(changed)


async def seed(conn: AsyncConnection, *, partners: bool = False) -> None:
    """Put the sample units in place, or the partners among them; those that exist stay as they are."""
    text = (resources.files("storage") / "seed" / "units.toml").read_text(encoding="utf-8")
    rows = [
        {"code": code, "zh": zh, "en": en, "kind": kind, "district": district or None, "active": True}
        for kind, found in tomllib.loads(text).items()
        for code, zh, en, district in found
        if (kind == UnitKind.PARTNER) is partners
    ]
    await conn.execute(insert(units).values(rows).on_conflict_do_nothing())
