"""A proof in one file that an entry stands in a log: C2SP `tlog-proof@v1`.

- A `TlogProof` that exists is well-formed: `parse` takes exactly what `encode` can give.
- The checkpoint is carried as it was signed; who signed it is for a trust policy to judge.
- `extra` is the entry where this project writes a proof. Nothing authenticates it but its hash.

```
c2sp.org/tlog-proof@v1
extra <base64>                 left out if there is none
index <decimal>
<base64 of a hash>             one line each, from the leaf's sibling up to the root's child

<checkpoint>                   a signed note, to the end
```

Source:
    C2SP tlog-proof; docs of the design: security, section 2.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infrastructure.ledger.errors import NoteRefused, ProofUnreadable
from infrastructure.ledger.merkle import HASH_SIZE, verify_inclusion
from infrastructure.ledger.note import (
    LIMIT,
    MAX_NOTE_SIZE,
    read_base64,
    read_decimal,
    write_base64,
)
from infrastructure.ledger.trust import Judged, Trust

MAX_PROOF_SIZE = 512 * 1024
MAX_HASHES = 63

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The proof that a leaf stands at `index` in the tree of a checkpoint.

    Raises:
        ProofUnreadable: the fields are not those of any proof.

    Example:
        proof = TlogProof.parse(path.read_bytes())
        proof.verify(leaf_hash(entry), trust).checkpoint
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        _require("index", "0 to 2^63 - 1", self.index, holds=0 <= self.index < LIMIT)
        _require_hashes(self.hashes)
        size = len(self.checkpoint)
        expected = f"1 to {MAX_NOTE_SIZE} bytes"
        _require("checkpoint", expected, f"{size} bytes", holds=0 < size <= MAX_NOTE_SIZE)
        whole = b"\r" not in self.checkpoint
        _require("checkpoint", "no carriage return", "one", holds=whole)
        _require("extra data", "data, or no line", "an empty line", holds=self.extra != b"")
        _require_size(len(self.encode()))

    @classmethod
    def parse(cls, data: bytes) -> TlogProof:
        """Read a proof.

        Raises:
            ProofUnreadable: it is no proof, or too large.
        """
        _require_size(len(data))
        head, _, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise ProofUnreadable("proof", expected="ASCII", found="other octets") from None
        first, *lines = lines
        _require("first line", _FIRST_LINE, first, holds=first == _FIRST_LINE)
        extra = None
        if lines and lines[0].startswith(_EXTRA):
            extra = _base64("extra data", lines.pop(0).removeprefix(_EXTRA))
        begun = bool(lines) and lines[0].startswith(_INDEX)
        _require("proof", "an index line", "none", holds=begun)
        index, *hashes = lines
        _require_count(hashes)
        return cls(
            _decimal(index.removeprefix(_INDEX)),
            tuple(_base64("hash", line) for line in hashes),
            checkpoint,
            extra,
        )

    def encode(self) -> bytes:
        """Return the file."""
        lines = [_FIRST_LINE]
        if self.extra is not None:
            lines.append(_EXTRA + write_base64(self.extra))
        lines.append(f"{_INDEX}{self.index}")
        lines.extend(write_base64(each) for each in self.hashes)
        return "\n".join(lines).encode("ascii") + b"\n\n" + self.checkpoint

    def check(self, leaf: bytes, size: int, root: bytes) -> None:
        """Verify the leaf against the head of a tree that is believed already.

        The checkpoint that the proof carries is not looked at.

        Raises:
            ProofRefused: the leaf is not shown to stand in that tree.
        """
        verify_inclusion(self.index, size, leaf, self.hashes, root)

    def verify(
        self, leaf: bytes, trust: Trust, *, now_s: int | None = None, skew_s: int = 300
    ) -> Judged:
        """Verify the leaf against the checkpoint that the proof carries, and that by a policy.

        Raises:
            NoteRefused, SignatureRefused, TimeRefused, QuorumMissing: as `Trust.require` does.
            ProofRefused: the leaf is not shown to stand in the tree of the checkpoint.
        """
        judged = trust.require(self.checkpoint, now_s=now_s, skew_s=skew_s)
        self.check(leaf, judged.checkpoint.size, judged.checkpoint.root)
        return judged


def _base64(what: str, text: str) -> bytes:
    try:
        return read_base64(text)
    except NoteRefused:
        raise ProofUnreadable(what, expected="canonical base64", found="other text") from None


def _decimal(text: str) -> int:
    try:
        return read_decimal(text)
    except NoteRefused:
        expected = "digits without leading zeros, below 2^63"
        raise ProofUnreadable("index", expected=expected, found="other text") from None


def _require_hashes(hashes: Sequence[bytes]) -> None:
    _require_count(hashes)
    for each in hashes:
        found = f"{len(each)} bytes"
        _require("hash", f"{HASH_SIZE} bytes", found, holds=len(each) == HASH_SIZE)


def _require_count(hashes: Sequence[bytes | str]) -> None:
    count = len(hashes)
    _require("hashes", f"at most {MAX_HASHES}", count, holds=count <= MAX_HASHES)


def _require_size(size: int) -> None:
    expected = f"at most {MAX_PROOF_SIZE} bytes"
    _require("proof", expected, f"{size} bytes", holds=size <= MAX_PROOF_SIZE)


def _require(what: str, expected: object, found: object, *, holds: bool) -> None:
    if not holds:
        raise ProofUnreadable(what, expected=expected, found=found)
