"""What the domain needs from the world, as small protocols; adapters satisfy them structurally."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar

from domain.confidentiality import Class, KeyPurpose, Label, Owner
from domain.events import Event
from domain.identifying import Identifier
from domain.rows import Content, Place
from domain.values import (
    ActorId,
    CaseId,
    Circumstances,
    ClientId,
    Command,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Receipt,
    SessionId,
)

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Write:
    """Events for one stream, sealed for one owner.

    ``after`` is the version that they must follow, or ``None`` where many write to the stream and
    order is all that matters (fine print 4). ``concerning`` are the clients whom they are about.
    ``opens`` are the owners whose content a recorded access in ``events`` is about to open. With
    ``renews`` a new epoch of the owner's content keys begins here: who takes part has changed.
    """

    stream: str
    events: tuple[Event, ...]
    owner: Owner
    after: int | None
    concerning: tuple[ClientId, ...] = ()
    opens: tuple[Owner, ...] = ()
    renews: bool = False


class Recorded(NamedTuple):
    """An event as the record holds it: what happened, and everything known about its recording.

    ``event`` is ``None`` where the key has been destroyed: the fact stays, its content is gone.
    """

    event: Event | None
    stream: str
    version: int
    position: int
    recorded_at: datetime
    occurred_at: datetime
    label: Label
    owner: Owner
    concerning: tuple[ClientId, ...]
    who: Circumstances


class Record(Protocol):
    """The sealed, append-only record."""

    def frame(self, stream: str, fold: Callable[[Iterable[object]], State]) -> tuple[State, int]:
        """The state folded from what the policy may read of a stream, and the stream's version.

        Opens relationship keys alone, without an access event, and hands nothing to a caller
        (fine print 1).
        """
        ...

    def fold(
        self,
        stream: str,
        fold: Callable[[Iterable[object]], State],
        who: Circumstances | None = None,
    ) -> tuple[State, int]:
        """The state that a command decides on, and the stream's version.

        Free text stays closed; the command's own event is its access entry (LOG-06). Where the keys
        are with a broker of its own, it opens what is needed in somebody's name (``who``) alone.
        """
        ...

    def history(self, stream: str, who: Circumstances | None = None) -> Sequence[Recorded]:
        """The events of a stream with who recorded them and when; free text stays closed.

        For commands on what stands in an event itself: its erasure, or its filing elsewhere.
        Opened as by ``fold``.
        """
        ...

    def replay(self, who: Circumstances, command: Command) -> Receipt | None:
        """The receipt of a command that has been done before.

        Raises:
            CommandMismatch: The id was used for other words.
        """
        ...

    async def append(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
        occurred_at: datetime | None = None,
    ) -> Receipt:
        """Append all writes in one transaction; durable when it returns.

        ``occurred_at`` is when it happened, of what could not be written at once.

        Raises:
            Stale: A stream has moved on from ``after``.
            RecordUnavailable: Nothing could be written; nothing was.
        """
        ...


class Opening(Protocol):
    """What a recorded access lets its reader open, for the length of one request."""

    def words(self, text: FreeText) -> str:
        """The words of a closed text.

        Raises:
            Sealed: The key has been destroyed.
            NotThere: The text belongs to nobody whom the access entry names.
        """
        ...

    def cell(self, sealed: bytes, place: Place) -> Content:
        """The content of a projection's cell that was sealed for its place.

        Raises:
            Sealed: The key has been destroyed.
            NotThere: The cell belongs to nobody whom the access entry names.
        """
        ...

    def cells(self, sealed: Iterable[tuple[bytes, Place]]) -> list[Content | None]:
        """``cell`` for many; ``None`` in place of one whose key has been destroyed.

        Raises:
            NotThere: One belongs to nobody whom the access entry names.
        """
        ...


class Keys(Protocol):
    """The broker of keys: content opens against a committed access entry, and not otherwise."""

    def open(self, receipt: Receipt) -> Opening:
        """An opening for the entries in the receipt; each receipt works once (fine print 5)."""
        ...


@dataclass(frozen=True, slots=True)
class SealedFile:
    """The bytes of an attachment: under whose title's item key, how many, what seal they bear.

    ``seal`` is the SHA-256 over the sealed file in hex; ``None`` while it is being uploaded.
    """

    attachment: ItemId
    title: FreeText
    size: int
    seal: str | None


class Attachments(Protocol):
    """Where the bytes of attachments lie, sealed chunk by chunk; no plaintext touches a disk."""

    async def put(self, file: SealedFile, number: int, data: bytes) -> None:
        """Seal a chunk, counted from 1, and keep it durably; the same again replaces it.

        Raises:
            Sealed: The item has been made unreadable.
            RecordUnavailable: It could not be sealed or kept.
        """
        ...

    async def missing(self, file: SealedFile) -> tuple[int, ...]:
        """Which chunks are not there yet."""
        ...

    async def close(self, file: SealedFile, digest: str, who: Circumstances) -> str:
        """Put the chunks together, durably, and return the seal; done again, it is the same.

        Raises:
            WrongState: Chunks are missing.
            Invalid: The bytes do not have this SHA-256; they stay, to be sent again.
        """
        ...

    async def settle(self, attachment: ItemId) -> None:
        """Take away what is left of an upload whose file is in the record."""
        ...

    async def drop(self, attachment: ItemId) -> None:
        """Take away every byte."""
        ...

    def read(self, file: SealedFile, opening: Opening, first: int = 1) -> AsyncIterator[bytes]:
        """The bytes from a chunk on, each chunk verified before it is handed out.

        Raises:
            IntegrityIncident: The file is missing, or not what was sealed; that is written down.
            Sealed: The item has been made unreadable.
            NotThere: The opening does not cover it.
        """
        ...


class Clock(Protocol):
    """The server's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class Identifiers(Protocol):
    """A source of identifiers that nobody can guess."""

    def new(self) -> str:
        """A fresh identifier: 32 hexadecimal digits of a random UUID."""
        ...


