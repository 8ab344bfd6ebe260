"""Keys in a token that speaks PKCS#11: made inside it, used inside it, destroyed inside it.

A generation is an AES key with the label ``kek-<generation>``, a keyed hash's key one with the
label ``mac-<name>``; where a token serves several clinics, each has a name that stands before it.
A token that can be asked for a key's value, or was handed one from outside, is refused.

Two forms of a wrapped key (docs of the design: security, section 1.2):

- ``0x02``: AES-256-GCM by C_Encrypt, the context as associated data: nonce 12, secret 32, tag 16.
- ``0x03``: for tokens without it: AES key wrap with padding (RFC 5649) over the secret and the
  SHA-256 of the context, by C_WrapKey; the hash is compared after C_UnwrapKey.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from pkcs11 import PKCS11Error, Session, exceptions

from infrastructure.errors import Broken, CustodyUnavailable, FolderRefused, KeyGone
from infrastructure.vault.custody import objects
from infrastructure.vault.custody.durable import held
from infrastructure.vault.custody.naming import checked_name
from infrastructure.vault.custody.objects import SecretKey
from infrastructure.vault.custody.port import ATTESTED_DESTROY, HSM, MAC
from infrastructure.vault.custody.session import Away, Login, login
from infrastructure.vault.custody.settings import TokenSettings
from infrastructure.vault.keys import KEY_SIZE

Result = TypeVar("Result")

_GCM, _KEY_WRAP = b"\x02", b"\x03"
_SIZES = {
    _GCM: 1 + objects.NONCE_SIZE + KEY_SIZE + objects.TAG_SIZE,
    _KEY_WRAP: 1 + 8 + KEY_SIZE + 32,
}
_NOT_OURS = (
    exceptions.EncryptedDataInvalid,
    exceptions.EncryptedDataLenRange,
    exceptions.WrappedKeyInvalid,
    exceptions.WrappedKeyLenRange,
)
_STALE = (
    exceptions.KeyHandleInvalid,
    exceptions.ObjectHandleInvalid,
    exceptions.UnwrappingKeyHandleInvalid,
    exceptions.WrappingKeyHandleInvalid,
)


class _Key(NamedTuple):
    """A generation's key, and the form in which it wraps: it was made for one of them."""

    key: SecretKey
    form: bytes


