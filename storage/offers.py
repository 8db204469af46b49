"""Lists of partners (择优推荐): made from what is on record of each, and kept as they were shown (Art. 10(3), 24)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ranking import Ranked, Record, rank
from domain.ruleset import RuleSet
from domain.vocabulary import Rating, Service
from storage.tables import cases, offers

RANKED = TypeAdapter(list[Ranked])
SATISFIED = ", ".join(f"'{rating}'" for rating in Rating if rating.satisfied)

RATED = f"""
    SELECT e.detail->>'partner' AS partner, count(*) AS rated,
           count(*) FILTER (WHERE e.detail->>'rating' IN ({SATISFIED}) AND (e.detail->'resolved')::boolean) AS satisfied,
           count(e.detail->>'honest') AS asked_honest, count(*) FILTER (WHERE (e.detail->'honest')::boolean) AS honest,
           count(e.detail->>'punctual') AS asked_punctual,
           count(*) FILTER (WHERE (e.detail->'punctual')::boolean) AS punctual
    FROM entries e
    WHERE e.event = 'attempt' AND e.detail ? 'partner' AND e.at >= :since AND e.at < :until
      AND (CAST(:partner AS text) IS NULL OR e.detail->>'partner' = :partner)
      AND NOT EXISTS (SELECT FROM rating_steps d WHERE d.case_number = e.case_number AND d.seq = e.seq
                      AND d.standing = 'excluded' AND NOT EXISTS (SELECT FROM rating_steps l
                      WHERE l.case_number = d.case_number AND l.seq = d.seq AND l.nth > d.nth))
    GROUP BY 1
"""
"""What persons said of partners' work in a time when somebody called them (Art. 13), without ratings that were excluded.

A rating by tracking code is not among them: whoever registered the case knows the code."""

REFERRED = """
    SELECT a.unit AS partner, count(*) AS referred,
           count(*) FILTER (WHERE a.handling IN ('delivered', 'signed')) AS open,
           count(*) FILTER (WHERE a.handling = 'returned') AS declined,
           count(*) FILTER (WHERE a.handling = 'done') AS ended,
           count(*) FILTER (WHERE a.handling = 'done' AND NOT a.late) AS in_time
    FROM assignments a
    WHERE a.part = 'partner' AND a.delivered_at >= :since AND a.delivered_at < :until
      AND (CAST(:partner AS text) IS NULL OR a.unit = :partner)
    GROUP BY 1
"""
"""What was referred to partners in a time, and what became of it."""

_RECORDS = text(
    f"""
    SELECT p.code, p.districts, r.*, d.* FROM partners p
    LEFT JOIN ({RATED}) r ON r.partner = p.code LEFT JOIN ({REFERRED}) d ON d.partner = p.code
    WHERE p.standing = 'active' AND (p.due_at IS NULL OR p.due_at > :until) AND :service = ANY (p.services)
      AND (p.districts = '{{}}' OR CAST(:district AS text) = ANY (p.districts))
    """
)


_BEFORE = text(
    """
    SELECT count(DISTINCT case_number) FROM offers
    WHERE service = :service AND case_number <> :number
      AND at < coalesce((SELECT min(at) FROM offers WHERE service = :service AND case_number = :number), :now)
    """
)
"""Cases that had a list of this service before this one had its first: whose turn it is does not change by asking again."""


async def make(
    conn: AsyncConnection, number: str, service: Service, rules: RuleSet, actor: str, now: datetime
) -> dict[str, Any]:
    """Rank who does this service in the case's district, and keep the list as it is shown."""
    district = (await conn.execute(select(cases.c.district).where(cases.c.number == number))).scalar_one()
    since = now - timedelta(days=rules.ranking.days)
    asked = {"service": service, "district": district, "since": since, "until": now, "partner": None}
    found = [_record(row, district) for row in (await conn.execute(_RECORDS, asked)).mappings()]
    before = (await conn.execute(_BEFORE, {"number": number, "service": service, "now": now})).scalar_one()
    ranked = RANKED.dump_python(rank(found, rules.ranking, before), mode="json")
    row = {"id": uuid4().hex, "case_number": number, "at": now, "actor": actor, "service": service}
    row |= {"rule_set": rules.code, "ranking": ranked}
    await conn.execute(insert(offers).values(row))
    return row


def _record(row: Any, district: str | None) -> Record:
    def pair(good: str, of: str) -> tuple[int, int]:
        return row[good] or 0, row[of] or 0

    came, kept = pair("punctual", "asked_punctual"), pair("in_time", "ended")
    return Record(
        code=row["code"],
        rated=pair("satisfied", "rated"),
        honest=pair("honest", "asked_honest"),
        punctual=(came[0] + kept[0], came[1] + kept[1]),
        open=row["open"] or 0,
        referred=row["referred"] or 0,
        local=district in row["districts"],
    )


_ONE = text(
    """
    SELECT o.ranking, o.case_number, c.joint, NOT EXISTS (
        SELECT FROM offers l WHERE l.case_number = o.case_number AND l.service = o.service AND l.at > o.at) AS latest
    FROM offers o JOIN cases c ON c.number = o.case_number WHERE o.id = :id
    """
)


async def one(conn: AsyncConnection, id: str) -> dict[str, Any] | None:
    """A list as it was shown: `ranking`, of which case and joint case, and whether it is the `latest` of its service there."""
    row = (await conn.execute(_ONE, {"id": id})).mappings().one_or_none()
    return dict(row) if row else None


async def of_case(conn: AsyncConnection, number: str) -> list[dict[str, Any]]:
    """The lists of a case, first to last."""
    query = select(offers).where(offers.c.case_number == number).order_by(offers.c.at, offers.c.id)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def period(conn: AsyncConnection, partner: str, since: datetime, until: datetime) -> dict[str, Any]:
    """The counts of one partner, of one time."""
    asked = {"since": since, "until": until, "partner": partner}
    found: dict[str, Any] = {}
    for query in (RATED, REFERRED):
        found |= next(((dict(row)) for row in (await conn.execute(text(query), asked)).mappings()), {})
    return found
