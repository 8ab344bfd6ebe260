"""The list of erasures, the clocks of retention, and what rebuilding says of what is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.compose import PROJECTIONS
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.use_cases.erasures import NewErasure
from domain.values import ClientId, Format
from infrastructure.verify import verify_folder
from tests.support.clinic import SmallClinic
from tests.support.erasing import Erasing, admission

YEARS = timedelta(days=366)


def expired(client: ClientId) -> NewErasure:
    """A record whose time has come."""
    return NewErasure(
        ErasureScope.CLIENT,
        ErasureGround.RETENTION_EXPIRED,
        client=client,
        hand_over=HandOver.UNREACHABLE,
    )


class TestTheList:
    def test_says_where_each_request_stands_and_whom_it_is_about(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        note = clinic.draft_note(case)
        clinic.sign_note(case, note)
        erasure_id = erasing.request(people.anna, admission(case, note)).named("erasure")
        kept = erasing.request(people.officer, expired(people.client)).named("erasure")

        def status() -> dict[str, str]:
            clinic.catch_up()
            return {each.id: each.status for each in clinic.views.erasures.all()}

        assert status() == {erasure_id: "requested", kept: "refused"}
        erasing.approve(erasure_id, erasing.bartek, 1)
        assert status()[erasure_id] == "requested"
        erasing.approve(erasure_id, erasing.outsider, 2)
        assert status()[erasure_id] == "approved"
        erasing.complete(erasure_id)
        assert status()[erasure_id] == "completed"
        (own,) = clinic.views.erasures.all(people.anna)
        assert (own.id, own.clients, own.scope) == (erasure_id, (people.client,), "item")
        assert own.settled_at is not None

    def test_says_who_holds_which_custodians_key(self, erasing: Erasing) -> None:
        erasing.clinic.catch_up()
        found = erasing.clinic.views.erasures.custodians()
        assert found == {1: erasing.bartek, 2: erasing.outsider}


class TestClocks:
    def test_run_from_the_first_entry_to_the_last(self, clinic: SmallClinic) -> None:
        client = clinic.register_client()
        begun = clinic.clock.now()
        clinic.clock.move(timedelta(days=400))
        clinic.draft_note(clinic.open_case(client))
        clinic.catch_up()
        span = clinic.views.holdings.span(client)
        assert span is not None
        assert (span.first, span.last) == (begun, clinic.clock.now())
        assert clinic.views.holdings.span(ClientId("0" * 32)) is None

    def test_are_not_moved_by_whoever_only_looks(self, clinic: SmallClinic) -> None:
        client = clinic.people.client
        clinic.catch_up()
        before = clinic.views.holdings.span(client)
        clinic.clock.move(timedelta(days=400))
        clinic.access_log(client)
        assert clinic.views.holdings.span(client) == before

    def test_of_everybody_in_a_joint_case_move_together(self, clinic: SmallClinic) -> None:
        partner = clinic.register_client("Adam")
        case = clinic.open_case(clinic.people.client, partner, room=Format.COUPLE)
        clinic.clock.move(timedelta(days=400))
        clinic.draft_note(case)
        clinic.catch_up()
        holdings = clinic.views.holdings
        for client in (clinic.people.client, partner):
            span = holdings.span(client)
            assert span is not None
            assert span.last == clinic.clock.now()


@pytest.fixture
def gone(erasing: Erasing) -> Erasing:
    """A clinic in which a note, and later a whole client, were erased; the other is there."""
    clinic, people = erasing.clinic, erasing.clinic.people
    other = clinic.register_client("Zofia")
    case = clinic.open_case(other)
    for each in (clinic.open_case(people.client), case):
        for _ in range(2):
            clinic.sign_note(each, clinic.draft_note(each))
        clinic.write_process_note(each)
        clinic.schedule_session(each)
    note = clinic.draft_note(case, "He admitted a theft.")
    clinic.sign_note(case, note)
    erasing.erase(people.anna, admission(case, note))
    clinic.clock.move(21 * YEARS)
    clinic.draft_note(case)
    erasing.erase(people.officer, expired(people.client))
    clinic.catch_up()
    return erasing


@pytest.mark.parametrize("name", [each.name for each in PROJECTIONS])
def test_a_rebuild_from_zero_is_what_following_left(gone: Erasing, name: str) -> None:
    assert gone.clinic.clinic.rebuild(name).different == 0


def test_the_log_is_whole_after_everything_that_was_destroyed(gone: Erasing) -> None:
    verify_folder(gone.clinic.clinic.folder)
