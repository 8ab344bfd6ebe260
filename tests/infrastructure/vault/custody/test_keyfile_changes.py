"""A keyfile that changes: people come and go, keys are rotated and destroyed, it still opens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from infrastructure.errors import (
    Broken,
    FolderRefused,
    KeyGone,
    SlotsClosed,
    WrongKeyStore,
    WrongPassphrase,
)
from infrastructure.vault import custody
from infrastructure.vault.custody import LIGHT, SLOT_SIZE, Cost, Keyfile, durable, unlock

CONTEXT = b"the context of a wrapped key"
SECRET = bytes(range(32))
DIRECTOR, ENVELOPE, THIRD = "the director's own words", "words in the envelope", "a third one's"


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keyfile") / "kek.key"
    custody.create(path, [DIRECTOR, ENVELOPE], cost=LIGHT)
    return path


@pytest.fixture
def path(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(fresh, tmp_path / "kek.key"))


@pytest.fixture
def both(path: Path) -> Keyfile:
    """The keyfile with both passphrases given."""
    found = unlock(path, DIRECTOR)
    found.open_also(ENVELOPE)
    return found


def slots(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [data[at : at + SLOT_SIZE] for at in range(0, len(data), SLOT_SIZE)]


def opens(path: Path, *passphrases: str) -> list[tuple[int, ...]]:
    return [unlock(path, each).generations for each in passphrases]


# Rotating


def test_a_rotation_locks_the_next_key_for_everybody(path: Path, both: Keyfile) -> None:
    before = both.wrap(1, SECRET, CONTEXT)
    assert both.rotate() == 2
    assert both.generations == (1, 2)
    after = both.wrap(2, SECRET, CONTEXT)
    for passphrase in (DIRECTOR, ENVELOPE):
        opened = unlock(path, passphrase)
        assert (opened.generation, opened.generations) == (2, (1, 2))
        assert opened.unwrap(1, before, CONTEXT) == opened.unwrap(2, after, CONTEXT) == SECRET
    assert len(slots(path)) == 4


def test_generations_do_not_open_for_one_another(both: Keyfile) -> None:
    both.rotate()
    wrapped = both.wrap(1, SECRET, CONTEXT)
    with pytest.raises(Broken, match="E-AEAD"):
        both.unwrap(2, wrapped, CONTEXT)


def test_a_rotation_that_was_cut_short_is_gone_on_with(path: Path, both: Keyfile) -> None:
    assert both.rotate() == 2
    data = path.read_bytes()
    assert both.rotate() == 2
    assert unlock(path, DIRECTOR).rotate() == 2
    assert path.read_bytes() == data


def test_nobody_is_locked_out_by_a_rotation_unsaid(path: Path) -> None:
    alone, before = unlock(path, DIRECTOR), path.read_bytes()
    with pytest.raises(SlotsClosed) as caught:
        alone.rotate()
    assert caught.value.count == 1
    assert path.read_bytes() == before
    assert alone.rotate(drop_closed=True) == 2
    assert len(slots(path)) == 2
    assert opens(path, DIRECTOR) == [(1, 2)]
    with pytest.raises(WrongPassphrase):
        unlock(path, ENVELOPE)


def test_another_process_that_rotated_is_followed(path: Path, both: Keyfile) -> None:
    late = unlock(path, ENVELOPE)
    both.rotate()
    wrapped = both.wrap(2, SECRET, CONTEXT)
    with pytest.raises(Broken, match="E-KEYSTATE"):
        late.unwrap(2, wrapped, CONTEXT)
    handed = both.wrap(1, both.export(2), CONTEXT)
    late.adopt(2, late.unwrap(1, handed, CONTEXT))
    assert late.generation == 2
    assert late.unwrap(2, wrapped, CONTEXT) == SECRET


def test_without_a_handing_over_the_file_itself_is_looked_at(path: Path, both: Keyfile) -> None:
    late = unlock(path, ENVELOPE)
    both.rotate()
    late.adopt(2, b"")
    assert late.export(2) == both.export(2)
    with pytest.raises(Broken, match="E-KEYSTATE"):
        late.adopt(3, b"")


def test_a_key_is_not_handed_over_for_another(both: Keyfile) -> None:
    with pytest.raises(Broken, match="E-KCV"):
        both.adopt(1, bytes(32))
    with pytest.raises(Broken, match="E-PARSE"):
        both.adopt(2, bytes(31))
    assert both.generations == (1,)


def test_a_rotation_finds_the_keyfile_exchanged(path: Path, both: Keyfile, tmp_path: Path) -> None:
    another = tmp_path / "another.key"
    custody.create(another, [THIRD], cost=LIGHT)
    another.rename(path)
    with pytest.raises(WrongKeyStore):
        both.rotate()
    assert both.generations == (1,)


# Destroying


def test_a_destroyed_generation_opens_nothing_any_more(path: Path, both: Keyfile) -> None:
    copy = path.with_name("an old backup")
    shutil.copy(path, copy)
    wrapped = both.wrap(1, SECRET, CONTEXT)
    both.rotate()
    evidence = both.destroy(1)
    assert evidence == b"keyfile: generation 1 destroyed, left 2"
    assert opens(path, DIRECTOR, ENVELOPE) == [(2,), (2,)]
    for each in (both, unlock(path, DIRECTOR)):
        with pytest.raises(KeyGone):
            each.unwrap(1, wrapped, CONTEXT)
        with pytest.raises(KeyGone):
            each.wrap(1, SECRET, CONTEXT)
        with pytest.raises(KeyGone):
            each.export(1)
    assert both.destroy(1) == evidence
    # What a keyfile cannot promise: whoever kept a copy has the key still (docs/custody.md).
    assert unlock(copy, DIRECTOR).unwrap(1, wrapped, CONTEXT) == SECRET


def test_the_newest_generation_is_never_destroyed(path: Path, both: Keyfile) -> None:
    before = path.read_bytes()
    for generation in (1, 2):
        with pytest.raises(Broken, match="E-KEYSTATE"):
            both.destroy(generation)
    assert path.read_bytes() == before


def test_what_stood_in_the_file_is_overwritten(path: Path, both: Keyfile) -> None:
    old = path.with_name("another name of the same file")
    old.hardlink_to(path)
    size = old.stat().st_size
    both.rotate()
    assert old.read_bytes() == bytes(size)
    assert path.stat().st_mode & 0o777 == 0o600


# People


def test_a_third_person_opens_what_the_others_do(path: Path, both: Keyfile) -> None:
    both.rotate()
    assert both.add(THIRD, cost=LIGHT) == 3
    assert opens(path, DIRECTOR, ENVELOPE, THIRD) == [(1, 2)] * 3
    assert [(each.number, each.generations, each.open) for each in both.people()] == [
        (1, (1, 2), True),
        (2, (1, 2), True),
        (3, (1, 2), True),
    ]


def test_adding_takes_one_open_passphrase_alone(path: Path) -> None:
    assert unlock(path, ENVELOPE).add(THIRD, cost=LIGHT) == 3
    assert opens(path, DIRECTOR, ENVELOPE, THIRD) == [(1,)] * 3


def test_a_passphrase_counts_for_one_person(path: Path) -> None:
    before = path.read_bytes()
    for known in (DIRECTOR, ENVELOPE):
        with pytest.raises(FolderRefused, match="already"):
            unlock(path, DIRECTOR).add(known, cost=LIGHT)
    assert path.read_bytes() == before


def test_a_fifth_person_has_no_room(path: Path) -> None:
    opened = unlock(path, DIRECTOR)
    for each in ("a third one's", "a fourth one's"):
        opened.add(each, cost=LIGHT)
    with pytest.raises(FolderRefused, match="four"):
        opened.add("a fifth one's", cost=LIGHT)


def test_a_cheap_slot_is_not_added(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(Broken, match="E-LIMIT"):
        unlock(path, DIRECTOR).add(THIRD, cost=Cost(memory_kib=1024))
    assert path.read_bytes() == before


def test_who_is_taken_out_does_not_open_it(path: Path, both: Keyfile) -> None:
    both.rotate()
    both.add(THIRD, cost=LIGHT)
    both.remove(2)
    assert opens(path, DIRECTOR, THIRD) == [(1, 2)] * 2
    with pytest.raises(WrongPassphrase):
        unlock(path, ENVELOPE)


def test_two_people_stay_unless_it_is_said(path: Path) -> None:
    opened = unlock(path, DIRECTOR)
    with pytest.raises(FolderRefused, match="has to be said"):
        opened.remove(2)
    opened.remove(2, leave_one=True)
    with pytest.raises(FolderRefused, match="never"):
        opened.remove(1, leave_one=True)
    assert opens(path, DIRECTOR) == [(1,)]


@pytest.mark.parametrize("number", [-1, 0, 3, 255])
def test_nobody_of_that_number_is_taken_out(path: Path, number: int) -> None:
    before = path.read_bytes()
    with pytest.raises(FolderRefused, match="number"):
        unlock(path, DIRECTOR).remove(number)
    assert path.read_bytes() == before


def test_a_damaged_slot_is_shown_and_can_be_taken_out(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[SLOT_SIZE] ^= 0x80
    path.write_bytes(bytes(data))
    opened = unlock(path, DIRECTOR)
    assert [each.damaged for each in opened.people()] == [False, True]
    with pytest.raises(SlotsClosed):
        opened.rotate()
    opened.add(THIRD, cost=LIGHT)
    opened.remove(2)
    assert opens(path, DIRECTOR, THIRD) == [(1,), (1,)]


def test_a_key_without_a_keyfile_does_not_change(tmp_path: Path) -> None:
    alone = Keyfile(SECRET, 1)
    for change in (alone.rotate, alone.people, lambda: alone.destroy(0), lambda: alone.add("x")):
        with pytest.raises(FolderRefused):
            change()
    assert list(tmp_path.iterdir()) == []


# Slots that were moved about


def test_the_order_of_slots_does_not_matter(path: Path, both: Keyfile) -> None:
    both.rotate()
    found = slots(path)
    for order in list(permutations(found))[::8]:
        path.write_bytes(b"".join(order))
        assert opens(path, DIRECTOR) == [(1, 2)]
    path.write_bytes(b"".join(reversed(found)))
    again = unlock(path, ENVELOPE)
    again.open_also(DIRECTOR)
    assert again.destroy(1).endswith(b"left 2")
    assert opens(path, DIRECTOR, ENVELOPE) == [(2,), (2,)]


@pytest.mark.parametrize("times", [2, 4])
def test_a_slot_that_stands_there_twice_is_refused(path: Path, times: int) -> None:
    path.write_bytes(path.read_bytes() + slots(path)[0] * (times - 1))
    with pytest.raises(WrongKeyStore, match="damaged"):
        unlock(path, DIRECTOR)


def test_two_keys_of_one_generation_are_refused(path: Path, tmp_path: Path) -> None:
    # Somebody who knows both passphrases, or had both people make a keyfile, puts two together.
    another = tmp_path / "another.key"
    custody.create(another, [ENVELOPE], cost=LIGHT)
    path.write_bytes(slots(path)[0] + another.read_bytes())
    opened = unlock(path, DIRECTOR)
    with pytest.raises(WrongKeyStore, match="another key"):
        opened.open_also(ENVELOPE)


def test_a_slot_put_in_another_generation_does_not_open(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[31] = 2
    path.write_bytes(bytes(data))
    assert opens(path, ENVELOPE) == [(1,)]
    with pytest.raises(WrongPassphrase):
        unlock(path, DIRECTOR)


def test_open_also_needs_a_passphrase_that_is_not_open_yet(path: Path) -> None:
    opened = unlock(path, DIRECTOR)
    for wrong in ("somebody else's words", DIRECTOR):
        with pytest.raises(WrongPassphrase):
            opened.open_also(wrong)
    opened.open_also(ENVELOPE)
    assert opened.rotate() == 2


# Cut short


class Cut(Exception):
    """The machine stops here."""


CHANGES: dict[str, Callable[[Keyfile], object]] = {
    "rotate": Keyfile.rotate,
    "add": lambda keyfile: keyfile.add(THIRD, cost=LIGHT),
    "remove": lambda keyfile: keyfile.remove(2, leave_one=True),
}
CALLS = ((os, "open"), (os, "fsync"), (os, "fdopen"), (Path, "rename"), (Path, "open"))


def counted(real: Callable[..., object], left: list[None]) -> Callable[..., object]:
    """A call of the system that goes through as often as there is something left."""

    def call(*args: object, **how: object) -> object:
        if not left:
            raise Cut
        left.pop()
        return real(*args, **how)

    return call


def anew(keyfile: Keyfile, path: Path) -> Keyfile:
    """The same people before the file as it stands now, without another wait for Argon2."""
    found = Keyfile(keyfile.export(1), 1, path=path, holders=keyfile._holders)
    found._look()
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_cut_short_anywhere_leaves_a_file_that_opens(
    path: Path, both: Keyfile, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    original = path.read_bytes()
    sizes = []
    for calls in range(30):
        path.write_bytes(original)
        keyfile = anew(both, path)
        with monkeypatch.context() as patch:
            left = [None] * calls
            for where, name in CALLS:
                patch.setattr(where, name, counted(getattr(where, name), left))
            try:
                CHANGES[change](keyfile)
            except Cut:
                pass
            else:
                break
        assert anew(both, path).export(1) == both.export(1)
        sizes.append(len(slots(path)))
    # It was cut on both sides of the moment from which on the new file counts.
    assert len(sizes) >= 9
    assert set(sizes) == {2, len(slots(path))}
    # What was left lying about is in nobody's way.
    assert [each.name for each in path.parent.iterdir()] == ["kek.key"]
    assert opens(path, DIRECTOR)[0][0] == 1


KILLED = """
import os, sys
from pathlib import Path
from infrastructure.vault.custody import durable, unlock

