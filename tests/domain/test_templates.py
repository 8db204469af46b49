"""Templates for replies, refusals and notices (Art. 17): what each must be given, by which provision, in which version."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.acceptance import ELSEWHERE
from domain.lifecycle import MOVES
from domain.refusals import Lacking, Unknown
from domain.templates import PROVISION, Template, in_use, labels, read_templates, templates
from domain.vocabulary import Act, Wording

ALL = templates()
NEEDS = [(each, name) for each in ALL for name in each.fields]


def given(template: Template) -> dict[str, str]:
    return {name: f"样例{name}" for name in template.fields}


@pytest.mark.parametrize("template", ALL, ids=lambda each: f"{each.code}-{each.version}")
def test_a_filled_template_says_all_that_it_was_given_and_its_provision(template: Template) -> None:  # Art. 17
    text = template.filled(given(template))
    assert "{" not in text
    assert all(said in text for said in given(template).values())
    assert (template.basis.zh() in text) is (f"{{{PROVISION}}}" in template.text)


@pytest.mark.parametrize(("template", "name"), NEEDS, ids=lambda each: each if isinstance(each, str) else each.code)
def test_nothing_that_it_needs_may_be_missing(template: Template, name: str) -> None:
    with pytest.raises(Lacking, match=f": {name}$") as refusal:
        template.filled({other: said for other, said in given(template).items() if other != name})
    assert refusal.value.basis == template.basis


@pytest.mark.parametrize("template", ALL, ids=lambda each: each.code)
def test_nothing_else_may_be_given_and_what_it_was_is_not_said(template: Template) -> None:
    for other in ("样例机密", PROVISION):
        with pytest.raises(Unknown) as refusal:
            template.filled(given(template) | {other: "样例"})
        assert other not in refusal.value.detail


def test_what_was_given_is_no_template_itself() -> None:
    (template,) = (each for each in ALL if each.code == "refusal-civil")
    assert "{provision}" in template.filled(given(template) | {"matter": "{provision}{0}"})


@pytest.mark.parametrize("template", ALL, ids=lambda each: each.code)
def test_it_rests_on_the_provision_of_its_act(template: Template) -> None:
    exclusions = {elsewhere.basis for elsewhere in ELSEWHERE.values()}
    allowed = {move.basis for move in MOVES if move.act is template.act}
    assert template.basis in (exclusions if template.act is Act.DECLINE else allowed)
    cites = f"{{{PROVISION}}}" in template.text
    assert cites or template.wording is Wording.REPLY  # a refusal and a notice name what they rest on


def test_every_exclusion_and_every_kind_has_its_wording() -> None:
    assert {each.basis for each in ALL if each.act is Act.DECLINE} == {each.basis for each in ELSEWHERE.values()}
    assert {each.wording for each in ALL} == set(Wording)
    assert {name for each in ALL for name in each.fields} == labels().keys()


def test_versions_follow_one_another() -> None:
    for code in {each.code for each in ALL}:
        versions = [each for each in ALL if each.code == code]
        assert [each.version for each in versions] == list(range(1, len(versions) + 1))
        days = [each.since for each in versions]
        assert days == sorted(set(days))


def test_a_new_version_is_used_from_its_day_on_and_the_old_one_until_then() -> None:
    old, day = ALL[0], date(2026, 3, 2)
    new = replace(old, version=2, since=day, text="{answer}")
    used = {when: in_use([new, old], when).get(old.code) for when in (day - timedelta(days=1), day)}
    assert list(used.values()) == [old, new]
    assert in_use([new, old], old.since - timedelta(days=1)) == {}


ROW = 'code = "x"\nversion = 1\nsince = 2026-01-01\nwording = "reply"\nact = "answer"\nbasis = "Art. 10(1)"\nzh = "样例"\n'
WRONG = {
    "a field that nobody knows": ROW + 'text = "{colour}"',
    "a part of a field": ROW + 'text = "{matter.upper}"',
    "another act": ROW.replace('"answer"', '"sing"') + 'text = "{matter}"',
    "a provision that does not exist": ROW.replace("10(1)", "10(9)") + 'text = "{matter}"',
    "a key that nobody knows": ROW + 'text = "{matter}"\ncolour = "red"',
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_says_something_wrong_is_not_read(what: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_templates(f'[field]\nmatter = "事项"\n[[template]]\n{WRONG[what]}\n')
