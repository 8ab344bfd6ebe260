"""Refusals: everything that the clinic may say no to, each with a stable code.

A refusal's sentence never holds clinical content, a name or a key: it may reach any caller.
"""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """The root of all refusals; ``code`` is stable and safe to show."""

    code: ClassVar[str] = "refused"


class NotThere(Refusal):
    """The record does not exist, or is not the caller's to know of; the two answers are one."""

    code = "not-found"

    def __init__(self) -> None:
        super().__init__("There is no such record.")


class NotPermitted(Refusal):
    """The caller's role never allows this action, whatever the record."""

    code = "forbidden"

    def __init__(self) -> None:
        super().__init__("This is not open to your role or purpose of use.")


class Invalid(Refusal):
    """A word of the request is missing or cannot be; ``field`` names it, never its value."""

    code = "validation"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}.")
        self.field = field


class InTheFuture(Invalid):
    """An instant that the clinic says has passed lies ahead of the server's clock."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "lies in the future")


class WrongState(Refusal):
    """The record is in a state in which the act makes no sense; ``code`` says which."""

    code = "wrong-state"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}.")


class OpenDrafts(WrongState):
    """A case is to be closed while notes of it are drafts; each author signs or discards hers."""

    code = "open-drafts"


class OpenRisks(WrongState):
    """A case is to be closed while a risk in it waits to be looked into."""

    code = "open-risks"


class FileIncomplete(Refusal):
    """What the law wants in a client's file is missing; ``missing`` names it by client."""

    code = "file-incomplete"

    def __init__(self, missing: Mapping[str, tuple[str, ...]]) -> None:
        named = ", ".join(sorted({each for fields in missing.values() for each in fields}))
        super().__init__(f"The file lacks what must stand there before a note is signed: {named}.")
        self.missing = {client: list(fields) for client, fields in missing.items()}


class Taken(WrongState):
    """A room or a therapist has another session at that time; whose it is, this does not say."""

    code = "taken"

    def __init__(self, what: str) -> None:
        super().__init__(f"Taken at that time: {what}")


class Stale(Refusal):
    """Somebody else has written since the caller last read, or she herself in another window."""

    code = "precondition-failed"

    def __init__(self, current: int) -> None:
        super().__init__(
            "The record has changed since it was read; nothing was overwritten. Read it again, join"
            " your words to it, and send them with its current version."
        )
        self.current = current


class CommandMismatch(Refusal):
    """The same command id came before with other words."""

    code = "idempotency-mismatch"

    def __init__(self) -> None:
        super().__init__("This command id was used before for another request.")


class RecordUnavailable(Refusal):
    """The record cannot be written or opened now; nothing was shown and nothing is lost."""

    code = "record-unavailable"

    def __init__(self) -> None:
        super().__init__("The record is not available at the moment; nothing was shown or changed.")


class IntegrityIncident(Refusal):
    """The record, or this part of it, was found altered and is read-only until that is settled."""

    code = "integrity-incident"

    def __init__(self, number: int) -> None:
        super().__init__(f"An integrity check failed; this is read-only. Incident {number}.")
        self.number = number


class ProjectionBehind(Refusal):
    """A projection has not reached the position that the reader asked to wait for."""

    code = "projection-behind"

    def __init__(self) -> None:
        super().__init__("The projection has not reached that position yet.")


class Sealed(Refusal):
    """The content was there and its key has been destroyed."""

    code = "sealed"

    def __init__(self) -> None:
        super().__init__("This content is sealed for good.")


class DuplicateSuspected(Refusal):
    """A file with this identifier may be there already; whose it is, this does not say."""

    code = "duplicate-suspected"

    def __init__(self) -> None:
        super().__init__("A file with this identifier may be here already.")


class ConflictDeclared(Refusal):
    """The actor has declared a conflict of interest with the person whom she names.

    It is her own word that is held against her: it says nothing of whether the person is a client.
    """

    code = "conflict-declared"

    def __init__(self) -> None:
        super().__init__("You have declared a conflict of interest with this person.")


class LookupsSpent(Refusal):
    """The actor has looked as many people up today as anybody may; ``seconds`` until the next."""

    code = "lookups-spent"

    def __init__(self, seconds: int) -> None:
        super().__init__("No more people can be looked up by an identifier today.")
        self.seconds = seconds
