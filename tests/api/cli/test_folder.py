"""``status``, ``verify``, ``rebuild`` and ``reset-password``, on whole folders and on others."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from api.compose import LIGHT, PROJECTIONS, create, opened
from domain.values import ActorId, ActorKind
from tests.api.cli.support import BROKEN, GOOD, UNUSABLE, Ended, keyed, powiernik
from tests.support.clinic import PASSPHRASE

NAMES = [each.name for each in PROJECTIONS]


def structure(data: Path, *words: object) -> Ended:
    return powiernik("verify", "--data", data, "--structure", *words)


def flip(file: Path, where: bytes, *, offset: int = 0) -> None:
    """Change one bit in the first of some bytes."""
    content = bytearray(file.read_bytes())
    place = content.index(where) + offset
    content[place] ^= 1
    file.write_bytes(content)


def newest(data: Path, column: str = "record") -> bytes:
    """A column of the newest row of the record."""
    db = sqlite3.connect(data / "record.db")
    (found,) = db.execute(f"SELECT {column} FROM record ORDER BY pos DESC LIMIT 1").fetchone()  # noqa: S608 - a test's own
    db.close()
    content: bytes = found
    return content


class TestStatus:
    def test_needs_no_passphrase_and_tells_no_content(self, data: Path) -> None:
        ended = powiernik("status", "--data", data, "--json")
        assert ended.code == GOOD
        told = ended.json()
        assert told["origin"] == "tests.powiernik.invalid"
        assert told["events"] > 20
        assert len(told["root"]) == 64
        assert told["root"] == structure(data, "--json").json()["root"]
        assert set(told["projections"]) == set(NAMES)
        assert told["bytes"] > 10_000
        people = powiernik("status", "--data", data)
        assert people.code == GOOD
        assert f"events       {told['events']}" in people.out
        assert "Klara" not in ended.said + people.said

    def test_says_how_far_projections_are(self, data: Path) -> None:
        before = powiernik("status", "--data", data, "--json").json()
        with opened(data, PASSPHRASE) as clinic:
            clinic.catch_up()
        after = powiernik("status", "--data", data, "--json").json()
        assert set(before["projections"].values()) == {-1}
        assert set(after["projections"].values()) == {after["events"] - 1}


class TestVerify:
    def test_of_a_whole_folder_is_good(self, data: Path) -> None:
        told = keyed("verify", data, "--json").json()
        assert (told["verdict"], told["with_keys"]) == ("good", True)
        assert 0 < told["contents"] < told["events"]
        assert told["keys"] > 0

    def test_says_what_it_cannot_see(self, data: Path) -> None:
        ended = keyed("verify", data)
        assert ended.code == GOOD
        assert "Cannot be seen from here: what a checkpoint that lies elsewhere says" in ended.out
        assert "verify: " in ended.err

    def test_of_the_structure_needs_no_passphrase(self, data: Path) -> None:
        told = structure(data, "--json").json()
        assert (told["verdict"], told["with_keys"], told["contents"]) == ("good", False, 0)
        assert told["events"] == keyed("verify", data, "--json").json()["events"]

    def test_finds_one_flipped_bit_in_a_record(self, data: Path) -> None:
        flip(data / "record.db", newest(data), offset=200)
        for ended in (structure(data), keyed("verify", data, "--json")):
            assert (ended.code, ended.out) == (BROKEN, "")
            assert "Broken: E-LEAF at position " in ended.err

    def test_finds_a_forged_writer_with_the_keys_alone(self, data: Path) -> None:
        flip(data / "record.db", newest(data, "auth"))
        assert structure(data).code == GOOD
        ended = keyed("verify", data)
        assert ended.code == BROKEN
        assert "Broken: E-AUTH at position " in ended.err

    def test_finds_a_row_that_was_taken_away(self, data: Path) -> None:
        db = sqlite3.connect(data / "record.db")
        db.execute("DROP TRIGGER record_is_append_only_2")
        db.execute("DELETE FROM record WHERE pos = 10")
        db.commit()
        db.close()
        ended = structure(data)
        assert ended.code == BROKEN
        assert "Broken: E-GAP at position 10" in ended.err

    def test_finds_a_head_that_was_put_back(self, data: Path) -> None:
        db = sqlite3.connect(data / "record.db")
        db.execute("DROP TRIGGER log_only_grows")
        db.execute("UPDATE log_head SET size = size - 1")
        db.commit()
        db.close()
        ended = structure(data)
        assert ended.code == BROKEN
        assert "Broken: E-ROOT" in ended.err

    def test_finds_a_damaged_key(self, data: Path) -> None:
        db = sqlite3.connect(data / "keys.db")
        db.execute("UPDATE subject_key SET wrapped = zeroblob(length(wrapped))")
        db.commit()
        db.close()
        ended = keyed("verify", data)
        assert ended.code == BROKEN
        assert ended.err.splitlines()[-1].startswith("Broken: E-")

    @pytest.mark.parametrize("name", ["record.db", "keys.db", "accounts.db"])
    def test_of_a_file_full_of_noise_ends_in_a_sentence(self, data: Path, name: str) -> None:
        file = data / name
        content = bytearray(file.read_bytes())
        content[100:] = os.urandom(len(content) - 100)
        file.write_bytes(content)
        ended = keyed("verify", data)
        assert ended.code in (BROKEN, UNUSABLE)
        assert ended.out == ""
        assert len(ended.err.splitlines()) == 1
        assert str(data) not in ended.err


class TestAFolder:
    COMMANDS = ("status", "verify", "structure", "rebuild", "reset-password", "serve")

    def run(self, data: Path, command: str) -> Ended:
        match command:
            case "status":
                return powiernik("status", "--data", data)
            case "structure":
                return structure(data)
            case "reset-password":
                return keyed(command, data, "ada")
            case _:
                return keyed(command, data)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_that_is_not_there_is_not_made(self, tmp_path: Path, command: str) -> None:
        ended = self.run(tmp_path / "nothing", command)
        assert ended.code == UNUSABLE
        assert ended.err == "There is no data folder here; 'powiernik init' makes one.\n"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_a_newer_version_is_left_alone(self, data: Path, command: str) -> None:
        (data / "FORMAT").write_text("powiernik 4\n")
        before = sorted((each.name, each.stat().st_mtime_ns) for each in data.iterdir())
        ended = self.run(data, command)
        assert ended.code == UNUSABLE
        assert ended.err == "The data folder has a format that this version does not know.\n"
        assert before == sorted((each.name, each.stat().st_mtime_ns) for each in data.iterdir())

    @pytest.mark.parametrize("command", COMMANDS)
    def test_that_cannot_be_read_ends_in_a_sentence(self, data: Path, command: str) -> None:
        (data / "FORMAT").unlink()
        (data / "FORMAT").mkdir()
        ended = self.run(data, command)
        assert (ended.code, ended.err) == (UNUSABLE, "The data folder cannot be read.\n")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_that_may_not_be_read_ends_in_a_sentence(self, data: Path) -> None:
        data.chmod(0)
        try:
            ended = self.run(data, "status")
        finally:
            data.chmod(0o700)
        assert (ended.code, ended.err) == (UNUSABLE, "The data folder cannot be read.\n")

    @pytest.mark.parametrize("command", ["verify", "rebuild", "reset-password", "serve"])
    def test_without_its_keys_opens_nothing(self, data: Path, command: str) -> None:
        (data / "keys.db").unlink()
        ended = self.run(data, command)
        assert ended.code == UNUSABLE
        assert "key store" in ended.err
        assert not (data / "keys.db").exists()

    def test_without_its_keyfile_opens_nothing(self, data: Path) -> None:
        (data / "kek.key").unlink()
        ended = self.run(data, "verify")
        assert (ended.code, ended.err) == (UNUSABLE, "The keyfile is missing.\n")
        # Its structure can still be verified, as anybody's who holds a copy.
        assert self.run(data, "structure").code == GOOD

    def test_with_the_keys_of_another_opens_nothing(self, data: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        create(other, [PASSPHRASE], cost=LIGHT)
        shutil.copy(other / "keys.db", data)
        ended = self.run(data, "verify")
        assert (ended.code, ended.err) == (
            UNUSABLE,
            "The key store belongs to another record.\n",
        )
        shutil.copy(other / "record.db", data)
        ended = self.run(data, "verify")
        assert (ended.code, ended.err) == (
            UNUSABLE,
            "The key store does not belong to this keyfile.\n",
        )

    def test_without_its_record_opens_nothing(self, data: Path) -> None:
        (data / "record.db").unlink()
        for command in ("status", "structure", "verify"):
            ended = self.run(data, command)
            assert (ended.code, ended.err) == (UNUSABLE, "The record store is missing.\n")
        assert not (data / "record.db").exists()

    def test_that_is_a_file_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        ended = powiernik("status", "--data", tmp_path / "file")
        assert ended.code == UNUSABLE
        assert "is a file" in ended.err


class TestRebuild:
    def test_swaps_in_what_equals_what_served(self, data: Path) -> None:
        with opened(data, PASSPHRASE) as clinic:
            clinic.catch_up()
        ended = keyed("rebuild", data, "--json")
        assert ended.code == GOOD, ended.err
        told = ended.json()
        assert set(told) == set(NAMES)
        assert all(each.endswith("equal, swapped in") for each in told.values())
        for name in NAMES:
            assert (data / f"views-{name}.current").read_text() == "2\n"
            assert not (data / f"views-{name}.1.db").exists()

    def test_of_one_leaves_the_others(self, data: Path) -> None:
        ended = keyed("rebuild", data, "caseload-1")
        assert ended.code == GOOD, ended.err
        assert "caseload-1  " in ended.out
        assert (data / "views-caseload-1.current").read_text() == "2\n"
        assert (data / "views-staff-1.current").read_text() == "1\n"

    def test_keeps_serving_what_differs_and_says_so(self, data: Path) -> None:
        with opened(data, PASSPHRASE) as clinic:
            clinic.catch_up()
        db = sqlite3.connect(data / "views-name_cards-1.1.db")
        (changed,) = db.execute("SELECT count(*) FROM cards").fetchone()
        db.execute("UPDATE cards SET digest = zeroblob(length(digest))")
        db.commit()
        db.close()
        ended = keyed("rebuild", data, "name_cards-1", "staff-1", "--json")
        assert ended.code == BROKEN
        told = ended.json()
        assert told["name_cards-1"].endswith(f"{changed} differ")
        assert told["staff-1"].endswith("equal, swapped in")
        assert (data / "views-name_cards-1.current").read_text() == "1\n"
        assert not (data / "views-name_cards-1.2.db").exists()

    def test_of_what_nobody_knows_is_refused(self, data: Path) -> None:
        ended = keyed("rebuild", data, "horoscope-1")
        assert ended.code == UNUSABLE
        assert "Unknown projection; there are case_state-3, " in ended.err


class TestResetPassword:
    def test_gives_a_one_time_password_and_ends_every_session(self, data: Path) -> None:
        with opened(data, PASSPHRASE) as clinic:
            secret = clinic.accounts.add("ada", ActorKind.STAFF, ActorId("0" * 32))
            token, _ = clinic.accounts.sign_in("ada", secret, clinic.clock.now())
        ended = keyed("reset-password", data, "Ada", "--json")
        assert ended.code == GOOD, ended.err
        fresh = ended.json()["one_time_password"]
        assert fresh != secret
        with opened(data, PASSPHRASE) as clinic:
            now = clinic.clock.now()
            assert clinic.accounts.holder(token, now) is None
            _, holder = clinic.accounts.sign_in("ada", fresh, now)
            assert holder.must_change

    def test_of_nobody_is_refused(self, data: Path) -> None:
        ended = keyed("reset-password", data, "nobody")
        assert (ended.code, ended.out) == (UNUSABLE, "")
        assert "nobody" not in ended.err
