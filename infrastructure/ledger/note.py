r"""Signed notes: a text, and under it one line for each key that signs it.

- What exists is well-formed: `Note.parse` takes exactly what `Note.encode` can give.
- A line of an unknown key is ignored, even if it shares the name or the id of a known one.
- A line of a known key that does not verify refuses the whole note; so does a second line of it.
- A verifier key is read only as it would be written, and only if it can be relied on (`ed25519`).
- Without ML-DSA in the build of `cryptography`, keys of that algorithm are read and written, and
  in a note they are as unknown: a quorum may then be missed, and never be met by mistake.

```
vkey   <name>+<key id, 8 hex>+<base64(algorithm || public key)>
skey   PRIVATE+KEY+<name>+<key id, 8 hex>+<base64(algorithm || seed)>
line   U+2014 <name> <base64(key id || blob)>
key id SHA-256(name || "\n" || algorithm || public key)[:4]

algorithm                 blob                            what is signed
0x01 Ed25519              signature 64                    the text
0x04 Ed25519 cosignature  time u64 | signature 64         "cosignature/v1\ntime <t>\n" || text
0x06 ML-DSA-44 cosign.    time u64 | signature 2420       "subtree/v1\n\0" | u8 name | time u64 |
                                                          u8 origin | 0 u64 | size u64 | root 32
```

Source:
    C2SP signed-note, tlog-checkpoint and tlog-cosignature; RFC 8032; FIPS 204.
    The form of a secret key is that of Go's sumdb/note.
    docs of the design: security, section 2.4.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from infrastructure.ledger.ed25519 import require_prime_order
from infrastructure.ledger.errors import KeyRefused, NoteRefused, SignatureRefused, shown
from infrastructure.ledger.merkle import EMPTY_ROOT, HASH_SIZE

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_ML_DSA_44 = 0x06

MAX_NOTE_SIZE = 256 * 1024
MAX_SIGNATURES = 64
KEY_ID_SIZE = 4
# Sizes of trees and times: u64 in the formats, and signed 64-bit columns in every store.
LIMIT = 2**63

_MAX_NAME_SIZE = 255
_SEED_SIZE = 32
_TIME_SIZE = 8
_LEAD = "\N{EM DASH} "
_SECRET_LEAD = "PRIVATE+KEY+"  # noqa: S105 - what stands before a secret
_SUBTREE_LABEL = b"subtree/v1\n\x00"
# The specification forbids what is below a space; DEL, C1 and the byte order mark go with it.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufeff]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")

_Private: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey


class _Sizes(NamedTuple):
    public: int
    signature: int


_SIZES = {
    ED25519: _Sizes(32, 64),
    COSIGNATURE_ED25519: _Sizes(32, 64),
    COSIGNATURE_ML_DSA_44: _Sizes(1312, 2420),
}
# Room for the longest name, the key id and the longest public key in base64.
_MAX_KEY_TEXT = 4096


@cache
def has_ml_dsa() -> bool:
    """Tell whether this build of `cryptography` can make and verify ML-DSA-44 signatures."""
    try:
        MLDSA44PrivateKey.from_seed_bytes(bytes(_SEED_SIZE))
    except UnsupportedAlgorithm:
        return False
    return True


def read_base64(text: str) -> bytes:
    """Read standard base64 that is written in the one canonical way.

    Raises:
        NoteRefused: it is not base64, or another text stands for the same bytes.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise NoteRefused("base64: expected the standard alphabet and padding") from error
    # Unused bits before the padding may be anything to a decoder.
    if write_base64(data) != text:
        raise NoteRefused("base64: expected the canonical encoding, found another")
    return data


def write_base64(data: bytes) -> str:
    """Write standard base64."""
    return b64encode(data).decode("ascii")


def read_decimal(text: str) -> int:
    """Read a number below 2^63 in ASCII digits without sign, spaces and leading zeros.

    Raises:
        NoteRefused: it is no such number.
    """
    if _DECIMAL.fullmatch(text) is None or int(text) >= LIMIT:
        raise NoteRefused("number: expected ASCII digits without leading zeros, below 2^63")
    return int(text)


