r"""Append receipts: what the clinic signs, at the moment of writing, to whoever has written.

A log that has not that leaf at that position, ten minutes later, is proved to have misbehaved by
the receipt alone: whoever keeps it needs to believe nobody.

```
powiernik/1/receipt
<origin>
<position>
<base64 of the leaf>
<time in milliseconds>
```

It is a signed note; the key is named `<origin>/receipts` and signs nothing else.

Source:
    docs of the design: security, section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from infrastructure.ledger.errors import NoteRefused
from infrastructure.ledger.merkle import HASH_SIZE
from infrastructure.ledger.note import (
    ED25519,
    Note,
    Signer,
    Verifier,
    read_base64,
    read_decimal,
    write_base64,
)

_FIRST_LINE = "powiernik/1/receipt"
_LINES = 5


def receipt_signer(origin: str, seed: bytes) -> Signer:
    """The key that signs the receipts of a log.

    Raises:
        KeyRefused: no key can be named after this origin.
    """
    return Signer(f"{origin}/receipts", ED25519, seed)


@dataclass(frozen=True, slots=True)
class AppendReceipt:
    """A promise: this leaf stands at this position of this log, and was written at this time."""

    origin: str
    position: int
    leaf: bytes
    time_ms: int

    def signed(self, signer: Signer) -> Note:
        """Sign the promise."""
        text = (
            f"{_FIRST_LINE}\n{self.origin}\n{self.position}\n{write_base64(self.leaf)}\n"
            f"{self.time_ms}\n"
        )
        return Note(text, (signer.sign(text.encode()),))

    @classmethod
    def verified(cls, data: bytes, verifier: Verifier) -> AppendReceipt:
        """Read a receipt that this key has signed.

        Raises:
            NoteRefused: it is no receipt, or bears no signature of this key.
            SignatureRefused: the signature does not verify.
        """
        note = Note.parse(data)
        if verifier not in note.verify([verifier]):
            raise NoteRefused("receipt: expected a signature of this key, found none")
        lines = note.text.split("\n")
        if len(lines) != _LINES + 1 or lines[0] != _FIRST_LINE or lines[-1]:
            raise NoteRefused("receipt: expected the five lines of a receipt")
        _, origin, position, leaf, time_ms, _ = lines
        found = cls(origin, read_decimal(position), read_base64(leaf), read_decimal(time_ms))
        if len(found.leaf) != HASH_SIZE or verifier.name != f"{origin}/receipts":
            raise NoteRefused("receipt: expected a leaf hash, and the key of its own log")
        return found
