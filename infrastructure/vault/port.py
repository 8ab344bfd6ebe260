"""What record and mapper need of the vault, whether its keys are in this process or with a broker.

In the embedded default ``keyring``, ``items`` and ``broker`` of this room are meant; in a worker
without custody those of ``infrastructure.broker``: ``keys`` and ``client``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain.confidentiality import KeyPurpose, Label, Owner
from domain.events.access import AccessRecorded
from domain.ports import Opening, Recorded
from domain.rows import Fingerprints, Sealer
from domain.values import Circumstances, Receipt
from infrastructure.vault.envelope import ChunkPlace
from infrastructure.vault.keyrows import StoredItem
from infrastructure.vault.keys import KeyPlace, SubjectKey

Owners = tuple[SubjectKey, SubjectKey | None]
"""Whose keys wrap an item key: its owner's, and a process note's for the escrow."""
ItemKey = tuple[bytes, bytes]
"""The id of an item key, and the key."""


class SealedRow(NamedTuple):
    """A sealed event as it stands in the log."""

    key_id: bytes
    position: int
    log_id: bytes
    stream_id: bytes
    version: int
    record: bytes


Payloads = dict[int, bytes | str | None]
"""The payloads of opened rows by position: ``None`` where the key has been destroyed, the code
where a row is not what was written."""


class Reader(Protocol):
    """Opens events for somebody, where the keys to them are not at hand."""

    def records(self, rows: Sequence[SealedRow]) -> Payloads | None:
        """What stands in these rows; ``None`` where their keys are at hand.

        Raises:
            NotThere: One belongs to nobody whom an access entry names.
            RecordUnavailable: The broker opens nothing.
        """
        ...


class Opened(Opening, Reader, Protocol):
    """An opening, with what infrastructure needs of it beside the domain's port."""

    def chunk(self, sealed: bytes) -> bytes:
        """What a piece of an attachment holds, as ``envelope.open_chunk`` gives it.

        Whoever goes on asking for pieces has an opening that lives on, for an hour at most.

        Raises:
            Sealed: The key has been destroyed.
            NotThere: It belongs to nobody whom the look names.
            Broken: It was altered.
        """
        ...

    def entry_key(self, key_id: bytes, log_id: bytes, stream_id: bytes, version: int) -> bytes:
        """The key of one entry of an access log that the look covers.

        Raises:
            Sealed: The key has been destroyed.
            NotThere: The entry belongs to nobody whom the look names.
        """
        ...


class Folding(Reader, Protocol):
    """Opens what a command decides on, in somebody's name."""

    def chunk(self, sealed: bytes) -> bytes:
        """What a piece of an attachment holds, as ``envelope.open_chunk`` gives it."""
        ...

    def owes(self, events: Iterable[Recorded]) -> None:
        """Remember that the log has to show what she did with these."""
        ...


class WritingKeys(Protocol):
    """The keys with which somebody writes; see ``Keyring``."""

    def rung(self) -> int:
        """How often the bell has been rung."""
        ...

    def for_sealing(self, owner: Owner, label: Label, now: datetime) -> SubjectKey | None:
        """A key that is at hand."""
        ...

    def make(
        self, wanted: Iterable[tuple[Owner, Label]], now: datetime
    ) -> dict[tuple[Owner, Label], SubjectKey]:
        """These keys, found or made."""
        ...

    def retire(self, owner: Owner, purpose: KeyPurpose) -> list[bytes]:
        """Let the next append begin a new epoch."""
        ...

    def retired_before(self, key: SubjectKey) -> list[bytes]:
        """The retired epochs before a key."""
        ...

    def unlogged(self, key: SubjectKey) -> bool:
        """Whether the key's making has still to be logged."""
        ...

    def note_logged(self, keys: Iterable[bytes]) -> None:
        """Remember that it was."""
        ...


class Keys(WritingKeys, Protocol):
    """The keys of one process; see ``Keyring``."""

    def tag(self, owner: Owner) -> bytes:
        """The pseudonym of a subject."""
        ...

    def place(self, key_id: bytes) -> KeyPlace | None:
        """What a key is for."""
        ...

    def for_opening(self, key_id: bytes) -> SubjectKey:
        """The key that sealed something."""
        ...

    def existing(self, owner: Owner, label: Label, at: datetime, position: int) -> SubjectKey:
        """The newest key that was made before a position."""
        ...

    def is_logged(self, key_id: bytes) -> bool:
        """Whether the key's making stands in the log."""
        ...

    def forget(self) -> None:
        """Drop every open key."""
        ...


class Items(Protocol):
    """Item keys; see ``ItemKeys``."""

    def at_hand(self, owner: SubjectKey, escrow: SubjectKey | None, count: int = 1) -> bool:
        """Whether so many fresh keys are ready."""
        ...

    def make(self, wanted: Mapping[Owners, int]) -> None:
        """Have so many ready."""
        ...

    def take(self, owner: SubjectKey, escrow: SubjectKey | None) -> ItemKey:
        """A fresh item key."""
        ...

    def owner(self, item_id: bytes) -> StoredItem:
        """The stored item key."""
        ...

    def open(self, stored: StoredItem) -> bytes:
        """The item key, opened."""
        ...

    def check(self, stored: StoredItem) -> None:
        """Whether it opens for everybody for whom it has to."""
        ...

    def seal_chunk(self, item_id: bytes, log_id: bytes, place: ChunkPlace, plain: bytes) -> bytes:
        """A piece of an attachment, sealed under an item key.

        Raises:
            KeyGone: The key has been destroyed.
        """
        ...

    def open_chunk(self, log_ids: Collection[bytes], sealed: bytes) -> bytes:
        """What a piece holds, where keys are at hand; padded as ``envelope.open_chunk`` says.

        Raises:
            KeyGone: The key has been destroyed.
            Broken: It was altered.
        """
        ...


class Openings(Protocol):
    """The broker as record and clinic use it; see ``vault.broker.Broker``."""

    def ticket(
        self,
        who: Circumstances,
        position: int,
        entry: AccessRecorded,
        owners: Iterable[Owner],
    ) -> bytes:
        """What stands in a receipt for one committed access entry."""
        ...

    def open(self, receipt: Receipt) -> Opened:
        """What the receipt's entries open."""
        ...

    def standing(self, receipt: Receipt) -> Opened:
        """A follower's standing grant."""
        ...

    def keyring(self, who: Circumstances) -> WritingKeys:
        """The keys with which somebody writes."""
        ...

    def folding(self, who: Circumstances | None) -> Folding | None:
        """How a command's events are opened; ``None`` where their keys are at hand."""
        ...

    def alarms(self) -> list[tuple[int, str]]:
        """The number and code of each alarm of a broker of its own that nobody has settled."""
        ...

    def owed(self, who: Circumstances) -> frozenset[Owner]:
        """Of whom a request was given something for which the log may show nothing; asked once."""
        ...

    def sealer(self, opening: Any, clinic: Owner, fingerprints: Fingerprints) -> Sealer:
        """What a follower seals cells with."""
        ...
