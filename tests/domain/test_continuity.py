from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from domain import continuity
from domain.errors import Invalid
from domain.events.continuity import ContinuityBackupMade, ContinuityDrillCompleted
from domain.values import ItemId
from tests.support.examples import BACKED_UP, PRACTISED, any_history


def test_the_newest_backup_and_the_newest_drill_are_known() -> None:
    newer = replace(BACKED_UP, backup=ItemId("c" * 32))
    state = continuity.fold((BACKED_UP, PRACTISED, newer))
    assert state is not None
    assert (state.backup, state.drill) == (newer, PRACTISED)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BACKED_UP, parts=()),
        replace(BACKED_UP, parts=BACKED_UP.parts[:1] * 2),
        replace(BACKED_UP, size=-1),
    ],
)
def test_a_backup_of_nothing_is_not_written_down(wrong: ContinuityBackupMade) -> None:
    with pytest.raises(Invalid):
        continuity.made(None, wrong)


@pytest.mark.parametrize(
    "wrong", [replace(PRACTISED, different=1), replace(PRACTISED, events_since=-1)]
)
def test_a_drill_that_found_a_difference_is_not_called_equal(
    wrong: ContinuityDrillCompleted,
) -> None:
    with pytest.raises(Invalid):
        continuity.drilled(None, wrong)


def test_a_drill_that_failed_is_written_down_like_any_other() -> None:
    failed = replace(PRACTISED, equal=False, different=3)
    assert continuity.drilled(None, failed) == (failed,)


@given(any_history)
def test_a_decision_on_continuity_repeated_changes_nothing(history: list[object]) -> None:
    state = continuity.fold([*history, BACKED_UP, PRACTISED])
    assert continuity.made(state, BACKED_UP) == ()
    assert continuity.drilled(state, PRACTISED) == ()
