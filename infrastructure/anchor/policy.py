"""The trust policy of a data folder: which key signs its log, which witnesses cosign, how many.

It is a file of C2SP tlog-policy. Auditors and clients hold a copy that came to them another way;
the one in the data folder is what the clinic itself asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infrastructure import durable
from infrastructure.errors import FolderRefused
from infrastructure.ledger.trust import Trust

_QUORUM = "quorum"
_LOG = "log "


def begin(path: Path, vkey: str) -> None:
    """Begin a policy with the key of the log, and no witness yet.

    Raises:
        FolderRefused: There is one already.
    """
    if path.exists():
        msg = "The data folder has a trust policy already."
        raise FolderRefused(msg)
    write(path, [f"log {vkey}"], [], 0)


def name_witnesses(path: Path, files: Sequence[bytes], needed: int) -> list[str]:
    """Replace the witnesses by those of these files, of whom so many must cosign; their names.

    A file holds the lines of one witness; what its last line names counts once.

    Raises:
        FolderRefused: There is no policy yet, or a file is none of a witness.
        PolicyRefused: The lines are not those of a policy.
    """
    names, data = with_witnesses(path, files, needed)
    put(path, data)
    return names


def with_witnesses(path: Path, files: Sequence[bytes], needed: int) -> tuple[list[str], bytes]:
    """The names of these witnesses, and the policy as it would be with them; nothing is written.

    Raises:
        FolderRefused, PolicyRefused: As ``name_witnesses`` does.
    """
    logs = [each for each in _read(path) if each.startswith(_LOG)]
    return _composed(logs, [_lines(each) for each in files], needed)


def set_log_keys(path: Path, vkeys: Sequence[str]) -> None:
    """Let a policy list these keys of the log; everything else in it stays as it is.

    Raises:
        FolderRefused: There is no policy.
        PolicyRefused: The keys cannot stand in it.
    """
    others = [each for each in _read(path) if not each.startswith(_LOG)]
    lines = [*(f"{_LOG}{each}" for each in vkeys), *others]
    put(path, "".join(f"{line}\n" for line in lines).encode())


def read(path: Path) -> Trust:
    """The policy of a data folder.

    Raises:
        FolderRefused: There is none.
        PolicyRefused: It is none.
    """
    return Trust.parse("".join(f"{line}\n" for line in _read(path)).encode())


def write(path: Path, logs: list[str], witnesses: list[list[str]], needed: int) -> list[str]:
    """Write a policy, whole or not at all."""
    names, data = _composed(logs, witnesses, needed)
    put(path, data)
    return names


def put(path: Path, data: bytes) -> None:
    """Put a policy in the place of the one that may be there; whoever verifies may read it.

    Raises:
        PolicyRefused: It is none.
    """
    Trust.parse(data)
    durable.write(path, data, 0o644)


def _composed(logs: list[str], witnesses: list[list[str]], needed: int) -> tuple[list[str], bytes]:
    names = [lines[-1].split()[1] for lines in witnesses]
    lines = [*logs, *(line for each in witnesses for line in each)]
    if needed:
        lines += [f"group {_QUORUM} {needed} {' '.join(names)}", f"quorum {_QUORUM}"]
    else:
        lines.append("quorum none")
    data = "".join(f"{line}\n" for line in lines).encode()
    Trust.parse(data)
    return names, data


def _read(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        msg = "There is no trust policy here; 'powiernik checkpoint init' makes one."
        raise FolderRefused(msg) from None


def _lines(data: bytes) -> list[str]:
    try:
        lines = [each.strip() for each in data.decode().splitlines()]
    except UnicodeDecodeError:
        lines = []
    kept = [each for each in lines if each.startswith(("witness ", "group "))]
    if not kept or any(len(each.split()) < 3 for each in kept):  # noqa: PLR2004 - a word, two more
        msg = "A file holds no lines of a witness; 'powiernik witness keys' prints them."
        raise FolderRefused(msg)
    return kept
