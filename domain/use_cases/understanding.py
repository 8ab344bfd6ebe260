"""How somebody is understood: intake interviews and case formulations, version by version."""

from datetime import datetime

from domain import case as case_file, formulation as formulation_file, intake as intake_file
from domain.events import Event
from domain.events.intake import IntakeCompleted
from domain.formulation import Formulation, Said
from domain.intake import Intake
from domain.use_cases import on_item
from domain.use_cases.desk import Desk
from domain.use_cases.on_case import OnCase
from domain.use_cases.problems import must_name_problems
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
    School,
    Section,
)


async def complete_intake(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    occurred_at: datetime,
    sections: tuple[Section, ...],
    *,
    command: Command,
) -> Receipt:
    """Write an intake interview down. The receipt names the ``intake``."""

    def decide(admitted: OnCase, item: ItemId) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        completed = IntakeCompleted(
            case=case_id,
            intake=item,
            author=_author(admitted),
            occurred_at=occurred_at,
            sections=sections,
        )
        return intake_file.complete(None, completed, now=desk.clock.now())

    texts = tuple(each.text for each in sections)
    return await on_item.begin(desk, who, case_id, "intake", decide, command=command, texts=texts)


async def revise_intake(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    intake: ItemId,
    said: tuple[tuple[Section, ...], FreeText | None],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Write an intake interview anew, and why."""
    sections, reason = said

    def decide(admitted: OnCase, state: Intake) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        return intake_file.revise(state, _author(admitted), sections, reason)

    return await on_item.change(
        desk,
        who,
        case_id,
        intake,
        "intake",
        intake_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=_texts(sections, reason),
    )


async def write_formulation(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    said: Said,
    school: School | None = None,
    *,
    command: Command,
) -> Receipt:
    """Write a case formulation, in the case's school if no other is named.

    The receipt names the ``formulation``.
    """

    def decide(admitted: OnCase, item: ItemId) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        must_name_problems(desk, case_id, said.problems)
        new = Formulation(item, case_id, school or admitted.case.school)
        return formulation_file.write(None, new, _author(admitted), said)

    texts = _texts(said.sections, None)
    return await on_item.begin(
        desk, who, case_id, "formulation", decide, command=command, texts=texts
    )


async def revise_formulation(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    formulation: ItemId,
    said: Said,
    reason: FreeText | None = None,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Write a case formulation anew, and why it changed."""

    def decide(admitted: OnCase, state: Formulation) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        must_name_problems(desk, case_id, said.problems)
        return formulation_file.revise(state, _author(admitted), said, reason)

    return await on_item.change(
        desk,
        who,
        case_id,
        formulation,
        "formulation",
        formulation_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=_texts(said.sections, reason),
    )


def _author(admitted: OnCase) -> PractitionerId:
    return PractitionerId(admitted.who.actor.id)


def _texts(sections: tuple[Section, ...], reason: FreeText | None) -> tuple[FreeText, ...]:
    return (*(each.text for each in sections), *((reason,) if reason else ()))
