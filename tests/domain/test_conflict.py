from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import conflict
from domain.errors import Invalid, WrongState
from domain.events.conflict import ConflictDeclared, ConflictWithdrawn
from domain.values import FreeText, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.therapist_examples import DECLARED, DESCRIBED, WITHDRAWN, WORDS


def test_a_conflict_is_declared_for_the_policy_and_described_for_oneself() -> None:
    assert conflict.declare(conflict.fold(()), DECLARED, WORDS) == (DECLARED, DESCRIBED)


def test_a_declared_conflict_shuts_whoever_has_one_of_its_fingerprints() -> None:
    two = replace(DECLARED, conflict=ItemId("e" * 32), fingerprints=("a" * 32, "b" * 32))
    state = conflict.fold((DECLARED, two))
    assert state.fingerprints == {"a" * 32, "b" * 32, "f" * 32}


def test_a_withdrawn_conflict_shuts_nobody_but_what_another_one_shuts() -> None:
    same = replace(DECLARED, conflict=ItemId("e" * 32))
    assert conflict.fold((DECLARED, WITHDRAWN)).fingerprints == frozenset()
    assert conflict.fold((DECLARED, same, WITHDRAWN)).fingerprints == {"f" * 32}


def test_nobody_in_particular_is_no_conflict() -> None:
    with pytest.raises(Invalid, match="person"):
        conflict.declare(conflict.fold(()), replace(DECLARED, fingerprints=()), WORDS)
    with pytest.raises(Invalid, match="text"):
        conflict.declare(conflict.fold(()), DECLARED, FreeText(" "))


def test_a_conflict_that_was_never_declared_is_not_withdrawn() -> None:
    with pytest.raises(WrongState):
        conflict.withdraw(conflict.fold(()), WITHDRAWN)


@given(any_history)
def test_a_decision_on_conflicts_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        conflict.fold,
        history,
        lambda state: conflict.declare(state, DECLARED, WORDS),
        lambda state: conflict.withdraw(state, WITHDRAWN),
    )


ITEMS = st.sampled_from([ItemId(each * 32) for each in "abc"])
PRINTS = st.lists(st.sampled_from([each * 32 for each in "xyz"]), max_size=3).map(tuple)


class Declaring(RuleBasedStateMachine):
    """Conflicts declared and withdrawn in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = []

    @rule(item=ITEMS, prints=PRINTS)
    def declare(self, item: ItemId, prints: tuple[str, ...]) -> None:
        declared = replace(DECLARED, conflict=item, fingerprints=prints)
        try:
            decided = conflict.declare(conflict.fold(self.events), declared, WORDS)
        except Invalid:
            assert not prints
            return
        self.events += decided
        assert conflict.declare(conflict.fold(self.events), declared, WORDS) == ()

    @rule(item=ITEMS)
    def withdraw(self, item: ItemId) -> None:
        withdrawn = ConflictWithdrawn(conflict=item, practitioner=DECLARED.practitioner)
        try:
            self.events += conflict.withdraw(conflict.fold(self.events), withdrawn)
        except WrongState:
            return
        assert conflict.withdraw(conflict.fold(self.events), withdrawn) == ()

    @invariant()
    def what_stands_is_what_was_declared_and_not_withdrawn(self) -> None:
        state = conflict.fold(self.events)
        withdrawn = {e.conflict for e in self.events if isinstance(e, ConflictWithdrawn)}
        declared = [e for e in self.events if isinstance(e, ConflictDeclared)]
        standing = [e for e in declared if e.conflict not in withdrawn]
        assert list(state.standing) == standing
        assert state.fingerprints == {each for e in standing for each in e.fingerprints}


TestDeclaring = Declaring.TestCase
TestDeclaring.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
