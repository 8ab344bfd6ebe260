"""Time-stamp authorities of the tests: certificates, and tokens good or bent on purpose.

A token is written here piece by piece, so that it may say anything; that it is of the right form
is shown by the `openssl` command, which reads it, and whose own tokens are read beside it.
"""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client._rust import parse_timestamp_request

LOOPBACK = "127.0.0.1"
DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)
SIGNING = (ExtendedKeyUsageOID.CODE_SIGNING,)

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_POLICY = "1.3.6.1.4.1.13762.3"


@dataclass(frozen=True)
class Identity:
    """A certificate and the key to it."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """The certificate as it stands in a token."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate as it stands in a file."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key as it stands in a file."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def issue(
    name: str,
    by: Identity | None = None,
    *,
    ca: bool = False,
    usage: tuple[x509.ObjectIdentifier, ...] = STAMPING,
    critical: bool = True,
    since: datetime = NOW - 365 * DAY,
    until: datetime = NOW + 365 * DAY,
    serial: int | None = None,
    address: str | None = None,
) -> Identity:
    """Issue a certificate, by an authority or by itself; without `usage`, for any."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if usage and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
    if address:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return Identity(builder.sign(by.key if by else key, SHA256()), key)


@dataclass(frozen=True)
class Authority:
    """An authority that signs with `signer`, and puts `shown` into its tokens.

    Example:
        Authority(signer, (signer.der,)).reply(query)
    """

    signer: Identity
    shown: tuple[bytes, ...]
    time: datetime = NOW
    status: int = 0
    imprint: bytes | None = None
    algorithm: str = _SHA256
    nonce: int | None = None
    granted: bool = True
    sort: bool = True

    def but(self, **changes: object) -> Authority:
        """The same authority, bent."""
        return replace(self, **changes)  # type: ignore[arg-type]  # as the fields are

    def reply(self, query: bytes) -> bytes:
        """Answer a query."""
        asked = parse_timestamp_request(query)
        nonce = asked.nonce if self.nonce is None else self.nonce
        assert nonce is not None
        info = _sequence(
            _integer(1),
            _oid(_POLICY),
            _sequence(
                _algorithm(self.algorithm),
                _octets(self.imprint or asked.message_imprint.message),
            ),
            _integer(next(_serials)),
            _der(0x18, self.time.strftime("%Y%m%d%H%M%SZ").encode()),
            _integer(nonce),
        )
        status = _sequence(_integer(self.status))
        return _sequence(status, self._token(info) if self.granted else b"")

    def _token(self, info: bytes) -> bytes:
        signer = self.signer
        attributes = (
            _attribute(_CONTENT_TYPE, _oid(_TST_INFO)),
            _attribute(_MESSAGE_DIGEST, _octets(sha256(info).digest())),
            _attribute(
                _SIGNING_CERTIFICATE,
                _sequence(_sequence(_sequence(_octets(sha256(signer.der).digest())))),
            ),
        )
        signed = _sequence(
            _integer(1),
            _sequence(
                signer.certificate.issuer.public_bytes(), _integer(signer.certificate.serial_number)
            ),
            _algorithm(_SHA256),
            _set(*attributes, tag=0xA0),
            _sequence(_oid(_ECDSA_SHA256)),
            _octets(signer.key.sign(_set(*attributes), ECDSA(SHA256()))),
        )
        data = _sequence(
            _integer(3),
            _set(_algorithm(_SHA256)),
            _sequence(_oid(_TST_INFO), _der(0xA0, _octets(info))),
            _der(0xA0, *(sorted(self.shown) if self.sort else self.shown)) if self.shown else b"",
            _set(signed),
        )
        return _sequence(_oid(_SIGNED_DATA), _der(0xA0, data))


Behaviour = Callable[[socket.socket, bytes], None]
"""What an authority does with a connection and the query that came over it."""


@contextmanager
def listening(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """An authority on the loopback, at the URL that is given."""
    plain = socket.create_server((LOOPBACK, 0))
    scheme = "https" if tls else "http"
    with tls.wrap_socket(plain, server_side=True) if tls else plain as server:
        threading.Thread(target=_serve, args=(server, behave), daemon=True).start()
        try:
            yield f"{scheme}://{LOOPBACK}:{server.getsockname()[1]}/tsa"
        finally:
            # A close alone would leave the thread waiting for who comes next.
            server.shutdown(socket.SHUT_RDWR)


def answer(
    body: bytes, *, status: str = "200 OK", kind: str = "application/timestamp-reply"
) -> bytes:
    """An answer over HTTP."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _serve(server: socket.socket, behave: Behaviour) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError), connection.makefile("rb") as incoming:
                size = 0
                while (line := incoming.readline().strip().lower()) != b"":
                    name, _, value = line.partition(b": ")
                    size = int(value) if name == b"content-length" else size
                behave(connection, incoming.read(size))


_serials = itertools.count(1)


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, *parts)


def _set(*parts: bytes, tag: int = 0x31) -> bytes:
    return _der(tag, *sorted(parts))


def _octets(data: bytes) -> bytes:
    return _der(0x04, data)


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return _der(0x06, bytes([40 * first + second]), *map(_arc, rest))


def _arc(number: int) -> bytes:
    septets = [number & 0x7F]
    while number := number >> 7:
        septets.append(0x80 | number & 0x7F)
    return bytes(reversed(septets))


def _algorithm(oid: str) -> bytes:
    return _sequence(_oid(oid), _der(0x05))


def _attribute(oid: str, value: bytes) -> bytes:
    return _sequence(_oid(oid), _set(value))
