r"""A witness: it remembers the newest tree of each log it knows, and cosigns what continues it.

- It believes a log's keys and nothing else; who submits a checkpoint does not matter.
- Checking against the newest tree and replacing it is one transaction, under SQLite's write lock
  and so across threads and processes; it is on the disk before the answer is given.
- Times of cosignatures of one log never go back, whatever the clock does.
- Two trees of one size, both signed by the log, are kept as evidence, whatever else was wrong with
  the request. The witness goes on from the tree that it cosigned first.
- A checkpoint with extension lines is refused, of whatever log: an ML-DSA cosignature would not
  cover them, and this witness says nothing that only one of its keys means.
- Only lines of the log's own keys are kept or shown on: strangers add nothing to a note.

- While its own key is replaced, it cosigns with the old and the new one. A clinic's policy has both
  in one group of which any one counts, so it counts once all the time.

What it cannot know is that its own file was put back to an earlier state; so that file and the
keys are in one folder, which is never restored from a copy: a witness that lost its file gets new
keys. A missing file is refused and never made anew under old keys.

```
POST /add-checkpoint   "old <size>\n" | at most 63 lines of base64 | "\n" | note
```

Source:
    C2SP tlog-witness and tlog-cosignature; docs of the design: security, sections 2.4 and 2.5.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from infrastructure import durable
from infrastructure.anchor.own_keys import KEY_FILES, OwnKeys, require_private
from infrastructure.errors import FolderRefused
from infrastructure.ledger.checkpoint import Checkpoint, cosigned
from infrastructure.ledger.errors import KeyRefused, NoteRefused, ProofRefused, SignatureRefused
from infrastructure.ledger.merkle import EMPTY_ROOT, HASH_SIZE, verify_consistency
from infrastructure.ledger.note import (
    COSIGNATURE_ML_DSA_44,
    ED25519,
    Note,
    Signer,
    Verifier,
    has_ml_dsa,
    read_base64,
    read_decimal,
    write_base64,
)
from infrastructure.ledger.trust import Trust

MAX_BODY_SIZE = 64 * 1024
MAX_PROOF_LINES = 63
MAX_EVIDENCE = 100
"""Forks that are kept of one log; whoever holds its key could sign any number."""
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
FORMAT = 1
APPLICATION = 0x50535731
"""What the file says of itself: "PSW1"."""

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE signer(vkey TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE log(
  origin TEXT PRIMARY KEY, origin_id BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
  root BLOB NOT NULL, time_s INTEGER NOT NULL, note BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE log_key(
  vkey TEXT PRIMARY KEY, origin TEXT NOT NULL REFERENCES log(origin)) STRICT, WITHOUT ROWID;
CREATE TABLE evidence(
  number INTEGER PRIMARY KEY, origin TEXT NOT NULL REFERENCES log(origin), size INTEGER NOT NULL,
  root BLOB NOT NULL, time_s INTEGER NOT NULL, cosigned BLOB NOT NULL,
  conflicting BLOB NOT NULL, UNIQUE(origin, size, root)) STRICT;
"""
_DATABASE = "witness.db"
_OLD = "old "
_WAIT_SECONDS = 30

logger = logging.getLogger("powiernik")


class Answer(NamedTuple):
    """What the witness answers, in the terms of HTTP."""

    status: int
    content_type: str
    body: bytes


class Evidence(NamedTuple):
    """Two checkpoints of one log and one size, both signed by it, with different roots."""

    number: int
    origin: str
    size: int
    time_s: int
    cosigned: bytes
    conflicting: bytes


