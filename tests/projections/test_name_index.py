"""Names in memory: read when they are sought, and no longer there once they are not to be."""

from __future__ import annotations

import pytest

from domain.values import ClientId
from projections import name_index
from projections.name_index import NameIndex
from tests.support.clinic import SmallClinic


@pytest.fixture
def zofia(clinic: SmallClinic) -> ClientId:
    """A client whose name is Zofia Zielińska."""
    found = clinic.register_client()
    clinic.catch_up()
    return found


def names(clinic: SmallClinic) -> NameIndex:
    return clinic.clinic.finder._names


def test_a_name_is_kept_for_the_next_search(clinic: SmallClinic, zofia: ClientId) -> None:
    index = names(clinic)
    assert index.named("zielinska", [zofia]) == (zofia,)
    assert set(index._known) == {zofia}
    index.sweep()
    assert set(index._known) == {zofia}
    assert index.named("zofia", [zofia]) == (zofia,)


def test_who_is_not_among_those_asked_for_is_not_found(
    clinic: SmallClinic, zofia: ClientId
) -> None:
    index = names(clinic)
    index.named("zielinska", [zofia])
    assert index.named("zielinska", []) == ()
    assert index.named("zielinska", [clinic.people.client]) == ()
    assert index.named("", [zofia]) == ()


def test_all_are_forgotten_when_keys_were_destroyed_in_whichever_process(
    clinic: SmallClinic, zofia: ClientId
) -> None:
    index = names(clinic)
    index.named("zielinska", [zofia])
    clinic.clinic.folder.bell.ring()
    index.sweep()
    assert index._known == {}
    assert index.named("zielinska", [zofia]) == (zofia,)


def test_what_was_opened_before_a_destruction_is_not_kept_behind_it(
    clinic: SmallClinic, zofia: ClientId
) -> None:
    index = names(clinic)
    grant = index._opening

    def ringing() -> object:
        clinic.clinic.folder.bell.ring()
        return grant()

    index._opening = ringing  # type: ignore[assignment]  # it gives what the other gives
    assert index.named("zielinska", [zofia]) == (zofia,)
    assert index._known == {}


def test_a_name_is_kept_for_a_quarter_of_an_hour_at_most(
    clinic: SmallClinic, zofia: ClientId, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = names(clinic)
    monkeypatch.setattr(name_index, "KEPT_SECONDS", -1)
    index.named("zielinska", [zofia])
    index._next_sweep = 0
    index.sweep()
    assert index._known == {}


def test_no_more_are_kept_than_may_be(
    clinic: SmallClinic, zofia: ClientId, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, klara = names(clinic), clinic.people.client
    monkeypatch.setattr(name_index, "MOST_KEPT", 1)
    assert index.named("zielinska", [zofia]) == (zofia,)
    assert index.named("kowal", [klara]) == (klara,)
    assert set(index._known) == {klara}