STREAM = "stream"
"""The field of fingerprints that name streams, so that nobody without the key can tell whose."""


class Index(Protocol):
    """Finds people; it hands out pseudonymous ids and nothing else (fine print 6)."""

    def holders(self, identifier: Identifier, value: str) -> tuple[ClientId, ...]:
        """Whose identifier it is, in its one form; as long for nobody's as for somebody's."""
        ...

    def named(self, words: str, among: Collection[ClientId]) -> tuple[ClientId, ...]:
        """Those among these clients whose names are like the words, the likest first."""
        ...

    def fingerprint(self, field: str, value: str) -> str:
        """What tells a value from all others and nobody without the key which it is: 32 digits."""
        ...

    def known_by(self, client: ClientId) -> frozenset[str]:
        """The fingerprints of a client's identifiers; as long for nobody as for somebody."""
        ...


class CodeBook(Protocol):
    """The codes of ICD-10 with their English titles."""

    @property
    def complete(self) -> bool:
        """Whether a code that it does not know is none."""
        ...

    def title(self, code: str) -> str | None:
        """The title of a code; ``None`` of one that it does not know."""
        ...


class NoCodeBook:
    """What a clinic has that installed no book: nothing is known, and so nothing refused."""

    complete = False

    def title(self, code: str) -> str | None:
        """Nothing."""
        return None


class Diary(Protocol):
    """When rooms and therapists are taken, over all cases; never by whom or for whom."""

    def room_taken(
        self, room: str, start: datetime, end: datetime, besides: Collection[SessionId]
    ) -> bool:
        """Whether a session in this room overlaps the span, besides these."""
        ...

    def therapist_taken(
        self,
        therapist: PractitionerId,
        start: datetime,
        end: datetime,
        besides: Collection[SessionId],
    ) -> bool:
        """Whether a session of this therapist overlaps the span, besides these."""
        ...


