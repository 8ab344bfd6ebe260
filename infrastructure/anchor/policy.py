"""The trust policy of a data folder: which key signs its log, which witnesses cosign, how many.

It is a file of C2SP tlog-policy. Auditors and clients hold a copy that came to them another way;
the one in the data folder is what the clinic itself asks for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from infrastructure.errors import FolderRefused
from infrastructure.ledger.trust import Trust
from infrastructure.vault.custody import sync_folder

_QUORUM = "quorum"


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
    try:
        logs = [each for each in path.read_text().splitlines() if each.startswith("log ")]
    except (OSError, UnicodeDecodeError):
        msg = "There is no trust policy here; 'powiernik checkpoint init' makes one."
        raise FolderRefused(msg) from None
    return write(path, logs, [_lines(each) for each in files], needed)


def write(path: Path, logs: list[str], witnesses: list[list[str]], needed: int) -> list[str]:
    """Write a policy, whole or not at all."""
    names = [lines[-1].split()[1] for lines in witnesses]
    lines = [*logs, *(line for each in witnesses for line in each)]
    if needed:
        lines += [f"group {_QUORUM} {needed} {' '.join(names)}", f"quorum {_QUORUM}"]
    else:
        lines.append("quorum none")
    data = "".join(f"{line}\n" for line in lines).encode()
    Trust.parse(data)
    making = path.with_suffix(".new")
    with making.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    making.rename(path)
    sync_folder(path.parent)
    return names


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
