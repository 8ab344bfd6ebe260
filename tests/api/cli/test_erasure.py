"""``powiernik erasure``: what the log says is gone, when that is final, and what a crash left."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from api.compose import FolderRefused, LedgerError, erasures as composed
from api.compose.erasing import shredder_of
from api.compose.rotation import rotate_open
from domain.erasure import Status
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.identifying import Identifier, normal
from domain.use_cases import cases, erasures
from domain.use_cases.erasing import destruction
from domain.use_cases.erasures import NewErasure
from domain.values import ClientId, ErasureId, PractitionerId
from infrastructure.folder import open_with
from infrastructure.ledger.key_control import BackupLeft
from infrastructure.vault import rotation
from infrastructure.vault.custody import unlock
from tests.api.cli.support import BROKEN, GOOD, UNUSABLE, Ended, descriptor, powiernik
from tests.support.clinic import PASSPHRASE, SmallClinic
from tests.support.erasing import SECOND, Erasing, admission

SAID = "zaczarowana dorożka"
PHONE = "+48 600 100 200"
"""Of whoever is registered in a small clinic."""
TWENTY_YEARS = timedelta(days=366 * 22)
BACKUP = BackupLeft(bytes(15) + b"b", 1, 1_796_083_200_000)
"""A backup of keys that is kept until 1 December 2026."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "HEARD_SECONDS", 0.1)


def folder_of(erasing: Erasing) -> Path:
    return erasing.clinic.clinic.folder.layout.folder


def listed(erasing: Erasing, *words: object) -> Ended:
    return powiernik("erasure", "list", "--data", folder_of(erasing), *words)


def finished(erasing: Erasing, *words: object, passphrase: str = PASSPHRASE) -> Ended:
    with descriptor(passphrase) as number:
        data = ("--data", folder_of(erasing), "--passphrase-fd", number)
        return powiernik("erasure", "finish", *data, *words)


def status(erasing: Erasing, *words: object) -> Ended:
    return powiernik("status", "--data", folder_of(erasing), *words)


def a_note(clinic: SmallClinic) -> NewErasure:
    case = clinic.open_case()
    note = clinic.draft_note(case, SAID)
    clinic.sign_note(case, note)
    return admission(case, note)


def a_record(clinic: SmallClinic, client: ClientId) -> NewErasure:
    case = clinic.open_case(client)
    clinic.sign_note(case, clinic.draft_note(case, SAID))
    clinic.clock.move(TWENTY_YEARS)
    return NewErasure(
        ErasureScope.CLIENT,
        ErasureGround.RETENTION_EXPIRED,
        client=client,
        hand_over=HandOver.DECLINED,
    )


def cut_short(erasing: Erasing, asker: PractitionerId, new: NewErasure) -> ErasureId:
    """Approved and destroyed, and then the power went: nothing was told, no row was taken away."""
    erasure = ErasureId(erasing.request(asker, new).named("erasure"))
    erasing.approve_both(erasure)
    state, clinic = erasing.state(erasure), erasing.clinic
    what = destruction(clinic.desk, erasing.archive(), state)
    shredder = shredder_of(clinic.clinic.folder)
    lines = [each.signature for each in state.approvals]
    shredder.destroy_now(what, erasures.signed_note(shredder.statement(what), lines))
    assert erasing.state(erasure).status is Status.APPROVED
    return erasure


def rotated(erasing: Erasing) -> None:
    """Rotate with keys of this folder's own: those of the open clinic are the session's."""
    layout = erasing.clinic.clinic.folder.layout
    with closing(open_with(layout.folder, unlock(layout.keyfile, PASSPHRASE))) as folder:
        rotate_open(folder, [SECOND])


# Listing


def test_nothing_destroyed_is_said_to_be_so_without_a_passphrase(erasing: Erasing) -> None:
    ended = listed(erasing)
    assert (ended.code, ended.out) == (GOOD, "Nothing was destroyed.\n")
    assert listed(erasing, "--json").out == "[]\n"
    assert "not final" not in status(erasing).out


def test_a_request_that_is_only_asked_for_is_not_listed(erasing: Erasing) -> None:
    erasing.request(erasing.clinic.people.anna, a_note(erasing.clinic))
    assert listed(erasing).out == "Nothing was destroyed.\n"


def test_what_was_destroyed_is_listed_and_final_once_the_key_is_rotated(erasing: Erasing) -> None:
    erasure = erasing.erase(erasing.clinic.people.anna, a_note(erasing.clinic))
    (told,) = composed.destroyed(folder_of(erasing))
    gone = erasing.state(erasure).destroyed
    assert gone is not None
    assert (told.request, told.reason, told.final) == (erasure, "art-51", False)
    assert (told.keys, told.items, told.position) == (gone.keys, gone.items, gone.position)
    before = listed(erasing)
    assert before.out == (
        f"{erasure}  art-51  0 keys and 1 item keys at position {told.position}; not final yet\n"
    )
    line = "1 of the erasures not final: an older backup of the keys may open what they destroyed."
    assert line in status(erasing).out
    assert "'powiernik keys rotate' makes them final." in status(erasing).out
    assert status(erasing, "--json").json()["not_final"] == 1

    rotated(erasing)

    assert listed(erasing).out.endswith("; final\n")
    assert "makes them final" not in status(erasing).out
    assert status(erasing, "--json").json()["not_final"] == 0