step, path = sys.argv[1], Path(sys.argv[2])
keyfile = unlock(path, sys.argv[3])
keyfile.open_also(sys.argv[4])
real = getattr(os, step) if hasattr(os, step) else getattr(Path, step)
left = int(sys.argv[5])

def die(*args, **how):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return real(*args, **how)

setattr(os if hasattr(os, step) else Path, step, die)
keyfile.rotate()
"""


@pytest.mark.parametrize(
    ("step", "after"), [("fsync", 0), ("replace", 0), ("fsync", 1), ("fsync", 2)]
)
def test_a_process_that_dies_while_rotating_leaves_a_file_that_opens(
    path: Path, step: str, after: int
) -> None:
    command = [sys.executable, "-c", KILLED, step, str(path), DIRECTOR, ENVELOPE, str(after)]
    assert subprocess.run(command, check=False).returncode == 9
    found = unlock(path, DIRECTOR)
    found.open_also(ENVELOPE)
    assert found.generations in ((1,), (1, 2))
    assert found.rotate() == 2
    assert found.destroy(1).endswith(b"left 2")
    assert {each.name for each in path.parent.iterdir()} == {"kek.key"}


ROTATING = """
import sys
from pathlib import Path
from infrastructure.vault.custody import unlock

keyfile = unlock(Path(sys.argv[1]), sys.argv[2])
keyfile.open_also(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
print(keyfile.rotate(), keyfile.export(2).hex())
"""


def test_two_processes_that_rotate_at_once_end_with_one_next_key(path: Path) -> None:
    command = [sys.executable, "-c", ROTATING, str(path), DIRECTOR, ENVELOPE]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    said = [each.communicate("go\n", timeout=60)[0] for each in both]
    assert said[0] == said[1]
    assert said[0].startswith("2 ")
    assert len(slots(path)) == 4


def test_a_file_is_replaced_under_its_own_name_alone(tmp_path: Path) -> None:
    path = tmp_path / "kek.key"
    durable.write_new(path, b"old")
    with durable.held(tmp_path):
        durable.replace(path, b"the new one")
    assert path.read_bytes() == b"the new one"
    assert [each.name for each in tmp_path.iterdir()] == ["kek.key"]
    with pytest.raises(FileExistsError):
        durable.write_new(path, b"another")


# Nothing is shown


def test_nothing_secret_is_shown(both: Keyfile) -> None:
    both.rotate()
    shown = f"{both!r} {both} {list(both._holders.values())!r} {both.people()!r}"
    for holder in both._holders.values():
        assert holder.key.hex() not in shown
        assert repr(holder.key)[2:-1] not in shown
    for generation in both.generations:
        assert both.export(generation).hex() not in shown
    for passphrase in (DIRECTOR, ENVELOPE):
        assert passphrase not in shown


def test_a_keyfile_computes_no_keyed_hash(both: Keyfile) -> None:
    assert both.capabilities == frozenset()
    with pytest.raises(Broken, match="E-KEYSTATE"):
        both.mac("names", b"Zofia")
