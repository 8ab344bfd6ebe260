"""Checkpoints: what a log says of its tree, signed by it and cosigned by witnesses.

- A `Checkpoint` that exists is well-formed: `parse` takes exactly what `text` can give.
- A log signs under its origin as a name, so an origin that is signed has no spaces and no plus.

```
clinic.example/log/5f2c
1287
<base64 of the root>
```

Source:
    C2SP tlog-checkpoint and tlog-cosignature; docs of the design: security, section 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from infrastructure.ledger.errors import SignatureRefused
from infrastructure.ledger.note import (
    ED25519,
    Note,
    SignatureLine,
    Signer,
    tree_head,
    write_base64,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the tree of a log: whose, how many leaves, and the root over them.

    Raises:
        NoteRefused: the fields are not those of any checkpoint.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        tree_head(self.text())

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint.

        Raises:
            NoteRefused: it is no such text.
        """
        return cls(*tree_head(text))

    def text(self) -> str:
        """Return the three lines."""
        return f"{self.origin}\n{self.size}\n{write_base64(self.root)}\n"


def signed(checkpoint: Checkpoint, *signers: Signer) -> Note:
    """Sign a checkpoint with the key of its log, or with the old and the new one of a rotation.

    Raises:
        NoteRefused: there is no key.
        SignatureRefused: a key is that of another log, or of a witness.
    """
    for signer in signers:
        if signer.algorithm != ED25519 or signer.name != checkpoint.origin:
            raise SignatureRefused("checkpoint: expected a key of the log, named by its origin")
    text = checkpoint.text()
    return Note(text, tuple(signer.sign(text.encode()) for signer in signers))


def cosigned(checkpoint: Checkpoint | Note, signer: Signer, time_s: int) -> SignatureLine:
    """Cosign a checkpoint, on its own or in its note, at a time in seconds.

    Whether it is consistent with what was cosigned before is for the caller to know.

    Raises:
        NoteRefused: the note is not that of a checkpoint.
        SignatureRefused: the key is not that of a witness, or there is no such time.
    """
    if signer.algorithm == ED25519:
        raise SignatureRefused("checkpoint: expected a key for cosignatures")
    text = checkpoint.text if isinstance(checkpoint, Note) else checkpoint.text()
    tree_head(text)
    return signer.sign(text.encode(), time_s)
