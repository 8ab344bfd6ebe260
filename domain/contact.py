"""Contacts that need no session, and session notes on sessions that never were.

A call, a letter, a word with a school: who, in what role, by what means, from whom to whom. A note
on a session that was not held is a contact note, whatever it was begun as: what is written there is
not what happened in a session.
"""

from dataclasses import dataclass
from typing import Protocol

from domain.errors import Invalid
from domain.events.note import Contact, Direction, Means, NoteKind, Party
from domain.events.session import SessionCancelled, SessionHeld, SessionMissed
from domain.values import FreeText

_MAY_HAVE = frozenset({NoteKind.CONTACT, NoteKind.CRISIS})


class About(Protocol):
    """A session that a note is about."""

    @property
    def settled(self) -> SessionHeld | SessionCancelled | SessionMissed | None:
        """How it ended."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What a note is about, once the session that it names has been looked at."""

    kind: NoteKind
    contact: Contact | None
    became: bool = False


def settle(kind: NoteKind, contact: Contact | None, session: About | None) -> Kind:
    """What a note really is; ``became`` where it was begun as a session note and is none.

    Raises:
        Invalid: A contact is told of a note that is about none.
    """
    held = session is None or isinstance(session.settled, SessionHeld)
    if kind is NoteKind.SESSION and session is not None and not held:
        return Kind(NoteKind.CONTACT, contact or _not_held(session), became=True)
    if contact is not None and kind not in _MAY_HAVE:
        raise Invalid("contact", "belongs to a contact note or a crisis note")
    return Kind(kind, contact)


def must_name_a_third_party(contact: Contact | None, third_party: FreeText | None) -> None:
    """Refuse a person beside the client without saying in what role she was contacted.

    Raises:
        Invalid: There is no contact, or it was with the client.
    """
    if third_party is None:
        return
    if contact is None or contact.party is Party.CLIENT:
        raise Invalid("third_party", "needs a contact with somebody beside the client")


def _not_held(session: About) -> Contact:
    match session.settled:
        case SessionMissed():
            return Contact(Means.NO_SHOW, Direction.NONE, Party.CLIENT)
        case SessionCancelled():
            return Contact(Means.CANCELLATION, Direction.NONE, Party.CLIENT)
        case _:
            return Contact(Means.NOT_YET_HELD, Direction.NONE, Party.CLIENT)
