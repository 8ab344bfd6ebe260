"""The passphrase keyfile: key-encryption keys in memory, opened from a file of one to eight slots.

The file is replaced whole and durably whenever something in it changes; whoever replaces it holds
the folder and reads the file anew first, since another process may have rotated it meanwhile.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from infrastructure.errors import (
    Broken,
    FolderRefused,
    KeyGone,
    SlotsClosed,
    WrongKeyStore,
)
from infrastructure.vault.custody.durable import held, replace, write_new
from infrastructure.vault.custody.opening import (
    MOST_SLOTS,
    Opened,
    attempt,
    count_closed,
    opens_any,
    read,
    sound_generations,
)
from infrastructure.vault.custody.slots import SECRET_SIZE, Cost, Holder, Slot
from infrastructure.vault.keys import KEY_SIZE, derive

MOST_PEOPLE = MOST_SLOTS // 2
"""While a generation is rotated everybody has two slots."""
_TWO_PEOPLE = 2
_WRAPPED = b"\x01"


@dataclass(frozen=True, slots=True)
class Person:
    """One passphrase of a keyfile: its number, what a try costs, what it opens, whether it did.

    Of a slot that is no slot any more nothing else is known; it can still be taken away.
    """

    number: int
    cost: Cost
    generations: tuple[int, ...]
    open: bool
    damaged: bool = False


class Keyfile:
    """Key-encryption keys in memory, and the file that they were opened from, if there is one."""

    capabilities: frozenset[str] = frozenset()

    def __init__(
        self,
        key: bytes,
        generation: int,
        *,
        path: Path | None = None,
        holders: dict[bytes, Holder] | None = None,
    ) -> None:
        self._keys = {generation: key}
        self._wrapping = {generation: derive(key, "wrap")}
        self._path = path
        self._holders = dict(holders or {})

    def __repr__(self) -> str:
        return f"Keyfile(generation={self.generation})"

    @property
    def generation(self) -> int:
        """The newest generation that is open."""
        return max(self._keys)

    @property
    def generations(self) -> tuple[int, ...]:
        """The generations that are open."""
        return tuple(sorted(self._keys))

    def signing_seed(self) -> bytes:
        """The seed of the signing key of whoever holds this key alone: a custodian's."""
        return derive(self._keys[self.generation], "sign")

    def wrap(self, generation: int, secret: bytes, context: bytes) -> bytes:
        """The secret under the committing AEAD, bound to the context."""
        encryptor = Cobblestone256Encryptor(self._wrapping_key(generation), context)
        return _WRAPPED + encryptor.update(secret) + encryptor.finalize()

    def unwrap(self, generation: int, wrapped: bytes, context: bytes) -> bytes:
        """The secret that was wrapped for this very context."""
        key = self._wrapping_key(generation)
        if wrapped[:1] != _WRAPPED:
            raise Broken("E-PARSE", "a wrapped key of unknown form")
        decryptor = Cobblestone256Decryptor(key, context)
        try:
            secret = decryptor.update(wrapped[1:]) + decryptor.finalize()
        except (InvalidTag, ValueError):
            raise Broken("E-AEAD", "a wrapped key does not open in its place") from None
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a wrapped key of the wrong length")
        return secret

    def mac(self, name: str, data: bytes) -> bytes:
        """Refuse: whoever reads the memory of this process could compute it too."""
        raise Broken("E-KEYSTATE", "a keyfile keeps no key for a keyed hash")

    def people(self) -> list[Person]:
        """Whose passphrases the file knows, in its order.

        Raises:
            WrongKeyStore: The file is missing or damaged.
        """
        found: dict[bytes, list[Slot]] = {}
        for each in read(self._file()):
            found.setdefault(each.mark, []).append(each)
        return [
            Person(
                number,
                theirs[0].cost,
                tuple(sorted(each.generation for each in theirs)),
                open=mark in self._holders,
                damaged=not theirs[0].sound,
            )
            for number, (mark, theirs) in enumerate(found.items(), start=1)
        ]

    def open_also(self, passphrase: str) -> None:
        """Open another person's slots as well.

        Raises:
            WrongPassphrase: It opens none that was not open already.
            WrongKeyStore: The file is missing or damaged, or its keys are not those open here.
        """
        closed = [each for each in read(self._file()) if each.mark not in self._holders]
        self._take_in(attempt(closed, passphrase))

    def add(self, passphrase: str, *, cost: Cost | None = None) -> int:
        """Lock every generation for one more passphrase; the number of its holder.

        Raises:
            FolderRefused: The passphrase is known already, or there are as many people as fit.
            SlotsClosed: There is a generation that no passphrase has opened here.
            Broken: E-LIMIT, the cost is not allowed.
        """
        with held(self._file().parent):
            slots, opened = self._look()
            people = dict.fromkeys(each.mark for each in slots)
            if len(people) >= MOST_PEOPLE:
                raise FolderRefused("A keyfile has at most four passphrases.")
            if not sound_generations(slots) <= set(opened.secrets):
                raise SlotsClosed(count_closed(slots, self._holders))
            if opens_any(slots, passphrase):
                raise FolderRefused("The keyfile has this passphrase already.")
            holder = Holder.new(passphrase, cost or Cost())
            added = [holder.lock(secret, each) for each, secret in sorted(opened.secrets.items())]
            self._put([*(each.data for each in slots), *added])
            self._holders[holder.mark] = holder
        return len(people) + 1

    def remove(self, number: int, *, leave_one: bool = False) -> None:
        """Take a person's slots out of the file.

        Whoever kept a copy of the file can open that copy with her passphrase for ever: what she
        could read is closed to her by the next rotation, not by this.

        Raises:
            FolderRefused: There is nobody of that number; or one person would be left and
                ``leave_one`` was not said; or nobody would.
        """
        with held(self._file().parent):
            slots, _ = self._look()
            marks = list(dict.fromkeys(each.mark for each in slots))
            if not 1 <= number <= len(marks):
                raise FolderRefused("The keyfile has no passphrase of that number.")
            if len(marks) == 1:
                raise FolderRefused("The last passphrase is never taken away.")
            if len(marks) <= _TWO_PEOPLE and not leave_one:
                raise FolderRefused("One passphrase alone would be left; that has to be said.")
            gone = marks[number - 1]
            self._put([each.data for each in slots if each.mark != gone])
            self._holders.pop(gone, None)

    def rotate(self, *, drop_closed: bool = False) -> int:
        """A next key beside the present one, locked for everybody whose slot is open here.

        A damaged slot counts as one that is not open.
        With ``drop_closed`` the others lose their slots at once, since one who opened the folder
        with the old key alone would go on wrapping under it.

        Raises:
            SlotsClosed: Somebody's slot is not open, and ``drop_closed`` was not said.
            FolderRefused: More people have slots than fit twice.
        """
        with held(self._file().parent):
            slots, opened = self._look()
            present = sound_generations(slots)
            if len(present) > 1 and max(present) in opened.secrets:
                return max(present)
            closed = count_closed(slots, self._holders)
            if len(present) > 1 or (closed and not drop_closed):
                raise SlotsClosed(closed)
            kept = [each for each in slots if each.mark in self._holders]
            if len(kept) > MOST_PEOPLE:
                raise FolderRefused("A keyfile of more than four passphrases cannot be rotated.")
            generation, secret = max(present) + 1, secrets.token_bytes(SECRET_SIZE)
            added = [self._holders[each.mark].lock(secret, generation) for each in kept]
            self._put([*(each.data for each in kept), *added])
            self.adopt(generation, secret[:KEY_SIZE])
        return generation

    def destroy(self, generation: int) -> bytes:
        """Take a generation's slots out of the file, and its key out of memory.

        Nobody but this program says so: copies of the file are not reached.
        """
        with held(self._file().parent):
            slots, _ = self._look()
            kept = [each for each in slots if each.generation != generation]
            if generation >= self.generation or not kept:
                raise Broken("E-KEYSTATE", "the newest generation is never destroyed")
            if len(kept) < len(slots):
                self._put([each.data for each in kept])
        self.forget(generation)
        left = " ".join(str(each) for each in sorted(sound_generations(kept)))
        return f"keyfile: generation {generation} destroyed, left {left}".encode()

    def adopt(self, generation: int, secret: bytes) -> None:
        """Go on with a key that another process made and handed over.

        Where nothing was handed over, the file may hold it for whoever opened it here.

        Raises:
            Broken: E-PARSE, it is no key; E-KCV, it is not the key that is open here already;
                E-KEYSTATE, there is none.
        """
        if not secret:
            self._look_for(generation)
            return
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a key-encryption key of the wrong length")
        if not hmac.compare_digest(self._keys.get(generation, secret), secret):
            raise Broken("E-KCV", "a key-encryption key that is not the one that is known")
        # Other threads read these: they are replaced, never changed.
        self._wrapping = {**self._wrapping, generation: derive(secret, "wrap")}
        self._keys = {**self._keys, generation: secret}

    def export(self, generation: int) -> bytes:
        """The key itself, to be handed over wrapped under the last one."""
        self._wrapping_key(generation)
        return self._keys[generation]

    def forget(self, generation: int) -> None:
        """Drop the key of a generation that another process has destroyed; never the newest."""
        if generation < self.generation:
            self._keys = {each: key for each, key in self._keys.items() if each != generation}
            left = self._keys
            self._wrapping = {each: key for each, key in self._wrapping.items() if each in left}

    def close(self) -> None:
        """Forget whose slots are open; keys go with the object itself."""
        self._holders = {}

    def _wrapping_key(self, generation: int) -> bytes:
        key = self._wrapping.get(generation)
        if key is None and generation < self.generation:
            raise KeyGone
        if key is None:
            raise Broken("E-KEYSTATE", "a generation of the keyfile that is not open here")
        return key

    def _file(self) -> Path:
        if self._path is None:
            raise FolderRefused("This key was not opened from a keyfile.")
        return self._path

    def _look(self) -> tuple[list[Slot], Opened]:
        """The file as it is now, and what those who are known here open of it."""
        slots = read(self._file())
        opened = Opened()
        for each in slots:
            if each.mark in self._holders:
                opened.take(each, self._holders[each.mark])
        if not opened.secrets:
            raise WrongKeyStore("The keyfile was changed, and does not open any more.")
        self._take_in(opened)
        return slots, opened

    def _look_for(self, generation: int) -> None:
        if generation not in self._keys and self._path is not None and self._holders:
            self._look()
        if generation not in self._keys:
            raise Broken("E-KEYSTATE", "a generation of the keyfile that is not open here")

    def _take_in(self, opened: Opened) -> None:
        for generation, secret in opened.secrets.items():
            try:
                self.adopt(generation, secret[:KEY_SIZE])
            except Broken:
                raise WrongKeyStore("The keyfile holds another key.") from None
        self._holders.update(opened.holders)

    def _put(self, slots: list[bytes]) -> None:
        replace(self._file(), b"".join(slots))


