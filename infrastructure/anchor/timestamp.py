"""Time stamps of RFC 3161: somebody trusted states that a checkpoint existed by a time.

- A stamp is an anchor in time and in nothing else: an authority stamps two forks as gladly as one.
- What is stamped are the exact bytes of the signed note. The token that is kept is the answer of
  the authority as it came (a `TimeStampResp` in DER), which other software verifies as well:
  `openssl ts -verify -in TOKEN -data NOTE -CAfile ROOTS`.
- A token is good for ever if its certificates were valid at the time that it states; whether one
  of them was revoked is not asked.
- Every certificate in a token is issued by a trusted one, directly or through others in it: what
  somebody has put in is refused, and so is one of a root's older or other certificates, unless
  that root is trusted too.
- Everything from an authority is bounded in time and in bytes, and redirects are not followed.

The library that reads tokens is an extra of the project. Without it nothing is known of any
token, which is no finding against it: `TimestampsMissing` is no `LedgerError`.

Source:
    RFC 3161; docs of the design: security, section 2.5 (W3).
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtensionNotFound,
    Name,
    ObjectIdentifier,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)

from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import AnchorRefused, shown
from infrastructure.ledger.merkle import HASH_SIZE
from infrastructure.ledger.note import LIMIT, Note

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest, TimeStampResponse

MAX_TOKEN_SIZE = 64 * 1024
MAX_CERTIFICATES = 16
"""Certificates in one token; a chain has three or four."""
SKEW = timedelta(minutes=5)
"""How far the clock of an authority may be ahead of ours."""
QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
FORM = "rfc3161"
"""What the payload of an ANCHOR record begins with."""

_SHA256 = ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_LATE = "authority: expected an answer in time, found none"
_GRANTED = 0
_GOOD = 200
# The answer; in it the token; in that, after its type, what is tagged; and the signed data in that.
_PLACE_OF_SIGNED_DATA = (0, 1, 1, 0)
_CERTIFICATES = 0xA0
_MOST_SHORT_SIZE = 0x7F
_PORTS = {"http": 80, "https": 443}


class TimestampsMissing(ImportError):
    """The extra that reads time stamps is not installed."""

    def __init__(self) -> None:
        super().__init__("Time stamps need an extra: pip install powiernik[timestamps]")


class Stamped(NamedTuple):
    """Who states that a note existed, and by when, in whole seconds.

    `authority` is the subject of the certificate that has signed, in the form of RFC 4514.
    """

    time: datetime
    authority: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an ANCHOR record holds: the token, and which checkpoint it is of.

    Raises:
        AnchorRefused: the fields are not those of any anchor.
    """

    size: int
    note_digest: bytes
    token: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.size < LIMIT or len(self.note_digest) != HASH_SIZE:
            raise AnchorRefused("anchor: expected the size and the hash of a checkpoint")
        _require_size(self.token)

    @classmethod
    def of(cls, note: bytes, token: bytes) -> Anchor:
        """Make the anchor of a checkpoint that a token was had for.

        Raises:
            NoteRefused: it is not the note of a checkpoint.
            AnchorRefused: the token is too large.
        """
        return cls(Checkpoint.parse(Note.parse(note).text).size, sha256(note).digest(), token)

    @classmethod
    def parse(cls, payload: Sequence[object]) -> Anchor:
        """Read the payload of an ANCHOR record.

        Raises:
            AnchorRefused: it is no such payload.
        """
        match payload:
            case [str(form), int(size), bytes(note_digest), bytes(token)] if (
                form == FORM and not isinstance(size, bool)
            ):
                return cls(size, note_digest, token)
        raise AnchorRefused("anchor: expected a payload of another shape")

    def verify(
        self, note: bytes, roots: Sequence[Certificate], *, at: datetime | None = None
    ) -> Stamped:
        """Verify that this is the anchor of a note, and what it states; see `verify`.

        Raises:
            NoteRefused: it is not the note of a checkpoint.
            AnchorRefused: the anchor is that of another note, or its token does not hold.
            TimestampsMissing: the extra is not installed.
        """
        if Anchor.of(note, self.token) != self:
            raise AnchorRefused("anchor: expected that of this checkpoint, found another's")
        return verify(self.token, note, roots, at=at)


def read_roots(pem: bytes) -> tuple[Certificate, ...]:
    """Read the certificates of the authorities that one trusts, from a file in PEM.

    Only one that signs itself can end a chain: an intermediate alone makes no token hold.

    Raises:
        AnchorRefused: it holds no certificates, or something else.
    """
    try:
        return tuple(load_pem_x509_certificates(pem))
    except ValueError as error:
        raise AnchorRefused("roots: expected certificates in PEM") from error


