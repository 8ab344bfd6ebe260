"""Backup, restore and drill on the command line: what an operator types, and what she is told."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from api.compose import PROJECTIONS, opened
from api.compose.backup import back_up, drill
from domain.continuity import fold
from domain.use_cases import compliance
from projections.audit_trail import AuditTrail, Filter
from tests.api.cli.support import BROKEN, GOOD, UNUSABLE, Ended, descriptor, keyed, powiernik
from tests.support.backups import flip, keys_of, parts, shred
from tests.support.clinic import PASSPHRASE, SmallClinic, found, small_clinic

SETS = ("record", "keys", "accounts")


def places(root: Path) -> list[str]:
    """Options that name three places."""
    return [word for name in SETS for word in (f"--{name}", str(root / name))]


@pytest.fixture
def disks(tmp_path: Path) -> Path:
    """Where three disks are mounted."""
    root = tmp_path / "disks"
    for name in SETS:
        (root / name).mkdir(parents=True)
    return root


@pytest.fixture
def made(data: Path, disks: Path) -> Ended:
    """A backup of the clinic on the three disks."""
    ended = keyed("backup", data, "--json", *places(disks))
    assert ended.code == GOOD, ended.said
    return ended


def test_a_backup_says_what_it_holds_and_when_its_keys_expire(made: Ended, data: Path) -> None:
    told = made.json()
    assert set(told["bytes"]) == set(SETS)
    assert told["events"] > 0
    assert "keys_expire" in told
    assert "three" not in made.err
    (keys,) = (
        each
        for each in json.loads(powiernik("backup", "list", "--data", data, "--json").out)
        if each["set"] == "keys"
    )
    assert keys["backup"] == told["backup"]
    assert keys["whole"]


def test_sets_are_checked_where_they_lie(data: Path, made: Ended, disks: Path) -> None:
    with descriptor(PASSPHRASE) as number:
        words = ("--data", data, "--passphrase-fd", number, "--json", *places(disks))
        ended = powiernik("backup", "check", *words)
    assert ended.code == GOOD, ended.said
    assert set(ended.json()["backups"].values()) == {made.json()["backup"]}
    accounts = next(each for each in (disks / "accounts").iterdir() if each.is_dir())
    flip(parts(accounts)[0], 300, Random(1))
    with descriptor(PASSPHRASE) as number:
        words = ("--data", data, "--passphrase-fd", number, "--accounts", disks / "accounts")
        assert powiernik("backup", "check", *words).code == BROKEN


def test_the_status_tells_when_the_newest_backup_was_made(data: Path, disks: Path) -> None:
    assert "none" in powiernik("status", "--data", data, "--json").json()["backups"]
    assert keyed("backup", data, "--record", disks / "record").code == GOOD
    told = powiernik("status", "--data", data, "--json").json()["backups"]
    assert set(told) == {"record"}
    assert keyed("backup", data, *places(disks)).code == GOOD
    told = powiernik("status", "--data", data, "--json").json()["backups"]
    assert set(told) == set(SETS)
    assert "to be gone by" in told["keys"]


def test_everything_in_one_place_is_done_with_a_warning(data: Path, tmp_path: Path) -> None:
    ended = keyed("backup", data, "--to", tmp_path / "all")
    assert ended.code == GOOD
    assert "Keep them apart" in ended.err
    assert {each.name for each in (tmp_path / "all").iterdir()} == set(SETS)


@pytest.mark.parametrize(
    "words",
    [(), ("--to", "x", "--keys", "y"), ("--to", "x", "--keep-keys-days", 31)],
    ids=["no place", "two ways", "too long"],
)
def test_a_backup_to_nowhere_is_refused(data: Path, words: tuple[object, ...]) -> None:
    assert keyed("backup", data, *words).code == UNUSABLE


def test_a_wrong_passphrase_makes_no_backup(data: Path, disks: Path) -> None:
    ended = keyed("backup", data, *places(disks), passphrase="not the passphrase at all")
    assert ended.code == UNUSABLE
    assert [each for each in disks.rglob("*") if each.is_file()] == []


def test_the_record_tells_that_a_backup_was_made_and_that_a_drill_was_held(
    data: Path, made: Ended, disks: Path
) -> None:
    ended = keyed("drill", data, "--json", *places(disks))
    assert ended.code == GOOD, ended.said
    told = ended.json()
    assert told["equal"]
    assert told["differing"] == []
    assert told["events"] > 0
    assert told["rows"] > 0
    assert told["recovery_time_seconds"] > 0
    with opened(data, PASSPHRASE) as clinic:
        state, _ = clinic.desk.record.fold(clinic.desk.clinic, fold)
        assert state is not None
        assert state.backup is not None
        assert state.drill is not None
        assert state.backup.backup == state.drill.backup == made.json()["backup"]
        assert state.drill.equal


def test_a_drill_leaves_nothing_behind(
    data: Path, made: Ended, disks: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = {each.name for each in data.iterdir()}
    assert keyed("drill", data, *places(disks), "--scratch", scratch).code == GOOD
    assert list(scratch.iterdir()) == []
    assert {each.name for each in data.iterdir()} - before <= {"follower.lock"} | {
        each.name for each in data.glob("*.lock")
    }


def test_a_drill_with_the_keyfile_that_is_kept_apart(
    data: Path, made: Ended, disks: Path, tmp_path: Path
) -> None:
    safe = Path(shutil.copyfile(data / "kek.key", tmp_path / "kek.key"))
    with_it = keyed("drill", data, *places(disks), "--keyfile", safe)
    assert with_it.code == GOOD
    assert "kept apart" not in with_it.err
    without = keyed("drill", data, *places(disks))
    assert "kept apart" in without.err


def test_a_drill_on_a_damaged_backup_says_so(data: Path, made: Ended, disks: Path) -> None:
    record = next(each for each in (disks / "record").iterdir() if each.is_dir())
    flip(parts(record)[-1], 200, Random(1))
    ended = keyed("drill", data, *places(disks))
    assert ended.code == BROKEN
    assert "E-AEAD" in ended.err
    with opened(data, PASSPHRASE) as clinic:
        state, _ = clinic.desk.record.fold(clinic.desk.clinic, fold)
        assert state is not None
        assert state.drill is not None
        assert not state.drill.equal


def test_a_clinic_is_put_back_and_serves(
    data: Path, made: Ended, disks: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    words = (*places(disks), "--keyfile", data / "kek.key", "--nothing-seen", "--json")
    ended = keyed("restore", new, *words)
    assert ended.code == GOOD, ended.said
    told = ended.json()
    assert told["serves"]
    assert told["unreadable"] == 0
    assert keyed("verify", new).code == GOOD
    assert keyed("rebuild", new).code == GOOD


def test_a_restore_asks_what_was_seen(data: Path, made: Ended, disks: Path, tmp_path: Path) -> None:
    ended = keyed("restore", tmp_path / "new", *places(disks), "--keyfile", data / "kek.key")
    assert ended.code == UNUSABLE
    assert "--seen" in ended.err
    assert not (tmp_path / "new").exists()


def test_an_older_clinic_is_put_back_and_does_not_serve(
    data: Path, made: Ended, disks: Path, tmp_path: Path
) -> None:
    # The backup itself was written down behind what it holds: the old folder has seen more.
    words = (*places(disks), "--keyfile", data / "kek.key", "--replaces", data)
    assert "--without-log" in keyed("restore", tmp_path / "new", *words).err
    ended = keyed("restore", tmp_path / "new", *words, "--without-log")
    assert ended.code == BROKEN
    assert "E-ROLLBACK" in ended.err
    assert "recover" in ended.err
    assert keyed("rebuild", tmp_path / "new").code == BROKEN


def test_a_restore_without_a_keyfile_is_refused(made: Ended, disks: Path, tmp_path: Path) -> None:
    ended = keyed("restore", tmp_path / "new", *places(disks), "--nothing-seen")
    assert ended.code == UNUSABLE
    assert "keyfile" in ended.err


def test_a_restore_needs_all_three_sets(
    data: Path, made: Ended, disks: Path, tmp_path: Path
) -> None:
    words = ("--record", disks / "record", "--nothing-seen", "--keyfile", data / "kek.key")
    assert keyed("restore", tmp_path / "new", *words).code == UNUSABLE


def test_keys_that_expired_and_cannot_be_found_are_listed(
    data: Path, made: Ended, disks: Path
) -> None:
    fresh = powiernik("backup", "expire", "--data", data, "--keys", disks / "keys", "--json")
    assert (fresh.code, fresh.json()) == (GOOD, {"deleted": [], "not_found": []})
    backup = made.json()["backup"]
    aged = data / "backups.list"
    lines = aged.read_text().replace(" 2", " 1", 3).splitlines()
    keys = next(number for number, each in enumerate(lines) if " keys " in each)
    words = lines[keys].split()
    lines[keys] = " ".join([*words[:3], "2020-01-01T00:00:00Z", "2020-01-08T00:00:00Z", words[5]])
    aged.write_text("\n".join([lines[0], lines[keys], ""]))
    found = powiernik("backup", "expire", "--data", data, "--json")
    assert (found.code, found.json()["not_found"]) == (BROKEN, [backup])
    gone = powiernik("backup", "expire", "--data", data, "--keys", disks / "keys", "--json")
    assert (gone.code, gone.json()["deleted"]) == (GOOD, [backup])
    assert list((disks / "keys").iterdir()) == []


def test_no_path_of_the_machine_is_told(data: Path, disks: Path, tmp_path: Path) -> None:
    ended = keyed(
        "restore", tmp_path / "new", *places(disks), "--nothing-seen", "--keyfile", data / "kek.key"
    )
    assert ended.code == UNUSABLE
    assert str(tmp_path) not in ended.said


def test_the_audit_trail_shows_a_backup(clinic: SmallClinic, tmp_path: Path) -> None:

    root = tmp_path / "disks"
    back_up(clinic.clinic, {name: root / name for name in SETS}, timedelta(days=7))
    clinic.catch_up()
    trail = clinic.views.audit_trail
    lines = [row for row in trail.lines(Filter(limit=20)) if not row.key[1]]
    _, owners = AuditTrail.concerning(lines)
    who = clinic.run(
        compliance.admit_to_audit_trail(clinic.desk, clinic.who(clinic.people.officer))
    )
    opening, _ = clinic.run(compliance.look_at_audit_trail(clinic.desk, who, {}, owners))
    assert "continuity" in {each.object_type for each in trail.open(lines, opening)}


def test_a_drill_tells_what_would_have_been_lost(clinic: SmallClinic, tmp_path: Path) -> None:
    places_ = {name: tmp_path / "disks" / name for name in SETS}
    back_up(clinic.clinic, places_, timedelta(days=7))
    clinic.clock.move(timedelta(hours=3))
    for _ in range(4):
        clinic.clinic.catch_up()
    done = drill(clinic.clinic, places_, scratch=tmp_path)
    assert done.event.equal
    assert done.event.age_seconds == 3 * 3600
    # The backup was written down behind what it holds, and each catching up.
    assert done.event.events_since >= 5
    assert done.projections == len(PROJECTIONS)


def test_a_drill_on_a_backup_from_before_a_destruction_destroys_it_again_and_is_equal(
    tmp_path: Path,
) -> None:
    second = "another holder's own words"
    founded = found(tmp_path / "founded", second)
    places_ = {name: tmp_path / "disks" / name for name in SETS}
    with small_clinic(founded, tmp_path / "clinic") as clinic:
        case = clinic.open_case()
        clinic.draft_note(case)
        back_up(clinic.clinic, places_, timedelta(days=7))
        before = drill(clinic.clinic, places_, scratch=tmp_path)
        folder = clinic.clinic.folder
        shred(folder, [PASSPHRASE, second], keys=keys_of(folder, case))
        after = drill(clinic.clinic, places_, scratch=tmp_path)
    assert (before.event.equal, before.event.destroyed) == (True, 0)
    assert after.restored.found.shreds == 1
    assert after.event.equal
    assert after.event.destroyed > 0