def create(path: Path, passphrases: list[str], *, cost: Cost | None = None) -> Keyfile:
    """Make a fresh key-encryption key and lock it with each passphrase, durably.

    Raises:
        FileExistsError: There is a keyfile already; it is never overwritten.
        Broken: E-LIMIT, there are no passphrases, or more than a keyfile has room for.
    """
    if not 1 <= len(passphrases) <= MOST_PEOPLE:
        raise Broken("E-LIMIT", "a keyfile has one to four passphrases")
    secret, generation = secrets.token_bytes(SECRET_SIZE), 1
    holders = [Holder.new(each, cost or Cost()) for each in passphrases]
    write_new(path, b"".join(each.lock(secret, generation) for each in holders))
    opened = {each.mark: each for each in holders}
    return Keyfile(secret[:KEY_SIZE], generation, path=path, holders=opened)


def unlock(path: Path, passphrase: str) -> Keyfile:
    """Open every generation of the keyfile that this passphrase has.

    Raises:
        WrongKeyStore: There is no keyfile, or it is not one, or its slots contradict each other.
        WrongPassphrase: No slot opens.
        Broken: E-LIMIT, a slot asks for a cost that is not allowed.
    """
    opened = attempt(read(path), passphrase)
    (generation, secret), *others = opened.secrets.items()
    keyfile = Keyfile(secret[:KEY_SIZE], generation, path=path, holders=opened.holders)
    for each, other in others:
        keyfile.adopt(each, other[:KEY_SIZE])
    return keyfile
