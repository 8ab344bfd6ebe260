"""The therapeutic contract of a case."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.naming import Naming, RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.contracts import BudgetExtension, ContractsTold, NewContract, contract_told
from domain.use_cases import contracts
from domain.use_cases.on_item import look_at_chart
from domain.values import CaseId, FreeText, ItemId
from projections.chart.contracts import KIND, contract_of

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["frame"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.post("/contracts", status_code=201, openapi_extra=_CREATES)
async def agree_on_contract(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewContract,
    command: Commanded,
    response: Response,
) -> Written:
    """Record what both sides agreed on; a case has one contract, which is renegotiated."""
    receipt = await contracts.agree_on_contract(
        desk, who, CaseId(case_id), asked.value(), command=command
    )
    return written(response, receipt)


@router.get("/contracts", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_contract(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> ContractsTold:
    """The contract that holds, what held before it, and how much of its budget is used."""
    _, opening, receipt = await look_at_chart(desk, who, CaseId(case_id))
    views = clinic.views
    line = contract_of(views.chart.items(case_id, opening, KIND))
    response.headers["Ledger-Position"] = str(receipt.last)
    names = Naming(
        views.name_cards, lambda: views.case_states.roster(case_id, opening), opening, removed
    )
    if line is not None:
        response.headers["ETag"] = f'"{line.version}"'
    told = None if line is None else contract_told(line, names)
    return ContractsTold(case=case_id, contract=told)


@router.post("/contracts/{contract_id}:renegotiate", openapi_extra=_WRITES)
async def renegotiate_contract(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    contract_id: PathId,
    asked: NewContract,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that other terms were agreed on; the ones before stay readable."""
    receipt = await contracts.renegotiate_contract(
        desk,
        who,
        CaseId(case_id),
        ItemId(contract_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/contracts/{contract_id}:extend-budget", openapi_extra=_WRITES)
async def extend_budget(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    contract_id: PathId,
    asked: BudgetExtension,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let there be more sessions than was agreed on."""
    receipt = await contracts.extend_budget(
        desk,
        who,
        CaseId(case_id),
        ItemId(contract_id),
        asked.budget,
        FreeText(asked.reason),
        expected=expected,
        command=command,
    )
    return written(response, receipt)
