"""The table of duties is whole, names what there is, and has a walk for each row."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from api.compose import PROJECTIONS
from api.http.app import ROUTERS, describe
from domain.events import VOCABULARY
from tests.support.practice import DUTIES, duties, walked


def _operations() -> set[str]:
    app = FastAPI(**describe())
    for router in ROUTERS:
        app.include_router(router)
    found = app.openapi()["paths"].values()
    return {each["operationId"] for methods in found for each in methods.values()}


OPERATIONS = _operations()
VIEWS = {each.name.rsplit("-", 1)[0] for each in PROJECTIONS}


def test_there_are_thirty_duties() -> None:
    assert sorted(duties()) == list(DUTIES)


@pytest.mark.parametrize("number", DUTIES)
def test_a_duty_names_commands_events_and_projections_that_there_are(number: int) -> None:
    duty = duties()[number]
    assert min(map(len, (duty.commands, duty.events, duty.shown_by))) > 0
    assert set(duty.commands) <= OPERATIONS
    assert set(duty.events) <= VOCABULARY.keys()
    assert set(duty.shown_by) <= OPERATIONS | VIEWS


@pytest.mark.parametrize("number", DUTIES)
def test_every_duty_is_walked_whole(number: int) -> None:
    assert walked()[number] == set(duties()[number].events)
