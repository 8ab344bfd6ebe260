"""A clinic's log that is shown to strangers: exported, cosigned, proved from, bundled for a client.

Looks are sealed as the clinic seals them, by this file's own reading of docs/formats; so whoever
opens them does not do so with the code that wrote them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgpack
from cryptography.cobblestone import Cobblestone256Encryptor

from infrastructure.ledger.bundle import Bundle, ShownEntry, ShownHead
from infrastructure.ledger.checkpoint import Checkpoint, cosigned, signed
from infrastructure.ledger.control import ControlKind
from infrastructure.ledger.entry import Entry
from infrastructure.ledger.map import MapLabel, StreamMap
from infrastructure.ledger.merkle import CompactRange, Subtree
from infrastructure.ledger.note import COSIGNATURE_ED25519, ED25519, Signer
from infrastructure.ledger.tiles import TileWriter
from infrastructure.ledger.trust import Trust
from tests.support.logs import ORIGIN, WrittenLog, header, name

START_S = 1_700_000_000
"""When a written log begins; each entry is a millisecond later."""
COSIGNED_S = START_S + 30
NOW_S = START_S + 60
LOG_KEY = Signer(ORIGIN, ED25519, bytes(32))
WITNESSES = tuple(
    Signer(f"witness.example/{number}", COSIGNATURE_ED25519, bytes([number]) * 32)
    for number in (1, 2)
)
POLICY = "".join(
    (
        f"log {LOG_KEY.verifier.vkey()}\n",
        *(f"witness w{at} {each.verifier.vkey()}\n" for at, each in enumerate(WITNESSES, start=1)),
        "group both all w1 w2\nquorum both\n",
    )
).encode()
TRUST = Trust.parse(POLICY)
UNWITNESSED = Trust.parse(f"log {LOG_KEY.verifier.vkey()}\nquorum none\n".encode())
STATEMENT = {"pl": "To jest cały wykaz.", "en": "This is the whole list."}
NAMES = {name(0, "actor").hex(): "Zofia Łąka"}


def payload(client: bytes, **bent: Any) -> dict[int, Any]:
    """What the clinic writes of a look at a client's record, or something like it."""
    said: dict[str, Any] = {
        "event": "access.recorded",
        "version": 1,
        "actor": name(0, "actor"),
        "kind": "READ",
        "object_type": "note",
        "classes": [2],
        "class": 13,
        "owner": [1, client],
        "clients": [client],
        "who": ["staff", [], "clinician", "care", "TREAT", "clinician.care", 1, "", "", ""],
        "state": None,
        **bent,
    }
    denied = said["event"] == "access.denied"
    recorded = {
        0: said["kind"],
        1: "R",
        2: said["object_type"],
        3: said["classes"],
        4: ["the clinic"],
        5: 21_000,
        6: "ehds-9",
        7: True,
        8: client,
    }
    refused = {0: said["kind"], 1: said["object_type"], 2: 8, 3: "r", 4: 21_000, 5: "e", 6: True}
    return {
        0: said["event"],
        1: said["version"],
        2: START_S * 1_000_000,
        3: said["actor"],
        4: said["state"] or (refused if denied else recorded),
        5: "request",
        7: "powiernik/1",
        8: said["class"],
        9: said["owner"],
        10: said["clients"],
        11: said["who"],
        12: b"what is withheld",
    }


def padded(data: bytes) -> bytes:
    """The plaintext of a record, for payloads that fit the smallest size."""
    plain = b"\x01" + len(data).to_bytes(4, "big") + data
    assert len(plain) <= 512
    return plain.ljust(512, b"\0")


@dataclass
class Kept:
    """What the clinic keeps of an entry, to hand it out."""

    record: bytes
    key: bytes


