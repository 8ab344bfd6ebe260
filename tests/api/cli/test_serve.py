"""``powiernik serve`` as a process of its own: loopback, TLS, and a clean end."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.api.cli.support import GOOD, UNUSABLE, keyed
from tests.support.clinic import PASSPHRASE

PATIENCE = 60
Process = subprocess.Popen[str]
BEGUN = b"POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def port() -> int:
    """A port of the loopback that is free at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    """A file with the passphrase."""
    file = tmp_path / "credential"
    file.write_text(PASSPHRASE)
    return file


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that nobody has signed but its own key, and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    here = x509.IPAddress(ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = tmp_path / "tls.pem", tmp_path / "tls.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


@contextmanager
def serving(data: Path, credential: Path, port: int, *words: str) -> Iterator[Process]:
    """The server in a process of its own, until the end of the block."""
    command = [sys.executable, "-m", "api.cli", "serve", "--data", str(data)]
    command += ["--passphrase-file", str(credential), "--port", str(port), *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def answer(url: str, process: Process, **how: object) -> httpx2.Response:
    """What is answered, once somebody answers."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return httpx2.get(url, trust_env=False, **how)  # type: ignore[arg-type]  # handed through
        except httpx2.TransportError:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.05)


def end(process: Process, number: signal.Signals) -> tuple[int, str, float]:
    """How the server ends when it is told to, what it has said, and how long that took."""
    begun = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out + err, time.monotonic() - begun


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_answers_on_loopback_and_ends_cleanly(
    data: Path, credential: Path, port: int, number: signal.Signals
) -> None:
    with serving(data, credential, port) as process:
        live = answer(f"http://127.0.0.1:{port}/healthz", process)
        assert live.json() == {"status": "ok"}
        assert "server" not in live.headers
        refused = answer(f"http://127.0.0.1:{port}/v1/caseload", process)
        assert refused.status_code == 401
        code, said, seconds = end(process, number)
    assert (code, said) == (GOOD, "")
    assert seconds < 20
    # Closed, not cut off: nothing is left to be recovered.
    assert not list(data.glob("*-wal"))
    assert keyed("verify", data).code == GOOD


def test_ends_although_somebody_keeps_a_connection(data: Path, credential: Path, port: int) -> None:
    with serving(data, credential, port) as process:
        answer(f"http://127.0.0.1:{port}/healthz", process)
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(
                b"POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            )
            idle.sendall(b"Content-Length: 100\r\n\r\n{")
            code, _, seconds = end(process, signal.SIGTERM)
    assert code == GOOD
    assert seconds < 30


def test_serves_tls_with_a_certificate(
    data: Path, credential: Path, port: int, certificate: tuple[Path, Path]
) -> None:
    chain, key = certificate
    words = ("--host", "0.0.0.0", "--tls-certificate", str(chain), "--tls-key", str(key))  # noqa: S104 - beyond loopback is what is tried
    trusting = ssl.create_default_context(cafile=str(chain))
    with serving(data, credential, port, *words) as process:
        live = answer(f"https://127.0.0.1:{port}/healthz", process, verify=trusting)
        assert live.json() == {"status": "ok"}
        with socket.create_connection(("127.0.0.1", port)) as plain:
            wrapped = trusting.wrap_socket(plain, server_hostname="127.0.0.1")
            assert wrapped.version() in ("TLSv1.2", "TLSv1.3")
            wrapped.close()
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
        code, _, _ = end(process, signal.SIGTERM)
    assert code == GOOD


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "clinic.example"])  # noqa: S104 - refused
def test_beyond_loopback_needs_a_certificate(data: Path, host: str) -> None:
    ended = keyed("serve", data, "--host", host)
    assert (ended.code, ended.out) == (UNUSABLE, "")
    assert "Beyond loopback a TLS certificate is needed" in ended.err


@pytest.fixture
def _own_signals() -> Iterator[None]:
    """What a server that never starts leaves behind in this process is put back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_own_signals")
def test_on_a_port_that_is_taken_is_unusable_and_not_broken(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = keyed("serve", data, "--port", taken.getsockname()[1])
    assert ended.code == UNUSABLE
    # Its projections were closed as they are at any end.
    assert not list(data.glob("*-wal"))


@pytest.mark.usefixtures("_own_signals")
def test_with_a_certificate_that_is_none_ends_in_a_sentence(
    data: Path, certificate: tuple[Path, Path]
) -> None:
    chain, key = certificate
    chain.write_text("nothing")
    ended = keyed("serve", data, "--tls-certificate", chain, "--tls-key", key)
    assert (ended.code, ended.err) == (UNUSABLE, "Stopped: SSLError.\n")
