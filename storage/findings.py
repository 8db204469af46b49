"""What the file of record says against rows of the catalogue: cases given back or designated elsewhere (Art. 11(3), 12 ¶2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_FINDINGS = text(
    """
    WITH standing AS (
        SELECT DISTINCT ON (duty) * FROM duties WHERE stage = 'accepted' AND (CAST(:duty AS integer) IS NULL OR duty = :duty)
        ORDER BY duty, version DESC
    ), led AS (
        SELECT k.duty, a.case_number, a.unit, a.handling = 'returned' AS returned,
               CASE WHEN c.designations > 0 THEN (
                   SELECT d.unit FROM assignments d WHERE d.case_number = a.case_number AND d.round > a.round
                   AND d.part = 'lead' AND d.designated ORDER BY d.round DESC LIMIT 1) END AS designated
        FROM standing k JOIN assignments a ON a.unit = k.unit AND a.part = 'lead' AND NOT a.designated
        JOIN cases c ON c.number = a.case_number AND c.matter = k.matter
             AND (k.district IS NULL OR c.district = k.district)
        WHERE a.delivered_at >= k.reviewed_at AND CAST(a.delivered_at AT TIME ZONE 'Asia/Shanghai' AS date)
              BETWEEN k.valid_from AND coalesce(k.valid_until, 'infinity')
    ), contrary AS (
        SELECT duty, case_number, bool_or(returned) AS returned, bool_or(designated IS NOT NULL) AS designated,
               (SELECT l.unit FROM assignments l WHERE l.case_number = led.case_number AND l.part = 'lead'
                ORDER BY l.round DESC LIMIT 1) AS last
        FROM led WHERE (returned OR designated IS NOT NULL) AND designated IS DISTINCT FROM unit GROUP BY duty, case_number
    )
    SELECT contrary.duty, version, unit, matter, topic, district, count(*) AS against,
           count(*) FILTER (WHERE returned) AS returned, count(*) FILTER (WHERE designated) AS designated,
           (SELECT count(DISTINCT case_number) FROM led WHERE led.duty = contrary.duty) AS transferred,
           mode() WITHIN GROUP (ORDER BY last) FILTER (WHERE last <> unit) AS instead,
           (array_agg(case_number ORDER BY case_number DESC))[1 : :shown] AS numbers
    FROM contrary JOIN standing k ON k.duty = contrary.duty
    GROUP BY contrary.duty, version, unit, matter, topic, district ORDER BY against DESC, contrary.duty LIMIT :limit
    """
)
"""Each row in the version that was accepted last, and the cases that its unit led since then as the row says.

What it gave back speaks against the row, unless the office then designated it; so does a designation of another.
"""

SHOWN = 20
"""How many numbers of cases are named with each row, the latest first."""


async def findings(conn: AsyncConnection, limit: int, duty: int | None = None) -> list[dict[str, Any]]:
    """Rows that cases speak against, most cases first; `duty`: of this row only.

    `instead`: who led most of these cases in the end; None: nobody else has, so far.
    """
    rows = await conn.execute(_FINDINGS, {"limit": limit, "duty": duty, "shown": SHOWN})
    return [dict(row) for row in rows.mappings()]
