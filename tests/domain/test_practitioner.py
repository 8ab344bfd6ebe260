from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from domain import practitioner
from domain.errors import Invalid, WrongState
from domain.events.practitioner import (
    CustodianAppointed,
    PractitionerDeparted,
    PractitionerRolesChanged,
)
from domain.practitioner import STAFF_ROLES, CustodianKey, Practitioner
from domain.values import Registration, RegistrationKind, Role
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import ANNA, CERTIFICATE, JOINED_CLINIC, any_history

DEPARTED = PractitionerDeparted()
CUSTODIANS = PractitionerRolesChanged(roles=(Role.CLINICIAN, Role.CUSTODIAN))
KEY = CustodianKey(1, "a key")
RolesOrDeparture = PractitionerRolesChanged | PractitionerDeparted


def given_practitioner(*events: object) -> Practitioner:
    state = practitioner.fold((JOINED_CLINIC, *events))
    assert state is not None
    return state


def test_somebody_joins() -> None:
    assert practitioner.register(None, JOINED_CLINIC) == (JOINED_CLINIC,)


@pytest.mark.parametrize(
    "standing",
    [
        Registration(RegistrationKind.NONE),
        Registration(RegistrationKind.REGISTER),
        Registration(RegistrationKind.CERTIFICATE, "417"),
        Registration(RegistrationKind.CERTIFICATE, issuer="PTP"),
    ],
    ids=["nothing", "a register without a number", "no issuer", "no number"],
)
def test_a_clinician_shows_where_she_stands(standing: Registration) -> None:
    with pytest.raises(Invalid):
        practitioner.register(None, replace(JOINED_CLINIC, registration=standing))


def test_a_clinician_may_be_in_training() -> None:
    training = Registration(RegistrationKind.IN_TRAINING)
    joined = replace(JOINED_CLINIC, registration=training)
    assert practitioner.register(None, joined) == (joined,)


def test_the_front_desk_needs_no_registration() -> None:
    joined = replace(
        JOINED_CLINIC, roles=(Role.RECEPTION,), registration=Registration(RegistrationKind.NONE)
    )
    assert practitioner.register(None, joined) == (joined,)
    with pytest.raises(Invalid):
        practitioner.change_roles(
            practitioner.fold((joined,)) or given_practitioner(), (Role.CLINICIAN,)
        )


@pytest.mark.parametrize(
    "roles",
    [
        (),
        (Role.CLIENT,),
        (Role.CLINICIAN, Role.SYSTEM),
        (Role.INTEGRATION,),
        (Role.CLINICIAN, Role.CLINICIAN),
    ],
)
def test_staff_have_staff_roles_each_once(roles: tuple[Role, ...]) -> None:
    with pytest.raises(Invalid):
        practitioner.register(None, replace(JOINED_CLINIC, roles=roles))
    with pytest.raises(Invalid):
        practitioner.change_roles(given_practitioner(), roles)


def test_a_change_of_roles_decides_who_she_is() -> None:
    changed = PractitionerRolesChanged(roles=(Role.COMPLIANCE,))
    assert practitioner.change_roles(given_practitioner(), (Role.COMPLIANCE,)) == (changed,)
    assert given_practitioner(changed).as_actor().roles == (Role.COMPLIANCE,)


def test_whoever_departed_is_nobody_to_the_policy() -> None:
    assert practitioner.depart(given_practitioner()) == (DEPARTED,)
    assert given_practitioner(DEPARTED).as_actor().roles == ()


def test_whoever_departed_gets_no_new_roles() -> None:
    with pytest.raises(WrongState):
        practitioner.change_roles(given_practitioner(DEPARTED), (Role.CLINICIAN,))


class TestACustodian:
    def test_is_tied_to_a_key(self) -> None:
        bound = given_practitioner(CUSTODIANS)
        appointed = CustodianAppointed(practitioner=ANNA, number=1, key="a key")
        assert practitioner.appoint_custodian(bound, KEY) == (appointed,)
        assert given_practitioner(CUSTODIANS, appointed).custodian == KEY

    @pytest.mark.parametrize(
        "roles",
        [(Role.CLINICIAN,), (Role.COMPLIANCE,), (Role.CUSTODIAN, Role.COMPLIANCE)],
    )
    def test_has_that_role_and_does_not_watch_over_erasures(self, roles: tuple[Role, ...]) -> None:
        with pytest.raises(Invalid):
            practitioner.appoint_custodian(
                given_practitioner(PractitionerRolesChanged(roles=roles)), KEY
            )

    def test_has_a_number(self) -> None:
        with pytest.raises(Invalid):
            practitioner.appoint_custodian(given_practitioner(CUSTODIANS), replace(KEY, number=0))

    def test_does_not_leave_and_sign(self) -> None:
        with pytest.raises(WrongState):
            practitioner.appoint_custodian(given_practitioner(CUSTODIANS, DEPARTED), KEY)
        assert given_practitioner(CUSTODIANS, DEPARTED).as_actor().roles == ()


@given(any_history, st.lists(st.sampled_from(sorted(STAFF_ROLES)), min_size=1, unique=True))
def test_a_decision_on_staff_repeated_changes_nothing(
    history: list[object], roles: list[Role]
) -> None:
    must_be_retry_safe(
        practitioner.fold,
        [JOINED_CLINIC, *history],
        lambda state: practitioner.register(state, JOINED_CLINIC),
        lambda state: practitioner.change_roles(state, tuple(roles)),
        practitioner.depart,
    )


@given(any_history)
def test_an_appointment_repeated_changes_nothing(history: list[object]) -> None:
    ready = [JOINED_CLINIC, *(each for each in history if not isinstance(each, RolesOrDeparture))]
    must_be_retry_safe(
        practitioner.fold,
        [*ready, CUSTODIANS],
        lambda state: practitioner.appoint_custodian(state, KEY),
    )


def test_a_signature_shows_the_certificate() -> None:
    assert given_practitioner().registration == CERTIFICATE
