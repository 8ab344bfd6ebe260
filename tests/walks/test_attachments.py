"""Attachments where keys go and folders come back: erased, backed up, restored, drilled."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from api.compose import compose
from api.compose.backup import drill
from domain.errors import Refusal, Sealed
from domain.events.erasure import ErasureGround, ErasureScope, HandOver, RefusalGround
from domain.use_cases.erasures import NewErasure
from domain.values import CaseId, Format, ItemId
from infrastructure.backup.make import back_up
from infrastructure.backup.manifest import BackupSet
from infrastructure.backup.restore import Wanted, restore
from infrastructure.folder import open_with
from infrastructure.verify import verify_folder
from tests.support.attachments import (
    allow,
    begin,
    disallow,
    look,
    noise,
    read,
    send,
    stored,
    tape,
)
from tests.support.clinic import SmallClinic
from tests.support.erasing import Erasing
from tests.support.softhsm import about_the_keyfile

DATA = noise(1024 * 1024 + 77)
YEARS = timedelta(days=366 * 25)


def item(case: CaseId, attachment: ItemId, ground: ErasureGround) -> NewErasure:
    return NewErasure(ErasureScope.ITEM, ground, case=case, item=attachment)


def lying(clinic: SmallClinic) -> list[str]:
    folder = clinic.clinic.folder.layout.attachments
    return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


class TestErasing:
    def test_one_takes_its_bytes_and_no_others(self, erasing: Erasing) -> None:
        clinic = erasing.clinic
        case = clinic.open_case()
        gone, left = stored(clinic, case, DATA), stored(clinic, case, b"left")
        officer = clinic.people.officer
        erasing.erase(officer, item(case, gone, ErasureGround.UNLAWFUL_RECORDING))
        assert lying(clinic) == [left]
        with pytest.raises(Refusal):
            read(clinic, case, gone)
        assert read(clinic, case, left) == b"left"
        assert verify_folder(clinic.clinic.folder).attachments == 1
        clinic.catch_up()
        _, opening = look(clinic, case, left)
        kinds = {each.id: each.kind for each in clinic.views.chart.items(case, opening)}
        assert kinds == {gone: "erased", left: "attachment"}

    def test_one_whose_file_was_put_back_opens_nothing(self, erasing: Erasing) -> None:
        clinic = erasing.clinic
        case = clinic.open_case()
        gone = stored(clinic, case, b"words")
        path = clinic.clinic.folder.layout.attachments / gone
        kept = path.read_bytes()
        officer = clinic.people.officer
        erasing.erase(officer, item(case, gone, ErasureGround.UNLAWFUL_RECORDING))
        path.write_bytes(kept)
        with pytest.raises(Sealed):
            read(clinic, case, gone)
        assert clinic.clinic.attachments.sweep() == 1
        assert lying(clinic) == []

    def test_a_client_takes_everything_of_hers(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case, other = clinic.open_case(), clinic.open_case(clinic.register_client("Iga"))
        stored(clinic, case, DATA)
        allow(clinic, people.client)
        stored(clinic, case, b"voice", tape(people.anna))
        send(clinic, case, begin(clinic, case, 5), b"words")
        left = stored(clinic, other, b"left")
        clinic.clock.move(YEARS)
        whole = NewErasure(
            ErasureScope.CLIENT,
            ErasureGround.RETENTION_EXPIRED,
            client=people.client,
            hand_over=HandOver.DECLINED,
        )
        erasing.erase(people.officer, whole)
        assert lying(clinic) == [left]
        assert read(clinic, other, left) == b"left"
        assert verify_folder(clinic.clinic.folder).attachments == 1

    def test_a_recording_goes_before_its_time_once_consent_is_withdrawn(
        self, erasing: Erasing
    ) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        consent = allow(clinic, people.client)
        recording = stored(clinic, case, b"voice", tape(people.anna))
        asked = item(case, recording, ErasureGround.CONSENT_WITHDRAWN)
        early = erasing.state(erasing.request(people.anna, asked).named("erasure"))
        assert early.refusal is not None
        assert early.refusal.ground is RefusalGround.RETENTION_MEDICAL
        disallow(clinic, people.client, consent)
        erasing.erase(people.anna, asked)
        assert lying(clinic) == []

    def test_a_recording_goes_once_its_day_has_come(self, erasing: Erasing) -> None:
        clinic, people = erasing.clinic, erasing.clinic.people
        case = clinic.open_case()
        allow(clinic, people.client)
        recording = stored(clinic, case, b"voice", tape(people.anna))
        clinic.clock.move(timedelta(days=91))
        erasing.erase(people.anna, item(case, recording, ErasureGround.CONSENT_WITHDRAWN))
        assert lying(clinic) == []

    def test_what_a_couple_keeps_is_theirs_together(self, erasing: Erasing) -> None:
        clinic = erasing.clinic
        jan = clinic.register_client("Jan")
        couple = clinic.open_case(clinic.people.client, jan, room=Format.COUPLE)
        letter = stored(clinic, couple, b"a letter of both")
        assert read(clinic, couple, letter) == b"a letter of both"
        officer = clinic.people.officer
        erasing.erase(officer, item(couple, letter, ErasureGround.UNLAWFUL_RECORDING))
        assert lying(clinic) == []


@about_the_keyfile
class TestBackups:
    def test_bring_every_byte_back(self, clinic: SmallClinic, tmp_path: Path) -> None:
        case = clinic.open_case()
        one, two = stored(clinic, case, DATA), stored(clinic, case, b"short")
        send(clinic, case, begin(clinic, case, 5), b"words")
        folder = clinic.clinic.folder
        places = _places(tmp_path)
        back_up(folder, folder.custody, places)
        target = tmp_path / "restored"
        restored = restore(target, folder.custody, Wanted(places), clock=clinic.clock)
        assert restored.found.contents.attachments == 2
        assert restored.found.contents.damaged == 0
        with closing(compose(open_with(target, folder.custody, clock=clinic.clock))) as copy:
            again = SmallClinic(copy, clinic.people, clinic.clock, clinic.runner)
            assert lying(again) == sorted((one, two))
            assert read(again, case, one) == DATA
            assert read(again, case, two) == b"short"
            assert verify_folder(copy.folder).attachments == 2

    def test_that_are_older_than_an_erasure_bring_nothing_back(
        self, erasing: Erasing, tmp_path: Path
    ) -> None:
        clinic = erasing.clinic
        case = clinic.open_case()
        gone, left = stored(clinic, case, DATA), stored(clinic, case, b"left")
        folder = clinic.clinic.folder
        places = _places(tmp_path)
        back_up(folder, folder.custody, places)
        officer = clinic.people.officer
        erasing.erase(officer, item(case, gone, ErasureGround.UNLAWFUL_RECORDING))
        wanted = Wanted(places, log=folder.layout.folder)
        target = tmp_path / "restored"
        restored = restore(target, folder.custody, wanted, clock=clinic.clock)
        assert restored.found.shreds == 1
        assert restored.found.contents.attachments == 1
        assert [each.name for each in (target / "attachments").iterdir()] == [left]

    def test_are_drilled_to_the_last_byte_and_tell_of_a_damaged_one(
        self, clinic: SmallClinic, tmp_path: Path
    ) -> None:
        case = clinic.open_case()
        attachment = stored(clinic, case, DATA)
        clinic.catch_up()
        folder = clinic.clinic.folder
        places = {kind.word: place for kind, place in _places(tmp_path).items()}
        back_up(folder, folder.custody, _places(tmp_path))
        whole = drill(clinic.clinic, places, scratch=tmp_path)
        assert whole.event.equal
        path = folder.layout.attachments / attachment
        path.write_bytes(path.read_bytes()[:-1])
        clinic.clock.move(timedelta(hours=1))
        back_up(folder, folder.custody, _places(tmp_path))
        damaged = drill(clinic.clinic, places, scratch=tmp_path)
        assert (damaged.event.equal, damaged.differing) == (False, ("attachments",))
        assert damaged.restored.found.contents.damaged == 1


def _places(root: Path) -> dict[BackupSet, Path]:
    return {kind: root / "sets" / kind.word for kind in BackupSet}
