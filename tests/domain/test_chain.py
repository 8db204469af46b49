"""The chain of a case's entries (Art. 14): whatever changes shows, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import Entry
from domain.chain import GENESIS, commitment, forge, link, said
from domain.vocabulary import Act, Mark, Role, Status, Text
from tests.domain.test_archive import resolved_by_designated

NUMBER = "TJ20260302000001"


def chained() -> list[Entry]:
    story = resolved_by_designated()
    story.seal()
    return story.entries


def test_every_entry_is_chained_to_the_one_before_it() -> None:  # Art. 14
    story = resolved_by_designated()
    story.seal()
    hashes = [entry.chain for entry in story.entries]
    assert forge(GENESIS, story.file.case.number, story.entries) == hashes
    assert len(set(hashes)) == len(hashes)
    assert story.file.case.chain == hashes[-1]


CHANGES: dict[str, Callable[[Entry], Entry]] = {
    "seq": lambda entry: replace(entry, seq=entry.seq + 1),
    "at": lambda entry: replace(entry, at=entry.at + timedelta(microseconds=1)),
    "event": lambda entry: replace(entry, event=Act.URGE if entry.event is not Act.URGE else Mark.URGED),
    "actor": lambda entry: replace(entry, actor=entry.actor + "1"),
    "role": lambda entry: replace(entry, role=Role.UNIT if entry.role is not Role.UNIT else Role.AGENT),
    "status": lambda entry: replace(
        entry, status=Status.CLOSED if entry.status is not Status.CLOSED else Status.REVIEW
    ),
    "basis": lambda entry: replace(entry, basis="Art. 1"),
    "unit": lambda entry: replace(entry, unit="OTHER"),
    "deed": lambda entry: replace(entry, deed="other"),
    "notes": lambda entry: replace(entry, notes={Text.PUBLIC: "0" * 64}),
    "attachments": lambda entry: replace(entry, attachments=("0" * 64,)),
    "detail": lambda entry: replace(entry, detail=entry.detail | {"more": 1}),
}
"""A change to each field of an entry."""


def test_every_field_of_an_entry_is_in_its_hash() -> None:
    assert set(CHANGES) == {name for name in vars(chained()[0]) if name != "chain"}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_in_an_entry_changes_its_hash(name: str) -> None:  # Art. 14
    for entry in chained():
        assert link("0" * 64, NUMBER, CHANGES[name](entry)) != link("0" * 64, NUMBER, entry)


def test_a_hash_is_of_its_case_and_of_its_place() -> None:
    entry = chained()[0]
    places = {link(before, number, entry) for before in ("", "0" * 64) for number in (NUMBER, NUMBER[:-1] + "2")}
    assert len(places) == 4


def test_a_field_that_is_empty_is_not_in_the_hash_so_that_one_can_be_added() -> None:
    entry = replace(chained()[0], unit=None, deed=None, detail={})
    assert not said(entry).keys() & {"unit", "deed", "detail", "chain"}


@pytest.mark.parametrize("text", ["𠮷野家🙂", "汉\u3000字", "\u202e", "e\u0301"])
def test_a_text_is_hashed_as_it_was_written_with_its_title_and_its_salt(text: str) -> None:
    other = [
        ("1", None, text),
        ("2", None, text),
        ("1", "", text),
        ("1", text, ""),
        ("1", None, text + " "),
        ("1", None, "é"),
    ]
    assert len({commitment(*each) for each in other}) == len(other)
