"""What the domain needs from the world, as small protocols; adapters satisfy them structurally."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from domain.confidentiality import Label, Owner
from domain.events import Event
from domain.rows import Content, Place
from domain.values import Circumstances, ClientId, Command, FreeText, Receipt

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Write:
    """Events for one stream, sealed for one owner.

    ``after`` is the version that they must follow, or ``None`` where many write to the stream and
    order is all that matters (fine print 4). ``concerning`` are the clients whom they are about.
    ``opens`` are the owners whose content a recorded access in ``events`` is about to open.
    """

    stream: str
    events: tuple[Event, ...]
    owner: Owner
    after: int | None
    concerning: tuple[ClientId, ...] = ()
    opens: tuple[Owner, ...] = ()


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

    def fold(self, stream: str, fold: Callable[[Iterable[object]], State]) -> tuple[State, int]:
        """The state that a command decides on, and the stream's version.

        Free text stays closed; the command's own event is its access entry (LOG-06).
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
    ) -> Receipt:
        """Append all writes in one transaction; durable when it returns.

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


class Keys(Protocol):
    """The broker of keys: content opens against a committed access entry, and not otherwise."""

    def open(self, receipt: Receipt) -> Opening:
        """An opening for the entries in the receipt; each receipt works once (fine print 5)."""
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
