"""The table of duties is whole, names what there is, and has a walk for each row."""

from __future__ import annotations

import pytest

from api.compose import PROJECTIONS
from api.http.app import ROUTERS, operation_id
from domain.events import VOCABULARY
from tests.support.practice import DUTIES, duties, walked

OPERATIONS = {operation_id(route) for router in ROUTERS for route in router.routes}  # type: ignore[arg-type]  # every route of a router is an APIRoute
VIEWS = {each.name.rsplit("-", 1)[0] for each in PROJECTIONS}


def test_there_are_thirty_duties() -> None:
    assert sorted(duties()) == list(DUTIES)


@pytest.mark.parametrize("number", DUTIES)
def test_a_duty_names_commands_events_and_projections_that_there_are(number: int) -> None:
    duty = duties()[number]
    assert duty.commands and set(duty.commands) <= OPERATIONS
    assert duty.events and set(duty.events) <= VOCABULARY.keys()
    assert duty.projections and set(duty.projections) <= OPERATIONS | VIEWS


def test_every_duty_has_a_walk() -> None:
    assert walked() == set(DUTIES)