def request(note: bytes) -> bytes:
    """Build a query for a time stamp of a note: over its SHA-256, with a nonce of its own.

    Raises:
        AnchorRefused: the note is empty.
        TimestampsMissing: the extra is not installed.
    """
    return _request(note).as_bytes()


def stamp(note: bytes, url: str, roots: Sequence[Certificate], seconds: float) -> bytes:
    """Have a note stamped, verify the token and return it; it takes no longer than `seconds`.

    Raises:
        AnchorRefused: no answer came in time, or none that holds.
        TimestampsMissing: the extra is not installed.
    """
    query = _request(note)
    token = fetch(url, query.as_bytes(), seconds)
    verify(token, note, roots, nonce=query.nonce, at=datetime.now(UTC))
    return token


def fetch(url: str, query: bytes, seconds: float) -> bytes:
    """Ask an authority, and return what it answers, unread.

    Raises:
        AnchorRefused: there is no answer in time, or it is not one of an authority.

    Source:
        RFC 3161, section 3.4.
    """
    return _Asking(url, query, seconds).answer()


def verify(
    token: bytes,
    note: bytes,
    roots: Sequence[Certificate],
    *,
    nonce: int | None = None,
    at: datetime | None = None,
) -> Stamped:
    """Verify that a trusted authority has stamped this very note, and return when.

    With `nonce`, the token must answer the query that had it. With `at`, the instant of this
    verification, the token may not be of a later one by more than `SKEW`.

    Raises:
        AnchorRefused: the token cannot be read, is no grant, is of another note or answers another
            query, is from the future, holds certificates that come from nobody trusted, or is not
            signed by one for time stamps that was valid at the time it states.
        TimestampsMissing: the extra is not installed.

    Source:
        RFC 3161, sections 2.2, 2.3 and 2.4.2.
    """
    _require_extra()
    from rfc3161_client import VerifierBuilder, decode_timestamp_response  # noqa: PLC0415 - an extra

    _require_size(token)
    if not roots:
        raise AnchorRefused("roots: expected a trusted authority, found none")
    with _refusing("token: expected the answer of an authority"):
        response = decode_timestamp_response(_in_order(token))
        statement = _read(response)
    if (statement.algorithm, statement.imprint) != (_SHA256, sha256(note).digest()):
        raise AnchorRefused("token: expected the SHA-256 of this note, found another imprint")
    if nonce is not None and statement.nonce != nonce:
        raise AnchorRefused("token: expected the nonce of the query, found another")
    if at is not None and statement.time > at + SKEW:
        raise AnchorRefused("token: expected a time that has come, found a later one")
    _require_issued(statement.certificates, roots)
    with _refusing("token: expected a signature and certificates that held at its time"):
        VerifierBuilder(roots=list(roots)).build().verify_message(response, note)
    return Stamped(statement.time, statement.authority())


class _Statement(NamedTuple):
    """What a token says, before any of it is believed."""

    algorithm: ObjectIdentifier
    imprint: bytes
    nonce: int | None
    time: datetime
    certificates: tuple[Certificate, ...]
    issuer: Name
    serial_number: int

    def authority(self) -> str:
        """Name the certificate that has signed; once that is known to hold."""
        names = [
            each.subject.rfc4514_string()
            for each in self.certificates
            if (each.issuer, each.serial_number) == (self.issuer, self.serial_number)
        ]
        if len(names) != 1:
            raise AnchorRefused("token: expected one certificate of the signer")
        return names[0]


def _request(note: bytes) -> TimeStampRequest:
    _require_extra()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415 - an extra

    if not note:
        raise AnchorRefused("note: expected one, found nothing")
    # SHA-256 is what every authority knows, and what the log itself rests on.
    builder = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build()


def _read(response: TimeStampResponse) -> _Statement:
    if response.status != _GRANTED:
        raise AnchorRefused(f"status: expected that it is granted, found {shown(response.status)}")
    info, signed = response.tst_info, response.signed_data
    certificates = sorted(signed.certificates)
    if len(certificates) > MAX_CERTIFICATES:
        raise AnchorRefused(f"token: expected at most {MAX_CERTIFICATES} certificates")
    [signer] = signed.signer_infos
    return _Statement(
        info.message_imprint.hash_algorithm,
        info.message_imprint.message,
        info.nonce,
        info.gen_time,
        tuple(load_der_x509_certificate(each) for each in certificates),
        signer.issuer,
        signer.serial_number,
    )


def _in_order(token: bytes) -> bytes:
    """Put the certificates of a token into the order of DER; no signature covers it.

    Most authorities leave them in the order of the chain, and the library refuses that. What
    cannot be taken apart is left to the library, to refuse or to understand.
    """
    found = _Element(0, 0, 0, len(token))
    try:
        for place in _PLACE_OF_SIGNED_DATA:
            found = _elements(token, found)[place]
        [found] = [each for each in _elements(token, found) if each.tag == _CERTIFICATES]
        ordered = sorted(token[each.begin : each.end] for each in _elements(token, found))
    except (IndexError, ValueError):
        return token
    return token[: found.body] + b"".join(ordered) + token[found.end :]


