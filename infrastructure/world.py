"""The server's clock and its source of identifiers."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4


class SystemClock:
    """The system's clock, in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)


class RandomIdentifiers:
    """Random UUIDs, so that nobody can guess or order them."""

    def new(self) -> str:
        """A fresh identifier."""
        return uuid4().hex
