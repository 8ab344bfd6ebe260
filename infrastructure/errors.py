"""What can go wrong beneath the domain; codes are those of security.md 2.10.

None of these reaches a caller of the API, who is told only that the record is unavailable or that
integrity failed.
"""

from domain.errors import RecordUnavailable


class Broken(Exception):
    """Stored bytes are not what was written; nothing of them is used."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(f"{code}: {what}")
        self.code = code


class KeyGone(Exception):
    """The key has been destroyed; what it sealed is unreadable for good."""


class WrongPassphrase(Exception):
    """No slot of the keyfile opens with this passphrase, or no token with this PIN."""

    def __init__(self, what: str = "The passphrase does not open the keyfile.") -> None:
        super().__init__(what)


class WrongKeyStore(Exception):
    """The key store is missing, damaged, or belongs to another record."""


class FolderRefused(Exception):
    """The data folder cannot be used as it is; the message says why and holds no path."""


class SlotsClosed(FolderRefused):
    """Somebody's slot of the keyfile was not opened, so that it cannot be locked anew for her."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} of the keyfile's passphrases were not given; without them it cannot be done."
        )
        self.count = count


class CustodyUnavailable(RecordUnavailable):
    """The token or the server that holds the key-encryption key is away; it may come back.

    A caller of the API is told no more than of any other unavailability; an operator is.
    """

    FOR_OPERATORS = "The key-encryption key cannot be reached at the moment."
