"""``custody.conf``: who holds a clinic's key-encryption keys, where it is not a keyfile.

One ``word value`` a line; the value goes to the end of its line. A word that is not known, stands
twice or is missing is refused, as is everything else that was not written here. Nothing in it is
secret: PIN, token or credentials come in as a passphrase does.

```
provider pkcs11
module /usr/lib/softhsm/libsofthsm2.so
token clinic
```

Source:
    docs/custody.md of this project, for operators.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from infrastructure.errors import Broken, FolderRefused
from infrastructure.vault.custody.durable import write_new
from infrastructure.vault.custody.naming import checked_name

FILE = "custody.conf"
MOST_BYTES = 4096
FORMS = ("", "gcm", "key-wrap")
_LONGEST = 512
_DAYS = range(7, 31)
_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/\-]*)?")


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Which token: the module that speaks to it, its label, and the clinic's name in it.

    ``form`` is said where AES-GCM cannot be used although the token lists it: "key-wrap".
    """

    provider: ClassVar[str] = "pkcs11"
    module: str
    token: str
    name: str = ""
    form: str = ""

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            FolderRefused: A value is of another form.
        """
        _must(Path(self.module).is_absolute(), "module is an absolute path")
        _must(self.form in FORMS, "form is gcm or key-wrap")
        _name(self.name or "none", "name")


@dataclass(frozen=True, slots=True)
class TransitSettings:
    """Which key of a transit engine (Vault, OpenBao); ``authority`` is a file of certificates."""

    provider: ClassVar[str] = "transit"
    url: str
    key: str
    mount: str = "transit"
    namespace: str = ""
    authority: str = ""

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            FolderRefused: A value is of another form.
        """
        _must(_URL.fullmatch(self.url) is not None, "url is an address of HTTP")
        _name(self.key, "key")
        for each in self.mount.split("/"):
            _name(each, "mount")


@dataclass(frozen=True, slots=True)
class KmsSettings:
    """Which keys of AWS KMS: their aliases begin with ``key``; ``days`` until one is deleted."""

    provider: ClassVar[str] = "kms"
    region: str
    key: str
    days: str = "7"
    endpoint: str = ""

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            FolderRefused: A value is of another form.
        """
        _name(self.region, "region")
        _name(self.key, "key")
        days = self.days.isascii() and self.days.isdigit() and int(self.days) in _DAYS
        _must(days, "days is a number from 7 to 30")
        _must(not self.endpoint or _URL.fullmatch(self.endpoint) is not None, "endpoint is a URL")


Settings = TokenSettings | TransitSettings | KmsSettings
KINDS: tuple[type[Any], ...] = (TokenSettings, TransitSettings, KmsSettings)


def settings_from(provider: str, words: dict[str, str]) -> Settings:
    """Settings of a provider out of words and their values.

    Raises:
        FolderRefused: The provider or a word is not known, or a word is missing.
    """
    kind = next((each for each in KINDS if each.provider == provider), None)
    if kind is None:
        raise FolderRefused("custody.conf: provider is pkcs11, transit or kms.")
    fields = dataclasses.fields(kind)
    _must(
        set(words) <= {each.name for each in fields}, f"{provider} does not know one of its words"
    )
    needed = {each.name for each in fields if each.default is dataclasses.MISSING}
    _must(needed <= set(words), f"{provider} needs {', '.join(sorted(needed))}")
    for each in words.values():
        _must(each.isprintable() and 0 < len(each) <= _LONGEST, "a value is one line of text")
    found: Settings = kind(**words)
    found.check()
    return found


def parse(text: str) -> Settings:
    """What a file says.

    Raises:
        FolderRefused: See ``settings_from``; or a word stands twice, or a line is none.
    """
    words: dict[str, str] = {}
    for line in text.splitlines():
        word, _, value = line.partition(" ")
        _must(word not in words, "a word stands twice")
        _must(value == value.strip() and bool(value), "a line is a word, a space and a value")
        words[word] = value
    _must("provider" in words, "the provider is missing")
    return settings_from(words.pop("provider"), words)


def text_of(settings: Settings) -> str:
    """The file that says so."""
    said = [f"provider {settings.provider}"]
    for each in dataclasses.fields(settings):
        value = getattr(settings, each.name)
        if value != each.default:
            said.append(f"{each.name} {value}")
    return "\n".join(said) + "\n"


def read_settings(folder: Path) -> Settings | None:
    """Who holds the keys of a data folder; ``None`` for its own keyfile.

    Raises:
        FolderRefused: The file cannot be read, or is not one.
    """
    path = folder / FILE
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise FolderRefused("custody.conf cannot be read.") from None
    _must(len(data) <= MOST_BYTES, "it is too long")
    return parse(text)


def write_settings(folder: Path, settings: Settings) -> None:
    """Write them down, durably; they are never overwritten."""
    settings.check()
    write_new(folder / FILE, text_of(settings).encode())


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 - a condition and its words
    if not holds:
        raise FolderRefused(f"custody.conf: {what}.")


def _name(value: str, what: str) -> None:
    try:
        checked_name(value)
    except Broken:
        raise FolderRefused(f"custody.conf: {what} is letters, digits and hyphens.") from None
