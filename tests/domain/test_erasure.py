"""Requests for erasure: what the law keeps, who approves, what stays (REC-04, RET-02, RGT-07)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, strategies as st

from domain import erasure
from domain.erasure import Custodian, Erasure, Status
from domain.errors import Invalid, NotPermitted, WrongState
from domain.events.erasure import (
    ErasureGround,
    ErasureRefused,
    ErasureRequested,
    ErasureScope,
    HandOver,
    RefusalGround,
)
from domain.legal_gate import EXEMPT, GROUNDS, Findings, Kept
from domain.ports import Shredded
from domain.retention import Regime
from domain.values import PractitionerId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    ANNA,
    ASKED_TO_ERASE,
    BARTEK,
    CASE,
    CLIENT,
    ERASED,
    KEPT,
    NOW,
    OTHER_CLIENT,
    any_history,
)

TODAY = NOW.date()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
OUTSIDER = PractitionerId("b" * 32)
FIRST = Custodian(BARTEK, 1, "clinic/custodian-1", may_approve=True)
SECOND = Custodian(OUTSIDER, 2, "clinic/custodian-2", may_approve=True)
STATEMENT, ANOTHER = "5" * 64, "6" * 64
GONE = Shredded(position=4711, keys=3, items=0, final_by=TOMORROW)

WHOLE = replace(
    ASKED_TO_ERASE,
    scope=ErasureScope.CLIENT,
    ground=ErasureGround.RETENTION_EXPIRED,
    case=None,
    item=None,
    author=None,
    hand_over=HandOver.DECLINED,
)
OLD_LOG = replace(
    WHOLE, scope=ErasureScope.LOG_AGE, ground=ErasureGround.LOG_EXPIRED, clients=(), year=2022
)


def found(*kept_until: date | None, held: bool = False, floor: date | None = None) -> Findings:
    """What the gate weighs today."""
    return Findings(TODAY, Regime.MEDICAL_ENTITY, kept_until, held, floor)


def asked(requested: ErasureRequested = WHOLE) -> Erasure:
    """A request that has been let through."""
    state = erasure.fold((requested,))
    assert state is not None
    return state


def approved(*custodians: Custodian, state: Erasure | None = None) -> Erasure:
    """A request that these have approved, one after the other."""
    after = state or asked()
    for each in custodians:
        for event in erasure.approve(after, each, "a line", STATEMENT):
            changed = erasure.evolve(after, event)
            assert changed is not None
            after = changed
    return after


class TestTheGate:
    def test_what_retention_has_let_go_of_may_go(self) -> None:
        assert erasure.gate(asked(), found(YESTERDAY)) is None

    @pytest.mark.parametrize("last", [TODAY, TOMORROW, date(2046, 12, 31)])
    def test_retention_keeps_to_the_end_of_its_last_day(self, last: date) -> None:
        assert erasure.gate(asked(), found(last)) == Kept(RefusalGround.RETENTION_MEDICAL, last)

    def test_a_clock_that_does_not_run_keeps_without_end(self) -> None:
        practice = replace(found(None), regime=Regime.PSYCHOLOGIST_PRACTICE)
        assert erasure.gate(asked(), practice) == Kept(RefusalGround.RETENTION_PSYCHOLOGIST)

    def test_nothing_known_keeps(self) -> None:
        assert erasure.gate(asked(), found()) == Kept(RefusalGround.RETENTION_MEDICAL)

    def test_the_longest_of_several_clients_retentions_counts(self) -> None:
        both = asked(replace(WHOLE, clients=(CLIENT, OTHER_CLIENT)))
        refusal = erasure.gate(both, found(YESTERDAY, TOMORROW))
        assert refusal == Kept(RefusalGround.RETENTION_MEDICAL, TOMORROW)
        assert erasure.gate(both, found(YESTERDAY, None)) is not None

    def test_a_hold_keeps_what_retention_would_let_go(self) -> None:
        assert erasure.gate(asked(), found(YESTERDAY, held=True)) == Kept(RefusalGround.HOLD)

    @given(
        st.sampled_from(sorted(EXEMPT)),
        st.booleans(),
        st.lists(st.sampled_from([None, YESTERDAY, TOMORROW])),
    )
    def test_what_must_never_have_stood_there_goes_whatever_keeps_the_rest(
        self, ground: ErasureGround, held: bool, kept: list[date | None]
    ) -> None:
        item = asked(replace(ASKED_TO_ERASE, ground=ground))
        assert erasure.gate(item, found(*kept, held=held)) is None

    def test_an_admission_is_removed_by_its_author_alone(self) -> None:
        another = asked(replace(ASKED_TO_ERASE, requester=BARTEK))
        assert erasure.gate(another, found()) == Kept(RefusalGround.NOT_THE_AUTHOR)

    def test_a_log_is_kept_to_its_floor(self) -> None:
        assert erasure.gate(asked(OLD_LOG), found(floor=YESTERDAY)) is None
        refusal = Kept(RefusalGround.LOG_FLOOR, TODAY)
        assert erasure.gate(asked(OLD_LOG), found(floor=TODAY)) == refusal
        assert erasure.gate(asked(OLD_LOG), found()) == Kept(RefusalGround.LOG_FLOOR)


class TestARequest:
    def test_is_recorded(self) -> None:
        assert erasure.request(None, WHOLE, found(YESTERDAY)) == (WHOLE,)

    def test_that_the_law_refuses_is_recorded_with_its_ground(self) -> None:
        decided = erasure.request(None, WHOLE, found(TOMORROW))
        refused = ErasureRefused(
            erasure=WHOLE.erasure, ground=RefusalGround.RETENTION_MEDICAL, until=TOMORROW
        )
        assert decided == (WHOLE, refused)
        state = erasure.fold(decided)
        assert state is not None
        assert state.status is Status.REFUSED

    def test_is_made_once(self) -> None:
        assert erasure.request(asked(), WHOLE, found(YESTERDAY)) == ()

    @pytest.mark.parametrize(("scope", "ground"), list(product(ErasureScope, ErasureGround)))
    def test_has_a_ground_that_fits_its_scope(
        self, scope: ErasureScope, ground: ErasureGround
    ) -> None:
        words = replace(
            ASKED_TO_ERASE,
            scope=scope,
            ground=ground,
            clients=() if scope is ErasureScope.LOG_AGE else (CLIENT,),
            year=2022,
            hand_over=HandOver.TAKEN,
        )
        if ground in GROUNDS[scope]:
            assert erasure.request(None, words, found(YESTERDAY, floor=YESTERDAY))[0] == words
        else:
            with pytest.raises(Invalid):
                erasure.request(None, words, found(YESTERDAY))

    def test_on_grounds_that_break_retention_is_about_one_item(self) -> None:
        assert [scope for scope, grounds in GROUNDS.items() if grounds & EXEMPT] == [
            ErasureScope.ITEM
        ]

    @pytest.mark.parametrize(
        "incomplete",
        [
            replace(ASKED_TO_ERASE, item=None),
            replace(ASKED_TO_ERASE, case=None),
            replace(ASKED_TO_ERASE, clients=()),
            replace(WHOLE, clients=()),
            replace(WHOLE, clients=(CLIENT, OTHER_CLIENT)),
            replace(WHOLE, scope=ErasureScope.MEMBER),
            replace(OLD_LOG, year=None),
            replace(OLD_LOG, clients=(CLIENT,)),
        ],
    )
    def test_names_what_its_scope_needs(self, incomplete: ErasureRequested) -> None:
        with pytest.raises(Invalid):
            erasure.request(None, incomplete, found(YESTERDAY, floor=YESTERDAY))

    def test_for_an_expired_record_says_what_came_of_offering_it(self) -> None:
        with pytest.raises(Invalid) as refused:
            erasure.request(None, replace(WHOLE, hand_over=None), found(YESTERDAY))
        assert refused.value.field == "hand_over"


class TestApproving:
    def test_takes_two(self) -> None:
        once = approved(FIRST)
        assert once.status is Status.REQUESTED
        twice = approved(SECOND, state=once)
        assert twice.status is Status.APPROVED
        assert [each.custodian for each in twice.approvals] == [BARTEK, OUTSIDER]

    def test_is_not_for_whoever_watches_over_erasures(self) -> None:
        with pytest.raises(NotPermitted):
            erasure.approve(asked(), replace(FIRST, may_approve=False), "a line", STATEMENT)

    def test_again_by_the_same_person_changes_nothing(self) -> None:
        assert erasure.approve(approved(FIRST), FIRST, "a line", STATEMENT) == ()
        assert erasure.approve(approved(FIRST, SECOND), FIRST, "a line", STATEMENT) == ()

    @pytest.mark.parametrize("twice", [replace(FIRST, key=SECOND.key), replace(FIRST, id=OUTSIDER)])
    def test_never_counts_one_person_or_one_key_twice(self, twice: Custodian) -> None:
        with pytest.raises(WrongState):
            erasure.approve(approved(FIRST), twice, "a line", STATEMENT)

    def test_by_the_requester_counts_once(self) -> None:
        author = Custodian(ANNA, 3, "clinic/custodian-3", may_approve=True)
        assert approved(author).status is Status.REQUESTED
        assert approved(author, SECOND).status is Status.APPROVED

    def test_is_over_one_and_the_same_statement(self) -> None:
        (event,) = erasure.approve(approved(FIRST), SECOND, "a line", ANOTHER)
        after = erasure.evolve(approved(FIRST), event)
        assert after is not None
        assert after.status is Status.REQUESTED
        assert [each.custodian for each in after.approvals] == [OUTSIDER]

    def test_is_over_when_two_have(self) -> None:
        third = Custodian(ANNA, 3, "clinic/custodian-3", may_approve=True)
        with pytest.raises(WrongState):
            erasure.approve(approved(FIRST, SECOND), third, "a line", STATEMENT)

    @pytest.mark.parametrize("settled", [KEPT, ERASED])
    def test_what_is_settled_is_refused(self, settled: object) -> None:
        state = erasure.evolve(asked(), settled)
        assert state is not None
        with pytest.raises(WrongState):
            erasure.approve(state, FIRST, "a line", STATEMENT)


class TestCompleting:
    def test_needs_two_over_what_would_be_destroyed_today(self) -> None:
        erasure.must_be_approved(approved(FIRST, SECOND), STATEMENT)
        for state, statement in (
            (asked(), STATEMENT),
            (approved(FIRST), STATEMENT),
            (approved(FIRST, SECOND), ANOTHER),
        ):
            with pytest.raises(WrongState):
                erasure.must_be_approved(state, statement)

    def test_leaves_a_tombstone_without_content(self) -> None:
        state = approved(FIRST, SECOND, state=asked(ASKED_TO_ERASE))
        (event,) = erasure.complete(state, GONE, NOW)
        after = erasure.evolve(state, event)
        assert after is not None
        assert after.status is Status.COMPLETED
        assert after.destroyed == GONE
        assert after.destroyed_at == NOW
        assert after.target.author == ANNA
        assert [each.custodian for each in after.approvals] == [BARTEK, OUTSIDER]
        assert erasure.complete(after, GONE, NOW) == ()

    def test_records_what_was_destroyed_even_where_it_was_withdrawn_meanwhile(self) -> None:
        (event,) = erasure.withdraw(asked())
        state = erasure.evolve(asked(), event)
        assert state is not None
        assert state.status is Status.WITHDRAWN
        assert len(erasure.complete(state, GONE, NOW)) == 1


@given(any_history)
def test_every_decision_can_be_repeated(history: list[object]) -> None:
    begun = [ASKED_TO_ERASE, *history]
    must_be_retry_safe(
        erasure.fold,
        begun,
        erasure.withdraw,
        lambda state: erasure.approve(state, FIRST, "a line", STATEMENT),
        lambda state: erasure.complete(state, GONE, NOW),
        lambda state: erasure.refuse(state, Kept(RefusalGround.HOLD)),
    )


def test_a_member_is_one_of_a_case() -> None:
    member = replace(WHOLE, scope=ErasureScope.MEMBER, ground=ErasureGround.MEMBER_ERASED)
    assert erasure.request(None, replace(member, case=CASE), found(YESTERDAY)) != ()
