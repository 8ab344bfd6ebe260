"""What several people do to one client's keys at the same moment, and what comes in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from domain.confidentiality import CLINICAL, Class, KeyPurpose, Label
from domain.errors import Invalid, RecordUnavailable, WrongState
from infrastructure.batch import Batch
from infrastructure.custodians.rotating import renew
from infrastructure.errors import KeyGone
from infrastructure.folder import OpenFolder, sweep
from infrastructure.stores.contract import Outdated, Submission
from infrastructure.vault import rotation, shredding
from infrastructure.vault.custody import Keyfile
from infrastructure.vault.keyring import KEPT_SECONDS, Keyring
from infrastructure.verify import verify_folder
from tests.infrastructure.custodians.test_rotating import custody_of, opened, rotated, shredder_of
from tests.infrastructure.custodians.test_shredder import (
    ALL_OF_ANNA,
    ANNA,
    approved,
    events_of,
    folder_custody,
)
from tests.support import ink

LATE = ink.drafted(ink.ANNA, name="late")
NEVER_USED = Label(KeyPurpose.CLINICAL, Class.JOINT)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "HEARD_SECONDS", 0.1)


class SlowCustody:
    """A custody that takes its time over the first key to content, as one across a network does."""

    def __init__(self, real: Keyfile) -> None:
        self._real = real
        self.meanwhile: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def unwrap(self, generation: int, wrapped: bytes, context: bytes) -> bytes:
        if self.meanwhile is not None and context[5] == KeyPurpose.CLINICAL:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return self._real.unwrap(generation, wrapped, context)


def keyring_of(folder: OpenFolder) -> Keyring:
    assert isinstance(folder.vault.keyring, Keyring)
    return folder.vault.keyring


def prepared(folder: OpenFolder) -> Submission:
    """A note that is sealed, and not yet written."""
    batch = Batch(folder.vault, folder.clock.now(), (LATE,), ink.WHO, None, ())
    batch.make_ready()
    return batch.submission()


def test_a_key_that_is_retired_while_custody_opens_it_seals_nothing_afterwards(
    old_clinic: Path,
) -> None:
    custody = custody_of(old_clinic)
    slow = SlowCustody(custody)
    with opened(old_clinic, cast("Keyfile", slow)) as folder, opened(old_clinic, custody) as other:
        met = []

        def meanwhile() -> None:
            met.append(renew(other, ANNA))
            # Any other request of this process hears the bell first.
            keyring_of(folder).rung()

        slow.meanwhile = meanwhile
        folder.record.append_now((LATE,), ink.WHO)
        assert met == [2]
        verify_folder(other)


def test_of_two_who_destroy_at_once_one_is_refused_and_the_keys_are_rotated_as_ever(
    old_clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(old_clinic) as folder, opened(old_clinic, folder_custody(folder)) as other:
        approvals = approved(folder, ALL_OF_ANNA)
        enter = folder.guard.enter

        def entering(submission: Submission) -> object:
            with pytest.raises(RecordUnavailable):
                shredder_of(other).destroy_now(ALL_OF_ANNA, approvals)
            return enter(submission)

        monkeypatch.setattr(folder.guard, "enter", entering)
        done = shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        monkeypatch.undo()
        assert shredder_of(other).destroy_now(ALL_OF_ANNA, approvals) == done
        rotated(folder)
        verify_folder(folder)


def test_what_is_destroyed_already_is_not_condemned_again(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        approvals = approved(folder, ALL_OF_ANNA)
        shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        rows = "SELECT key_id FROM subject_key WHERE wrapped IS NULL AND state = 3"
        gone = [key_id for (key_id,) in folder.keys.rows(rows)]
        request = bytes.fromhex(ALL_OF_ANNA.request)
        shredding.condemn(folder.keys, [shredding_of(gone, request)])
        folder.keys.retire(gone)
        assert [key_id for (key_id,) in folder.keys.rows(rows)] == gone


def shredding_of(keys: list[bytes], request: bytes) -> shredding.Doomed:
    class Doomed:
        def __init__(self) -> None:
            self.request, self.keys, self.items = request, tuple(keys), ()

    return cast("shredding.Doomed", Doomed())


def test_whoever_opens_the_folder_gives_back_nothing_that_another_is_destroying(
    old_clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(old_clinic) as folder, opened(old_clinic, folder_custody(folder)) as other:
        approvals = approved(folder, ALL_OF_ANNA)
        enter = folder.guard.enter

        def entering(submission: Submission) -> object:
            with opened(old_clinic, folder_custody(folder)):
                assert shredding.under_way(folder.keys) == bytes.fromhex(ALL_OF_ANNA.request)
            with pytest.raises(KeyGone):
                prepared(other)
            return enter(submission)

        monkeypatch.setattr(folder.guard, "enter", entering)
        shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        verify_folder(other)


def test_a_membership_that_changes_meanwhile_takes_back_no_condemnation(
    old_clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(old_clinic) as folder, opened(old_clinic, folder_custody(folder)) as other:
        approvals = approved(folder, ALL_OF_ANNA)
        enter = folder.guard.enter

        def entering(submission: Submission) -> object:
            renew(other, ANNA)
            with pytest.raises(WrongState, match="erased"):
                other.record.append_now((LATE,), ink.WHO)
            return enter(submission)

        monkeypatch.setattr(folder.guard, "enter", entering)
        shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        with pytest.raises(WrongState, match="erased"):
            folder.record.append_now((LATE,), ink.WHO)
        verify_folder(other)


def test_a_key_that_was_made_and_never_used_goes_with_the_client(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        keyring = keyring_of(folder)
        keyring.make([(ANNA, NEVER_USED)], ink.NOW)
        shredder_of(folder).destroy_now(ALL_OF_ANNA, approved(folder, ALL_OF_ANNA))
        for label in (NEVER_USED, CLINICAL, Label(KeyPurpose.CLINICAL, Class.ADMINISTRATIVE)):
            with pytest.raises(KeyGone):
                keyring.make([(ANNA, label)], ink.NOW)
        rotated(folder)
        verify_folder(folder)


def test_nobody_begins_anew_a_client_who_was_condemned_a_moment_ago(
    old_clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(old_clinic) as folder, opened(old_clinic, folder_custody(folder)) as other:
        approvals = approved(folder, ALL_OF_ANNA)
        add = other.keys.add_keys

        def late(keys: object) -> None:
            monkeypatch.undo()
            shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
            add(keys)  # type: ignore[arg-type]

        monkeypatch.setattr(other.keys, "add_keys", late)
        with pytest.raises(KeyGone):
            keyring_of(other).make([(ANNA, NEVER_USED)], ink.NOW)


def test_what_was_written_under_a_new_key_meanwhile_is_not_destroyed_unasked(
    old_clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(old_clinic) as folder, opened(old_clinic, folder_custody(folder)) as other:
        approvals = approved(folder, ALL_OF_ANNA)
        condemn = shredding.condemn

        def late(*args: object) -> None:
            renew(other, ANNA)
            other.record.append_now((LATE,), ink.WHO)
            condemn(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(shredding, "condemn", late)
        with pytest.raises(Invalid, match="approvals"):
            shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        monkeypatch.undo()
        assert None not in events_of(folder, ink.ANNA)
        folder.record.append_now((ink.drafted(ink.ANNA, name="later"),), ink.WHO)
        verify_folder(folder)


def test_a_key_that_lay_unused_is_not_swept_from_under_whoever_uses_it_at_last(
    old_clinic: Path,
) -> None:
    with opened(old_clinic) as folder, opened(old_clinic, folder_custody(folder)) as other:
        renew(folder, ANNA)
        keyring_of(folder).make([(ANNA, CLINICAL)], ink.NOW)
        # An append that came to nothing, more than an hour ago.
        older = "UPDATE subject_key SET made_at = made_at - ? WHERE state = 0"
        folder.keys.write((older, [(4 * KEPT_SECONDS + 5,)]))
        keyring_of(folder).forget()
        submission = prepared(folder)
        sweep(other.keys, other.logged)
        assert not isinstance(folder.committer.commit(submission), Outdated)
        keyring_of(folder).forget()
        (found,) = folder.record.read(LATE.stream)
        assert found.event is not None
        verify_folder(folder)
