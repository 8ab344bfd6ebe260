"""``clinic.conf``: what a clinic has settled, where it is not the default.

One ``word value`` a line. A word that is not known or stands twice is refused, and so is a file
without the words of retention: nobody guesses how long a record must be kept. The words of practice
may be left out. Where there is no such file, the defaults hold.

```
regime psychologist-practice
hipaa no
co-signature required
```

Source:
    docs/formats/clinic-conf.md; compliance, RET-01, LOG-13, REC-01, REC-02 and SIG-06.
"""

from __future__ import annotations

from pathlib import Path

from domain.person_word import Called
from domain.retention import Regime, Rules
from domain.settings import (
    DRAFT_DAYS,
    LARGEST_DOCUMENT,
    LARGEST_RECORDING,
    MOST_DRAFT_DAYS,
    MOST_MEBIBYTES,
    Provider,
    Settings,
)
from infrastructure import durable
from infrastructure.errors import FolderRefused

FILE = "clinic.conf"
MOST_BYTES = 4096
LONGEST = 200
_SAID = {"yes": True, "no": False}
_DEMANDED = {"demanded": True, "not-demanded": False}
_REQUIRED = {"required": True, "not-required": False}
_WORDS = frozenset({"regime", "hipaa"})
_PRACTICE = frozenset(
    {"identity", "co-signature", "draft-days", "provider", "provider-address", "contract", "person"}
    | {"largest-document", "largest-recording"}
)


def parse(text: str) -> Rules:
    """How long a file says that records are kept.

    Raises:
        FolderRefused: It is not one.
    """
    return _rules(_parsed(text))


def parse_settings(text: str) -> Settings:
    """What a file says of the clinic's practice.

    Raises:
        FolderRefused: It is not one.
    """
    return _settings(_parsed(text))


def _parsed(text: str) -> dict[str, str]:
    words: dict[str, str] = {}
    if not text.endswith("\n"):
        raise _refused("its last line has no end")
    for line in text[:-1].split("\n"):
        word, _, value = line.partition(" ")
        if word in words:
            raise _refused("a word stands twice")
        words[word] = value
    if not _WORDS <= words.keys() <= _WORDS | _PRACTICE:
        raise _refused("it says regime and hipaa, and no word that is not known")
    _rules(words)
    _settings(words)
    return words


def _settings(words: dict[str, str]) -> Settings:
    identity = words.get("identity", "not-demanded")
    co_signature = words.get("co-signature", "not-required")
    days = words.get("draft-days", str(DRAFT_DAYS))
    contract = words.get("contract", "not-demanded")
    if identity not in _DEMANDED:
        raise _refused("identity is demanded or not-demanded")
    if contract not in _DEMANDED:
        raise _refused("contract is demanded or not-demanded")
    if co_signature not in _REQUIRED:
        raise _refused("co-signature is required or not-required")
    if not (days.isdecimal() and str(int(days)) == days and 1 <= int(days) <= MOST_DRAFT_DAYS):
        raise _refused(f"draft-days is 1 to {MOST_DRAFT_DAYS}")
    return Settings(
        identity_demanded=_DEMANDED[identity],
        co_signature=_REQUIRED[co_signature],
        draft_days=int(days),
        provider=_provider(words.get("provider"), words.get("provider-address")),
        contract_before_plan=_DEMANDED[contract],
        called=_called(words.get("person", Called.BY_SCHOOL)),
        largest_document=_mebibytes(words.get("largest-document"), LARGEST_DOCUMENT),
        largest_recording=_mebibytes(words.get("largest-recording"), LARGEST_RECORDING),
    )


def _mebibytes(said: str | None, default: int) -> int:
    if said is None:
        return default
    if not (said.isdecimal() and str(int(said)) == said and 1 <= int(said) <= MOST_MEBIBYTES):
        raise _refused(f"the largest attachments have 1 to {MOST_MEBIBYTES} MiB")
    return int(said)


def _called(word: str) -> Called:
    try:
        return Called(word)
    except ValueError:
        raise _refused(f"person is {' or '.join(Called)}") from None


def _provider(name: str | None, address: str | None) -> Provider | None:
    for each in (name, address):
        if each is not None and not (
            each.isprintable() and each == each.strip() and 0 < len(each) <= LONGEST
        ):
            raise _refused(f"a name or an address is one line of 1 to {LONGEST} characters")
    if name is None:
        if address is not None:
            raise _refused("an address is somebody's: provider is missing")
        return None
    return Provider(name, address)


def _rules(words: dict[str, str]) -> Rules:
    if words["hipaa"] not in _SAID:
        raise _refused("hipaa is yes or no")
    try:
        regime = Regime(words["regime"])
    except ValueError:
        raise _refused(f"regime is {' or '.join(Regime)}") from None
    return Rules(regime, hipaa=_SAID[words["hipaa"]])


def text_of(rules: Rules, settings: Settings | None = None) -> str:
    """The file that says so; of practice it says what is not the default."""
    said = [f"regime {rules.regime.value}", f"hipaa {'yes' if rules.hipaa else 'no'}"]
    if settings is not None:
        said += ["identity demanded"] * settings.identity_demanded
        said += ["co-signature required"] * settings.co_signature
        said += ["contract demanded"] * settings.contract_before_plan
        said += [f"person {settings.called.value}"] * (settings.called is not Called.BY_SCHOOL)
        document, recording = settings.largest_document, settings.largest_recording
        said += [f"largest-document {document}"] * (document != LARGEST_DOCUMENT)
        said += [f"largest-recording {recording}"] * (recording != LARGEST_RECORDING)
        said += [f"draft-days {settings.draft_days}"] * (settings.draft_days != DRAFT_DAYS)
        if settings.provider is not None:
            said.append(f"provider {settings.provider.name}")
            if settings.provider.address is not None:
                said.append(f"provider-address {settings.provider.address}")
    return "".join(f"{line}\n" for line in said)


def read_rules(folder: Path) -> Rules:
    """How long the clinic of a data folder keeps its records.

    Raises:
        FolderRefused: The file cannot be read, or is not one.
    """
    text = _read(folder)
    return Rules() if text is None else parse(text)


def read_settings(folder: Path) -> Settings:
    """What the clinic of a data folder has settled about its practice.

    Raises:
        FolderRefused: The file cannot be read, or is not one.
    """
    text = _read(folder)
    return Settings() if text is None else parse_settings(text)


def _read(folder: Path) -> str | None:
    try:
        with (folder / FILE).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise _refused("it cannot be read") from None
    if len(data) > MOST_BYTES:
        raise _refused("it is too long")
    return text


def write_rules(folder: Path, rules: Rules, settings: Settings | None = None) -> None:
    """Write them down, durably."""
    durable.write(folder / FILE, text_of(rules, settings).encode())


def _refused(what: str) -> FolderRefused:
    return FolderRefused(f"clinic.conf: {what}.")
