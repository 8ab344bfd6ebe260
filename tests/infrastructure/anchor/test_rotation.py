"""A log's key and a witness's are replaced with an overlap, whoever dies and whoever interferes."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from api.http.witness import create_witness_app
from domain.errors import IntegrityIncident
from infrastructure.anchor import policy as trust_policy, rotation
from infrastructure.anchor.checkpointer import NEXT_KEY, Checkpointer, create, read_signers
from infrastructure.anchor.rotation import Replacing as Replaced, named_keys
from infrastructure.anchor.witness import Witness, policy_lines
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.scrubber import open_scrubber
from infrastructure.layout import structure
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.errors import KeyRefused, LogBroken
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.offline import verify_log
from infrastructure.ledger.policy_key import LOG_KEY, WITNESS_KEY, live
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.tiles import TileFolder, TileWriter
from infrastructure.ledger.trust import Judged, Trust
from tests.infrastructure.conftest import PASSPHRASES
from tests.support import ink
from tests.support.replacing import Replacing, step
from tests.support.witnesses import Stage, serving

Open = Callable[..., OpenFolder]
ORIGIN = "clinic.example/log/1"
NAME = "witness.example/w1"


class Site(NamedTuple):
    """A clinic, its checkpointer and its witness, each in a folder of one place."""

    place: Path
    url: str

    @property
    def clinic(self) -> Path:
        return self.place / "clinic"

    @property
    def checkpointer(self) -> Path:
        return self.place / "checkpointer"

    @property
    def policy(self) -> Path:
        return self.clinic / "trust.policy"

    @property
    def trust(self) -> Trust:
        return Trust.parse(self.policy.read_bytes())

    def step(self) -> None:
        step(self.clinic, self.checkpointer)

    def published(self) -> Judged:
        """What is published, which has to be good by the policy that is published."""
        return self.trust.require(TileFolder(self.clinic / "log").read_checkpoint())

    def vkeys(self) -> list[str]:
        """The keys that sign."""
        return [each.verifier.vkey() for each in read_signers(self.checkpointer)]

    def listed(self) -> list[str]:
        """The keys of the log that the policy lists."""
        return [each.verifier.vkey() for each in self.trust.logs]

    def copy(self, place: Path) -> Site:
        return self._replace(place=Path(shutil.copytree(self.place, place)))


@pytest.fixture
def stage() -> Stage:
    """What is served as the witness."""
    return Stage()


@pytest.fixture
def site(open_: Open, old_clinic: Path, tmp_path: Path, stage: Stage) -> Iterator[Site]:
    """A clinic whose checkpoints need one witness; the first one is published."""
    place = tmp_path / "site"
    place.mkdir()
    old_clinic.rename(place / "clinic")
    with serving(stage) as port:
        site = Site(place, f"http://127.0.0.1:{port}")
        folder = open_(site.clinic)
        vkey = create(site.checkpointer, folder.vault.lineage, folder.append_key)
        trust_policy.begin(site.policy, vkey)
        with closing(Witness.create(place / "witness", NAME)) as witness:
            witness.trust(vkey)
            stage.app = create_witness_app(witness)
            lines = "\n".join(policy_lines(witness.verifiers, site.url))
            trust_policy.name_witnesses(site.policy, [lines.encode()], 1)
            site.step()
            folder.close()
            yield site


@pytest.fixture
def witness(site: Site, stage: Stage) -> Iterator[Witness]:
    """The witness of the site, as its operator holds it."""
    with closing(Witness(site.place / "witness")) as found:
        stage.app = create_witness_app(found)
        yield found


def lives(folder: OpenFolder) -> None:
    folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)


def bad_claims(site: Site, trust: Trust | None = None, memory: Path | None = None) -> set[str]:
    """What an auditor finds bad in the published log; times are those of the tests' own clock."""
    with Remembered(memory) as remembered:
        verdict = verify_log(
            site.clinic / "log",
            trust or site.trust,
            remembered=remembered,
            now_s=int(time.time()) + 10**7,
        )
    return {each.name for each in verdict.claims if not each.good} - {"times"}


def begun(site: Site, folder: OpenFolder, witness: Witness) -> Replaced:
    """The overlap has begun, and a checkpoint with both signatures is published."""
    found = rotation.rotate(folder, site.checkpointer)
    witness.trust(found.new)
    lives(folder)
    site.step()
    return found


# The log's key


