"""``accounts.db``: who may sign in. It lies outside the record and holds no name in clear.

A user name is kept as a keyed tag, a password as Argon2id, a token as a hash; what an account may
do is not here but in the record, and is asked for at every request (fine print 9).
"""

from __future__ import annotations

import base64
import hmac
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from domain.values import ActorId, ActorKind
from infrastructure.errors import FolderRefused
from infrastructure.vault.deriving import ALONE

FORMAT = 1
TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=12)
FREE_TRIES = 5
LONGEST_PAUSE = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
MOST_STRANGERS = 10_000
"""Names without an account whose tries are counted, so that a pause does not tell who has one."""
_SCHEMA = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE account(
  tag BLOB PRIMARY KEY, actor_kind TEXT NOT NULL, actor_id BLOB NOT NULL,
  password TEXT NOT NULL, one_time INTEGER NOT NULL, failures INTEGER NOT NULL,
  next_try INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX account_of_actor ON account(actor_id);
CREATE TABLE token(
  digest BLOB PRIMARY KEY, tag BLOB NOT NULL, reference TEXT NOT NULL, actor_kind TEXT NOT NULL,
  actor_id BLOB NOT NULL, until INTEGER NOT NULL, session_until INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
"""


class SignInRefused(Exception):
    """The name or the password is wrong, or there were too many tries; it never says which.

    ``retry_after`` is in seconds; ``actor`` is whose account it was, for the record alone.
    """

    def __init__(
        self, retry_after: int = 0, actor: tuple[ActorKind, ActorId] | None = None
    ) -> None:
        super().__init__("The sign-in was refused.")
        self.retry_after = retry_after
        self.actor = actor


class PasswordRefused(Exception):
    """The new password is too short, or the one-time password has to be replaced first."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live token's holder; ``must_change`` where the password was a one-time secret."""

    kind: ActorKind
    actor: ActorId
    reference: str
    must_change: bool = False


class Accounts:
    """The accounts of one clinic."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open the file; ``create`` makes it.

        Raises:
            FolderRefused: It is missing, damaged, or of another version.
        """
        if not path.exists():
            msg = "The accounts are missing."
            raise FolderRefused(msg)
        self._key = key
        self._lock = threading.Lock()
        self._strangers: dict[bytes, tuple[int, int]] = {}
        try:
            self._db = _connect(path)
            (found,) = self._db.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError:
            msg = "The accounts are damaged."
            raise FolderRefused(msg) from None
        if found != FORMAT:
            msg = "The accounts have a format that this version does not know."
            raise FolderRefused(msg)

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty file of accounts."""
        db = _connect(path)
        db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        db.close()
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add(self, name: str, kind: ActorKind, actor: ActorId) -> str:
        """Make an account and return its one-time password, which is shown once and kept nowhere.

        Raises:
            PasswordRefused: There is an account of that name.
        """
        secret = one_time_secret()
        values = (self._tag(name), kind.value, bytes.fromhex(actor), hash_password(secret))
        with self._lock:
            found = self._db.execute(
                "INSERT OR IGNORE INTO account VALUES(?, ?, ?, ?, 1, 0, 0)", values
            )
        if not found.rowcount:
            raise PasswordRefused
        return secret

    def reset(self, name: str) -> str:
        """Replace a password by a one-time one, and end every session of the account.

        Raises:
            SignInRefused: There is no such account.
        """
        secret, tag = one_time_secret(), self._tag(name)
        hashed = hash_password(secret)
        with self._lock:
            found = self._db.execute(
                "UPDATE account SET password = ?, one_time = 1, failures = 0, next_try = 0"
                " WHERE tag = ?",
                (hashed, tag),
            )
            self._db.execute("DELETE FROM token WHERE tag = ?", (tag,))
        if not found.rowcount:
            raise SignInRefused
        return secret

    def sign_in(self, name: str, password: str, now: datetime) -> tuple[str, SignedIn]:
        """A token for the right password; slow on purpose, so call it outside an event loop.

        Raises:
            SignInRefused: Anything was wrong.
        """
        tag, seconds = self._tag(name), int(now.timestamp())
        # The try counts before the slow look at the password: many at once are no way around it.
        with self._lock, _transaction(self._db):
            row = self._db.execute(
                "SELECT actor_kind, actor_id, password, one_time, failures, next_try FROM account"
                " WHERE tag = ?",
                (tag,),
            ).fetchone()
            whose = None if row is None else (ActorKind(row[0]), ActorId(row[1].hex()))
            failures, next_try = self._strangers.get(tag, (0, 0)) if row is None else row[4:]
            if next_try > seconds:
                raise SignInRefused(next_try - seconds, whose)
            pause = _pause(failures + 1)
            self._count(tag, row is not None, failures + 1, seconds + pause)
        # As slow for a name without an account as for one with.
        right = matches(_nobodys() if row is None else row[2], password)
        if whose is None or not right:
            raise SignInRefused(pause, whose)
        kind, actor = whose
        token, reference = secrets.token_urlsafe(32), secrets.token_hex(8)
        values = (_digest(token), tag, reference, kind.value, bytes.fromhex(actor))
        ends = (now + TOKEN_LIFETIME, now + SESSION_LIFETIME)
        with self._lock, _transaction(self._db):
            # Whoever has reset the password meanwhile has ended this sign-in, too.
            found = self._db.execute(
                "UPDATE account SET failures = 0, next_try = 0 WHERE tag = ? AND password = ?",
                (tag, row[2]),
            )
            if not found.rowcount:
                raise SignInRefused(0, whose)
            self._db.execute("DELETE FROM token WHERE until <= ?", (seconds,))
            self._db.execute(
                "INSERT INTO token VALUES(?, ?, ?, ?, ?, ?, ?)",
                (*values, *(int(each.timestamp()) for each in ends)),
            )
        return token, SignedIn(kind, actor, reference, bool(row[3]))

    def holder(self, token: str, now: datetime) -> SignedIn | None:
        """Whose live token this is."""
        with self._lock:
            row = self._db.execute(
                "SELECT token.actor_kind, token.actor_id, reference, until, one_time FROM token"
                " JOIN account USING(tag) WHERE digest = ?",
                (_digest(token),),
            ).fetchone()
        if row is None or row[3] <= now.timestamp():
            return None
        return SignedIn(ActorKind(row[0]), ActorId(row[1].hex()), row[2], bool(row[4]))

    def renew(self, token: str, now: datetime) -> str | None:
        """A fresh token for a live one, within the same session; the old one ends."""
        fresh, until = secrets.token_urlsafe(32), int((now + TOKEN_LIFETIME).timestamp())
        with self._lock:
            found = self._db.execute(
                "UPDATE token SET digest = ?, until = min(?, session_until)"
                " WHERE digest = ? AND until > ?",
                (_digest(fresh), until, _digest(token), now.timestamp()),
            )
        return fresh if found.rowcount else None

    def sign_out(self, token: str) -> None:
        """End the token."""
        with self._lock:
            self._db.execute("DELETE FROM token WHERE digest = ?", (_digest(token),))

    def change_password(self, name: str, old: str, new: str, now: datetime) -> None:
        """Replace the password and end every session of the account.

        Raises:
            SignInRefused: The old password is wrong.
            PasswordRefused: The new one is too short, or is the old one.
        """
        self.sign_in(name, old, now)
        if len(new) < SHORTEST_PASSWORD or new == old:
            raise PasswordRefused
        tag, hashed = self._tag(name), hash_password(new)
        with self._lock:
            self._db.execute(
                "UPDATE account SET password = ?, one_time = 0 WHERE tag = ?", (hashed, tag)
            )
            self._db.execute("DELETE FROM token WHERE tag = ?", (tag,))

    def close_of(self, actor: ActorId) -> int:
        """Close every account of somebody who left, and end her sessions; how many those were."""
        whose = (bytes.fromhex(actor),)
        with self._lock:
            self._db.execute("DELETE FROM account WHERE actor_id = ?", whose)
            found = self._db.execute("DELETE FROM token WHERE actor_id = ?", whose)
        return found.rowcount

    def owner(self, name: str) -> tuple[ActorKind, ActorId] | None:
        """Whose account it is."""
        with self._lock:
            row = self._db.execute(
                "SELECT actor_kind, actor_id FROM account WHERE tag = ?", (self._tag(name),)
            ).fetchone()
        return None if row is None else (ActorKind(row[0]), ActorId(row[1].hex()))

    def _count(self, tag: bytes, known: bool, failures: int, next_try: int) -> None:  # noqa: FBT001 - private
        if known:
            self._db.execute(
                "UPDATE account SET failures = ?, next_try = ? WHERE tag = ?",
                (failures, next_try, tag),
            )
            return
        self._strangers[tag] = (failures, next_try)
        if len(self._strangers) > MOST_STRANGERS:
            del self._strangers[next(iter(self._strangers))]

    def _tag(self, name: str) -> bytes:
        return hmac.digest(self._key, name.strip().casefold().encode(), "sha256")


def one_time_secret() -> str:
    """Twenty random characters in groups, easy to copy from paper: 100 bits."""
    text = base64.b32encode(secrets.token_bytes(13)).decode().lower()[:20]
    return "-".join(text[start : start + 5] for start in range(0, 20, 5))


def hash_password(password: str) -> str:
    """Argon2id with 64 MiB and three passes, in its usual text form."""
    kdf = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=3, lanes=2, memory_cost=64 * 1024
    )
    with ALONE:
        return kdf.derive_phc_encoded(password.encode())


def matches(hashed: str, password: str) -> bool:
    """Whether this is the password."""
    try:
        with ALONE:
            Argon2id.verify_phc_encoded(password.encode(), hashed)
    except InvalidKey:
        return False
    return True


def _pause(failures: int) -> int:
    """Seconds until the next try: none for the first few, then doubling up to a quarter hour."""
    if failures < FREE_TRIES:
        return 0
    return min(2 << (failures - FREE_TRIES), int(LONGEST_PAUSE.total_seconds()))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA secure_delete=ON")
    return db


@cache
def _nobodys() -> str:
    """A hash that no password matches, so that an unknown name costs as much as a known one."""
    return hash_password(secrets.token_hex(16))
