"""A case formulation: State, evolve, decisions. It keeps its school; every version stays."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain import genogram as family
from domain.errors import Invalid
from domain.events.formulation import FormulationEvent, FormulationRevised, FormulationWritten
from domain.genogram import Genogram
from domain.headings import FORMULATION, codes
from domain.values import CaseId, FreeText, ItemId, PractitionerId, School, Section
from domain.wording import worded, worded_sections


@dataclass(frozen=True, slots=True)
class Formulation:
    """A formulation as later decisions need to know it."""

    id: ItemId
    case: CaseId
    school: School


@dataclass(frozen=True, slots=True)
class Said:
    """What a formulation says, as its author hands it in."""

    sections: tuple[Section, ...]
    problems: tuple[ItemId, ...] = ()
    genogram: Genogram | None = None


def evolve(state: Formulation | None, event: object) -> Formulation | None:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case FormulationWritten():
            return Formulation(event.formulation, event.case, event.school)
        case _:
            return state


def fold(events: Iterable[object]) -> Formulation | None:
    """The formulation's state from its events."""
    state: Formulation | None = None
    for event in events:
        state = evolve(state, event)
    return state


def write(
    state: Formulation | None,
    new: Formulation,
    author: PractitionerId,
    said: Said,
) -> tuple[FormulationEvent, ...]:
    """Write a formulation in the terms of its school.

    Raises:
        Invalid: A section is not one of the school's or stands twice, none says anything, or the
            genogram cannot be.
    """
    if state is not None:
        return ()
    return (
        FormulationWritten(
            case=new.case,
            formulation=new.id,
            author=author,
            school=new.school,
            sections=worded_sections(said.sections, codes(FORMULATION[new.school])),
            problems=_once(said.problems),
            genogram=_drawn(said.genogram),
        ),
    )


def revise(
    state: Formulation, author: PractitionerId, said: Said, reason: FreeText | None = None
) -> tuple[FormulationEvent, ...]:
    """Write it anew, all of it as it stands from now on.

    Raises:
        Invalid: As ``write``.
    """
    return (
        FormulationRevised(
            case=state.case,
            formulation=state.id,
            author=author,
            sections=worded_sections(said.sections, codes(FORMULATION[state.school])),
            problems=_once(said.problems),
            genogram=_drawn(said.genogram),
            reason=None if reason is None else worded(reason),
        ),
    )


def _once(problems: tuple[ItemId, ...]) -> tuple[ItemId, ...]:
    if len(set(problems)) != len(problems):
        raise Invalid("problems", "must be named once each")
    return problems


def _drawn(genogram: Genogram | None) -> FreeText | None:
    return None if genogram is None else FreeText(family.text_of(family.checked(genogram)))