def test_a_key_is_replaced_and_checkpoints_go_on_all_the_time(
    open_: Open, site: Site, witness: Witness
) -> None:
    folder = open_(site.clinic)
    [old] = site.vkeys()
    before = site.trust
    found = rotation.rotate(folder, site.checkpointer)
    assert found.old == old != found.new
    assert site.vkeys() == site.listed() == [found.old, found.new]
    # The witness knows the old key alone: nothing waits for its operator.
    lives(folder)
    site.step()
    both = site.published()
    assert [each.vkey() for each in both.logs] == [found.old, found.new]
    assert bad_claims(site, before) == set()
    witness.trust(found.new)
    ended = rotation.retire(folder, site.checkpointer)
    assert ended == found
    assert site.vkeys() == site.listed() == [found.new]
    assert not (site.checkpointer / NEXT_KEY).exists()
    # What is published is good by the new policy at once, and what comes next is signed by it.
    site.published()
    with pytest.raises(KeyRefused, match="another one has signed"):
        witness.distrust(found.old)
    lives(folder)
    site.step()
    after = site.published()
    witness.distrust(found.old)
    site.step()
    assert after.checkpoint.size > both.checkpoint.size
    note = Note.parse(TileFolder(site.clinic / "log").read_checkpoint())
    assert [line.key_id for line in note.signatures if line.name == ORIGIN] == [
        after.logs[0].key_id
    ]
    assert bad_claims(site) == set()
    assert bad_claims(site, before) >= {"checkpoint"}


def test_the_log_tells_what_became_of_its_keys(open_: Open, site: Site, witness: Witness) -> None:
    folder = open_(site.clinic)
    found = begun(site, folder, witness)
    rotation.retire(folder, site.checkpointer)
    named = named_keys(folder)
    assert [named[each].kind for each in (found.old, found.new)] == [LOG_KEY] * 2
    ended = named[found.old].ended
    assert ended is not None
    assert named[found.old].began < named[found.new].began < ended
    assert named[found.new].ended is None
    lives(folder)
    site.step()
    assert bad_claims(site) == set()


def test_a_checkpoint_of_the_same_size_gets_the_second_signature(open_: Open, site: Site) -> None:
    """Nobody has written anything but the record of the new key, and that was signed already."""
    folder = open_(site.clinic)
    rotation.rotate(folder, site.checkpointer)
    (site.checkpointer / NEXT_KEY).rename(site.place / "aside")
    site.step()
    one = site.published()
    (site.place / "aside").rename(site.checkpointer / NEXT_KEY)
    site.step()
    two = site.published()
    assert one.checkpoint == two.checkpoint
    assert (len(one.logs), len(two.logs)) == (1, 2)


def test_a_key_is_retired_only_once_both_have_signed_with_a_quorum(
    open_: Open, site: Site, stage: Stage, witness: Witness
) -> None:
    folder = open_(site.clinic)

    def too_early() -> None:
        with pytest.raises(FolderRefused, match="both signatures"):
            rotation.retire(folder, site.checkpointer)
        assert len(site.vkeys()) == len(site.listed()) == 2

    with pytest.raises(FolderRefused, match="No key is being replaced"):
        rotation.retire(folder, site.checkpointer)
    rotation.rotate(folder, site.checkpointer)
    too_early()

    async def away(_scope: object, _receive: object, _send: object) -> None:
        raise ConnectionResetError

    stage.app = away
    site.step()
    too_early()
    stage.app = create_witness_app(witness)
    site.step()
    rotation.retire(folder, site.checkpointer)
    assert len(site.vkeys()) == 1


def test_asked_twice_it_is_the_same_key(open_: Open, site: Site, witness: Witness) -> None:
    folder = open_(site.clinic)
    first = begun(site, folder, witness)
    size = folder.store.standing().size
    assert rotation.rotate(folder, site.checkpointer) == first
    assert folder.store.standing().size == size


def test_one_key_after_another(open_: Open, site: Site, witness: Witness) -> None:
    folder = open_(site.clinic)
    seen = set()
    for _ in range(3):
        found = begun(site, folder, witness)
        rotation.retire(folder, site.checkpointer)
        seen.add(found.new)
        lives(folder)
        site.step()
    assert len(seen) == 3
    assert live(named_keys(folder).values(), LOG_KEY) == set(site.listed())
    assert bad_claims(site) == set()


