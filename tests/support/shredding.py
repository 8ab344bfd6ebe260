"""A shredder that is watched, in front of the real one."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.errors import RecordUnavailable
from domain.ports import Destruction, Shredded, Shredder


@dataclass
class Watched:
    """The port ``Shredder``: remembers what it destroyed; with ``fails`` it destroys nothing."""

    real: Shredder
    fails: bool = False
    asked: list[Destruction] = field(default_factory=list)

    def statement(self, what: Destruction) -> str:
        """As the real one."""
        return self.real.statement(what)

    async def destroy(self, what: Destruction, approvals: bytes) -> Shredded:
        """As the real one, where it is let."""
        if self.fails:
            raise RecordUnavailable
        done = await self.real.destroy(what, approvals)
        self.asked.append(what)
        return done

    def carried_out(self, request: str) -> Shredded | None:
        """As the real one."""
        return self.real.carried_out(request)
