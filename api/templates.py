"""Templates (文书模板) for replies, refusals and notices: read, and filled where all that they need is given (Art. 17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as body

from api.access import CallerDep
from api.errors import Problem, documented
from api.examples import shown
from api.house import House, HouseDep
from api.texts import Day, Words
from domain.limits import SHANGHAI
from domain.templates import Template, in_use, labels, templates
from domain.vocabulary import Act, Wording

router = APIRouter(tags=["templates"])
Id = Annotated[str, Path(description="the template's code", max_length=40, examples=["refusal-civil"])]


@body(config=ConfigDict(extra="forbid"))
class Filling:
    """What the template needs, by the names of its fields. Nothing of it is kept."""

    fields: Annotated[dict[str, Words], Field(max_length=20)]


@dataclass(frozen=True, kw_only=True)
class Required:
    """What must be given."""

    name: str
    zh: str


@dataclass(frozen=True, kw_only=True)
class Form:
    """A template in the version that is in use."""

    code: str
    version: int
    since: date
    wording: Wording
    act: Act
    basis: str
    zh: str
    text: str
    fields: list[Required]


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A text by a template, to go with the act that it is for."""

    code: str
    version: int
    text: str


@router.get(
    "/templates",
    summary="文书模板 · templates for replies, refusals and notices",
    response_description="One version of each, by code.",
    responses=documented(401, 403, 422, 503),
)
async def get_templates(
    caller: CallerDep,
    house: HouseDep,
    act: Annotated[Act | None, Query(description="only those that go with this act")] = None,
    on: Annotated[Day | None, Query(description="as they were used on this day; left out: today, in Shanghai")] = None,
) -> list[Form]:
    """Each with what must be given to fill it, and the provision that it rests on."""
    used = in_use(templates(), on or _today(house))
    return [_form(used[code]) for code in sorted(used) if act in (None, used[code].act)]


@router.post(
    "/templates/{id}/fill",
    summary="套用模板 · fill a template",
    response_description="The text; nothing of it is kept.",
    responses=documented(401, 403, 404, 413, 422, 503),
    openapi_extra=shown({"fields": {"matter": "样例纠纷", "turn_to": "样例人民调解委员会"}}),
)
async def post_filling(id: Id, given: Filling, caller: CallerDep, house: HouseDep) -> Filled:
    """All that it needs, and nothing else; what is missing is named, with the provision."""
    template = in_use(templates(), _today(house)).get(id)
    if template is None:
        raise Problem(404, "NoSuchTemplate", "no such template is in use; GET /templates lists them")
    return Filled(code=template.code, version=template.version, text=template.filled(given.fields))


def _today(house: House) -> date:
    return house.now().astimezone(SHANGHAI).date()


def _form(template: Template) -> Form:
    return Form(
        code=template.code,
        version=template.version,
        since=template.since,
        wording=template.wording,
        act=template.act,
        basis=str(template.basis),
        zh=template.zh,
        text=template.text,
        fields=[Required(name=name, zh=labels()[name]) for name in template.fields],
    )