def tree_head(text: str) -> tuple[str, int, bytes]:
    """Read the text of a checkpoint: origin, size and root, on three lines and no more.

    Raises:
        NoteRefused: it is no such text.

    Source:
        C2SP tlog-checkpoint, without extension lines: an ML-DSA cosignature would not cover them.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:  # noqa: PLR2004 - three lines and what follows the last
        raise NoteRefused("checkpoint: expected exactly three lines")
    origin, size, root = lines[0], read_decimal(lines[1]), read_base64(lines[2])
    origin_size = _utf8_size(origin)
    if not 0 < origin_size <= _MAX_NAME_SIZE or _CONTROLS.search(origin):
        raise NoteRefused("checkpoint: expected an origin of 1 to 255 bytes, no control characters")
    if len(root) != HASH_SIZE:
        raise NoteRefused(f"checkpoint: expected a root of {HASH_SIZE} bytes, found {len(root)}")
    if size == 0 and root != EMPTY_ROOT:
        raise NoteRefused("checkpoint: expected the root of the empty tree at size 0")
    return origin, size, root


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature under a note; `blob` is what follows the key id.

    Raises:
        NoteRefused: the fields are not those of any line.
    """

    name: str
    key_id: bytes
    blob: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise NoteRefused("signature line: expected a name without spaces and plus")
        if len(self.key_id) != KEY_ID_SIZE or not self.blob:
            raise NoteRefused("signature line: expected a key id of 4 bytes and a signature")

    @classmethod
    def parse(cls, line: str) -> SignatureLine:
        """Read a line, given without its newline.

        Raises:
            NoteRefused: it is no signature line.
        """
        if not line.startswith(_LEAD):
            raise NoteRefused("signature line: expected an em dash and a space first")
        name, _, encoded = line[len(_LEAD) :].partition(" ")
        data = read_base64(encoded)
        return cls(name, data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])

    def encode(self) -> bytes:
        """Return the line with its newline."""
        return f"{_LEAD}{self.name} {write_base64(self.key_id + self.blob)}\n".encode()


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key, with the name and the algorithm it is known under.

    Raises:
        KeyRefused: the fields are not those of a key, or of none that could be relied on.
    """

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name) or _utf8_size(self.name) > _MAX_NAME_SIZE:
            raise KeyRefused("key: expected a name of 1 to 255 bytes without spaces and plus")
        if self.algorithm not in _SIZES:
            raise KeyRefused(f"key: expected a known algorithm, found {shown(self.algorithm)}")
        expected = _SIZES[self.algorithm].public
        if len(self.public) != expected:
            raise KeyRefused(f"key: expected {expected} bytes, found {len(self.public)}")
        if self.algorithm != COSIGNATURE_ML_DSA_44:
            require_prime_order(self.public)

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a verifier key.

        Raises:
            KeyRefused: it is not written as it must be, or is no key that could be relied on.
        """
        name, algorithm, public = _read_key(vkey)
        verifier = cls(name, algorithm, public)
        if verifier.vkey() != vkey:
            raise KeyRefused("verifier key: expected the key id of this name and key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a line of this key is found; no proof of anything."""
        named = f"{self.name}\n".encode() + bytes([self.algorithm])
        return sha256(named + self.public).digest()[:KEY_ID_SIZE]

    @property
    def usable(self) -> bool:
        """Whether this build of `cryptography` can verify signatures of this key."""
        return self.algorithm != COSIGNATURE_ML_DSA_44 or has_ml_dsa()

    def vkey(self) -> str:
        """Write the verifier key."""
        encoded = write_base64(bytes([self.algorithm]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def verify(self, text: bytes, blob: bytes) -> int | None:
        """Verify a signature over a text; return the time a cosignature states, in seconds.

        Raises:
            SignatureRefused: it does not verify, or this build cannot verify it.
        """
        time_s = None
        if self.algorithm != ED25519:
            if len(blob) < _TIME_SIZE:
                raise SignatureRefused("cosignature: expected a time first")
            time_s, blob = int.from_bytes(blob[:_TIME_SIZE], "big"), blob[_TIME_SIZE:]
        message = _message(self, text, time_s)
        if len(blob) != _SIZES[self.algorithm].signature:
            raise SignatureRefused(f"signature of {shown(self.name)}: expected another length")
        try:
            _public_key(self).verify(blob, message)
        except InvalidSignature as error:
            raise SignatureRefused(
                f"signature of {shown(self.name)}: expected one over this text, found another"
            ) from error
        return time_s


class Signer:
    """A secret key, with the name and the algorithm it is known under; it never shows the secret.

    Example:
        signer = Signer.generate("clinic.example/log", ED25519)
        line = signer.sign(checkpoint.text().encode())
    """

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, algorithm: int, seed: bytes) -> None:
        """Take a key from its seed of 32 bytes.

        Raises:
            KeyRefused: the fields are not those of a key, or this build cannot sign with it.
        """
        if len(seed) != _SEED_SIZE:
            raise KeyRefused(f"secret key: expected a seed of {_SEED_SIZE} bytes")
        self._private = _private_key(algorithm, seed)
        self.verifier = Verifier(name, algorithm, self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str, algorithm: int) -> Signer:
        """Make a new key.

        Raises:
            KeyRefused: no key can have this name and algorithm, or this build cannot make it.
        """
        return cls(name, algorithm, secrets.token_bytes(_SEED_SIZE))

    @classmethod
    def decode(cls, text: str) -> Signer:
        """Read what `encode` wrote; one newline after it is let pass, for it comes from a file.

        Raises:
            KeyRefused: it is no secret key; the message does not tell what it is instead.
        """
        skey = text.removesuffix("\n")
        if not skey.startswith(_SECRET_LEAD):
            raise KeyRefused("secret key: expected its first words")
        signer = cls(*_read_key(skey[len(_SECRET_LEAD) :]))
        if signer.encode() != skey:
            raise KeyRefused("secret key: expected the key id of this name and key")
        return signer

    @property
    def name(self) -> str:
        """The name of the key."""
        return self.verifier.name

    @property
    def algorithm(self) -> int:
        """The algorithm of the key."""
        return self.verifier.algorithm

    def __repr__(self) -> str:
        return f"<Signer {self.name}+{self.verifier.key_id.hex()}>"

    def encode(self) -> str:
        """Write the secret key, without a newline."""
        encoded = write_base64(bytes([self.algorithm]) + self._private.private_bytes_raw())
        return f"{_SECRET_LEAD}{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    def sign(self, text: bytes, time_s: int | None = None) -> SignatureLine:
        """Sign a text; a cosignature states the time, and another signature cannot.

        Raises:
            SignatureRefused: a time is missing or too many, or ML-DSA is to sign no checkpoint.
        """
        message = _message(self.verifier, text, time_s)
        time = b"" if time_s is None else time_s.to_bytes(_TIME_SIZE, "big")
        return SignatureLine(self.name, self.verifier.key_id, time + self._private.sign(message))


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the lines that sign it, well-formed; whose they are says only `verify`.

    Raises:
        NoteRefused: text or lines are not those of any note, or are too many.
    """

    text: str
    signatures: tuple[SignatureLine, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or _CONTROLS.search(self.text):
            raise NoteRefused("note: expected a text of whole lines without control characters")
        if not 0 < len(self.signatures) <= MAX_SIGNATURES:
            raise NoteRefused(f"note: expected 1 to {MAX_SIGNATURES} signature lines")
        if _utf8_size(self.text) == 0 or len(self.encode()) > MAX_NOTE_SIZE:
            raise NoteRefused(f"note: expected at most {MAX_NOTE_SIZE} bytes of UTF-8")

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a note.

        Raises:
            NoteRefused: it is no note, or is too large.
        """
        plain = _plain_text(data)
        end = plain.rfind("\n\n")
        if end < 0:
            raise NoteRefused("note: expected a blank line between text and signatures")
        return cls(plain[: end + 1], _signature_lines(plain[end + 2 :]))

    def encode(self) -> bytes:
        """Return the bytes of this note."""
        return b"".join((self.text.encode(), b"\n", *(line.encode() for line in self.signatures)))

    def with_signatures(self, *lines: SignatureLine) -> Note:
        """Return this note with more signatures; a new line of a key takes the place of its old.

        Raises:
            NoteRefused: they are too many.
        """
        merged = {(line.name, line.key_id): line for line in (*self.signatures, *lines)}
        return Note(self.text, tuple(merged.values()))

    def verify(self, verifiers: Iterable[Verifier]) -> dict[Verifier, int | None]:
        """Verify the lines of known keys; return these keys and the times their lines state.

        Raises:
            KeyRefused: two of the keys share name and id, so that lines could be of either.
            SignatureRefused: a line of a known key does not verify, a key has two, or none has any.
        """
        known = _by_line(verifiers)
        verified = dict[Verifier, int | None]()
        text = self.text.encode()
        for line in self.signatures:
            verifier = known.get((line.name, line.key_id))
            if verifier is None:
                continue
            if verifier in verified:
                raise SignatureRefused(f"note: expected one signature of {shown(verifier.name)}")
            verified[verifier] = verifier.verify(text, line.blob)
        if not verified:
            raise SignatureRefused("note: expected a signature of a known key, found none")
        return verified


def parse_signature_lines(data: bytes) -> tuple[SignatureLine, ...]:
    """Read signature lines on their own, as a witness answers with them.

    Raises:
        NoteRefused: they are not such lines, or none, or too many.
    """
    return _signature_lines(_plain_text(data))


def _plain_text(data: bytes) -> str:
    if len(data) > MAX_NOTE_SIZE:
        raise NoteRefused(f"note: expected at most {MAX_NOTE_SIZE} bytes, found {len(data)}")
    try:
        plain = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteRefused("note: expected UTF-8") from error
    if _CONTROLS.search(plain):
        raise NoteRefused("note: expected no control characters but newlines")
    return plain


def _signature_lines(block: str) -> tuple[SignatureLine, ...]:
    # Lines are counted before any is looked at: a hundred thousand cost no base64.
    if not block.endswith("\n") or block.count("\n") > MAX_SIGNATURES:
        raise NoteRefused(f"note: expected 1 to {MAX_SIGNATURES} whole signature lines")
    return tuple(SignatureLine.parse(line) for line in block[:-1].split("\n"))


def _by_line(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known = dict[tuple[str, bytes], Verifier]()
    for verifier in verifiers:
        if not verifier.usable:
            continue
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise KeyRefused("keys: expected no two with one name and one key id")
    return known


def _is_name(name: str) -> bool:
    spaced = "+" in name or any(character.isspace() for character in name)
    return _utf8_size(name) > 0 and not spaced and _CONTROLS.search(name) is None


def _utf8_size(text: str) -> int:
    """Return how many bytes a text takes in UTF-8: none, if it cannot be written in it."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return 0


def _read_key(text: str) -> tuple[str, int, bytes]:
    """Read name, algorithm and key; whoever asks must compare with how they would be written."""
    # The base64 may hold a plus, the name may not.
    parts = text.split("+", 2) if len(text) <= _MAX_KEY_TEXT else []
    if len(parts) != 3:  # noqa: PLR2004 - name, key id, key
        raise KeyRefused("key: expected name, key id and key, with a plus between them")
    try:
        data = read_base64(parts[2])
    except NoteRefused as error:
        raise KeyRefused("key: expected canonical base64") from error
    if not data:
        raise KeyRefused("key: expected an algorithm")
    return parts[0], data[0], data[1:]


def _private_key(algorithm: int, seed: bytes) -> _Private:
    if algorithm not in _SIZES:
        raise KeyRefused(f"secret key: expected a known algorithm, found {shown(algorithm)}")
    if algorithm != COSIGNATURE_ML_DSA_44:
        return Ed25519PrivateKey.from_private_bytes(seed)
    if not has_ml_dsa():
        raise KeyRefused("secret key: expected a build of cryptography with ML-DSA-44")
    return MLDSA44PrivateKey.from_seed_bytes(seed)


def _public_key(verifier: Verifier) -> Ed25519PublicKey | MLDSA44PublicKey:
    if verifier.algorithm != COSIGNATURE_ML_DSA_44:
        return Ed25519PublicKey.from_public_bytes(verifier.public)
    if not has_ml_dsa():
        raise SignatureRefused("signature: expected a build of cryptography with ML-DSA-44")
    return MLDSA44PublicKey.from_public_bytes(verifier.public)


def _message(verifier: Verifier, text: bytes, time_s: int | None) -> bytes:
    """Return what a key signs for a text, and for a cosignature at a time."""
    if verifier.algorithm == ED25519:
        if time_s is not None:
            raise SignatureRefused("signature: expected no time")
        return text
    if time_s is None or not 0 <= time_s < LIMIT:
        raise SignatureRefused("cosignature: expected a time from 0 to 2^63 - 1")
    if verifier.algorithm == COSIGNATURE_ED25519:
        return b"cosignature/v1\ntime %d\n" % time_s + text
    return _subtree_message(verifier.name, time_s, text)


def _subtree_message(name: str, time_s: int, text: bytes) -> bytes:
    """Return the `cosigned_message` for a whole tree.

    Source:
        C2SP tlog-cosignature, ML-DSA-44 signed message: start 0, end the size of the tree.
    """
    try:
        origin, size, root = tree_head(text.decode("utf-8"))
    except (NoteRefused, UnicodeDecodeError) as error:
        raise SignatureRefused("cosignature: expected the text of a checkpoint") from error
    return b"".join(
        (
            _SUBTREE_LABEL,
            _short(name),
            time_s.to_bytes(8, "big"),
            _short(origin),
            bytes(8),
            size.to_bytes(8, "big"),
            root,
        )
    )


def _short(text: str) -> bytes:
    """Return a text of 1 to 255 bytes behind its length."""
    data = text.encode()
    return bytes([len(data)]) + data
