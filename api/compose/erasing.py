"""What erasing needs from the rooms behind the domain, where no shredder is wired."""

from __future__ import annotations

from domain.errors import RecordUnavailable
from domain.ports import Destruction, Shredded


class ShredsNothing:
    """The port ``Shredder`` where none is wired: nothing is stated, nothing is destroyed."""

    def statement(self, what: Destruction) -> str:
        """Refuse: what is not stated cannot be approved."""
        raise RecordUnavailable

    async def destroy(self, what: Destruction, approvals: bytes) -> Shredded:
        """Refuse: nothing is destroyed."""
        raise RecordUnavailable

    def carried_out(self, request: str) -> Shredded | None:
        """Nothing has been."""
        del request
        return None
