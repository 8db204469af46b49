"""How often texts are rightly suggested as about one thing: on pairs of real messages that were labelled by reading them.

`bench/likeness.csv` holds the pairs by the messages' IDs, without a word of them. They were drawn by bands of likeness, so
precision holds for each band, and recall for pairs of a likeness of 0.15 and more.
"""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

from domain.likeness import SUGGESTED, Rarity, likeness, terms

LABELS = Path(__file__).with_suffix(".csv")
BANDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.01)


def run(messages: Path) -> dict[str, Any]:
    """Judge the labelled pairs by the messages of this file (JSON lines of id, title, text); the report."""
    with messages.open(encoding="utf-8") as lines:
        texts = {str(row["id"]): f"{row['title']} {row['text']}" for row in map(json.loads, lines)}
    rarity = Rarity.among(texts.values())
    with LABELS.open(encoding="utf-8") as rows:
        pairs = [(row["a"], row["b"], row["one_thing"] == "1") for row in csv.DictReader(rows)]
    found = [(likeness(terms(texts[a]), terms(texts[b]), rarity), same) for a, b, same in pairs]
    suggested = [same for like, same in found if like >= SUGGESTED]
    return {
        "messages": len(texts),
        "pairs": len(found),
        "suggested": len(suggested),
        "precision": round(sum(suggested) / len(suggested), 2),
        "recall": round(sum(suggested) / sum(same for _, same in found), 2),
        "bands": {f"{low}": _band(found, low, high) for low, high in itertools.pairwise(BANDS)},
    }


def _band(found: list[tuple[float, bool]], low: float, high: float) -> str:
    within = [same for like, same in found if low <= like < high]
    return f"{sum(within)}/{len(within)}"
