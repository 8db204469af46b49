"""How the figures for everybody are counted (公开数据): by which words, with which query, of codes only (Art. 14, 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.case import CENTRE
from domain.districts import DISTRICTS
from domain.legacy import OLDER
from domain.vocabulary import Channel, Matter, Outcome, Rating, Word

Labels = Mapping[str, tuple[str, str]]
NOWHERE, UNSAID = "none", "unsaid"


@dataclass(frozen=True)
class Way:
    """How a table is counted: its name, what it means, its labels, its query (rows of `key`, `many`; of units, `unit`)."""

    name: str
    meaning: str
    labels: Labels
    query: str


def _labels(words: type[Word]) -> Labels:
    return {str(word): (word.zh, word.en) for word in words}


OURS = f"c.client NOT LIKE '{OLDER}%'"
"""Not imported: an older hotline's limits were not ours, and its files were sealed there."""

_IN = "at >= :since AND at < :until"


def _registered(name: str, zh: str, labels: Labels, key: str) -> Way:
    query = f"""
        SELECT {key} AS key, count(*) AS many FROM cases
        WHERE registered_at >= :since AND registered_at < :until GROUP BY 1
    """
    return Way(name, f"{zh}：本季度登记的诉求 · requests registered in the quarter", labels, query)


def _rated(name: str, meaning: str, labels: Labels, key: str) -> Way:
    """Of the unit whose result it was; the Centre's, where no unit had it."""
    query = f"""
        SELECT coalesce(a.unit, '{CENTRE}') AS unit, {key} AS key, count(*) AS many
        FROM (SELECT case_number, at, detail FROM entries WHERE {_IN} AND detail ? 'rating') e
        LEFT JOIN LATERAL (
            SELECT unit FROM assignments a WHERE a.case_number = e.case_number AND a.part <> 'assisting'
              AND a.delivered_at <= e.at ORDER BY a.round DESC LIMIT 1) a ON true
        GROUP BY 1, 2
    """
    return Way(name, meaning, labels, query)


REGISTERED = (
    _registered("matters", "诉求类别", _labels(Matter), "matter"),
    _registered("channels", "受理渠道", _labels(Channel), "channel"),
    _registered(
        "districts",
        "区",
        {each.code: (each.zh, each.en) for each in DISTRICTS} | {NOWHERE: ("未填", "not said")},
        f"coalesce(district, '{NOWHERE}')",
    ),
)
SEALED = (
    Way(
        "outcomes",
        "办理结果：本季度归档的诉求 · files sealed in the quarter",
        _labels(Outcome),
        f"""
        SELECT c.outcome AS key, count(*) AS many FROM cases c
        WHERE c.outcome IS NOT NULL AND {OURS} AND EXISTS (
            SELECT FROM entries e WHERE e.case_number = c.number AND e.event = 'sealed' AND {_IN}) GROUP BY 1
        """,
    ),
)
HANDLED = (
    Way(
        "handled",
        "办理时限：本季度办结的交办 · assignments that the unit ended in the quarter",
        {"in_time": ("按期", "in time"), "overdue": ("逾期", "overdue")},
        f"""
        SELECT unit, CASE WHEN late THEN 'overdue' ELSE 'in_time' END AS key, count(*) AS many
        FROM assignments JOIN cases c ON c.number = case_number
        WHERE handling = 'done' AND ended_at >= :since AND ended_at < :until AND {OURS} GROUP BY 1, 2
        """,
    ),
)
RATED = (
    _rated("ratings", "评议：本季度的评议 · ratings given in the quarter", _labels(Rating), "e.detail->>'rating'"),
    _rated(
        "resolved",
        "是否解决：同一评议 · what the same ratings say of it",
        {"true": ("已解决", "resolved"), "false": ("未解决", "not resolved"), UNSAID: ("未说明", "not said")},
        f"coalesce(e.detail->>'resolved', '{UNSAID}')",
    ),
)
"""What counts the same stands together: each of its tables has the same total."""