class Standing(NamedTuple):
    """What the witness has last cosigned of a log; `note` is missing before the first time."""

    size: int
    root: bytes
    time_s: int
    note: bytes | None


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint with the proof that it continues the tree of `old` leaves.

    Example:
        Submission.parse(body).checkpoint.size
    """

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, body: bytes) -> Submission:
        """Read the body of a request.

        Raises:
            NoteRefused: it is no such body, or is too large.
        """
        if len(body) > MAX_BODY_SIZE:
            raise NoteRefused(f"submission: expected at most {MAX_BODY_SIZE} bytes")
        head, _, rest = body.partition(b"\n\n")
        if head.count(b"\n") > MAX_PROOF_LINES:
            raise NoteRefused(f"submission: expected at most {MAX_PROOF_LINES} lines of proof")
        if not head.isascii() or not head.startswith(_OLD.encode()):
            raise NoteRefused("submission: expected a line with the old size first")
        first, *lines = head.decode("ascii").split("\n")
        old = read_decimal(first[len(_OLD) :])
        proof = tuple(read_base64(line) for line in lines)
        if any(len(each) != HASH_SIZE for each in proof):
            raise NoteRefused(f"submission: expected hashes of {HASH_SIZE} bytes")
        note = Note.parse(rest)
        return cls(old, proof, note, Checkpoint.parse(note.text))

    def encode(self) -> bytes:
        """Return the body of a request."""
        lines = (f"{_OLD}{self.old}", *map(write_base64, self.proof))
        return "\n".join(lines).encode() + b"\n\n" + self.note.encode()


class Witness:
    """A witness, its keys and its memory; for any number of threads and processes.

    Example:
        answer = witness.add_checkpoint(body, int(time.time()))
    """

    def __init__(self, folder: Path) -> None:
        """Open the folder; ``create`` makes it.

        Raises:
            FolderRefused: it is missing, damaged, of another format, open to others than its
                owner, or its keys are not those that its memory belongs to.
        """
        path = folder / _DATABASE
        if not path.exists():
            raise FolderRefused("There is no witness here, or it has lost its memory.")
        require_private(path.stat().st_mode)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            path, isolation_level=None, timeout=_WAIT_SECONDS, check_same_thread=False
        )
        self._keys = OwnKeys(folder, self._db)
        try:
            self._require_format()
            # Durable on commit: a journal that came back after a power cut would undo it.
            self._db.execute("PRAGMA journal_mode=TRUNCATE")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA trusted_schema=OFF")
            with self._transaction():
                self._keys.read()
        except sqlite3.Error:
            self.close()
            raise FolderRefused("The memory of the witness is damaged.") from None
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, folder: Path, name: str) -> Witness:
        """Make the keys and the empty memory of a witness, readable to their owner alone.

        Raises:
            FolderRefused: there is something in the folder already.
            KeyRefused, PolicyRefused: no key, or no line of a policy, can have this name.
        """
        signers = [Signer.generate(name, each) for each in KEY_FILES if _can_sign(each)]
        policy_lines([each.verifier for each in signers])
        if folder.exists() and any(folder.iterdir()):
            raise FolderRefused("There is something in the folder already.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        for signer in signers:
            key = f"{signer.encode()}\n".encode()
            durable.write(folder / KEY_FILES[signer.algorithm], key)
        # The memory comes last: without it, what was left half made is no witness.
        durable.write(folder / _DATABASE, b"")
        db = sqlite3.connect(folder / _DATABASE, isolation_level=None)
        try:
            db.executescript(f"PRAGMA synchronous=FULL; BEGIN; {_SCHEMA}")
            vkeys = ((each.verifier.vkey(),) for each in signers)
            db.executemany("INSERT INTO signer VALUES(?)", vkeys)
            db.execute("COMMIT")
        finally:
            db.close()
        return cls(folder)

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """The public keys of this witness; those that are to take others' place come last."""
        return tuple(each.verifier for each in self._keys.signers)

    def rotate(self) -> tuple[Verifier, ...]:
        """Begin to replace its keys, or go on with what was begun; from now on all of them cosign.

        The keys that were there before, and behind them those that take their place.

        Raises:
            FolderRefused: a key file is not as it was left.
        """
        with self._transaction():
            self._keys.begin()
            return self.verifiers

    def retire(self, *, at_once: bool = False) -> tuple[Verifier, ...]:
        """End the overlap, or go on with what was begun: the old keys cosign no more.

        The keys that are left. `at_once` is for keys that were stolen: nothing is waited for.

        Raises:
            FolderRefused: no key is being replaced, or nothing was cosigned with all of them yet.
        """
        with self._transaction():
            self._keys.end(at_once=at_once)
        # Committed: the old keys cosign nothing more, whatever becomes of their files.
        with self._transaction():
            self._keys.tidy()
            return self.verifiers

    def close(self) -> None:
        """Close the memory."""
        with self._lock:
            self._db.close()

    def trust(self, vkey: str) -> Verifier:
        """Believe a log's key from now on; while a key is replaced, a log has several.

        Raises:
            KeyRefused: it is no key of a log, or could be mistaken for one that is trusted.
        """
        verifier = Verifier.parse(vkey)
        if verifier.algorithm != ED25519:
            raise KeyRefused("verifier key: expected that of a log")
        origin = verifier.name
        with self._transaction():
            for known in self._keys_of(origin):
                if known != verifier and known.key_id == verifier.key_id:
                    raise KeyRefused("verifier key: expected a key id that no trusted key has")
            self._db.execute(
                "INSERT OR IGNORE INTO log VALUES(?, ?, 0, ?, 0, NULL)",
                (origin, origin_id(origin), EMPTY_ROOT),
            )
            self._db.execute("INSERT OR IGNORE INTO log_key VALUES(?, ?)", (vkey, origin))
        return verifier

    def distrust(self, vkey: str, *, at_once: bool = False) -> Verifier:
        """Believe a log's key no more; `at_once` although the log has signed nothing otherwise yet.

        Raises:
            KeyRefused: it is no key that is believed, or the only one; or what was cosigned last
                is signed by no other key.
        """
        verifier = Verifier.parse(vkey)
        with self._transaction():
            known = self._keys_of(verifier.name)
            left = {(each.name, each.key_id) for each in known if each != verifier}
            if verifier not in known:
                raise KeyRefused("verifier key: expected one that is believed")
            if not left:
                raise KeyRefused("verifier key: expected another one of this log beside it")
            note = self._standing(verifier.name).note
            lines = () if note is None else Note.parse(note).signatures
            signed = not lines or any((line.name, line.key_id) in left for line in lines)
            if not (signed or at_once):
                raise KeyRefused("verifier key: expected a checkpoint that another one has signed")
            self._db.execute("DELETE FROM log_key WHERE vkey = ?", (vkey,))
        return verifier

    def trusted(self, origin: str) -> tuple[Verifier, ...]:
        """The keys that are believed of a log; none, if it is not known."""
        with self._lock:
            return self._keys_of(origin)

    def latest(self, origin: str) -> bytes | None:
        """The newest checkpoint of a log that was cosigned, with the cosignatures."""
        return self.latest_by_id(origin_id(origin))

    def latest_by_id(self, log: bytes) -> bytes | None:
        """The same, for whoever knows the hash of the origin."""
        with self._lock:
            row = self._one("SELECT note FROM log WHERE origin_id = ?", (log,))
        return None if row is None else row[0]

    def evidence(self) -> tuple[Evidence, ...]:
        """Every fork that was shown to this witness, the oldest first."""
        statement = (
            "SELECT number, origin, size, time_s, cosigned, conflicting FROM evidence"
            " ORDER BY number"
        )
        with self._lock:
            rows = self._db.execute(statement).fetchall()
        return tuple(Evidence(*row) for row in rows)

    def add_checkpoint(self, body: bytes, now_s: int) -> Answer:
        """Cosign a checkpoint that continues what was cosigned of its log, or say why not.

        Source:
            C2SP tlog-witness, add-checkpoint.
        """
        try:
            submission = Submission.parse(body)
        except NoteRefused:
            return _refusal(400, "not a checkpoint with its proof")
        keys = self.trusted(submission.checkpoint.origin)
        if not keys:
            return _refusal(404, "unknown log")
        try:
            submission.note.verify(keys)
        except SignatureRefused:
            return _refusal(403, "not signed by its log")
        forked = False
        with self._transaction():
            standing = self._standing(submission.checkpoint.origin)
            answer = refusal_of(standing, submission)
            if _forks(standing, submission.checkpoint):
                forked = self._keep(standing, submission, keys, now_s)
            if answer is None:
                answer = self._cosign(standing, submission, keys, now_s)
        if forked:
            logger.critical("E-FORK: a log signed two trees of one size; the evidence is kept")
        return answer

    def _cosign(
        self, standing: Standing, submission: Submission, keys: Sequence[Verifier], now_s: int
    ) -> Answer:
        checkpoint = submission.checkpoint
        time_s = max(now_s, standing.time_s)
        # Another process may have begun or ended to replace them.
        self._keys.read()
        lines = [cosigned(checkpoint, signer, time_s) for signer in self._keys.signers]
        note = _of_its_log(submission.note, keys).with_signatures(*lines)
        self._db.execute(
            "UPDATE log SET size = ?, root = ?, time_s = ?, note = ? WHERE origin = ?",
            (checkpoint.size, checkpoint.root, time_s, note.encode(), checkpoint.origin),
        )
        return Answer(200, TEXT_TYPE, b"".join(line.encode() for line in lines))

    def _keep(
        self, standing: Standing, submission: Submission, keys: Sequence[Verifier], now_s: int
    ) -> bool:
        """Keep both notes, and tell whether they are new."""
        checkpoint = submission.checkpoint
        (kept,) = self._one("SELECT count(*) FROM evidence WHERE origin = ?", (checkpoint.origin,))
        if kept >= MAX_EVIDENCE:
            return False
        note = _of_its_log(submission.note, keys).encode()
        added = self._db.execute(
            "INSERT OR IGNORE INTO evidence(origin, size, root, time_s, cosigned, conflicting)"
            " VALUES(?, ?, ?, ?, ?, ?)",
            (checkpoint.origin, checkpoint.size, checkpoint.root, now_s, standing.note, note),
        )
        return added.rowcount == 1

    def _standing(self, origin: str) -> Standing:
        statement = "SELECT size, root, time_s, note FROM log WHERE origin = ?"
        return Standing(*self._one(statement, (origin,)))

    def _keys_of(self, origin: str) -> tuple[Verifier, ...]:
        statement = "SELECT vkey FROM log_key WHERE origin = ? ORDER BY vkey"
        rows = self._db.execute(statement, (origin,)).fetchall()
        return tuple(Verifier.parse(vkey) for (vkey,) in rows)

    def _require_format(self) -> None:
        if self._one("PRAGMA application_id") != (APPLICATION,):
            raise FolderRefused("The file is no memory of a witness.")
        if self._one("PRAGMA user_version") != (FORMAT,):
            raise FolderRefused("The witness has a format that this version does not know.")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Hold the memory alone, against threads and processes, and commit durably."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _one(self, statement: str, values: tuple[object, ...] = ()) -> Any:
        return self._db.execute(statement, values).fetchone()