def test_a_memory_goes_on_through_the_change(
    open_: Open, site: Site, witness: Witness, tmp_path: Path
) -> None:
    folder, memory = open_(site.clinic), tmp_path / "memory"
    assert bad_claims(site, memory=memory) == set()
    begun(site, folder, witness)
    assert bad_claims(site, memory=memory) == set()
    rotation.retire(folder, site.checkpointer)
    lives(folder)
    site.step()
    assert bad_claims(site, memory=memory) == set()


def test_nothing_is_replaced_while_the_record_is_read_only(open_: Open, site: Site) -> None:
    folder = open_(site.clinic)
    folder.guard.report("E-ROOT", stream=None, position=3)
    with pytest.raises(IntegrityIncident):
        rotation.rotate(folder, site.checkpointer)
    assert len(site.listed()) == 1
    # Two signatures are none too few.
    site.published()


def test_another_logs_checkpointer_is_refused(open_: Open, site: Site, tmp_path: Path) -> None:
    folder = open_(site.clinic)
    place = tmp_path / "other"
    place.mkdir()
    with pytest.raises(FolderRefused, match="no checkpointer"):
        rotation.rotate(folder, place)
    assert list(place.iterdir()) == []
    for file in site.checkpointer.iterdir():
        shutil.copy(file, place)
    other = Signer.generate("other.example/log", ED25519)
    (place / "log.key").write_text(other.encode())
    with pytest.raises(FolderRefused, match="another log"):
        rotation.rotate(folder, place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_makes_is_the_checkpointers_own(open_: Open, site: Site) -> None:
    """It runs under a user of its own, who has to read its keys."""
    somebody = 12_345
    for file in site.checkpointer.iterdir():
        os.chown(file, somebody, somebody)
    (site.checkpointer / "keys.lock").unlink()
    rotation.rotate(open_(site.clinic), site.checkpointer)
    made = {each.name: each.stat() for each in site.checkpointer.iterdir()}
    assert made[NEXT_KEY].st_mode & 0o777 == 0o600
    assert {each.st_uid for each in made.values()} == {somebody}
    assert (site.clinic / "trust.policy").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_makes_is_the_witnesses_own(witness: Witness, site: Site) -> None:
    somebody, folder = 12_345, site.place / "witness"
    for file in folder.iterdir():
        os.chown(file, somebody, somebody)
    witness.rotate()
    assert {each.stat().st_uid for each in folder.iterdir()} == {somebody}


# Whoever interferes


def test_a_key_that_somebody_has_put_into_the_policy_is_not_taken_over(
    open_: Open, site: Site
) -> None:
    folder = open_(site.clinic)
    stranger = Signer.generate(ORIGIN, ED25519).verifier.vkey()
    trust_policy.set_log_keys(site.policy, [*site.vkeys(), stranger])
    with pytest.raises(FolderRefused, match="does not hold"):
        rotation.rotate(folder, site.checkpointer)


def test_a_key_without_its_record_is_found_by_the_scrubber(
    open_: Open, site: Site, witness: Witness
) -> None:
    """Somebody who may write the clinic's files lists her own key, and signs with it."""
    folder = open_(site.clinic)
    begun(site, folder, witness)
    with closing(open_scrubber(folder)) as scrubber:
        while scrubber.step().behind:
            pass
    thief = Signer.generate(ORIGIN, ED25519)
    judged = site.published()
    note = signed(judged.checkpoint, thief)
    with TileWriter(site.clinic / "log") as tiles:
        tiles.write_checkpoint(note.encode())
    site.policy.write_text(f"log {thief.verifier.vkey()}\nquorum none\n")
    with closing(open_scrubber(folder)) as scrubber, pytest.raises(LogBroken) as caught:
        scrubber.step()
    assert caught.value.code == "E-KEYSTATE"
    assert folder.guard.incidents.halted() is not None
    assert bad_claims(site) == {"keys"}


def test_a_fork_that_a_retired_key_signs_is_refused_by_everybody(
    open_: Open, site: Site, witness: Witness, tmp_path: Path
) -> None:
    folder, memory = open_(site.clinic), tmp_path / "memory"
    stolen = read_signers(site.checkpointer)[0]
    old_policy = site.trust
    found = begun(site, folder, witness)
    rotation.retire(folder, site.checkpointer)
    witness.distrust(found.old)
    lives(folder)
    site.step()
    assert bad_claims(site, memory=memory) == set()
    honest = site.published().checkpoint
    fork = Checkpoint(ORIGIN, honest.size, b"\x07" * 32)
    for head in (fork, honest):
        note = signed(head, stolen)
        body = f"old {honest.size}\n\n".encode() + note.encode()
        assert witness.add_checkpoint(body, int(time.time())).status == 403
    with TileWriter(site.clinic / "log") as tiles:
        tiles.write_checkpoint(signed(honest, stolen).encode())
    assert "checkpoint" in bad_claims(site)
    # Without any witness and with the old policy, the log itself tells.
    lax = Trust.parse(f"log {old_policy.logs[0].verifier.vkey()}\nquorum none\n".encode())
    assert bad_claims(site, lax) == {"keys"}


def test_the_scrubber_goes_on_while_keys_are_replaced(
    open_: Open, site: Site, witness: Witness
) -> None:
    """It was opened under the old policy; nothing that happens beside it alarms it."""
    folder = open_(site.clinic)
    with closing(open_scrubber(folder)) as scrubber:
        scrubber.step()
        begun(site, folder, witness)
        rotation.retire(folder, site.checkpointer)
        for _ in range(3):
            lives(folder)
            site.step()
            scrubber.step()
            scrubber.sample(3)
        assert scrubber.again()
    assert folder.guard.incidents.all() == []


# A witness's keys


def lines_of(site: Site, witness: Witness) -> bytes:
    return "\n".join(policy_lines(witness.verifiers, site.url)).encode()


def test_a_witness_is_brought_to_its_new_key_and_counts_once_all_the_time(
    open_: Open, site: Site, witness: Witness
) -> None:
    folder = open_(site.clinic)
    old_policy, old = site.trust, witness.verifiers
    both = witness.rotate()
    lives(folder)
    site.step()
    # The clinic does not know yet.
    site.published()
    rotation.name_witnesses(folder, [lines_of(site, witness)], 1)
    lives(folder)
    site.step()
    judged = site.published()
    assert len(judged.witnesses) == len(both) == 2 * len(old)
    assert bad_claims(site, old_policy) == bad_claims(site) == set()
    left = witness.retire()
    assert set(left) == set(both) - set(old)
    rotation.name_witnesses(folder, [lines_of(site, witness)], 1)
    site.published()
    lives(folder)
    site.step()
    assert {each.verifier for each in site.trust.witnesses} == set(left)
    named = named_keys(folder)
    assert live(named.values(), WITNESS_KEY) == {each.vkey() for each in left}
    assert all(named[each.vkey()].ended is not None for each in old)
    assert bad_claims(site) == set()


def test_a_new_key_of_a_witness_is_asked_for_although_nothing_is_written(
    open_: Open, site: Site, witness: Witness
) -> None:
    """In a clinic that sleeps, too, the overlap comes to its end."""
    folder = open_(site.clinic)
    layout = folder.layout
    with (
        closing(structure(layout.record)) as store,
        closing(
            Checkpointer(site.checkpointer, store, layout.log, site.trust, policy=layout.policy)
        ) as at_work,
    ):
        at_work.step()
        before = site.published()
        both = witness.rotate()
        # The policy alone, without its records: the log stays as it is.
        trust_policy.name_witnesses(site.policy, [lines_of(site, witness)], 1)
        at_work.step()
    judged = site.published()
    assert judged.checkpoint == before.checkpoint
    assert len(judged.witnesses) == len(both)


def test_an_old_key_of_a_witness_goes_no_sooner_than_the_new_one_cosigns(
    open_: Open, site: Site, witness: Witness
) -> None:
    folder = open_(site.clinic)
    old = lines_of(site, witness)
    witness.rotate()
    witness.retire(at_once=True)
    before = site.policy.read_bytes()
    with pytest.raises(FolderRefused, match="at-once"):
        rotation.name_witnesses(folder, [lines_of(site, witness)], 1)
    assert site.policy.read_bytes() == before
    rotation.name_witnesses(folder, [lines_of(site, witness)], 1, at_once=True)
    lives(folder)
    site.step()
    site.published()
    # What has ended does not come back.
    with pytest.raises(FolderRefused, match="has ended"):
        rotation.name_witnesses(folder, [old], 1, at_once=True)


def test_other_witnesses_are_named_without_any_overlap(
    open_: Open, site: Site, witness: Witness, tmp_path: Path
) -> None:
    folder = open_(site.clinic)
    with closing(Witness.create(tmp_path / "other", "witness.example/w2")) as other:
        rotation.name_witnesses(folder, [lines_of(site, other)], 1)
        assert {each.verifier for each in site.trust.witnesses} == set(other.verifiers)
    size = folder.store.standing().size
    rotation.name_witnesses(folder, [], 0)
    assert folder.store.standing().size == size + len(witness.verifiers)
    assert live(named_keys(folder).values(), WITNESS_KEY) == frozenset()


# Whatever dies


@pytest.fixture(scope="module")
def replacing(made_path: Path) -> Iterator[Replacing]:
    with Replacing(made_path, PASSPHRASES[0]) as found:
        yield found


@pytest.fixture(scope="module")
def made_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue("made").path
    return path


def judge(site: Site) -> Judged:
    """What must hold at every moment: what is published is what the published policy asks for."""
    judged = site.published()
    assert set(site.listed()) <= set(site.vkeys())
    return judged


EVERY = pytest.param(1, marks=pytest.mark.endurance, id="every")
"""Killed before each single thing that is made durable; else before every seventh."""


@pytest.mark.parametrize("stride", [pytest.param(7, id="some"), EVERY])
def test_killed_at_every_step_it_goes_on_and_never_lacks_a_signature(
    open_: Open, site: Site, stage: Stage, replacing: Replacing, tmp_path: Path, stride: int
) -> None:
    deaths, number, died = 0, 0, True
    while died:
        place = site.copy(tmp_path / str(number))
        with closing(Witness(place.place / "witness")) as witness:
            stage.app = create_witness_app(witness)
            died = False

            def dying(act: str, place: Site = place, number: int = number) -> None:
                nonlocal died, deaths
                before = judge(place).checkpoint
                if replacing.act(act, place.place, number):
                    died, deaths = True, deaths + 1
                assert judge(place).checkpoint.size >= before.size

            for act in ("rotate", "step"):
                dying(act)
            # Asked again it goes on, with the key that is there.
            there = place.vkeys()
            replacing.act("rotate", place.place)
            old, new = place.vkeys()
            assert there in ([old], [old, new])
            dying("step")
            replacing.act("step", place.place)
            assert [each.vkey() for each in judge(place).logs] == [old, new]
            witness.trust(new)
            dying("retire")
            dying("step")
            if len(place.vkeys()) > 1:
                replacing.act("retire", place.place)
            assert place.vkeys() == place.listed() == [new]
            replacing.act("step", place.place)
            witness.distrust(old)
            assert bad_claims(place) == set()
            assert witness.evidence() == ()
            with closing(open_(place.clinic)) as folder:
                named = named_keys(folder)
                assert set(named) == {old, new}
                assert named[old].ended is not None
                assert named[new].ended is None
        number += stride
    assert deaths >= 100 // stride, deaths


@pytest.mark.parametrize("stride", [pytest.param(7, id="some"), EVERY])
def test_a_witness_killed_at_every_step_goes_on_and_cosigns_all_the_time(
    site: Site, stage: Stage, replacing: Replacing, tmp_path: Path, stride: int
) -> None:
    deaths, number, died = 0, 0, True
    while died:
        place = site.copy(tmp_path / str(number))
        died = False
        folder = place.place / "witness"
        # It is served all the while, by a process that only hears of it from the memory.
        with closing(Witness(folder)) as serving_it:
            stage.app = create_witness_app(serving_it)
            for act in ("witness rotate", "witness retire"):
                if replacing.act(act, place.place, number):
                    died, deaths = True, deaths + 1
                place.step()
                place.published()
                with closing(Witness(folder)) as reopened:
                    assert reopened.verifiers
                if act == "witness rotate" or sorted(folder.glob("*.next.key")):
                    replacing.act(act, place.place)
                if act == "witness rotate":
                    # The clinic takes the new key over before the old one goes.
                    with closing(Witness(folder)) as opened:
                        lines = lines_of(place, opened)
                    (place.place / "w1.lines").write_bytes(lines)
                    replacing.act("name", place.place)
                    replacing.act("step", place.place)
            with closing(Witness(folder)) as opened:
                left = opened.verifiers
            assert not sorted(folder.glob("*.next.key"))
            assert len({each.algorithm for each in left}) == len(left)
            (place.place / "w1.lines").write_bytes(
                "\n".join(policy_lines(left, place.url)).encode()
            )
            replacing.act("name", place.place)
            replacing.act("step", place.place)
            assert {each.verifier for each in place.trust.witnesses} == set(left)
            place.published()
        number += stride
    assert deaths >= 10 // stride, deaths
