"""One logged-in session with a token for a whole process, behind one lock.

A login counts for every session that a process has with a token, and closing one logs all of them
out; so those who use the same token here share one session, and the last one to leave closes it.
The library is initialised for callers that take turns, which the lock, one a module, makes sure of.

What goes away (a card that was pulled out, a module that another part of the program finalised, a
device that was restarted) is told as ``Away``; the next call tries to log in again.
"""

from __future__ import annotations

import contextlib
import hmac
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pkcs11
from pkcs11 import PKCS11Error, Session, exceptions

from infrastructure.errors import FolderRefused, WrongPassphrase

Result = TypeVar("Result")

_GONE = (
    exceptions.DeviceError,
    exceptions.DeviceMemory,
    exceptions.DeviceRemoved,
    exceptions.HostMemory,
    exceptions.NoSuchToken,
    exceptions.SessionClosed,
    exceptions.SessionHandleInvalid,
    exceptions.SlotIDInvalid,
    exceptions.TokenNotPresent,
    exceptions.TokenNotRecognised,
    exceptions.UserNotLoggedIn,
)
_WRONG_PIN = (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange)
_NO_PIN = (exceptions.PinLocked, exceptions.PinExpired, exceptions.UserPinNotInitialized)

_modules: dict[str, _Module] = {}
_logins: dict[tuple[str, str], Login] = {}
_registry = threading.Lock()


class _Module:
    """A module in this process: who uses it takes turns, and hears when it was begun anew."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.begun = 0

    def begin_anew(self) -> None:
        """Finalise and initialise it: every session through it is gone."""
        self.begun += 1
        pkcs11.lib(self.path).reinitialize()


class Away(Exception):
    """The token does not answer, or is not there."""


class Login:
    """A process's session with one token; ``epoch`` counts how often it was opened."""

    def __init__(self, module: _Module, token: str, pin: str) -> None:
        """Use ``login``, which gives each token one."""
        self.epoch = 0
        self.users = 0
        self._module = module
        self._token = token
        self._pin = pin
        self._lock = module.lock
        self._session: Session | None = None
        self._begun = 0
        self._anew = False

    def __repr__(self) -> str:
        return f"Login(epoch={self.epoch})"

    def knows(self, pin: str) -> bool:
        """Whether this is the PIN with which it was logged in."""
        return hmac.compare_digest(self._pin.encode(), pin.encode())

    def run(self, work: Callable[[Session], Result]) -> Result:
        """Work in the session while nobody else does.

        Work that raises ``Away`` itself says that the module knows of a token that is not there.

        Raises:
            Away: The token is not there; what is open was let go, and the next call tries again.
            WrongPassphrase, FolderRefused: At the first login alone; see ``login``.
        """
        with self._lock:
            if self._begun != self._module.begun:
                # Somebody looked for another token: what was open went with it, and nothing else.
                self._session = None
            session = self._session or self._enter()
            try:
                return work(session)
            except _GONE:
                self.drop()
                raise Away from None
            except Away:
                self.drop()
                self._anew = True
                raise

    def drop(self) -> None:
        """Let go of a session that may be gone already."""
        with self._lock:
            session, self._session = self._session, None
            if session is not None:
                with contextlib.suppress(PKCS11Error):
                    session.close()

    def leave(self) -> None:
        """One who used it does not any more."""
        with _registry:
            self.users -= 1
            if self.users == 0:
                _logins.pop((self._module.path, self._token), None)
                self.drop()

    def _enter(self) -> Session:
        with self._told():
            # A module may know of a token that came back only after it was begun anew; what others
            # have open through it here is opened again by their own next calls.
            if self._anew:
                self._module.begin_anew()
            try:
                self._session = self._open()
            except _WRONG_PIN + _NO_PIN:
                raise
            except PKCS11Error:
                self._module.begin_anew()
                self._session = self._open()
            self._anew = False
            self._begun = self._module.begun
            self.epoch += 1
        return self._session

    def _open(self) -> Session:
        token = pkcs11.lib(self._module.path).get_token(token_label=self._token)
        try:
            opened: Session = token.open(rw=True, user_pin=self._pin)
        except exceptions.UserAlreadyLoggedIn:
            if self.epoch == 0:
                raise FolderRefused("The token is in use in another way.") from None
            opened = token.open(rw=True)
        return opened

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except _WRONG_PIN:
            if self.epoch == 0:
                raise WrongPassphrase("The token refuses the PIN.") from None
            raise Away from None
        except _NO_PIN:
            if self.epoch == 0:
                raise FolderRefused("The token has no PIN, or has locked it.") from None
            raise Away from None
        except exceptions.MultipleTokensReturned:
            raise FolderRefused("There are several tokens with this label.") from None
        except PKCS11Error:
            raise Away from None


def login(module: str, token: str, pin: str) -> Login:
    """The session with a token; it is opened at its first use.

    Raises:
        WrongPassphrase: The token is in use here, with another PIN.
        FolderRefused: The module cannot be loaded.
    """
    try:
        pkcs11.lib(module)
    except PKCS11Error:
        raise FolderRefused("The PKCS#11 module cannot be loaded.") from None
    with _registry:
        found = _logins.get((module, token))
        if found is None:
            shared = _modules.setdefault(module, _Module(module))
            found = _logins[module, token] = Login(shared, token, pin)
        elif not found.knows(pin):
            raise WrongPassphrase("The token refuses the PIN.")
        found.users += 1
    return found
