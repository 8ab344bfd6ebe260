"""An intake interview: State, evolve, decisions. It is revised whole; every version stays."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import InTheFuture
from domain.events.intake import IntakeCompleted, IntakeEvent, IntakeRevised
from domain.headings import INTAKE, codes
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section
from domain.wording import worded, worded_sections

_KNOWN = codes(INTAKE)


@dataclass(frozen=True, slots=True)
class Intake:
    """An intake as later decisions need to know it."""

    id: ItemId
    case: CaseId


def evolve(state: Intake | None, event: object) -> Intake | None:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case IntakeCompleted():
            return Intake(event.intake, event.case)
        case _:
            return state


def fold(events: Iterable[object]) -> Intake | None:
    """The intake's state from its events."""
    state: Intake | None = None
    for event in events:
        state = evolve(state, event)
    return state


def complete(
    state: Intake | None, completed: IntakeCompleted, *, now: datetime
) -> tuple[IntakeEvent, ...]:
    """Write an intake interview down.

    Raises:
        InTheFuture: It has not been yet.
        Invalid: A section is unknown or stands twice, or none says anything.
    """
    if state is not None:
        return ()
    if completed.occurred_at > now:
        raise InTheFuture("occurred_at")
    return (replace(completed, sections=worded_sections(completed.sections, _KNOWN)),)


def revise(
    state: Intake,
    author: PractitionerId,
    sections: tuple[Section, ...],
    reason: FreeText | None = None,
) -> tuple[IntakeEvent, ...]:
    """Write it anew, every section as it stands from now on.

    Raises:
        Invalid: A section is unknown or stands twice, or none says anything.
    """
    said = worded_sections(sections, _KNOWN)
    because = None if reason is None else worded(reason)
    return (
        IntakeRevised(
            case=state.case, intake=state.id, author=author, sections=said, reason=because
        ),
    )