class Token:
    """Custody in a token; every use is one call to it, one at a time."""

    capabilities = frozenset({HSM, MAC, ATTESTED_DESTROY})

    def __init__(self, settings: TokenSettings, folder: Path, opened: Login) -> None:
        """Use ``open_token`` or ``create_token``; ``folder`` is held while keys come and go."""
        self._folder = folder
        self._prefix = f"{settings.name}." if settings.name else ""
        self._forced = settings.form
        self._login = opened
        self._epoch = -1
        self._gcm = True
        self._known: dict[int, _Key] = {}
        self._macs: dict[str, SecretKey] = {}

    def __repr__(self) -> str:
        return f"Token(generations={self.generations})"

    @property
    def generation(self) -> int:
        """The newest generation in the token, as far as is known here."""
        return max(self._known)

    @property
    def generations(self) -> tuple[int, ...]:
        """The generations in the token, as far as is known here."""
        return tuple(sorted(self._known))

    def wrap(self, generation: int, secret: bytes, context: bytes) -> bytes:
        """The secret, encrypted in the token and bound to the context."""
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a secret of the wrong length")
        return self._run(
            lambda session: _wrapped(session, self._key(session, generation), secret, context)
        )

    def unwrap(self, generation: int, wrapped: bytes, context: bytes) -> bytes:
        """The secret that was wrapped for this very context."""
        if len(wrapped) != _SIZES.get(wrapped[:1]):
            raise Broken("E-PARSE", "a wrapped key of unknown form")

        def work(session: Session) -> bytes:
            return _unwrapped(self._key(session, generation), wrapped, context)

        def answers(session: Session) -> bool:
            key, probe = self._key(session, generation), secrets.token_bytes(KEY_SIZE)
            return _unwrapped(key, _wrapped(session, key, probe, b""), b"") == probe

        return self._run(work, answers)

    def mac(self, name: str, data: bytes) -> bytes:
        """HMAC-SHA-256 under a key that was made in the token and stays there."""
        label = f"{self._prefix}mac-{checked_name(name)}"

        def found(session: Session) -> bytes | None:
            key = self._macs.get(label) or _only(session, label)
            if key is None:
                return None
            self._macs[label] = key
            return objects.mac(key, data)

        def making(session: Session) -> bytes:
            self._macs[label] = _only(session, label) or objects.make_mac_key(session, label)
            return objects.mac(self._macs[label], data)

        answer = self._run(found)
        if answer is not None:
            return answer
        with held(self._folder):
            return self._run(making)

    def rotate(self) -> int:
        """A next key made in the token."""

        def work(session: Session) -> int:
            self._look(session)
            if len(self._known) == 1:
                objects.make_wrapping_key(session, self._label(self.generation + 1), gcm=self._gcm)
                self._look(session)
            return self.generation

        with held(self._folder):
            return self._run(work)

    def destroy(self, generation: int) -> bytes:
        """Have the token destroy a key; what it says is there afterwards."""

        def work(session: Session) -> bytes:
            self._look(session)
            if not self._known or generation >= self.generation:
                raise Broken("E-KEYSTATE", "the newest generation is never destroyed")
            for each in objects.find(session, self._label(generation)):
                each.destroy()
            self._look(session)
            after = len(objects.find(session, self._label(generation)))
            if after:
                raise Broken("E-KEYSTATE", "the token did not destroy the key")
            return self._evidence(session, generation, after)

        with held(self._folder):
            return self._run(work)

    def adopt(self, generation: int, secret: bytes) -> None:
        """Look again at what is in the token.

        Raises:
            Broken: E-KEYSTATE, the generation is not there.
        """
        self._run(self._look)
        if generation not in self._known:
            raise Broken("E-KEYSTATE", "a generation that is not in the token")

    def export(self, generation: int) -> None:
        """Nothing: no key leaves the token."""

    def forget(self, generation: int) -> None:
        """Nothing: no key is in memory here."""

    def close(self) -> None:
        """Let go of the session; the last one to do so logs out."""
        self._known, self._macs = {}, {}
        self._login.leave()

    def begin(self) -> None:
        """Log in, and look for the first time.

        Raises:
            FolderRefused: There is no key of this clinic in the token, or one that can leave it.
        """
        self._run(self._look)
        if not self._known:
            raise FolderRefused("The token holds no key of this clinic.")

    def make_first(self) -> None:
        """Make the first generation in a token that holds none of this clinic's.

        Raises:
            FolderRefused: It holds one already.
        """

        def work(session: Session) -> None:
            self._look(session)
            if self._known:
                raise FolderRefused("The token holds keys of that name already.")
            objects.make_wrapping_key(session, self._label(1), gcm=self._gcm)
            self._look(session)

        self._run(work)

    def forsake(self) -> None:
        """Destroy every key of this clinic, for a folder whose making failed."""

        def work(session: Session) -> None:
            self._look(session)
            for each in self._known.values():
                each.key.destroy()

        self._run(work)

    # Within the session

    def _run(
        self,
        work: Callable[[Session], Result],
        answers: Callable[[Session], bool] = lambda _session: False,
    ) -> Result:
        """Work in the one session.

        Tokens refuse what they did not wrap with whatever error they like; where a key ``answers``
        to something else all the same, it was the wrapped key that was wrong, not the token.
        """
        try:
            try:
                return self._within(work)
            except _STALE:
                # Another process has destroyed it: everything is looked for anew, once.
                self._epoch = -1
                return self._within(work)
        except _NOT_OURS:
            raise Broken("E-AEAD", "a wrapped key does not open in its place") from None
        except Away:
            raise CustodyUnavailable from None
        except PKCS11Error:
            if self._still(answers):
                raise Broken("E-AEAD", "a wrapped key does not open in its place") from None
            self._login.drop()
            raise CustodyUnavailable from None

    def _within(self, work: Callable[[Session], Result]) -> Result:
        def beginning(session: Session) -> Result:
            if self._epoch != self._login.epoch:
                self._macs = {}
                self._gcm = self._forced != "key-wrap" and objects.knows_gcm(session)
                self._look(session)
                self._epoch = self._login.epoch
            return work(session)

        return self._login.run(beginning)

    def _still(self, answers: Callable[[Session], bool]) -> bool:
        try:
            return self._within(answers)
        except (Away, PKCS11Error):
            return False

    def _label(self, generation: int) -> str:
        return f"{self._prefix}kek-{generation}"

    def _look(self, session: Session) -> None:
        label = re.compile(rf"{re.escape(self._prefix)}kek-([1-9][0-9]{{0,8}})")
        found: dict[int, _Key] = {}
        for each in objects.wrapping_keys(session):
            named = label.fullmatch(each.label)
            if named is None:
                continue
            if int(named[1]) in found:
                raise Broken("E-KEYSTATE", "the token holds two keys of one generation")
            objects.must_stay(each)
            form = _GCM if objects.encrypts(each) else _KEY_WRAP
            found[int(named[1])] = _Key(each, form)
        if self._known and not found:
            # The newest key is never destroyed: it is the token that is not there.
            raise Away
        self._known = found

    def _key(self, session: Session, generation: int) -> _Key:
        if generation not in self._known:
            self._look(session)
        key = self._known.get(generation)
        if key is None and self._known and generation < self.generation:
            raise KeyGone
        if key is None:
            raise Broken("E-KEYSTATE", "a generation that is not in the token")
        return key

    def _evidence(self, session: Session, generation: int, after: int) -> bytes:
        token, left = session.token, " ".join(map(str, self.generations))
        return (
            f"pkcs11: token {token.label} serial {token.serial.decode('ascii', 'replace')},"
            f" generation {generation} destroyed, objects of it {after}, left {left}"
        ).encode()


