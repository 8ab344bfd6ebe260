"""What couples and families agree on: secrets, releases, and what is not for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import overlay as overlay_file, release as release_file, secrecy as secrecy_file
from domain.errors import InTheFuture, Invalid
from domain.events.joint import Overlay
from domain.guardianship import Voices
from domain.release import Release
from domain.values import FreeText, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.joint_examples import (
    CONSENTED,
    FATHER,
    LIFTED,
    MARKED,
    MOTHER,
    NOTE,
    NOW,
    PROPOSED,
    SECRECY_AGREED,
    SECRECY_REVISED,
    WITHDRAWN,
)

LATER = NOW + timedelta(days=1)
ADULT = Voices(own=True, representatives=())
CHILD = Voices(own=False, representatives=(MOTHER, FATHER))
OF_SIXTEEN = Voices(own=True, representatives=(MOTHER,))


class TestSecrecy:
    def test_it_is_agreed_and_later_agreed_otherwise(self) -> None:
        agreed = secrecy_file.agree(None, SECRECY_AGREED, now=NOW)
        state = secrecy_file.fold(agreed)
        assert state is not None
        revised = secrecy_file.revise(state, SECRECY_REVISED, now=NOW)
        again = secrecy_file.fold([*agreed, *revised])
        assert again is not None
        assert again.terms == SECRECY_REVISED

    def test_nobody_agrees_for_nobody_twice_or_tomorrow(self) -> None:
        for wrong in ((), ("p7", "p7")):
            with pytest.raises(Invalid):
                secrecy_file.agree(None, replace(SECRECY_AGREED, agreed_by=wrong), now=NOW)
        with pytest.raises(InTheFuture):
            secrecy_file.agree(None, replace(SECRECY_AGREED, occurred_at=LATER), now=NOW)
        with pytest.raises(Invalid):
            secrecy_file.agree(None, replace(SECRECY_AGREED, words=FreeText(" ")), now=NOW)

    def test_whoever_has_not_agreed_yet_is_named(self) -> None:
        assert secrecy_file.not_yet(("p7",), ("p7", "p41")) == ("p41",)

    @given(any_history)
    def test_a_decision_repeated_changes_nothing(self, history: list[object]) -> None:
        must_be_retry_safe(
            secrecy_file.fold,
            [SECRECY_AGREED, *history],
            lambda state: secrecy_file.agree(state, SECRECY_AGREED, now=NOW),
            lambda state: secrecy_file.revise(state, SECRECY_REVISED, now=NOW),
        )


def given_by(*said: tuple[str, ItemId | None]) -> frozenset[tuple[str, ItemId | None]]:
    return frozenset(said)


class TestRelease:
    def test_one_consent_that_is_missing_keeps_everything_in(self) -> None:
        needed = {"p7": ADULT, "p41": ADULT}
        assert release_file.missing(given_by(("p7", None)), needed) == {"p41": ADULT}
        assert release_file.missing(given_by(("p7", None), ("p41", None)), needed) == {}

    def test_for_a_child_both_parents_consent_and_from_sixteen_on_she_too(self) -> None:
        one = given_by(("p7", MOTHER))
        assert release_file.missing(one, {"p7": CHILD}) == {
            "p7": Voices(own=False, representatives=(FATHER,))
        }
        assert release_file.missing(one, {"p7": OF_SIXTEEN}) == {
            "p7": Voices(own=True, representatives=())
        }
        both = given_by(("p7", MOTHER), ("p7", None))
        assert release_file.missing(both, {"p7": OF_SIXTEEN}) == {}

    def test_one_participants_consent_is_nobody_elses(self) -> None:
        assert release_file.missing(given_by(("p41", MOTHER)), {"p7": CHILD}) == {"p7": CHILD}

    def test_a_consent_is_not_given_tomorrow(self) -> None:
        state = Release(PROPOSED.release, PROPOSED.case)
        with pytest.raises(InTheFuture):
            release_file.consent(state, replace(CONSENTED, occurred_at=LATER), now=NOW)
        given_state = replace(state, given=given_by(("p7", None)))
        with pytest.raises(InTheFuture):
            release_file.withdraw(given_state, replace(WITHDRAWN, occurred_at=LATER), now=NOW)

    @given(any_history)
    def test_a_decision_repeated_changes_nothing(self, history: list[object]) -> None:
        must_be_retry_safe(
            release_file.fold,
            [PROPOSED, *history],
            lambda state: release_file.propose(state, PROPOSED),
            lambda state: release_file.consent(state, CONSENTED, now=NOW),
            lambda state: release_file.withdraw(state, WITHDRAWN, now=NOW),
        )


speakers = st.tuples(st.sampled_from(["p7", "p41"]), st.sampled_from([None, MOTHER]))


class Releases(RuleBasedStateMachine):
    """Consents come and go; content may go out exactly when the last word of each is a yes."""

    def __init__(self) -> None:
        super().__init__()
        state = release_file.fold([PROPOSED])
        assert state is not None
        self.release = state
        self.words: dict[tuple[str, ItemId | None], bool] = {}

    @rule(who=speakers, yes=st.booleans())
    def say(self, who: tuple[str, ItemId | None], yes: bool) -> None:
        alias, by = who
        if yes:
            said = replace(CONSENTED, alias=alias, representative=by)
            events = release_file.consent(self.release, said, now=NOW)
        else:
            back = replace(WITHDRAWN, alias=alias, representative=by)
            events = release_file.withdraw(self.release, back, now=NOW)
        for each in events:
            after = release_file.evolve(self.release, each)
            assert after is not None
            self.release = after
        self.words[who] = yes

    @invariant()
    def nothing_goes_out_without_everybodys_last_word(self) -> None:
        needed = {"p7": OF_SIXTEEN, "p41": ADULT}
        complete = all(
            self.words.get(who, False) for who in (("p7", None), ("p7", MOTHER), ("p41", None))
        )
        assert (release_file.missing(self.release.given, needed) == {}) is complete


TestReleases = Releases.TestCase


class TestOverlay:
    def test_a_mark_says_why_and_is_lifted_with_a_reason(self) -> None:
        marked = overlay_file.mark(None, MARKED)
        state = overlay_file.fold(marked)
        assert state is not None
        assert overlay_file.marks_of(NOTE, [state]) == {Overlay.MINOR_CONFIDENTIAL}
        lifted = overlay_file.lift(state, LIFTED)
        without = overlay_file.fold([*marked, *lifted])
        assert without is not None
        assert overlay_file.marks_of(NOTE, [without]) == frozenset()
        with pytest.raises(Invalid):
            overlay_file.mark(None, replace(MARKED, words=FreeText("")))
        with pytest.raises(Invalid):
            overlay_file.lift(state, replace(LIFTED, words=FreeText("")))

    @given(any_history)
    def test_a_decision_repeated_changes_nothing(self, history: list[object]) -> None:
        must_be_retry_safe(
            overlay_file.fold,
            [MARKED, *history],
            lambda state: overlay_file.mark(state, MARKED),
            lambda state: overlay_file.lift(state, LIFTED),
        )
