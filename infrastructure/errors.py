"""What can go wrong beneath the domain; codes are those of security.md 2.10.

None of these reaches a caller of the API, who is told only that the record is unavailable or that
integrity failed.
"""


class Broken(Exception):
    """Stored bytes are not what was written; nothing of them is used."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(f"{code}: {what}")
        self.code = code


class KeyGone(Exception):
    """The key has been destroyed; what it sealed is unreadable for good."""


class WrongPassphrase(Exception):
    """No slot of the keyfile opens with this passphrase."""

    def __init__(self) -> None:
        super().__init__("The passphrase does not open the keyfile.")


class WrongKeyStore(Exception):
    """The key store is missing, damaged, or belongs to another record."""


class FolderRefused(Exception):
    """The data folder cannot be used as it is; the message says why and holds no path."""