def create_token(settings: TokenSettings, folder: Path, pin: str) -> Token:
    """Make the first generation in a token.

    Raises:
        FolderRefused: It holds keys of that name already, or the module cannot be loaded.
        WrongPassphrase: The PIN is not the token's.
        CustodyUnavailable: The token is not there.
    """
    return _begun(settings, folder, pin, Token.make_first)


def open_token(settings: TokenSettings, folder: Path, pin: str) -> Token:
    """Log in to the token that holds a clinic's keys.

    Raises:
        FolderRefused: It holds none of this clinic's, or the module cannot be loaded.
        WrongPassphrase: The PIN is not the token's.
        CustodyUnavailable: The token is not there.
    """
    return _begun(settings, folder, pin, Token.begin)


def _begun(
    settings: TokenSettings, folder: Path, pin: str, begin: Callable[[Token], None]
) -> Token:
    token = Token(settings, folder, login(settings.module, settings.token, pin))
    try:
        begin(token)
    except BaseException:
        token.close()
        raise
    return token


def _wrapped(session: Session, key: _Key, secret: bytes, context: bytes) -> bytes:
    if key.form == _GCM:
        return _GCM + objects.encrypt(key.key, secret, context)
    return _KEY_WRAP + objects.key_wrap(session, key.key, secret, context)


def _unwrapped(key: _Key, wrapped: bytes, context: bytes) -> bytes:
    if wrapped[:1] != key.form:
        raise Broken("E-PARSE", "a wrapped key of a form that this key does not make")
    if key.form == _GCM:
        return objects.decrypt(key.key, wrapped[1:], context)
    return objects.key_unwrap(key.key, wrapped[1:], context)


def _only(session: Session, label: str) -> SecretKey | None:
    found = objects.find(session, label)
    if len(found) > 1:
        raise Broken("E-KEYSTATE", "the token holds two keys of one name")
    for each in found:
        objects.must_stay(each)
    return found[0] if found else None
