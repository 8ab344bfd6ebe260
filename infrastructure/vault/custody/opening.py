"""What the slots of a keyfile give to whoever has a passphrase.

Their order does not matter. One damaged slot does not lock out whoever holds another's passphrase;
two slots that say different things of one generation open nothing.
"""

from __future__ import annotations

from pathlib import Path

from infrastructure.errors import Broken, WrongKeyStore, WrongPassphrase
from infrastructure.vault.custody.slots import SECRET_SIZE, SLOT_SIZE, Holder, Slot

MOST_SLOTS = 8


class Opened:
    """What the slots of a file gave: the keys with their ids, and who opened them."""

    def __init__(self) -> None:
        self.secrets: dict[int, bytes] = {}
        self.holders: dict[bytes, Holder] = {}

    def take(self, slot: Slot, holder: Holder) -> None:
        """Open a slot, if it is the holder's.

        Raises:
            WrongKeyStore: Another slot of its generation holds another key.
        """
        secret = slot.open(holder)
        if secret is None:
            return
        if len(secret) != SECRET_SIZE or self.secrets.get(slot.generation, secret) != secret:
            raise WrongKeyStore("The keyfile holds two different keys of one generation.")
        self.secrets[slot.generation] = secret
        self.holders[slot.mark] = holder


def read(path: Path) -> list[Slot]:
    """The slots of a keyfile.

    Raises:
        WrongKeyStore: There is none, or it is no whole number of slots, or one stands there twice.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise WrongKeyStore("The keyfile is missing.") from None
    if not data or len(data) % SLOT_SIZE or len(data) > MOST_SLOTS * SLOT_SIZE:
        raise WrongKeyStore("The keyfile is damaged.")
    slots = [Slot(data[at : at + SLOT_SIZE]) for at in range(0, len(data), SLOT_SIZE)]
    if len({(each.mark, each.generation) for each in slots}) < len(slots):
        # One person has one slot of a generation: a second one was put there by somebody else.
        raise WrongKeyStore("The keyfile is damaged.")
    return slots


def sound_generations(slots: list[Slot]) -> set[int]:
    """The generations that slots speak of, as far as they are slots at all."""
    return {each.generation for each in slots if each.sound}


def attempt(slots: list[Slot], passphrase: str) -> Opened:
    """What a passphrase opens, with as few tries as will do.

    Raises:
        WrongPassphrase: It opens nothing.
        WrongKeyStore, Broken: Nor was there anything that it could have opened, or what it opens
            contradicts itself.
    """
    opened, tried = Opened(), set[bytes]()
    wanted = sound_generations(slots)
    refused: Exception = WrongPassphrase()
    for slot in slots:
        if slot.mark in tried or (wanted and set(opened.secrets) == wanted):
            continue
        tried.add(slot.mark)
        try:
            holder = slot.holder(passphrase)
        except (WrongKeyStore, Broken) as error:
            refused = error
            continue
        for each in slots:
            if each.mark == slot.mark:
                opened.take(each, holder)
    if not opened.secrets:
        raise refused
    return opened


def opens_any(slots: list[Slot], passphrase: str) -> bool:
    """Whether a passphrase opens one of them."""
    try:
        attempt([each for each in slots if each.sound], passphrase)
    except WrongPassphrase:
        return False
    return True


def count_closed(slots: list[Slot], holders: dict[bytes, Holder]) -> int:
    """How many people's slots are not open."""
    return len({each.mark for each in slots if each.mark not in holders})
