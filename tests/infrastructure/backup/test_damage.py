"""Damage to a set: whatever it is, it is found, and nothing of the set is used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from infrastructure.backup import manifest as manifests, sets
from infrastructure.backup.manifest import BEGUN, BackupSet
from infrastructure.backup.restore import Wanted, restore
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.vault.custody import Custody
from tests.support.backups import Trio, check, flip, manifest, opened, parts

FLIPS = 60


@pytest.mark.parametrize("kind", BackupSet, ids=lambda kind: kind.word)
def test_a_flipped_bit_anywhere_in_a_manifest_is_found(
    damaged: Trio, custody: Custody, kind: BackupSet
) -> None:
    path, chance = manifest(damaged.set(kind)), Random(kind.value)
    whole = path.read_bytes()
    for offset in range(0, len(whole), 1 if kind is BackupSet.KEYS else 3):
        flip(path, offset, chance)
        with pytest.raises((Broken, FolderRefused)):
            sets.open_set(sets.find(kind, damaged.places[kind]), custody)
        path.write_bytes(whole)
    check(damaged, custody)


@pytest.mark.parametrize("kind", BackupSet, ids=lambda kind: kind.word)
def test_a_flipped_bit_anywhere_in_a_part_is_found(
    damaged: Trio, custody: Custody, kind: BackupSet
) -> None:
    found, chance = opened(damaged, custody)[kind], Random(kind.value)
    for number in range(FLIPS):
        path = chance.choice(parts(found.place))
        whole = path.read_bytes()
        # Half of them fall into the header, the salt and the commitment.
        flip(path, chance.randrange(84 if number % 2 else len(whole)), chance)
        with pytest.raises(Broken):
            sets.check_set(found, lambda _now, _of: None)
        path.write_bytes(whole)
    sets.check_set(found, lambda _now, _of: None)


Hurt = Callable[[list[Path]], None]


def _missing(some: list[Path]) -> None:
    some[-1].unlink()


def _first_missing(some: list[Path]) -> None:
    some[0].unlink()


def _cut(some: list[Path]) -> None:
    some[-1].write_bytes(some[-1].read_bytes()[:-1])


def _empty(some: list[Path]) -> None:
    some[-1].write_bytes(b"")


def _longer(some: list[Path]) -> None:
    some[-1].write_bytes(some[-1].read_bytes() + b"\0")


def _bomb(some: list[Path]) -> None:
    with some[-1].open("r+b") as file:
        file.truncate(1 << 34)


def _exchanged(some: list[Path]) -> None:
    one, other = some[-1].read_bytes(), some[-2].read_bytes()
    some[-1].write_bytes(other)
    some[-2].write_bytes(one)


def _doubled(some: list[Path]) -> None:
    some[-1].write_bytes(some[-2].read_bytes())


@pytest.mark.parametrize(
    "hurt", [_missing, _first_missing, _cut, _empty, _longer, _bomb, _exchanged, _doubled]
)
def test_parts_that_are_missing_cut_or_out_of_place_are_found(
    damaged: Trio, custody: Custody, tmp_path: Path, hurt: Hurt
) -> None:
    hurt(parts(damaged.set(BackupSet.RECORD)))
    with pytest.raises(Broken):
        check(damaged, custody)
    with pytest.raises(Broken):
        restore(tmp_path / "restored", custody, Wanted(damaged.places))
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize("kind", BackupSet, ids=lambda kind: kind.word)
def test_a_part_of_another_backup_of_the_same_clinic_is_found(
    running: OpenFolder, trio: Trio, tmp_path: Path, kind: BackupSet
) -> None:
    trio.made(running)
    other = Trio(tmp_path / "other")
    other.made(running)
    # The same bytes were sealed in the same place: only the backup is another one.
    mine, theirs = parts(trio.set(kind)), parts(other.set(kind))
    own = mine[0].read_bytes()
    shutil.copyfile(theirs[0], mine[0])
    with pytest.raises(Broken):
        check(trio, running.custody)
    mine[0].write_bytes(own)
    shutil.copyfile(manifest(other.set(kind)), manifest(trio.set(kind)))
    with pytest.raises(Broken):
        sets.check_set(opened(trio, running.custody)[kind], lambda _now, _of: None)


def test_a_set_does_not_pass_for_one_of_another_kind(damaged: Trio, custody: Custody) -> None:
    keys, accounts = damaged.set(BackupSet.KEYS), damaged.set(BackupSet.ACCOUNTS)
    text = manifest(keys).read_text().replace("set keys", "set accounts")
    manifest(accounts).write_text(text.replace("keys.db", "accounts.db"))
    with pytest.raises(Broken):
        sets.open_set(sets.find(BackupSet.ACCOUNTS, accounts), custody)


def test_a_set_that_was_begun_and_not_finished_is_no_backup(
    damaged: Trio, custody: Custody
) -> None:
    place = damaged.set(BackupSet.KEYS)
    manifest(place).rename(place / BEGUN)
    with pytest.raises(FolderRefused, match="never finished"):
        sets.find(BackupSet.KEYS, damaged.places[BackupSet.KEYS])
    (place / BEGUN).rename(manifest(place))
    check(damaged, custody)


def test_another_clinics_keyfile_opens_no_set(backed_up: Trio, other: object) -> None:
    stranger = getattr(other, "custody")  # noqa: B009 - a conftest's class
    for kind, place in backed_up.places.items():
        with pytest.raises(Broken, match="E-AEAD"):
            sets.open_set(sets.find(kind, place), stranger)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("file keys.db", "file ../keys.db"),
        ("file keys.db", "file /keys.db"),
        ("file keys.db", "file record.db"),
        ("file keys.db", "file kek.key"),
        ("\nsize ", "\nsize 0"),
        ("\nsize ", "\nsize +"),
        ("\nsize ", "\nsize 99999999999999999999"),
        ("powiernik-backup 1", "powiernik-backup 2"),
        ("\npart ", "\r\npart "),
        ("\nmac ", "\nmac  "),
        ("\nset keys", "\nset keys\nset keys"),
    ],
)
def test_a_manifest_in_other_words_is_refused(backed_up: Trio, before: str, after: str) -> None:
    text = manifest(backed_up.set(BackupSet.KEYS)).read_text()
    assert before in text
    with pytest.raises(Broken):
        manifests.parse(text.replace(before, after, 1).encode())


def test_a_manifest_that_promises_too_much_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "manifest"
    with path.open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(Broken, match="E-LIMIT"):
        manifests.read(path)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\xff\xfe", b"powiernik-backup 1\n", b"powiernik-backup 1\n" * 10_000]
)
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(Broken, match="E-PARSE"):
        manifests.parse(data)


def test_a_symbolic_link_in_the_way_is_not_followed(
    damaged: Trio, custody: Custody, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"somebody else's")
    making = tmp_path / ".restored.restoring"
    making.mkdir()
    (making / ".keys.db.restoring").symlink_to(outside)
    with pytest.raises(FolderRefused):
        restore(tmp_path / "restored", custody, Wanted(damaged.places))
    assert outside.read_bytes() == b"somebody else's"
