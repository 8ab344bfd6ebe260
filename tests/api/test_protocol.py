"""The destruction record in both languages: all that happened, and no names but those of staff."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from api.protocol import Language, render
from domain.erasure import DestructionRecord, Target
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.ports import Shredded
from domain.values import ItemId
from tests.support.examples import ANNA, BARTEK, CASE, CLIENT, ERASURE, NOTE, NOW

RECORD = DestructionRecord(
    erasure=ERASURE,
    scope=ErasureScope.ITEM,
    ground=ErasureGround.ART_51,
    target=Target(clients=(CLIENT,), case=CASE, item=ItemId(NOTE), author=ANNA),
    hand_over=None,
    requester=ANNA,
    approvers=((BARTEK, 1), (ANNA, 2)),
    destroyed_at=NOW,
    destroyed=Shredded(position=4711, keys=0, items=2, final_by=NOW.date()),
)
LANGUAGES: tuple[Language, ...] = ("pl", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_when_who_how_and_by_what_right(language: Language) -> None:
    text = render(RECORD, "clinic.example", language, {ANNA: "Anna Nowak"})
    for word in (ERASURE, CLIENT, NOTE, "Anna Nowak", BARTEK, "2026-03-02 12:00:00", "4711", "51"):
        assert word in text
    assert "None" not in text
    assert text.endswith("\n")


@pytest.mark.parametrize(
    ("scope", "ground", "hand_over"),
    list(product(ErasureScope, ErasureGround, (None, *HandOver))),
)
def test_there_are_words_for_everything_that_may_happen(
    scope: ErasureScope, ground: ErasureGround, hand_over: HandOver | None
) -> None:
    record = replace(RECORD, scope=scope, ground=ground, hand_over=hand_over)
    polish, english = (render(record, "clinic.example", each, {}) for each in LANGUAGES)
    assert polish.count("\n") == english.count("\n")
    assert polish != english


def test_what_it_does_not_know_has_no_line() -> None:
    whole = render(RECORD, "clinic.example", "en", {})
    bare = replace(RECORD, target=Target(clients=(CLIENT,)))
    assert whole.count("\n") - render(bare, "clinic.example", "en", {}).count("\n") == 3
