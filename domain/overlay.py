"""Marks on an item of a case: not to a guardian, not where a partner reads: State, decisions.

A mark opens and closes nothing by itself: whoever gives something out looks at the marks first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.events.joint import Overlay, OverlayEvent, OverlayLifted, OverlaySet
from domain.values import CaseId, ItemId
from domain.wording import worded


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on an item."""

    id: ItemId
    case: CaseId
    item: ItemId
    kind: Overlay
    lifted: bool = False


def fold(events: Iterable[object]) -> Mark | None:
    """The mark from its events."""
    state: Mark | None = None
    for event in events:
        if isinstance(event, OverlaySet):
            state = Mark(event.overlay, event.case, event.item, event.kind)
        elif isinstance(event, OverlayLifted) and state is not None:
            state = replace(state, lifted=True)
    return state


def mark(state: Mark | None, marked: OverlaySet) -> tuple[OverlayEvent, ...]:
    """Mark an item, and say why."""
    if state is not None:
        return ()
    worded(marked.words)
    return (marked,)


def lift(state: Mark, lifted: OverlayLifted) -> tuple[OverlayEvent, ...]:
    """Take a mark away, and say why; a second time changes nothing."""
    if state.lifted:
        return ()
    worded(lifted.words)
    return (lifted,)


def marks_of(item: ItemId, marks: Iterable[Mark]) -> frozenset[Overlay]:
    """What is to be thought of before an item goes to somebody outside."""
    return frozenset(each.kind for each in marks if each.item == item and not each.lifted)
