"""SoftHSM as a token for tests: in a folder of its own, with a PIN of its own, for one process.

``POWIERNIK_CUSTODY=softhsm`` lets every clinic that tests found have its keys in such a token.
"""

from __future__ import annotations

import atexit
import functools
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from infrastructure.vault.custody import Custody, TokenSettings, open_custody
from infrastructure.vault.custody.settings import FILE, read_settings, text_of

PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/libsofthsm2.so",
)
LABEL = "a clinic's token"
ASKED_FOR = "POWIERNIK_CUSTODY"
_NAMES = count(1)

about_the_keyfile = pytest.mark.skipif(
    os.environ.get(ASKED_FOR) == "softhsm", reason="about the keyfile, and there is none"
)


def module() -> str | None:
    """Where SoftHSM's module is, if it is installed with its tool."""
    found = next((each for each in PLACES if Path(each).exists()), None)
    return found if shutil.which("softhsm2-util") else None


def why_not() -> str | None:
    """Why there is no SoftHSM here."""
    return None if module() else "softhsm2 is not installed (apt-get install softhsm2)"


@dataclass(frozen=True, slots=True)
class SoftToken:
    """A token of SoftHSM that this process has made."""

    module: str
    folder: Path
    label: str = LABEL
    pin: str = field(default="", repr=False)

    @property
    def configuration(self) -> Path:
        """What SOFTHSM2_CONF names."""
        return self.folder / "softhsm2.conf"

    def settings(self, *, form: str = "") -> TokenSettings:
        """A place in the token for one more clinic."""
        return TokenSettings(self.module, self.label, name=f"clinic-{next(_NAMES)}", form=form)


def make_token(folder: Path) -> SoftToken:
    """Make a token in an empty folder, and let this process's SoftHSM look there."""
    found = module()
    if found is None:
        raise RuntimeError(why_not())
    made = SoftToken(found, folder, pin=secrets.token_hex(8))
    tokens = folder / "tokens"
    tokens.mkdir()
    made.configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(made.configuration)
    subprocess.run(
        [
            str(shutil.which("softhsm2-util")),
            *("--init-token", "--free", "--label", made.label),
            *("--so-pin", secrets.token_hex(8), "--pin", made.pin),
        ],
        check=True,
        capture_output=True,
    )
    return made


@functools.cache
def token() -> SoftToken:
    """The token of this process."""
    folder = tempfile.mkdtemp(prefix="powiernik-softhsm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_token(Path(folder))


def asked_for() -> bool:
    """Whether clinics are to be founded with their keys in a token."""
    return os.environ.get(ASKED_FOR) == "softhsm"


def founding() -> tuple[TokenSettings | None, str]:
    """Where a clinic that is founded keeps its keys, and the PIN there; ``None`` for a keyfile."""
    if not asked_for():
        return None, ""
    return token().settings(), token().pin


@contextmanager
def apart(folder: Path, custody: Custody) -> Iterator[Custody]:
    """The custody for a copy of a data folder: it gets copies of the keys within the token.

    Otherwise what a test destroys would be gone for every other copy. A keyfile was copied already.
    """
    settings = read_settings(folder)
    if not isinstance(settings, TokenSettings):
        yield custody
        return
    new = token().settings(form=settings.form)
    _copy_keys(f"{settings.name}.", f"{new.name}.", custody)
    (folder / FILE).write_text(text_of(new))
    with closing(open_custody(folder, token().pin)) as found:
        yield found


def _copy_keys(old: str, new: str, custody: Custody) -> None:
    import pkcs11  # noqa: PLC0415 - an optional dependency

    def copy(session: pkcs11.Session) -> None:
        secret = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}
        for each in list(session.get_objects(secret)):
            label = each[pkcs11.Attribute.LABEL]
            if label.startswith(old):
                each.copy({pkcs11.Attribute.LABEL: new + label.removeprefix(old)})

    custody._login.run(copy)  # type: ignore[attr-defined]
