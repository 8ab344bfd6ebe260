"""How a plain item of a case goes: what it begins with, and which step leads from where to where.

Goals, homework, referrals and the like differ in what they say; how they go is a small table each.
A step that leads somewhere, taken again there, changes nothing; one that leads nowhere adds to what
was said, as an amendment does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from domain.errors import InTheFuture, WrongState
from domain.values import CaseId, ItemId, PractitionerId
from domain.wording import texts_of, worded

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Item:
    """An item as later decisions need to know it; what it says is not among that."""

    id: ItemId
    case: CaseId
    author: PractitionerId
    status: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """A step may be taken where the item stands at one of ``at``; without ``to`` it stays there."""

    at: frozenset[str]
    to: str | None = None


def step(*at: str, to: str | None = None) -> Step:
    """A step of a lifecycle."""
    return Step(frozenset(at), to)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What a kind of item begins with, where it stands then, and every step after that."""

    noun: str
    begins: type[Any]
    first: str
    steps: Mapping[type[Any], Step]

    def evolve(self, state: Item | None, event: Any) -> Item | None:
        """The state after the event; ``version`` counts the item's events."""
        if state is None:
            if not isinstance(event, self.begins):
                return None
            item = ItemId(getattr(event, fields(event)[0].name))
            begun: Any = event
            return Item(item, begun.case, begun.author, self.first)
        taken = self.steps.get(type(event))
        if taken is None:
            return state
        return replace(state, status=taken.to or state.status, version=state.version + 1)

    def fold(self, events: Iterable[object]) -> Item | None:
        """The item's state from its events."""
        state: Item | None = None
        for event in events:
            state = self.evolve(state, event)
        return state

    def decide(self, state: Item | None, said: Said, *, now: datetime) -> tuple[Said, ...]:
        """What is recorded of what is said: itself, or nothing where that is so already.

        Raises:
            Invalid: A text is empty or too long.
            InTheFuture: It is said to have happened later than now.
            WrongState: The item does not stand where this can follow.
        """
        for text in texts_of(said):
            worded(text)
        occurred_at = getattr(said, "occurred_at", None)
        if occurred_at is not None and occurred_at > now:
            raise InTheFuture("occurred_at")
        if isinstance(said, self.begins):
            return () if state is not None else (said,)
        if state is None:
            msg = f"There is no such {self.noun}"
            raise WrongState(msg)
        taken = self.steps[type(said)]
        if state.status in taken.at:
            return (said,)
        if taken.to == state.status:
            return ()
        msg = f"The {self.noun} is {state.status}"
        raise WrongState(msg)
