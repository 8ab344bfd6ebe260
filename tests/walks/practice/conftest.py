"""Walks of the practice: each shows a duty of the profession from its command to what is read.

A test marked ``duty`` has an office of its own, and is held to the row of ``docs/practice.md``:
every event of the row, or of the part that its mark names, has to come into the record.
"""

from collections.abc import Iterator

import pytest

from domain.confidentiality import KeyPurpose
from tests.api.http.conftest import _light_passwords, own_office
from tests.api.http.support import Office
from tests.support.practice import expected

__all__ = ["_light_passwords", "own_office"]


@pytest.fixture(autouse=True)
def _duty_is_done(request: pytest.FixtureRequest) -> Iterator[None]:
    marks = list(request.node.iter_markers("duty"))
    office: Office | None = request.getfixturevalue("own_office") if marks else None
    yield
    if office is None:
        return
    rows, _ = office.clinic.clinic.folder.record.follow(-1, 100_000, frozenset(KeyPurpose))
    happened = {each.event.NAME for each in rows if each.event is not None}
    for mark in marks:
        missing = expected(*mark.args, *mark.kwargs.values()) - happened
        assert not missing, f"duty {mark.args[0]} was not done whole"