def test_until_when_an_older_backup_may_open_it_is_listed(
    erasing: Erasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.compose.erasing.backups_left", lambda _layout: [BACKUP])
    erasing.erase(erasing.clinic.people.anna, a_note(erasing.clinic))
    assert "not final yet: a backup of keys may open it until 2026-12-01\n" in listed(erasing).out
    rotated(erasing)
    (told,) = composed.destroyed(folder_of(erasing))
    assert (told.final, told.older_backup_until) == (True, None)


def test_a_list_says_no_name_and_no_word_of_what_was_there(erasing: Erasing) -> None:
    erasing.erase(erasing.clinic.people.anna, a_note(erasing.clinic))
    said = listed(erasing).said + listed(erasing, "--json").said
    for word in ("Klara", "Anna", SAID, erasing.clinic.people.client):
        assert word not in said


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderRefused):
        composed.destroyed(tmp_path)
    ended = powiernik("erasure", "list", "--data", tmp_path)
    assert (ended.code, ended.out) == (UNUSABLE, "")


def test_a_log_that_says_nonsense_of_a_destruction_is_broken(
    erasing: Erasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasing.erase(erasing.clinic.people.anna, a_note(erasing.clinic))
    monkeypatch.setattr("infrastructure.ledger.key_control.REASONS", frozenset())
    with pytest.raises(LedgerError):
        composed.destroyed(folder_of(erasing))
    assert listed(erasing).code == BROKEN


# Finishing


def test_what_a_crash_cut_short_is_finished_once(erasing: Erasing) -> None:
    clinic = erasing.clinic
    erasure = cut_short(erasing, clinic.people.anna, a_note(clinic))
    assert finished(erasing, "--json").json() == {"finished": [erasure]}
    state = erasing.state(erasure)
    assert state.status is Status.COMPLETED
    assert state.destroyed == clinic.clinic.shredder.carried_out(erasure)
    last = clinic.clinic.last_position()
    again = finished(erasing)
    assert (again.code, again.out) == (GOOD, "Nothing was left undone.\n")
    assert erasing.state(erasure) == state
    # Opening, following and looking leave entries; nothing is told of the erasure a second time.
    assert clinic.version(erasure) == 4
    assert clinic.clinic.last_position() >= last


def test_the_note_of_a_request_that_was_finished_shows_as_erased(erasing: Erasing) -> None:
    new = a_note(erasing.clinic)
    cut_short(erasing, erasing.clinic.people.anna, new)
    assert finished(erasing).code == GOOD
    clinic = erasing.clinic
    clinic.catch_up()
    assert new.case is not None
    look = cases.look_at_case(clinic.desk, clinic.who(clinic.people.anna), new.case)
    opening, _ = clinic.run(look)
    state = clinic.views.case_states.of(new.case, opening)
    assert state is not None
    (note,) = (each for each in state.notes if each.id == new.item)
    assert (note.status, note.texts) == ("erased", ())


def test_nobody_finds_a_client_any_more_once_her_erasure_is_finished(erasing: Erasing) -> None:
    clinic = erasing.clinic
    client = clinic.register_client("Olga")
    phone = normal(Identifier.PHONE, PHONE) or ""
    new = a_record(clinic, client)
    clinic.catch_up()
    assert client in clinic.clinic.finder.holders(Identifier.PHONE, phone)
    erasure = cut_short(erasing, clinic.people.officer, new)
    assert client in clinic.clinic.finder.holders(Identifier.PHONE, phone)
    assert composed.finish(clinic.clinic) == [erasure]
    assert client not in clinic.clinic.finder.holders(Identifier.PHONE, phone)
    assert erasing.state(erasure).status is Status.COMPLETED
    assert composed.finish(clinic.clinic) == []


def test_a_request_that_was_not_carried_out_is_not_finished(erasing: Erasing) -> None:
    clinic = erasing.clinic
    erasure = ErasureId(erasing.request(clinic.people.anna, a_note(clinic)).named("erasure"))
    erasing.approve_both(erasure)
    assert finished(erasing).out == "Nothing was left undone.\n"
    assert erasing.state(erasure).status is Status.APPROVED
    assert erasing.shredder.asked == []


def test_finishing_needs_the_passphrase(erasing: Erasing) -> None:
    cut_short(erasing, erasing.clinic.people.anna, a_note(erasing.clinic))
    ended = finished(erasing, passphrase="this is not the passphrase")
    assert (ended.code, ended.out) == (UNUSABLE, "")
