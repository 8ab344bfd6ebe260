"""After an erasure a planted marker is readable nowhere, and everything else is whole."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from api.compose import Clinic, backup as backups, ledger, verify
from api.compose.erasing import shredder_of
from api.compose.itself import standing
from api.compose.views import PROJECTIONS
from api.protocol import render
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.use_cases import erasure_looks
from domain.use_cases.erasures import NewErasure
from domain.values import ClientId, ErasureId, Format
from infrastructure.custodians import rotating
from infrastructure.errors import FolderRefused, WrongKeyStore
from infrastructure.folder import open_with
from infrastructure.layout import Layout
from infrastructure.ledger import offline
from infrastructure.ledger.note import Signer
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verdict import Verdict
from infrastructure.vault import rotation
from infrastructure.vault.custody import Keyfile, unlock
from tests.support.clinic import PASSPHRASE, Founded, small_clinic
from tests.support.damage import publish
from tests.support.erasing import SECOND, Erasing, admission, erasing_in
from tests.support.joint import a_family
from tests.support.said import by_events, by_projections, in_files
from tests.support.softhsm import about_the_keyfile

HERS, OTHERS = "zaczarowana dorożka", "cicha przystań"
"""What was said in the rooms of the one who is erased, and of whoever stays."""
TWENTY_YEARS = timedelta(days=366 * 22)

Live = Callable[[Erasing], str]
Erase = Callable[[Erasing, str], ErasureId]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "HEARD_SECONDS", 0.1)


def readable(clinic: Clinic, marker: str) -> int:
    """How often a marker can be read by whoever has every key there is."""
    opening = standing(clinic.folder, "search")
    said = [*by_events(clinic.folder), *by_projections(clinic, opening)]
    return sum(marker in each for each in said)


def rebuilt(clinic: Clinic) -> None:
    """Every projection from zero, equal to the one that followed."""
    for each in PROJECTIONS:
        found = clinic.rebuild(each.name)
        assert found.equal, (each.name, found)


def one_client(erasing: Erasing) -> str:
    """Of two clients the first is erased, whose time has come."""
    clinic = erasing.clinic
    case = clinic.open_case()
    clinic.sign_note(case, clinic.draft_note(case, HERS))
    clinic.write_process_note(case, HERS)
    other = clinic.register_client("Olga")
    others = clinic.open_case(other)
    clinic.sign_note(others, clinic.draft_note(others, OTHERS))
    return ""


def asked_for(client: ClientId) -> NewErasure:
    return NewErasure(
        ErasureScope.CLIENT,
        ErasureGround.RETENTION_EXPIRED,
        client=client,
        hand_over=HandOver.DECLINED,
    )


def erase_the_client(erasing: Erasing, _told: str) -> ErasureId:
    erasing.clinic.clock.move(TWENTY_YEARS)
    people = erasing.clinic.people
    return erasing.erase(people.officer, asked_for(people.client))


def one_note(erasing: Erasing) -> str:
    """Of two notes of one client the first should never have been recorded."""
    clinic = erasing.clinic
    case = clinic.open_case()
    note = clinic.draft_note(case, HERS)
    clinic.sign_note(case, note)
    clinic.sign_note(case, clinic.draft_note(case, OTHERS))
    return f"{case} {note}"


def erase_the_note(erasing: Erasing, told: str) -> ErasureId:
    case, note = told.split()
    wish = admission(case, note)  # type: ignore[arg-type]
    return erasing.erase(erasing.clinic.people.anna, wish)


def one_member(erasing: Erasing) -> str:
    """Of a group of six one has parts of her own, and so have the others."""
    group = a_family(erasing.clinic, size=6, room=Format.GROUP)
    hers, others = group.people[0], group.people[1:]
    parts = {hers: HERS, **dict.fromkeys(others, OTHERS)}
    group.write(f"What all said. {group.token(hers)} was late.", parts)
    return str(group.case)


def erase_the_member(erasing: Erasing, told: str) -> ErasureId:
    erasing.clinic.clock.move(TWENTY_YEARS)
    people = erasing.clinic.people
    wish = NewErasure(
        ErasureScope.MEMBER,
        ErasureGround.RETENTION_EXPIRED,
        client=people.client,
        case=told,  # type: ignore[arg-type]
        hand_over=HandOver.DECLINED,
    )
    return erasing.erase(people.officer, wish)


KINDS: dict[str, tuple[Live, Erase]] = {
    "one of two clients": (one_client, erase_the_client),
    "one signed note": (one_note, erase_the_note),
    "one member of a group of six": (one_member, erase_the_member),
}


@about_the_keyfile
@pytest.mark.parametrize("kind", KINDS)
def test_a_marker_is_nowhere_the_others_are_whole_and_everything_verifies(
    kind: str,
    founded_by_two: tuple[Founded, tuple[Signer, ...]],
    tmp_path: Path,
) -> None:
    live, erase = KINDS[kind]
    founded, keys = founded_by_two
    folder, checkpointer = tmp_path / "clinic", tmp_path / "checkpointer"
    sets = {name: tmp_path / "yesterday" / name for name in ("record", "keys", "accounts")}
    with small_clinic(founded, folder) as clinic:
        ledger.create_checkpointer(clinic.clinic.folder, checkpointer)
        erasing = erasing_in(clinic, keys)
        told = live(erasing)
        clinic.catch_up()
        before, others = readable(clinic.clinic, HERS), readable(clinic.clinic, OTHERS)
        assert before > 0
        assert others > 0
        publish(checkpointer, clinic.clinic.folder.layout)
        backups.back_up(clinic.clinic, sets, timedelta(days=7))

        erasure = erase(erasing, told)
        clinic.catch_up()
        assert readable(clinic.clinic, HERS) == 0
        assert readable(clinic.clinic, OTHERS) == others
        rebuilt(clinic.clinic)
        assert readable(clinic.clinic, HERS) == 0
        assert readable(clinic.clinic, OTHERS) == others
        assert in_files(tmp_path, HERS) == []
        publish(checkpointer, clinic.clinic.folder.layout)
        protocol = protocol_of(erasing, erasure)
        assert "PROTOKÓŁ ZNISZCZENIA" in protocol

    # Yesterday's backup, before the key-encryption key is rotated: the newer log is asked for.
    with pytest.raises(FolderRefused):
        restored(tmp_path / "without", sets, folder, log=False)
    restored(tmp_path / "restored", sets, folder, log=True)
    with closing(open_with(tmp_path / "restored", custody_of(folder), pinned=False)) as old:
        said = list(by_events(old))
        assert not any(HERS in each for each in said)
        assert any(OTHERS in each for each in said)

    # And after it: not even the wrapped keys open.
    with closing(open_with(folder, custody_of(folder))) as now:
        rotating.rotate(now, shredder_of(now))
    with pytest.raises((WrongKeyStore, FolderRefused)):
        restored(tmp_path / "too late", sets, folder, log=True)

    assert verify(folder, PASSPHRASE).with_keys
    verdict = offline_verdict(folder)
    assert all(each.good for each in verdict.claims), verdict
    sys.stdout.write(f"\n{kind}: readable {before} times before, 0 after; {others} of others\n")
    sys.stdout.write(protocol)


def custody_of(folder: Path) -> Keyfile:
    found = unlock(Layout(folder).keyfile, PASSPHRASE)
    found.open_also(SECOND)
    return found


def restored(target: Path, sets: dict[str, Path], folder: Path, *, log: bool) -> None:
    found = backups.Found(
        seen=(), replaces=folder, log=folder if log else None, accept_unreadable=True
    )
    keyfile = target.with_suffix(".key")
    shutil.copyfile(Layout(folder).keyfile, keyfile)
    backups.restore(target, sets, PASSPHRASE, keyfile, found)


def protocol_of(erasing: Erasing, erasure: ErasureId) -> str:
    clinic = erasing.clinic
    who = clinic.who(clinic.people.officer)
    record, _, _ = clinic.run(erasure_looks.look_at_destruction_record(clinic.desk, who, erasure))
    return render(record, clinic.desk.origin, "pl", {})


def offline_verdict(folder: Path) -> Verdict:
    layout = Layout(folder)
    trust = Trust.parse(layout.policy.read_bytes())
    with Remembered(None) as nothing:
        return offline.verify_log(
            layout.log, trust, remembered=nothing, now_s=int(time.time() + 23 * 366 * 86400)
        )