class ShownLog(WrittenLog):
    """A log of looks that can be opened, and all that a clinic makes out of it for others."""

    def __init__(self, *, genesis: bool = True) -> None:
        super().__init__(genesis=genesis)
        self.kept: dict[int, Kept] = {}

    def client(self, number: int) -> None:
        """A client is registered: the key of her access log is made."""
        self.access_key(number)

    def look(self, number: int, *, plain: bytes | None = None, **bent: Any) -> int:
        """Somebody looks at a client's record; return the entry's position."""
        stream_id, key_id = name(number, "access log"), name(number, "access key")
        version = self.head(stream_id).version + 1
        key = sha256(b"entry key" + stream_id + version.to_bytes(8, "big")).digest()
        head = header(0x06, key_id, stream_id, version)
        if plain is None:
            plain = padded(msgpack.packb(payload(name(number, "client"), **bent)))
        encryptor = Cobblestone256Encryptor(key, head)
        record = head + encryptor.update(plain) + encryptor.finalize()
        position = self.size
        self.kept[position] = Kept(record, key)
        self.enter(0x06, stream_id, key_id, record)
        grown = self.heads[stream_id]
        label = MapLabel(stream_id, grown.version, grown.leaf)
        self.access_logs.setdefault(stream_id, []).append(label)
        return position

    def audited(self, number: int) -> None:
        """She asks for her access log: the look by which it is made, and the map head after it."""
        self.look(number, kind="AUDIT_READ", object_type="access-log", classes=[13])
        self.map_head()

    def subtree(self, level: int, index: int) -> bytes:
        """A perfect subtree of the log."""
        grown = CompactRange()
        grown.extend(row.leaf for row in self.rows[index << level : (index + 1) << level])
        return grown.root()

    def note(
        self,
        size: int | None = None,
        *,
        times_s: Iterable[int] = (COSIGNED_S, COSIGNED_S + 1),
        origin: str = ORIGIN,
        log_key: Signer = LOG_KEY,
    ) -> bytes:
        """The checkpoint of the first entries, cosigned by the witnesses at these times."""
        reached = self.size if size is None else size
        note = signed(Checkpoint(origin, reached, self.root(reached)), log_key)
        lines = [
            cosigned(note, witness, time_s)
            for witness, time_s in zip(WITNESSES, times_s, strict=False)
        ]
        return note.with_signatures(*lines).encode()

    def export(self, path: Path, size: int | None = None, note: bytes | None = None) -> Path:
        """Write the first entries into a folder of tiles, on from where it stands."""
        reached = self.size if size is None else size
        with TileWriter(path) as writer:
            begun = writer.size
            records = [record for _, record in self.shown()[begun:reached]]
            leaves = [row.leaf for row in self.rows[begun:reached]]
            writer.extend(zip(self.entries[begun:reached], leaves, records, strict=True))
            writer.write_checkpoint(note or self.note(reached))
        return path

    def entry(self, position: int) -> Entry:
        """An entry, read back."""
        return Entry.unpack(self.entries[position])

    def shown_entries(self, number: int, *, below: int | None = None) -> list[ShownEntry]:
        """A client's access log with its keys; entries without one are closed."""
        stream_id = name(number, "access log")
        rows = [row for row in self.rows[:below] if row.stream_id == stream_id]
        shown = []
        for row in rows:
            entry, kept = self.entry(row.position), self.kept.get(row.position)
            if kept is None:
                shown.append(ShownEntry(entry, row.record, closed="old-kind"))
            else:
                shown.append(ShownEntry(entry, kept.record, kept.key))
        return shown

    def last_map_head(self) -> int:
        """The position of the last MAPHEAD."""
        return max(row.position for row in self.rows if self._is_map_head(row.record))

    def bundle(self, number: int, **bent: Any) -> Bundle:
        """A client's bundle as the clinic makes it, or bent in one of its pieces."""
        at = bent.pop("at", self.last_map_head())
        record = self.rows[at].record or b""
        log_size = msgpack.unpackb(record[80:])[1]
        stream_id = bent.pop("stream_id", name(number, "access log"))
        label, membership = StreamMap(self.labels(log_size)).membership(stream_id)
        subtree: Subtree = self.subtree
        pieces: dict[str, Any] = {
            "made_at": datetime.fromtimestamp(COSIGNED_S, UTC),
            "note": self.note(),
            "subtree": subtree,
            "statement": STATEMENT,
            "map_head": ShownHead(self.entry(at), record),
            "label": label,
            "membership": membership,
            "entries": self.shown_entries(number, below=log_size),
            "names": NAMES,
            "later": 0,
        }
        return Bundle.assembled(**(pieces | bent))

    def _is_map_head(self, record: bytes | None) -> bool:
        return record is not None and record[5:6] == bytes([ControlKind.MAPHEAD])


def a_clinic(looks: int = 12) -> ShownLog:
    """Three clients at whom is looked, and the first asks who did."""
    log = ShownLog()
    for number in range(3):
        log.client(number)
        log.key(name(number, "key"), name(number, "subject"))
    for look in range(looks):
        log.event(name(look % 4, "stream"), name(look % 3, "key"))
        log.look(look % 3)
    log.audited(0)
    return log


def altered(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of a file."""
    path.write_bytes(change(path.read_bytes()))


def flipped(data: bytes, at: int = -1) -> bytes:
    """The same bytes, but for a bit of one of them."""
    bent = bytearray(data)
    bent[at] ^= 1
    return bytes(bent)


def without_key(shown: ShownEntry, code: str = "ehds-9") -> ShownEntry:
    """The entry as it is shown closed."""
    return replace(shown, key=None, closed=code)
