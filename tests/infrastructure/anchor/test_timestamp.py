"""Time stamps: whatever is not a trusted authority's word on this very note is refused.

Attack 55 of the design's security page, section 7: another imprint, an expired certificate, an
injected one.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.x509 import Certificate
from hypothesis import given, strategies as st

from infrastructure.anchor.timestamp import (
    MAX_CERTIFICATES,
    MAX_TOKEN_SIZE,
    Anchor,
    Stamped,
    TimestampsMissing,
    fetch,
    read_roots,
    request,
    stamp,
    verify,
)
from infrastructure.control import anchor_line, control_stream
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.control import ControlKind, OtherControl, parse_control
from infrastructure.ledger.errors import AnchorRefused, NoteRefused
from infrastructure.ledger.note import ED25519, Signer
from tests.support.authority import (
    DAY,
    LOOPBACK,
    NOW,
    SIGNING,
    STAMPING,
    Authority,
    Behaviour,
    Identity,
    answer,
    issue,
    listening,
)

ORIGIN = "clinic.example/log/1"
SIGNER = Signer.generate(ORIGIN, ED25519)
NOTE = signed(Checkpoint(ORIGIN, 1287, bytes(range(32))), SIGNER).encode()
OTHER_NOTE = signed(Checkpoint(ORIGIN, 1288, bytes(range(32))), SIGNER).encode()
ROOT = issue("Root of the tests", ca=True)
MIDDLE = issue("Middle of the tests", ROOT, ca=True)
TSA = issue("Stamps of the tests", MIDDLE)
ROOTS = (ROOT.certificate,)
GOOD = Authority(TSA, (TSA.der, MIDDLE.der))
QUERY = request(NOTE)
TOKEN = GOOD.reply(QUERY)
SECONDS = 0.3

Token = Callable[..., bytes]


def refusal(token: bytes, note: bytes = NOTE, roots: Sequence[Certificate] = ROOTS) -> str:
    with pytest.raises(AnchorRefused) as caught:
        verify(token, note, roots, at=NOW)
    assert caught.value.code == "E-TIME"
    return str(caught.value)


def signed_by(signer: Identity, *others: Identity) -> bytes:
    """A token of another signer, with his certificate and others in it."""
    shown = tuple(each.der for each in (signer, *others))
    return GOOD.but(signer=signer, shown=shown).reply(QUERY)


def sends(*pieces: bytes, pause: float = 0.0) -> Behaviour:
    """An authority that sends these pieces, with a pause before each."""

    def behave(connection: socket.socket, _: bytes) -> None:
        for piece in pieces:
            time.sleep(pause)
            connection.sendall(piece)

    return behave


def stamps(connection: socket.socket, query: bytes) -> None:
    """An authority that does what it is for."""
    connection.sendall(answer(GOOD.but(time=datetime.now(UTC)).reply(query)))


# --------------------------------------------------------------------------------- what holds


def test_a_token_states_when_and_by_whom_a_note_was_stamped() -> None:
    assert verify(TOKEN, NOTE, ROOTS, at=NOW) == Stamped(NOW, "CN=Stamps of the tests")


def test_a_certificate_that_has_expired_since_does_not_spoil_a_token() -> None:
    brief = issue("Brief", MIDDLE, until=NOW + DAY)

    assert verify(signed_by(brief, MIDDLE), NOTE, ROOTS, at=NOW + 1000 * DAY).time == NOW


def test_a_root_in_the_token_does_no_harm() -> None:
    assert verify(signed_by(TSA, MIDDLE, ROOT), NOTE, ROOTS).time == NOW


def test_certificates_may_stand_in_any_order() -> None:
    for shown in (GOOD.shown, GOOD.shown[::-1]):
        token = GOOD.but(shown=shown, sort=False).reply(QUERY)

        assert verify(token, NOTE, ROOTS).time == NOW


def test_every_query_has_a_nonce_of_its_own() -> None:
    assert request(NOTE) != request(NOTE)


def test_roots_are_read_from_a_file() -> None:
    assert read_roots(ROOT.pem + MIDDLE.pem) == (ROOT.certificate, MIDDLE.certificate)


@pytest.mark.parametrize("pem", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_a_file_without_roots_is_refused(pem: bytes) -> None:
    with pytest.raises(AnchorRefused, match="roots"):
        read_roots(pem)


# ---------------------------------------------------------------------------------- attack 55


def test_a_token_of_another_note_is_refused() -> None:
    assert "imprint" in refusal(TOKEN, OTHER_NOTE)
    assert "imprint" in refusal(GOOD.but(imprint=sha256(OTHER_NOTE).digest()).reply(QUERY))


def test_an_imprint_that_calls_itself_another_hash_is_refused() -> None:
    assert "imprint" in refusal(GOOD.but(algorithm="2.16.840.1.101.3.4.2.8").reply(QUERY))


def test_a_token_that_answers_another_query_is_refused() -> None:
    with pytest.raises(AnchorRefused, match="nonce"):
        verify(TOKEN, NOTE, ROOTS, nonce=1)


@pytest.mark.parametrize(
    "signer",
    [
        issue("Expired", MIDDLE, until=NOW - DAY),
        issue("Not yet valid", MIDDLE, since=NOW + DAY),
        issue("Signs code", MIDDLE, usage=SIGNING),
        issue("Does two things", MIDDLE, usage=STAMPING + SIGNING),
        issue("Says it aside", MIDDLE, critical=False),
        issue("Does anything", MIDDLE, usage=()),
    ],
    ids=lambda each: each.certificate.subject.rfc4514_string(),
)
def test_a_certificate_that_was_not_for_time_stamps_at_the_time_is_refused(
    signer: Identity,
) -> None:
    assert "certificates that held" in refusal(signed_by(signer, MIDDLE))


@pytest.mark.parametrize("whose", ["issuer", "root"])
def test_an_expired_authority_above_the_signer_is_refused(whose: str) -> None:
    expired = issue("Expired", None if whose == "root" else ROOT, ca=True, until=NOW - DAY)
    signer = issue("Signer", expired)
    roots = (*ROOTS, expired.certificate) if whose == "root" else ROOTS

    assert "certificates that held" in refusal(signed_by(signer, expired), roots=roots)


def test_a_signer_of_an_unknown_authority_is_refused() -> None:
    stranger = issue("Stranger", ca=True)

    assert "trusted" in refusal(signed_by(issue("Signer", stranger), stranger))
    assert "trusted" in refusal(TOKEN, roots=(stranger.certificate,))


def test_an_authority_that_only_has_the_name_of_a_trusted_one_is_refused() -> None:
    double = issue("Root of the tests", ca=True)

    assert "trusted" in refusal(signed_by(issue("Signer", double)))


def test_a_certificate_issued_by_one_that_may_not_issue_is_refused() -> None:
    assert "trusted" in refusal(signed_by(issue("Signer", TSA), TSA, MIDDLE))


def test_an_injected_certificate_is_refused_though_the_signature_holds() -> None:
    assert "trusted" in refusal(signed_by(TSA, MIDDLE, issue("Injected", ca=True)))
    assert "trusted" in refusal(signed_by(TSA, MIDDLE, issue("Injected", ca=True), TSA))


def test_an_injected_certificate_lends_its_purpose_to_nobody() -> None:
    coder = issue("Signs code", MIDDLE, usage=SIGNING)
    forger = Identity(MIDDLE.certificate, issue("Middle of the tests", ca=True).key)
    twin = issue("Stamps", forger, serial=coder.certificate.serial_number)

    assert "trusted" in refusal(signed_by(coder, twin, MIDDLE))


def test_a_token_without_the_certificates_it_needs_is_refused() -> None:
    assert "trusted" in refusal(GOOD.but(shown=(TSA.der,)).reply(QUERY))
    assert "certificates that held" in refusal(GOOD.but(shown=(MIDDLE.der,)).reply(QUERY))
    assert "certificates that held" in refusal(GOOD.but(shown=()).reply(QUERY))


def test_too_many_certificates_are_refused_unread() -> None:
    crowd = [issue("Middle of the tests", MIDDLE).der for _ in range(MAX_CERTIFICATES)]

    assert "at most" in refusal(GOOD.but(shown=(TSA.der, MIDDLE.der, *crowd)).reply(QUERY))


def test_without_a_trusted_authority_nothing_holds() -> None:
    assert "roots" in refusal(TOKEN, roots=())


def test_an_intermediate_authority_alone_ends_no_chain() -> None:
    alone = GOOD.but(shown=(TSA.der,)).reply(QUERY)

    assert "certificates that held" in refusal(alone, roots=(MIDDLE.certificate,))
    assert "trusted" in refusal(TOKEN, roots=(MIDDLE.certificate,))


def test_a_signature_of_another_key_is_refused() -> None:
    impostor = Identity(TSA.certificate, issue("Impostor").key)

    assert "signature" in refusal(signed_by(impostor, MIDDLE))


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5, 6, 255])
@pytest.mark.parametrize("granted", [False, True])
def test_a_status_that_is_no_grant_is_refused(status: int, granted: bool) -> None:
    assert "status" in refusal(GOOD.but(status=status, granted=granted).reply(QUERY))


def test_a_grant_without_a_token_is_refused() -> None:
    assert "expected the answer" in refusal(GOOD.but(granted=False).reply(QUERY))


def test_a_time_that_has_not_come_is_refused() -> None:
    early = GOOD.but(time=NOW + timedelta(minutes=6)).reply(QUERY)

    assert "time that has come" in refusal(early)
    assert verify(GOOD.but(time=NOW + timedelta(minutes=4)).reply(QUERY), NOTE, ROOTS, at=NOW)


@pytest.mark.parametrize("junk", [b"", b"\0", b"<html>", b"0\0", TOKEN[:-1], TOKEN + b"\0"])
def test_nonsense_is_refused(junk: bytes) -> None:
    refusal(junk)


def test_a_token_that_is_too_large_is_refused_unread() -> None:
    assert str(MAX_TOKEN_SIZE) in refusal(bytes(MAX_TOKEN_SIZE + 1))


def must_say_the_same_or_nothing(altered: bytes) -> None:
    """Some bytes of a token are covered by nothing: they may be anything, and mean nothing."""
    with suppress(AnchorRefused):
        assert verify(altered, NOTE, ROOTS).time == NOW
    with pytest.raises(AnchorRefused):
        verify(altered, OTHER_NOTE, ROOTS)


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 255))
def test_an_altered_token_never_states_another_time_or_note(place: int, mask: int) -> None:
    altered = bytearray(TOKEN)
    altered[place] ^= mask

    must_say_the_same_or_nothing(bytes(altered))


@given(st.integers(0, len(TOKEN)), st.integers(0, 40), st.binary(max_size=40))
def test_a_token_that_is_cut_or_grown_never_states_another_time_or_note(
    place: int, gone: int, more: bytes
) -> None:
    must_say_the_same_or_nothing(TOKEN[:place] + more + TOKEN[place + gone :])


@given(st.binary(max_size=200))
def test_what_is_no_token_is_refused(junk: bytes) -> None:
    with pytest.raises(AnchorRefused):
        verify(junk, NOTE, ROOTS)


# ---------------------------------------------------------------------------- over the network


def test_a_note_is_stamped_by_an_authority_that_is_asked() -> None:
    with listening(stamps) as url:
        token = stamp(NOTE, url, ROOTS, 5)

    assert verify(token, NOTE, ROOTS, at=datetime.now(UTC)).authority == "CN=Stamps of the tests"


def test_a_token_that_was_given_before_is_refused() -> None:
    with listening(sends(answer(TOKEN))) as url, pytest.raises(AnchorRefused, match="nonce"):
        stamp(NOTE, url, ROOTS, 5)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answer(TOKEN, kind="text/html"), "another type"),
        (answer(TOKEN, kind="application/timestamp-query"), "another type"),
        (answer(TOKEN, status="302 Found"), "found 302"),
        (answer(TOKEN, status="500 Oops"), "found 500"),
        (answer(TOKEN, status="201 Created"), "found 201"),
        (answer(b""), "1 to"),
        (answer(bytes(MAX_TOKEN_SIZE + 1)), "1 to"),
        (answer(b"nonsense"), "token"),
        (answer(TOKEN)[:-1], "token"),
        (b"nonsense\r\n\r\n", "none that can be read"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200, "none that can be read"),
        (b"", "none that can be read"),
    ],
)
def test_an_answer_that_is_none_is_refused(reply: bytes, why: str) -> None:
    with listening(sends(reply)) as url, pytest.raises(AnchorRefused, match=why):
        stamp(NOTE, url, ROOTS, 5)


@pytest.mark.parametrize(
    "behave",
    [
        sends(b"", pause=5),
        sends(*([b"H"] + [b"x"] * 100), pause=SECONDS / 4),
        sends(*(bytes([octet]) for octet in answer(TOKEN)), pause=SECONDS / 10),
        sends(*(bytes([octet]) for octet in answer(TOKEN)[:40]), answer(TOKEN), pause=0.02),
        sends(answer(TOKEN)[:-1], b"", *([b""] * 100), pause=SECONDS / 4),
        sends(*([b"HTTP/1.1 100 Continue\r\n\r\n"] * 100), pause=SECONDS / 10),
    ],
    ids=["never", "drips a line", "drips", "drips a head", "stops", "puts off"],
)
def test_an_authority_that_takes_its_time_is_given_up_in_time(behave: Behaviour) -> None:
    with listening(behave) as url:
        begun = time.monotonic()
        with pytest.raises(AnchorRefused, match="in time"):
            fetch(url, QUERY, SECONDS)
        took = time.monotonic() - begun
        left = [each for each in threading.enumerate() if each.name == "timestamp"]
        for each in left:
            each.join(2)

    assert SECONDS <= took < SECONDS + 0.5
    assert not any(each.is_alive() for each in left)


def test_nobody_listening_is_refused_at_once() -> None:
    with listening(stamps) as url:
        pass
    with pytest.raises(AnchorRefused, match="none that can be read"):
        fetch(url, QUERY, 5)


def test_over_tls_an_authority_is_asked_only_if_its_host_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = issue("Host", ROOT, usage=(), address=LOOPBACK)
    (tmp_path / "host.pem").write_bytes(host.pem + host.key_pem)
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "host.pem")

    with listening(stamps, tls) as url, pytest.raises(AnchorRefused, match="none that can be"):
        fetch(url, QUERY, 5)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    with listening(stamps, tls) as url:
        assert stamp(NOTE, url, ROOTS, 5)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tsa.example",
        "ftp://tsa.example/",
        "file:///tmp/token",
        "http://",
        "http:///tsa",
        "http://user@tsa.example/",
        "http://tsa.example:port/",
        "http://tsa.example:99999/",
        "http://tsa.example/#there",
        "http://[tsa.example/",
    ],
)
def test_a_url_that_names_no_authority_is_refused(url: str) -> None:
    with pytest.raises(AnchorRefused, match="URL"):
        fetch(url, QUERY, 5)


# ---------------------------------------------------------------------------------- in the log


def test_an_anchor_goes_into_the_log_and_comes_back() -> None:
    anchor = Anchor.of(NOTE, TOKEN)
    log_id = bytes(range(16))
    line = anchor_line(log_id, anchor.size, anchor.note_digest, anchor.token)
    [(_, seal)] = line.records
    found = parse_control(seal(1))

    assert line.stream_id == control_stream(log_id, "anchor")
    assert isinstance(found, OtherControl)
    assert found.kind is ControlKind.ANCHOR
    assert Anchor.parse(found.payload) == anchor
    assert Anchor.parse(found.payload).verify(NOTE, ROOTS, at=NOW).time == NOW


def test_an_anchor_of_another_checkpoint_is_refused() -> None:
    for anchor in (Anchor.of(OTHER_NOTE, TOKEN), Anchor(1288, sha256(NOTE).digest(), TOKEN)):
        with pytest.raises(AnchorRefused, match="another's"):
            anchor.verify(NOTE, ROOTS)
    with pytest.raises(AnchorRefused, match="imprint"):
        Anchor.of(OTHER_NOTE, TOKEN).verify(OTHER_NOTE, ROOTS)


def test_an_anchor_is_of_a_checkpoint_and_of_nothing_else() -> None:
    with pytest.raises(NoteRefused):
        Anchor.of(b"no note", TOKEN)


@pytest.mark.parametrize(
    "payload",
    [
        (),
        ("rfc3161", 1, bytes(32)),
        ("rfc3161", 1, bytes(32), b"token", 1),
        ("other", 1, bytes(32), b"token"),
        ("rfc3161", True, bytes(32), b"token"),
        ("rfc3161", -1, bytes(32), b"token"),
        ("rfc3161", 2**63, bytes(32), b"token"),
        ("rfc3161", 1, bytes(31), b"token"),
        ("rfc3161", 1, "x" * 32, b"token"),
        ("rfc3161", 1, bytes(32), b""),
        ("rfc3161", 1, bytes(32), "token"),
        ("rfc3161", 1, bytes(32), bytes(MAX_TOKEN_SIZE + 1)),
    ],
)
def test_a_payload_of_another_shape_is_no_anchor(payload: Sequence[object]) -> None:
    with pytest.raises(AnchorRefused):
        Anchor.parse(payload)


def test_an_empty_note_is_not_stamped() -> None:
    with pytest.raises(AnchorRefused, match="note"):
        request(b"")


def test_without_the_extra_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    for call in (lambda: request(NOTE), lambda: verify(TOKEN, NOTE, ROOTS)):
        with pytest.raises(TimestampsMissing, match=r"pip install powiernik\[timestamps\]"):
            call()


# ------------------------------------------------------------------------- beside the `openssl`


@dataclass(frozen=True)
class OpenSsl:
    """The `openssl` command, in a folder of its own."""

    path: str
    folder: Path

    def __call__(self, arguments: str) -> str:
        told = subprocess.run(
            [self.path, *arguments.split()],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return told.stdout + told.stderr


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    path = shutil.which("openssl")
    if path is None:
        pytest.skip("the command `openssl` is not on this machine")
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    (tmp_path / "middle.pem").write_bytes(MIDDLE.pem)
    (tmp_path / "tsa.pem").write_bytes(TSA.pem)
    (tmp_path / "tsa.key").write_bytes(TSA.key_pem)
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = ours\n[ours]\nserial = serial\nsigner_digest = sha256\n"
        "default_policy = 1.2.3.4\ndigests = sha256\nordering = yes\naccuracy = secs:1\n"
        "tsa_name = yes\ness_cert_id_chain = yes\n"
    )
    (tmp_path / "note").write_bytes(NOTE)
    (tmp_path / "query").write_bytes(QUERY)
    return OpenSsl(path, tmp_path)


def test_openssl_understands_our_query_and_its_token_is_good(openssl: OpenSsl) -> None:
    told = openssl(
        "ts -reply -config tsa.cnf -queryfile query -out token"
        " -signer tsa.pem -inkey tsa.key -chain middle.pem"
    )
    token = (openssl.folder / "token").read_bytes()
    found = verify(token, NOTE, ROOTS, at=datetime.now(UTC))

    assert NOW <= found.time <= datetime.now(UTC), told
    assert "imprint" in refusal(token, OTHER_NOTE)


def test_openssl_finds_the_tokens_of_these_tests_good(openssl: OpenSsl) -> None:
    (openssl.folder / "token").write_bytes(TOKEN)

    for against in ("-queryfile query", "-data note"):
        told = openssl(f"ts -verify -in token {against} -CAfile root.pem")
        assert "Verification: OK" in told
