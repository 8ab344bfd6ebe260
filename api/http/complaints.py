# ruff: noqa: FAST003 - the ids of a path are read by the dependency that a route shares
"""Complaints: taken in at the desk, handled by the compliance officer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.naming import Naming
from api.http.on_chart import told
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.complaints import (
    ComplaintAnswer,
    ComplaintsTold,
    ComplaintTold,
    Examination,
    Extension,
    NewComplaint,
)
from domain.complaint import Complaint
from domain.use_cases import complaints
from domain.use_cases.complaints import Handled
from domain.values import ClientId, ItemId
from projections.chart.complaints import OF_NO_CASE

router = APIRouter(prefix="/v1", tags=["complaints"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="front desk, compliance officer")
_WRITES = leaves("AMEND", audience="compliance officer")


class _Handling:
    """A request that goes on with a complaint."""

    def __init__(
        self,
        desk: TheDesk,
        who: Who,
        complaint_id: PathId,
        command: Commanded,
        expected: Expected,
        response: Response,
    ) -> None:
        self._given = (desk, who, ItemId(complaint_id))
        self._command = command
        self._expected = expected
        self._response = response

    async def handle(self, make: Callable[[Complaint], Handled]) -> Written:
        """Go on with it."""
        receipt = await complaints.handle_complaint(
            *self._given, make, expected=self._expected, command=self._command
        )
        return written(self._response, receipt)


Handling = Annotated[_Handling, Depends()]


@router.post("/clients/{client_id}/complaints", status_code=201, openapi_extra=_CREATES)
async def file_complaint(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: NewComplaint,
    command: Commanded,
    response: Response,
) -> Written:
    """Take in a complaint about a client's therapy, whoever complains."""
    receipt = await complaints.file_complaint(
        desk, who, ClientId(client_id), asked.value(), command=command
    )
    return written(response, receipt)


@router.post("/complaints/{complaint_id}:examine", openapi_extra=_WRITES)
async def examine_complaint(on: Handling, asked: Examination) -> Written:
    """Record a step of the examination."""
    return await on.handle(asked.said)


@router.post("/complaints/{complaint_id}:extend", openapi_extra=_WRITES)
async def extend_complaint(on: Handling, asked: Extension) -> Written:
    """Record that the answer needs longer."""
    return await on.handle(asked.said)


@router.post("/complaints/{complaint_id}:resolve", openapi_extra=_WRITES)
async def resolve_complaint(on: Handling, asked: ComplaintAnswer) -> Written:
    """Record what came of a complaint, and the answer."""
    return await on.handle(asked.said)


@router.get(
    "/complaints",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=leaves("LIST", audience="compliance officer"),
)
async def read_complaints(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> ComplaintsTold:
    """The register of complaints; none that is about the reader, or about a case of hers."""
    views = clinic.views
    among = [ItemId(each) for each in views.chart.ids(OF_NO_CASE)]
    allowed, opening, receipt = await complaints.look_at_complaints(desk, who, among)
    response.headers["Ledger-Position"] = str(receipt.last)
    naming = Naming(views.name_cards, lambda: None, opening)
    today = clinic.clock.now().date()
    lines = [
        told(
            ComplaintTold,
            each,
            naming,
            answer_by=each.content["answer_by"],
            outcome=each.content["outcome"],
            overdue=each.content["outcome"] is None
            and each.content["answer_by"] < today.isoformat(),
        )
        for each in (views.chart.item(OF_NO_CASE, one, opening) for one in allowed)
        if each is not None
    ]
    lines.sort(key=lambda line: (line.outcome is not None, line.answer_by, line.id))
    return ComplaintsTold(complaints=lines)
