"""``make hsm``: a whole clinic with its keys in a token, on SoftHSM in a private folder.

It plays the demonstration there, runs the tests of vault, record, folder and walks there, measures
how fast keys are wrapped, and says what ran.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from infrastructure.vault.custody import Custody, Keyfile, making_custody
from tests.support import softhsm

SUITES = (
    "tests/infrastructure/vault/custody/test_token.py",
    "tests/infrastructure/vault/custody/test_every_custody.py",
    "tests/infrastructure/vault/test_keys.py",
    "tests/infrastructure/vault/test_envelope.py",
    "tests/infrastructure/vault/test_broker.py",
    "tests/infrastructure/test_record.py",
    "tests/infrastructure/test_folder.py",
    "tests/walks",
    "tests/api/cli/test_keys.py",
)
SECONDS = 1.0


def main() -> int:
    """Run everything; 0 if all of it went well."""
    if softhsm.module() is None and not _installed():
        click.echo(
            "SoftHSM is not here, and it could not be installed: install the package softhsm2."
        )
        return 1
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="powiernik-hsm-") as place:
        token = softhsm.make_token(Path(place))
        click.echo(f"SoftHSM {token.module}, a token of its own in a private folder")
        demo = _demo(token)
        figures = _figures(token)
    tests = _tests()
    click.echo(f"\ndemonstration with its keys in the token: {_word(demo)}")
    click.echo(f"tests with their keys in a token: {_word(tests)} ({', '.join(SUITES)})")
    click.echo("\n".join(figures))
    click.echo(f"took {time.monotonic() - began:.0f} s")
    return 0 if demo == tests == 0 else 1


def _installed() -> bool:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    click.echo("installing softhsm2")
    for words in (("update", "-qq"), ("install", "-y", "-qq", "softhsm2")):
        subprocess.run([apt, *words], check=False, capture_output=True)
    return softhsm.module() is not None


def _demo(token: softhsm.SoftToken) -> int:
    pin = token.folder / "pin"
    pin.write_text(token.pin)
    settings = token.settings()
    words = ("--custody", "pkcs11", "--module", settings.module, "--token", settings.token)
    rest = ("--name", settings.name, "--custody-secret-file", str(pin))
    command = [sys.executable, "-m", "api.cli", "demo", *words, *rest]
    return subprocess.run(command, check=False).returncode


def _tests() -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *SUITES]
    environment = {**os.environ, softhsm.ASKED_FOR: "softhsm"}
    return subprocess.run(command, check=False, env=environment).returncode


def _figures(token: softhsm.SoftToken) -> list[str]:
    found = _speed("keyfile", Keyfile(bytes(range(32)), 1))
    for form in ("gcm", "key-wrap"):
        place = token.folder / form
        place.mkdir()
        with making_custody(place, token.settings(form=form), token.pin) as custody:
            found += _speed(f"SoftHSM, {form}", custody)
    return found


def _speed(what: str, custody: Custody) -> list[str]:
    wrapped = custody.wrap(1, bytes(32), b"context")
    wraps = _rate(lambda: custody.wrap(1, bytes(32), b"context"))
    unwraps = _rate(lambda: custody.unwrap(1, wrapped, b"context"))
    return [f"{what}: {wraps:,.0f} wraps/s, {unwraps:,.0f} unwraps/s, one thread"]


def _rate(work: Callable[[], object]) -> float:

    count, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        work()
        count += 1
    return count / took


def _word(code: int) -> str:
    return "good" if code == 0 else f"FAILED ({code})"


if __name__ == "__main__":
    sys.exit(main())
