"""``keys.gone``: keys that are not there any more, though this record does not say why.

A record that was put back may be older than a destruction: the SHRED stands in a log that was lost
with it, and no record of this one names the key. Or a key store was put back that never had a key,
and its operator accepted that. Either is written down here by the restore, under a tag of the
append key, so that verifying tells it from a key that somebody took away.

Source:
    docs/formats/backup.md; docs of the design: security, section 1.7, step 6.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from infrastructure.backup.parts import write
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken
from infrastructure.vault import shredding
from infrastructure.vault.keys import derive
from infrastructure.vault.keystore import KeyStore

NAME = "keys.gone"
_FIRST_LINE = "powiernik-gone 1"
_MOST_BYTES = 64 * 1024 * 1024
_LINE = re.compile(r"(destroyed|lost) ([0-9a-f]{32})")
_MAC = re.compile(r"mac ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Gone:
    """Ids of subject keys and item keys: destroyed by a log that was lost, or lost themselves."""

    destroyed: frozenset[bytes] = frozenset()
    lost: frozenset[bytes] = frozenset()

    @property
    def all(self) -> frozenset[bytes]:
        """Both."""
        return self.destroyed | self.lost

    def __or__(self, other: Gone) -> Gone:
        destroyed = self.destroyed | other.destroyed
        return Gone(destroyed, (self.lost | other.lost) - destroyed)


def read_gone(folder: Path, append_key: bytes) -> Gone:
    """What was written down; nothing, where nothing was.

    Raises:
        Broken: E-PARSE, E-LIMIT or E-AUTH, it is not what a restore has written.
    """
    try:
        with (folder / NAME).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return Gone()
    if len(data) > _MOST_BYTES:
        raise Broken("E-LIMIT", "the list of keys that are gone is too long")
    try:
        first, *lines, mac, end = data.decode("ascii").split("\n")
        found = [_LINE.fullmatch(each) for each in lines]
        tag = _MAC.fullmatch(mac)
    except ValueError:
        raise Broken("E-PARSE", "the list of keys that are gone cannot be read") from None
    if first != _FIRST_LINE or end or tag is None or None in found:
        raise Broken("E-PARSE", "the list of keys that are gone cannot be read")
    text = data[: -len(mac) - 1]
    if not hmac.compare_digest(_tag(append_key, text), bytes.fromhex(tag[1])):
        raise Broken("E-AUTH", "the list of keys that are gone is not what a restore wrote")
    named = [(each[1], bytes.fromhex(each[2])) for each in found if each]
    return Gone(
        frozenset(key for word, key in named if word == "destroyed"),
        frozenset(key for word, key in named if word == "lost"),
    )


def write_gone(folder: Path, append_key: bytes, gone: Gone) -> None:
    """Write it down, durably; nothing, where nothing is gone."""
    if not gone.all:
        return
    lines = [f"destroyed {each.hex()}" for each in sorted(gone.destroyed)]
    lines += [f"lost {each.hex()}" for each in sorted(gone.lost)]
    text = "".join(f"{line}\n" for line in (_FIRST_LINE, *lines)).encode()
    write(folder / NAME, text + f"mac {_tag(append_key, text).hex()}\n".encode())
    sync_folder(folder)


class Lost(NamedTuple):
    """What a log that was lost had destroyed; the request is lost with it."""

    keys: tuple[bytes, ...]
    items: tuple[bytes, ...]
    request: bytes = NAME.encode().ljust(16, b"\0")


def destroyed_by_a_lost_log(folder: Path, append_key: bytes) -> Lost:
    """What the list says was destroyed; of an id it does not say of which kind its key is.

    Raises:
        Broken: As ``read_gone``.
    """
    ids = tuple(sorted(read_gone(folder, append_key).destroyed))
    return Lost(ids, ids)


def gone_again(keys: KeyStore, folder: Path, append_key: bytes) -> list[Lost]:
    """Destroy it again before anything is served, where somebody has brought any of it back.

    Raises:
        Broken: As ``read_gone``.
    """
    return shredding.apply(keys, [destroyed_by_a_lost_log(folder, append_key)], ends=False)


def _tag(append_key: bytes, text: bytes) -> bytes:
    return hmac.digest(derive(append_key, "keys-gone"), text, "sha256")
