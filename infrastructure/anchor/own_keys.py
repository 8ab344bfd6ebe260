"""The keys of a witness: in files of its folder, and in its memory which of them cosign.

```
ed25519.key        ml-dsa-44.key         the keys that cosign
ed25519.next.key   ml-dsa-44.next.key    those that take their place
```

Which keys cosign, the memory says, in one transaction for all of them; the files hold what it takes
to do so. A new key is in its file before the memory knows it, and an old one is deleted after the
memory has forgotten it. So it can be cut short anywhere, and asked again it goes on. Whoever calls
holds the write lock of the memory.

Source:
    docs of the design: security, sections 1.6 and 2.5.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from infrastructure import durable
from infrastructure.errors import FolderRefused
from infrastructure.ledger.errors import KeyRefused
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    Note,
    Signer,
)

KEY_FILES = {COSIGNATURE_ED25519: "ed25519.key", COSIGNATURE_ML_DSA_44: "ml-dsa-44.key"}
_DATABASE = "witness.db"
_NEXT = ".next"
_MAX_KEY_FILE = 1024
_OTHERS = 0o077


class OwnKeys:
    """The keys by which one witness cosigns; the new ones behind those that they replace."""

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._folder = folder
        self._db = db
        self.signers: tuple[Signer, ...] = ()

    def read(self) -> None:
        """Take the keys that the memory belongs to, if they are not those that were taken before.

        Raises:
            FolderRefused: a file is damaged, open to others, or not that of a key of this memory.
        """
        known = {vkey for (vkey,) in self._db.execute("SELECT vkey FROM signer")}
        if self.signers and known == {each.verifier.vkey() for each in self.signers}:
            return
        old, new = [], []
        for algorithm, file in KEY_FILES.items():
            first = _read(self._folder / file, algorithm)
            second = _read(self._folder / _next(file), algorithm)
            if second is not None and second.verifier.vkey() in known:
                new.append(second)
                if first is not None and first.verifier.vkey() not in known:
                    # It was retired, and its file is about to go.
                    continue
            if first is not None:
                old.append(first)
        signers = (*old, *new)
        if {each.verifier.vkey() for each in signers} != known:
            raise FolderRefused("The keys are not those that the witness was made with.")
        self.signers = signers

    def begin(self) -> None:
        """Let new keys cosign beside those that are there, unless some do already."""
        self.read()
        if self._replacing():
            return
        self.tidy()
        new = [self._made(each) for each in self.signers]
        # The files are there: what the memory says from here on can be kept.
        vkeys = ((each.verifier.vkey(),) for each in new)
        self._db.executemany("INSERT INTO signer VALUES(?)", vkeys)
        self.read()

    def end(self, *, at_once: bool) -> None:
        """Let the keys that were replaced cosign no more; nothing is done where that was done.

        Raises:
            FolderRefused: no key is being replaced, or nothing was cosigned with all of them yet.
        """
        self.read()
        if not self._replacing():
            if not self._left_over():
                raise FolderRefused("No key is being replaced; 'rotate-key' begins it.")
            return
        if not at_once:
            self._require_cosigned_by_all()
        old = self.signers[: len(self.signers) // 2]
        vkeys = [(each.verifier.vkey(),) for each in old]
        self._db.executemany("DELETE FROM signer WHERE vkey = ?", vkeys)

    def tidy(self) -> None:
        """Let the files of new keys take the place of those whose keys cosign no more."""
        self.read()
        for path in self._left_over():
            durable.replace(path, path.with_name(path.name.replace(_NEXT, "")))

    def _replacing(self) -> bool:
        return len({each.algorithm for each in self.signers}) < len(self.signers)

    def _left_over(self) -> list[Path]:
        """The files of new keys whose old ones cosign no more."""
        if self._replacing():
            return []
        own = {each.verifier for each in self.signers}
        found = []
        for algorithm, file in KEY_FILES.items():
            path = self._folder / _next(file)
            signer = _read(path, algorithm)
            if signer is not None and signer.verifier in own:
                found.append(path)
        return found

    def _made(self, old: Signer) -> Signer:
        path = self._folder / _next(KEY_FILES[old.algorithm])
        found = _read(path, old.algorithm)
        if found is None or found.name != old.name:
            found = Signer.generate(old.name, old.algorithm)
            while found.verifier.key_id == old.verifier.key_id:
                found = Signer.generate(old.name, old.algorithm)
            durable.write(path, f"{found.encode()}\n".encode())
        durable.give(path, self._folder / _DATABASE)
        return found

    def _require_cosigned_by_all(self) -> None:
        notes = [note for (note,) in self._db.execute("SELECT note FROM log WHERE note NOT NULL")]
        own = {(each.name, each.verifier.key_id) for each in self.signers}
        if notes and not any(
            own <= {(line.name, line.key_id) for line in Note.parse(note).signatures}
            for note in notes
        ):
            raise FolderRefused(
                "No checkpoint was cosigned with the old and the new key yet; wait for one, and for"
                " the logs to take the new key over."
            )


def require_private(mode: int) -> None:
    """Refuse a file that others than its owner may open.

    Raises:
        FolderRefused: it is one.
    """
    if mode & _OTHERS:
        raise FolderRefused("A file of the witness is open to others than its owner (chmod 600).")


def _next(file: str) -> str:
    return file.replace(".key", f"{_NEXT}.key")


def _read(path: Path, algorithm: int) -> Signer | None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        require_private(os.fstat(descriptor).st_mode)
        text = opened.read(_MAX_KEY_FILE).decode("utf-8", "replace")
    try:
        signer = Signer.decode(text)
    except KeyRefused:
        raise FolderRefused("A key file holds no key that can be used here.") from None
    if signer.algorithm != algorithm:
        raise FolderRefused("A key file holds a key of another kind.")
    return signer
