"""The errors of the ledger: one root, a code each, and what was expected against what was found.

The codes are those an incident is filed under; they go to the incident and never to a caller of
the API, who is told only that integrity failed.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Code: TypeAlias = Literal[
    "E-PARSE",
    "E-LIMIT",
    "E-BIND",
    "E-AEAD",
    "E-KCV",
    "E-KEYSTATE",
    "E-LEAF",
    "E-CHAIN",
    "E-GAP",
    "E-AUTH",
    "E-TIME",
    "E-MAP",
    "E-ROOT",
    "E-ROLLBACK",
    "E-FORK",
    "E-QUORUM",
    "E-WITNESS-DOWN",
]

_SHOWN_BYTES = 32
_SHOWN_TEXT = 80


def shown(value: object) -> str:
    """Render a value for a message: bytes as hex, and never more than a line of anything.

    A hostile row may hold megabytes where a hash belongs; they must not reach the journal.
    """
    if isinstance(value, str):
        return value[:_SHOWN_TEXT]
    if not isinstance(value, bytes):
        return repr(value)[:_SHOWN_TEXT]
    if len(value) > _SHOWN_BYTES:
        return f"{value[:_SHOWN_BYTES].hex()}... ({len(value)} bytes)"
    return value.hex() or "nothing"


class LedgerError(Exception):
    """The ledger refuses; `code` is what an incident is filed under."""

    code: str = "E-PARSE"


class EntryRefused(LedgerError):
    """Bytes or fields are not a well-formed log entry."""


class RangeRefused(LedgerError):
    """A compact range does not belong to its size, or is handed something that is no hash."""

    code = "E-ROOT"


class Mismatch(LedgerError):
    """What was found is not what was expected."""

    def __init__(self, what: str, *, expected: object, found: object) -> None:
        self.expected = shown(expected)
        self.found = shown(found)
        super().__init__(f"{what}: expected {self.expected}, found {self.found}")


class ProofRefused(Mismatch):
    """A proof does not show what it claims, or none can exist for what was asked."""

    code = "E-ROOT"


class ProofUnreadable(ProofRefused):
    """Bytes are not the text of a proof."""

    code = "E-PARSE"


class TileRefused(Mismatch):
    """A file of a tiled log is missing, or is not what a log of that size has there."""


class MapRefused(Mismatch):
    """A map of streams is not sorted, or does not hold, or lack, what is claimed."""

    code = "E-MAP"


class NoteRefused(LedgerError):
    """Bytes are not a signed note, or its text is not that of a checkpoint."""


class KeyRefused(LedgerError):
    """A verifier key or a secret key is malformed, or no key that could be relied on."""


class PolicyRefused(LedgerError):
    """A trust policy is malformed, or would count one witness twice."""


class SignatureRefused(LedgerError):
    """A note is not signed by whom it must be, or a signature of a known key does not verify."""

    code = "E-AUTH"


class KeyReplaced(Mismatch, SignatureRefused):
    """A checkpoint is signed under its log's name by keys that the policy does not list.

    The key may have been replaced since, or somebody has made one up: the policy cannot tell.
    """

    code = "E-KEYSTATE"


class TimeRefused(SignatureRefused):
    """A cosignature states a time that has not come yet."""

    code = "E-TIME"


class CanonicalRefused(LedgerError):
    """Bytes are not one value in canonical msgpack, or one of more than can be wanted here."""

    code: Literal["E-PARSE", "E-LIMIT"]

    def __init__(self, code: Literal["E-PARSE", "E-LIMIT"], why: str) -> None:
        self.code = code
        super().__init__(f"{code}: canonical msgpack: {why}")


class ControlRefused(LedgerError):
    """A record is not a control record, or says something that none of its kind can say."""

    code: Literal["E-PARSE", "E-BIND"]

    def __init__(self, code: Literal["E-PARSE", "E-BIND"], why: str) -> None:
        self.code = code
        super().__init__(f"{code}: control record: {why}")


class MemoryRefused(LedgerError):
    """The file of a memory cannot be used: missing, damaged, foreign, or of another log."""


class MemoryOvertaken(MemoryRefused):
    """Another process has advanced the same memory meanwhile: nothing is wrong, begin anew."""


class QuorumMissing(Mismatch):
    """A checkpoint lacks the witnesses that the policy asks for."""

    code = "E-QUORUM"


class AnchorRefused(LedgerError):
    """There is no time stamp, or it does not state what it would have to state."""

    code = "E-TIME"


class ClaimRefused(Mismatch):
    """What somebody shows does not hold; the code says in which way."""

    def __init__(self, code: Code, what: str, *, expected: object, found: object) -> None:
        self.code = code
        super().__init__(what, expected=expected, found=found)


class LogBroken(LedgerError):
    """The log is not what was written: the first bad row, and how it is bad."""

    def __init__(
        self, code: Code, position: int, stream: bytes | None, expected: object, found: object
    ) -> None:
        self.code = code
        self.position = position
        self.stream = stream
        self.expected = shown(expected)
        self.found = shown(found)
        of_stream = "" if stream is None else f", stream {shown(stream)}"
        super().__init__(
            f"{code} at position {shown(position)}{of_stream}: "
            f"expected {self.expected}, found {self.found}"
        )