class NoDiary:
    """What a desk has that knows no other sessions: everything is free."""

    def room_taken(self, *_: object) -> bool:
        """Free."""
        return False

    def therapist_taken(self, *_: object) -> bool:
        """Free."""
        return False


class Allowance(Protocol):
    """How often somebody may still do something today, counted over all processes."""

    def left(self, actor: ActorId, what: str, day: date, most: int) -> bool:
        """Whether anything is left of so many times."""
        ...

    def spend(self, actor: ActorId, what: str, day: date, most: int) -> bool:
        """Take one of so many times, durably; false where nothing is left."""
        ...


CONTENT = (KeyPurpose.CLINICAL, KeyPurpose.CASE, KeyPurpose.INDEX)
"""What dies with somebody's erasure; her frame and her access log do not."""


@dataclass(frozen=True, slots=True)
class Destruction:
    """What is to become unreadable for good, and why.

    ``owners``: every epoch of their keys of these ``purposes``, never of accountability or
    relationship; of every class, or of these ``classes`` alone. ``texts``: the item keys of these
    closed texts, beside that or alone; some may have been destroyed with their owners already.
    ``year``: the access log's keys of a calendar year (class M), of everybody but ``spared``.
    """

    request: str
    """32 hexadecimal digits."""
    reason: str
    """A code: an ``ErasureGround``."""
    owners: tuple[Owner, ...] = ()
    purposes: tuple[KeyPurpose, ...] = CONTENT
    classes: tuple[Class, ...] = ()
    texts: tuple[FreeText, ...] = ()
    year: int | None = None
    spared: tuple[Owner, ...] = ()


class Shredded(NamedTuple):
    """What was destroyed: where the SHRED record stands, and how many keys it names.

    ``final_by`` is the last day on which an older backup of the key store may open any of them.
    """

    position: int
    keys: int
    items: int
    final_by: date | None = None


class Shredder(Protocol):
    """Destroys keys; what they sealed stays in the log, unreadable."""

    def statement(self, what: Destruction) -> str:
        """What a custodian signs: ids, tags, counts, the reason; no names and no content.

        It ends in a newline, and says the same as long as the same would be destroyed.
        """
        ...

    async def destroy(self, what: Destruction, approvals: bytes) -> Shredded:
        """Destroy it; ``approvals`` is a signed note over the statement, by two custodians.

        Raises:
            Refusal: The approvals do not bear it; nothing was destroyed.
            RecordUnavailable: Nothing could be written, or not all processes have forgotten yet.
        """
        ...

    def carried_out(self, request: str) -> Shredded | None:
        """What a request has destroyed; ``None`` where it has not."""
        ...


class Signatures(Protocol):
    """Verifies signatures of custodians."""

    def verifies(self, key: str, text: str, line: str) -> bool:
        """Whether a line is this verifier key's signature over a text."""
        ...


class Span(NamedTuple):
    """When somebody's record was first and last written in."""

    first: datetime
    last: datetime


class Holdings(Protocol):
    """What the clinic holds of whom: facts without content, as retention and erasure need them."""

    def span(self, client: ClientId) -> Span | None:
        """When her record was written in; ``None`` where nothing is known of it."""
        ...

    def held(self) -> tuple[ClientId, ...]:
        """Whose records are, or lately were, under a hold."""
        ...

    def parts(self, client: ClientId, case: CaseId) -> tuple[ItemId, ...]:
        """The streams of her parts of a joint case's notes."""
        ...

    def items(self, case: CaseId) -> tuple[ItemId, ...]:
        """The streams of a case's notes, sessions and other items, as far as is known by now."""
        ...

    def process_notes(self, case: CaseId) -> tuple[NoteId, ...]:
        """The process notes on a case, whoever wrote them; for their destruction."""
        ...