def refusal_of(standing: Standing, submission: Submission) -> Answer | None:
    """Say why a checkpoint that its log has signed is not cosigned; ``None`` if it is.

    Source:
        C2SP tlog-witness, add-checkpoint.
    """
    checkpoint = submission.checkpoint
    if submission.old > checkpoint.size:
        return _refusal(400, "the old size is larger than the checkpoint")
    if submission.old != standing.size or _forks(standing, checkpoint):
        return Answer(409, SIZE_TYPE, f"{standing.size}\n".encode())
    try:
        _require_continued(standing, submission)
    except ProofRefused:
        return _refusal(422, "the proof does not verify")
    return None


def policy_lines(verifiers: Sequence[Verifier], url: str | None = None) -> tuple[str, ...]:
    """Write the lines by which a policy names a witness; several keys are a group, and one counts.

    Of two keys of one algorithm the second is the one that takes the other's place.

    Raises:
        PolicyRefused: the name or the URL cannot stand in a policy.
    """
    name = verifiers[0].name
    names: list[str] = []
    for each in verifiers:
        new = f"{name}-pq" if each.algorithm == COSIGNATURE_ML_DSA_44 else name
        names.append(f"{new}-next" if new in names else new)
    at = "" if url is None else f" {url}"
    keys = zip(names, verifiers, strict=True)
    lines = [f"witness {new} {each.vkey()}{at}" for new, each in keys]
    if len(verifiers) > 1:
        lines.append(f"group {name}-any any {' '.join(names)}")
    Trust.parse("".join(f"{line}\n" for line in (*lines, "quorum none")).encode())
    return tuple(lines)


def origin_id(origin: str) -> bytes:
    """Return the name under which the newest checkpoint of a log is to be had."""
    return sha256(origin.encode()).digest()


def _require_continued(standing: Standing, submission: Submission) -> None:
    if standing.size == 0:
        # Everything continues the empty tree, and RFC 6962 has no proof of that.
        if submission.proof:
            raise ProofRefused("proof length", expected=0, found=len(submission.proof))
        return
    new = submission.checkpoint
    verify_consistency(standing.size, new.size, standing.root, new.root, submission.proof)


def _forks(standing: Standing, checkpoint: Checkpoint) -> bool:
    return checkpoint.size == standing.size and checkpoint.root != standing.root


def _of_its_log(note: Note, keys: Sequence[Verifier]) -> Note:
    known = {(each.name, each.key_id) for each in keys}
    own = (line for line in note.signatures if (line.name, line.key_id) in known)
    return Note(note.text, tuple(own))


def _refusal(status: int, why: str) -> Answer:
    return Answer(status, TEXT_TYPE, f"{why}\n".encode())


def _can_sign(algorithm: int) -> bool:
    return algorithm != COSIGNATURE_ML_DSA_44 or has_ml_dsa()
