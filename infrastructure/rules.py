"""``clinic.conf``: what a clinic has settled, where it is not the default.

One ``word value`` a line. A word that is not known, stands twice or is missing is refused, as is
everything else that was not written here: nobody guesses how long a record must be kept. Where
there is no such file, the defaults hold.

```
regime psychologist-practice
hipaa no
```

Source:
    docs/formats/clinic-conf.md; compliance, RET-01 and LOG-13.
"""

from __future__ import annotations

from pathlib import Path

from domain.retention import Regime, Rules
from infrastructure import durable
from infrastructure.errors import FolderRefused

FILE = "clinic.conf"
MOST_BYTES = 1024
_SAID = {"yes": True, "no": False}
_WORDS = frozenset({"regime", "hipaa"})


def parse(text: str) -> Rules:
    """What a file says.

    Raises:
        FolderRefused: It is not one.
    """
    words: dict[str, str] = {}
    if not text.endswith("\n"):
        raise _refused("its last line has no end")
    for line in text[:-1].split("\n"):
        word, _, value = line.partition(" ")
        if word in words:
            raise _refused("a word stands twice")
        words[word] = value
    if words.keys() != _WORDS:
        raise _refused("it says regime and hipaa, and nothing else")
    if words["hipaa"] not in _SAID:
        raise _refused("hipaa is yes or no")
    try:
        regime = Regime(words["regime"])
    except ValueError:
        raise _refused(f"regime is {' or '.join(Regime)}") from None
    return Rules(regime, hipaa=_SAID[words["hipaa"]])


def text_of(rules: Rules) -> str:
    """The file that says so."""
    return f"regime {rules.regime.value}\nhipaa {'yes' if rules.hipaa else 'no'}\n"


def read_rules(folder: Path) -> Rules:
    """What the clinic of a data folder has settled.

    Raises:
        FolderRefused: The file cannot be read, or is not one.
    """
    try:
        with (folder / FILE).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("ascii")
    except FileNotFoundError:
        return Rules()
    except (OSError, UnicodeDecodeError):
        raise _refused("it cannot be read") from None
    if len(data) > MOST_BYTES:
        raise _refused("it is too long")
    return parse(text)


def write_rules(folder: Path, rules: Rules) -> None:
    """Write them down, durably."""
    durable.write(folder / FILE, text_of(rules).encode())


def _refused(what: str) -> FolderRefused:
    return FolderRefused(f"clinic.conf: {what}.")