class _Element(NamedTuple):
    """Where an element of DER stands: its tag, its first byte, its body, and its end."""

    tag: int
    begin: int
    body: int
    end: int


def _elements(der: bytes, within: _Element) -> list[_Element]:
    """Take an element apart, one level deep."""
    found = []
    at = within.body
    while at < within.end:
        begin, size, at = at, der[at + 1], at + 2
        if size > _MOST_SHORT_SIZE:
            octets = size & _MOST_SHORT_SIZE
            size, at = int.from_bytes(der[at : at + octets], "big"), at + octets
        found.append(_Element(der[begin], begin, at, at + size))
        at += size
    if at != within.end:
        raise ValueError("DER: expected elements that end where they must")
    return found


def _require_issued(certificates: Sequence[Certificate], roots: Sequence[Certificate]) -> None:
    """Refuse certificates that no trusted authority has issued, directly or through others.

    The library asks this of the signer's alone, and ignores what else is there.
    """
    issuers = deque(roots)
    unknown = list(certificates)
    while issuers and unknown:
        issuer = issuers.popleft()
        issued = [each for each in unknown if _is_issued(each, issuer)]
        unknown = [each for each in unknown if each not in issued]
        issuers.extend(each for each in issued if _may_issue(each))
    if unknown:
        raise AnchorRefused("token: expected certificates of trusted authorities, found others")


def _is_issued(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _may_issue(certificate: Certificate) -> bool:
    with _refusing("token: expected certificates that can be read"):
        try:
            return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
        except ExtensionNotFound:
            return False


class _Asking:
    """One question to an authority, in a thread of its own, given up when the time is over.

    A timeout of the socket alone begins anew with every byte that drips in, and does not hold
    while a name is looked up.
    """

    def __init__(self, url: str, query: bytes, seconds: float) -> None:
        with _refusing("URL: expected http or https and a host, without a user"):
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        if not parts.hostname or "@" in parts.netloc or parts.fragment:
            raise AnchorRefused("URL: expected http or https and a host, without a user")
        kind = HTTPConnection if parts.scheme == "http" else HTTPSConnection
        self._connection = kind(parts.hostname, port, timeout=seconds)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._query = query
        self._seconds = seconds
        self._connected: socket.socket | None = None
        self._given_up = False
        self._answer: bytes | AnchorRefused | None = None

    def answer(self) -> bytes:
        """Ask, and wait no longer than there is time."""
        thread = Thread(target=self._run, name="timestamp", daemon=True)
        thread.start()
        thread.join(self._seconds)
        answer = self._answer
        if answer is None:
            self._give_up()
            raise AnchorRefused(_LATE)
        if isinstance(answer, AnchorRefused):
            raise answer
        return answer

    def _run(self) -> None:
        try:
            with _refusing("authority: expected an answer, found none that can be read"):
                self._answer = self._ask()
        except AnchorRefused as error:
            late = isinstance(error.__cause__, TimeoutError)
            self._answer = AnchorRefused(_LATE) if late else error

    def _ask(self) -> bytes:
        connection = self._connection
        connection.connect()
        with connection.sock as self._connected:
            if self._given_up:
                raise TimeoutError
            headers = {"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE, "Connection": "close"}
            connection.request("POST", self._target, self._query, headers)
            with connection.getresponse() as response:
                token = _read_token(response)
        _require_size(token)
        return token

    def _give_up(self) -> None:
        """End the thread soon, wherever it is."""
        self._given_up = True
        if self._connected is not None:
            # Past the TLS, if there is any: it is in use in the other thread.
            with suppress(OSError):
                socket.socket.shutdown(self._connected, socket.SHUT_RDWR)


def _read_token(response: HTTPResponse) -> bytes:
    if response.status != _GOOD:
        raise AnchorRefused(f"authority: expected status {_GOOD}, found {response.status}")
    kind = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
    if kind != REPLY_TYPE:
        raise AnchorRefused(f"authority: expected {REPLY_TYPE}, found another type")
    return response.read(MAX_TOKEN_SIZE + 1)


def _require_size(token: bytes) -> None:
    if not 0 < len(token) <= MAX_TOKEN_SIZE:
        raise AnchorRefused(f"token: expected 1 to {MAX_TOKEN_SIZE} bytes")


def _require_extra() -> None:
    if find_spec("rfc3161_client") is None:
        raise TimestampsMissing


@contextmanager
def _refusing(why: str) -> Iterator[None]:
    """Refuse, whatever a parser that is not ours says of hostile bytes."""
    try:
        yield
    except AnchorRefused:
        raise
    except Exception as error:
        raise AnchorRefused(why) from error
