"""Case state: as it is, and as it was at any position."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from domain.errors import NotThere
from domain.use_cases import cases
from domain.values import CaseId
from projections.case_lines import CaseState
from tests.support.clinic import Founded, SmallClinic, small_clinic
from tests.support.life import Life, act, lives
from tests.support.rows import follower


def now(clinic: SmallClinic, case: CaseId) -> CaseState:
    """The case as its rows show it."""
    clinic.catch_up()
    state = clinic.views.case_states.of(case, follower(clinic)._opening)
    assert state is not None
    return state


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=lives)
def test_a_case_as_of_a_position_is_what_it_was_then(
    founded: Founded, acts: list[tuple[int, int]]
) -> None:
    with TemporaryDirectory() as folder, small_clinic(founded, Path(folder) / "copy") as clinic:
        life, seen = Life.begun(clinic), []
        for number, (what, chance) in enumerate(acts):
            act(life, what, chance)
            if number % 3 == 0:
                case = life.cases[chance % len(life.cases)]
                position = clinic.last_position()
                seen.append((case, position, now(clinic, case)))
        for case, position, state in seen:
            assert (
                clinic.views.case_states.as_of(case, position, follower(clinic)._opening) == state
            )


def test_every_case_of_a_full_life_as_of_now_is_what_it_is(life: Life) -> None:
    for case in life.cases:
        current = now(life.clinic, case)
        opening = follower(life.clinic)._opening
        last = life.clinic.last_position()
        assert life.clinic.views.case_states.as_of(case, last, opening) == current


def test_a_case_before_it_was_opened_is_not_there(life: Life) -> None:
    now(life.clinic, life.cases[0])
    opening = follower(life.clinic)._opening
    assert life.clinic.views.case_states.as_of(life.cases[0], 0, opening) is None


def test_the_past_has_the_words_that_were_said_then_and_no_later_ones(
    clinic: SmallClinic,
) -> None:
    case = clinic.open_case()
    note = clinic.draft_note(case, "First words.")
    then = clinic.last_position()
    clinic.sign_note(case, note)
    clinic.draft_note(case, "Later words.")
    who = clinic.who(clinic.people.anna)
    opening, _ = clinic.run(cases.look_at_case(clinic.desk, who, case))
    clinic.catch_up()
    past = clinic.views.case_states.as_of(case, then, opening)
    assert past is not None
    (line,) = past.notes
    assert (line.status, [opening.words(each) for each in line.texts]) == (
        "draft",
        ["First words."],
    )
    assert len(now(clinic, case).notes) == 2


def test_a_case_is_shown_with_the_version_that_a_change_must_follow(life: Life) -> None:
    for case in life.cases:
        state = now(life.clinic, case)
        assert state.version == life.clinic.version(case)
        items = [(each.id, each.version) for each in state.notes]
        items += [(each.id, each.version) for each in state.sessions]
        assert items == [(name, life.clinic.version(name)) for name, _ in items]


def test_the_frame_that_the_policy_reads_is_the_one_that_is_shown(life: Life) -> None:
    for case in life.cases:
        frame, _ = life.clinic.desk.case(case)
        state = now(life.clinic, case)
        assert frame is not None
        assert (state.open, state.therapist) == (frame.open, str(frame.therapist))
        assert (sorted(state.team), state.clients) == (sorted(frame.team), frame.clients)


def test_the_past_of_a_case_opens_for_nobody_who_may_not_see_its_present(
    clinic: SmallClinic,
) -> None:
    case, other = clinic.open_case(), clinic.open_case(clinic.register_client())
    who = clinic.who(clinic.people.anna)
    opening, _ = clinic.run(cases.look_at_case(clinic.desk, who, other))
    clinic.catch_up()
    with pytest.raises(NotThere):
        clinic.views.case_states.as_of(case, clinic.last_position(), opening)


@pytest.mark.parametrize("missing", ["0" * 32, "f" * 32])
def test_no_case_has_no_state(clinic: SmallClinic, missing: str) -> None:
    opening = follower(clinic)._opening
    assert clinic.views.case_states.of(missing, opening) is None
    assert clinic.views.case_states.as_of(missing, clinic.last_position(), opening) is None
