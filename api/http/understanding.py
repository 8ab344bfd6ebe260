"""How somebody is understood: problems and diagnoses, the intake, case formulations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.naming import Naming, RemovedWords
from api.http.on_chart import Looking
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.cases import NewProblem
from api.http.schemas.common import PathId
from api.http.schemas.note_forms import free_text, sections
from api.http.schemas.problems import (
    NewDiagnosis,
    NoneFoundAsked,
    ProblemListTold,
    Reframing,
    Refuting,
    Resolving,
    RevisedDiagnosis,
    problem_list_told,
)
from api.http.schemas.understanding import (
    CausalMapTold,
    FormulationsTold,
    IntakesTold,
    NewFormulation,
    NewIntake,
    RevisedFormulation,
    RevisedIntake,
    WrittenTold,
    causal_map_told,
    formulation_told,
    headings_told,
    intake_told,
)
from domain.errors import NotThere
from domain.headings import FORMULATION, INTAKE
from domain.use_cases import problems, understanding
from domain.use_cases.on_item import look_at_chart
from domain.values import CaseId, FreeText, ItemId
from projections.chart import causal, problems as problem_rows, versions as version_rows

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["understanding"], route_class=RecordedRoute)
Look = Annotated[Looking, Depends()]
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.get("/problem-list", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_problem_list(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> ProblemListTold:
    """Problems without a code and with one, diagnoses with their history, and what was assessed."""
    admitted, opening, receipt = await look_at_chart(desk, who, CaseId(case_id))
    await clinic.reach(receipt.last)
    views = clinic.views
    roster = views.case_states.roster(case_id, opening)
    aliases = [each.alias for each in roster.members if each.alias] if roster else []
    items = views.chart.items(case_id, opening, *problem_rows.KINDS)
    naming = Naming(views.name_cards, lambda: roster, opening, removed)
    # The version that the case had when it was looked at: what is shown is no older.
    response.headers["ETag"] = f'"{admitted.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    found = problem_rows.problem_list(items, aliases)
    return problem_list_told(case_id, admitted.version, found, naming, desk.codes)


@router.post("/problems", status_code=201, openapi_extra=_WRITES)
async def state_problem(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewProblem,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record what the client comes with, with a diagnosis or without."""
    receipt = await problems.state_problem(
        desk,
        who,
        CaseId(case_id),
        FreeText(asked.words),
        asked.diagnosis.value() if asked.diagnosis else None,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/problems/{problem_id}:reframe", openapi_extra=_WRITES)
async def reframe_problem(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    problem_id: PathId,
    asked: Reframing,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Put a problem otherwise; how it was put before stays."""
    receipt = await problems.reframe_problem(
        desk,
        who,
        CaseId(case_id),
        ItemId(problem_id),
        (FreeText(asked.words), asked.diagnosis.value() if asked.diagnosis else None),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/problems/{problem_id}:resolve", openapi_extra=_WRITES)
async def resolve_problem(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    problem_id: PathId,
    asked: Resolving,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that a problem is one no longer."""
    receipt = await problems.resolve_problem(
        desk,
        who,
        CaseId(case_id),
        ItemId(problem_id),
        free_text(asked.words),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/diagnoses", status_code=201, openapi_extra=_WRITES)
async def record_diagnosis(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewDiagnosis,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record a diagnosis and how sure it is; an ICD-10 code has to be one."""
    receipt = await problems.diagnose(
        desk, who, CaseId(case_id), asked.value(), expected=expected, command=command
    )
    return written(response, receipt)


@router.post("/diagnoses:none-found", status_code=201, openapi_extra=_WRITES)
async def find_no_disorder(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NoneFoundAsked,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that somebody was assessed and has no disorder: an answer, and nothing is missing."""
    receipt = await problems.find_no_disorder(
        desk,
        who,
        CaseId(case_id),
        free_text(asked.words),
        asked.alias,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/diagnoses/{diagnosis_id}:revise", openapi_extra=_WRITES)
async def revise_diagnosis(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    diagnosis_id: PathId,
    asked: RevisedDiagnosis,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that a diagnosis is another one, surer, less sure, or of another rank."""
    receipt = await problems.revise_diagnosis(
        desk,
        who,
        CaseId(case_id),
        ItemId(diagnosis_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/diagnoses/{diagnosis_id}:refute", openapi_extra=_WRITES)
async def refute_diagnosis(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    diagnosis_id: PathId,
    asked: Refuting,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that a diagnosis does not hold; it stays in the list, refuted."""
    receipt = await problems.refute_diagnosis(
        desk,
        who,
        CaseId(case_id),
        ItemId(diagnosis_id),
        FreeText(asked.reason),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/intakes", status_code=201, openapi_extra=_CREATES)
async def complete_intake(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewIntake,
    command: Commanded,
    response: Response,
) -> Written:
    """Write an intake interview down, section by section."""
    receipt = await understanding.complete_intake(
        desk, who, CaseId(case_id), asked.occurred_at, sections(asked.sections), command=command
    )
    return written(response, receipt)


@router.post("/intakes/{intake_id}:revise", openapi_extra=_WRITES)
async def revise_intake(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    intake_id: PathId,
    asked: RevisedIntake,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Write an intake interview anew; what it said before stays."""
    receipt = await understanding.revise_intake(
        desk,
        who,
        CaseId(case_id),
        ItemId(intake_id),
        (sections(asked.sections), free_text(asked.reason)),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/intakes", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_intakes(looking: Look) -> IntakesTold:
    """The intake interviews of a case with all their versions."""
    items, naming = await looking.look(version_rows.INTAKE)
    return IntakesTold(
        case=looking.case,
        headings=headings_told(INTAKE),
        intakes=[intake_told(each, naming) for each in version_rows.versions(items)],
    )


@router.post("/formulations", status_code=201, openapi_extra=_CREATES)
async def write_formulation(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewFormulation,
    command: Commanded,
    response: Response,
) -> Written:
    """Write a case formulation in the terms of its school, with a genogram where there is one."""
    receipt = await understanding.write_formulation(
        desk, who, CaseId(case_id), asked.value(), asked.school, command=command
    )
    return written(response, receipt)


@router.post("/formulations/{formulation_id}:revise", openapi_extra=_WRITES)
async def revise_formulation(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    formulation_id: PathId,
    asked: RevisedFormulation,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Write a case formulation anew; how it was understood before stays."""
    receipt = await understanding.revise_formulation(
        desk,
        who,
        CaseId(case_id),
        ItemId(formulation_id),
        asked.value(),
        free_text(asked.reason),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/formulations", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_formulations(looking: Look) -> FormulationsTold:
    """The formulations of a case with all their versions, and how they followed one another."""
    items, naming = await looking.look(version_rows.FORMULATION)
    found = version_rows.versions(items)
    frame, _ = looking.desk.case(looking.case)
    if frame is None:
        raise NotThere
    return FormulationsTold(
        case=looking.case,
        school=frame.school,
        headings=headings_told(FORMULATION[frame.school]),
        formulations=[formulation_told(each, naming) for each in found],
        timeline=[
            WrittenTold(formulation=each.id, number=moment.number, at=moment.at, by=moment.by)
            for each, moment in version_rows.timeline(found)
        ],
    )


@router.get("/causal-map", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_causal_map(looking: Look) -> CausalMapTold:
    """How problems, formulations, goals and methods follow from one another."""
    items, _ = await looking.look(*causal.KINDS)
    return causal_map_told(looking.case, causal.causal_map(items))
