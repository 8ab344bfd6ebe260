from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from domain import integration
from domain.errors import Invalid
from domain.events.integration import IntegrationWithdrawn
from domain.integration import SCOPES
from domain.policy import SCOPES as NAMED_BY_THE_POLICY
from domain.values import Role
from tests.support.examples import CONNECTED, any_history

WITHDRAWN = IntegrationWithdrawn()


def test_a_program_is_let_read_what_its_scopes_name() -> None:
    assert integration.register(None, CONNECTED) == (CONNECTED,)
    state = integration.fold((CONNECTED,))
    assert state is not None
    assert (state.as_actor().roles, state.as_actor().scopes) == (
        (Role.INTEGRATION,),
        ("caseload:read",),
    )


@pytest.mark.parametrize("scopes", [(), ("notes:read",), ("caseload:read", "everything")])
def test_a_program_is_given_known_scopes_alone(scopes: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        integration.register(None, replace(CONNECTED, scopes=scopes))


def test_every_scope_is_one_that_the_policy_asks_for() -> None:
    assert set(NAMED_BY_THE_POLICY.values()) == SCOPES


def test_a_withdrawn_program_is_nobody() -> None:
    state = integration.fold((CONNECTED, WITHDRAWN))
    assert state is not None
    assert (state.as_actor().roles, state.as_actor().scopes) == ((), ())


@given(any_history)
def test_a_decision_on_a_program_repeated_changes_nothing(history: list[object]) -> None:
    events = [CONNECTED, *history]
    state = integration.fold(events)
    assert state is not None
    assert integration.register(state, CONNECTED) == ()
    after = integration.fold([*events, *integration.withdraw(state)])
    assert after is not None
    assert integration.withdraw(after) == ()
