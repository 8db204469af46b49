"""The words of the field for screens and clients: vocabulary, moves, provisions, districts, units."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from api.access import CallerDep
from api.errors import documented
from api.house import HouseDep
from domain import vocabulary
from domain.districts import DISTRICTS, District
from domain.lifecycle import MOVES
from domain.regulation import PROVISIONS
from domain.vocabulary import Act, Role, Status, Word
from storage import units
from storage.units import Unit

router = APIRouter(tags=["vocabulary"])


@dataclass(frozen=True)
class Label:
    """What people read for a code."""

    zh: str
    en: str


@dataclass(frozen=True)
class Move:
    """A move of the lifecycle; several targets: which one, the facts decide. `basis`: the provision, or `house`."""

    origin: Status
    act: Act
    roles: tuple[Role, ...]
    targets: tuple[Status, ...]
    basis: str


@dataclass(frozen=True)
class Provision:
    """A provision: as Chinese documents cite it, and its text."""

    zh: str
    text: str


@dataclass(frozen=True)
class Vocabulary:
    """Every word list by its name, every move, every provision by its citation, every district."""

    words: dict[str, dict[str, Label]]
    moves: list[Move]
    provisions: dict[str, Provision]
    districts: tuple[District, ...]


def _kinds() -> list[type[Word]]:
    return [c for c in vars(vocabulary).values() if isinstance(c, type) and issubclass(c, Word) and c is not Word]


VOCABULARY = Vocabulary(
    words={kind.__name__: {w.value: Label(w.zh, w.en) for w in kind} for kind in _kinds()},
    moves=[Move(m.origin, m.act, m.roles, m.targets, str(m.basis or "house")) for m in MOVES],
    provisions={str(citation): Provision(citation.zh(), citation.text) for citation in PROVISIONS},
    districts=DISTRICTS,
)


@router.get(
    "/vocabulary",
    summary="词汇 · words, moves, provisions, districts",
    response_description="Public, and the same for all.",
    responses=documented(422),
)
async def get_vocabulary() -> Vocabulary:
    """Every word with its labels, every move with its provision, every provision with its text, the districts of Tianjin."""
    return VOCABULARY


@router.get("/units", summary="承办单位 · units", response_description="By code.", responses=documented(401, 503))
async def get_units(caller: CallerDep, house: HouseDep) -> list[Unit]:
    """All units with their kinds and names."""
    async with house.once.connect() as conn:
        return await units.listed(conn)
