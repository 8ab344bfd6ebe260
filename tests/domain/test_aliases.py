from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from domain import aliases, client
from domain.aliases import REMOVED, REMOVED_IN, draw, in_order, named, resolve
from domain.events.case import CaseAliasesDrawn
from tests.support.examples import CASE, DRAWN, GIVEN_ALIAS, REGISTERED, any_history

ALIASES = st.integers(1, 999_999).map(lambda number: f"p{number}")
NAMES = st.dictionaries(ALIASES, st.none() | st.sampled_from(["Klara Kowal", "Jan {{p9}}", "p1"]))
PIECES = st.lists(
    st.one_of(st.text(max_size=8), ALIASES.map(lambda alias: f"{{{{{alias}}}}}")), max_size=12
).map("".join)


def test_a_token_becomes_a_name() -> None:
    shown = resolve("{{p7}} was late; {{p41}} minded.", {"p7": "Klara Kowal", "p41": "Jan Kowal"})
    assert shown == "Klara Kowal was late; Jan Kowal minded."


def test_whose_key_is_gone_is_called_a_removed_participant() -> None:
    assert resolve("{{p7}} was late.", {"p7": None}) == "[removed participant] was late."
    polish = resolve("{{p7}} się spóźniła.", {"p7": None}, REMOVED_IN["pl"])
    assert polish == "[osoba usunięta] się spóźniła."


@pytest.mark.parametrize(
    "text",
    ["{{p8}}", "{{p0}}", "{{p07}}", "{{P7}}", "{{ p7 }}", "{p7}", "p7", "{{p7", "{{p1234567}}"],
)
def test_what_is_no_token_of_the_case_is_left_as_it_stands(text: str) -> None:
    assert resolve(text, {"p7": "Klara Kowal", "p0": "Nobody"}) == text


@given(st.text())
def test_a_text_without_tokens_is_shown_as_it_was_written(text: str) -> None:
    names = dict.fromkeys(named(text))
    assert resolve(text, {}) == text
    if not names:
        assert resolve(text, {f"p{number}": "Klara" for number in range(1, 99)}) == text


@given(PIECES, NAMES)
def test_only_the_names_of_members_whom_the_text_names_are_ever_shown(
    text: str, names: dict[str, str | None]
) -> None:
    strangers = {alias: f"stranger {alias}" for alias in named(text) - names.keys()}
    assert resolve(text, names) == resolve(text, {**names, "p1000000": "a stranger"})
    shown = resolve(text, names)
    assert not any(stranger in shown for stranger in strangers.values())
    # What was no token of the case's stands there still, in its place.
    assert resolve(text, {alias: f"{{{{{alias}}}}}" for alias in names}) == text


@given(PIECES)
def test_a_name_that_looks_like_a_token_names_nobody_else(text: str) -> None:
    once = resolve(text, {"p7": "{{p8}}"})
    assert "Klara" not in once
    assert resolve(text, {"p7": "{{p8}}", "p8": None}).count(REMOVED) == text.count("{{p8}}")


@given(st.sets(ALIASES, max_size=200), st.integers(0, 2**128))
def test_an_alias_is_never_given_twice(taken: set[str], chance: int) -> None:
    drawn = draw(taken, chance)
    assert drawn not in taken
    assert named(f"{{{{{drawn}}}}}") == {drawn}


def test_at_least_half_of_the_numbers_are_free_to_be_drawn() -> None:
    taken = {f"p{number}" for number in range(1, 60)}
    found = {draw(taken, chance) for chance in range(940)}
    assert len(found) == 940


def test_the_first_who_comes_may_get_any_number() -> None:
    assert {draw((), chance) for chance in range(99)} == {f"p{number}" for number in range(1, 100)}


def test_aliases_are_listed_by_their_numbers_and_not_as_they_were_given() -> None:
    assert in_order(["p41", "p7", "p100"]) == ("p7", "p41", "p100")


def test_a_case_knows_every_alias_that_it_ever_gave() -> None:
    later = CaseAliasesDrawn(case=CASE, aliases=("p3",))
    assert aliases.fold((DRAWN, None, later)) == {"p7", "p41", "p3"}


def test_a_client_keeps_the_first_alias_that_a_case_gave_her() -> None:
    state = client.fold((REGISTERED,))
    assert state is not None
    assert client.give_alias(state, CASE, "p7") == (GIVEN_ALIAS,)
    after = client.fold((REGISTERED, GIVEN_ALIAS))
    assert after is not None
    assert after.alias_in(CASE) == "p7"
    assert client.give_alias(after, CASE, "p8") == ()


@given(any_history)
def test_no_history_makes_an_alias_free_again(history: list[object]) -> None:
    assert aliases.fold(history) <= aliases.fold([*history, DRAWN])
