"""What the log says of keys has the last word: which were retired, and which destroyed.

A key store may say otherwise: an older one that was put back, or one that somebody has altered.
"""

from __future__ import annotations

from typing import Protocol


class Endings(Protocol):
    """What the log says has come to an end, whatever the key store says of it."""

    def retired(self, key_id: bytes) -> bool:
        """Whether nothing may be sealed under a key any more."""

    def destroyed(self, name: bytes) -> bool:
        """Whether a key or an item key of this id was destroyed."""


class NoEndings:
    """A log that has ended nothing."""

    def retired(self, key_id: bytes) -> bool:
        """Nothing was."""
        del key_id
        return False

    def destroyed(self, name: bytes) -> bool:
        """Nothing was."""
        del name
        return False
